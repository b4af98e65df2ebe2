/**
 * From recorded exchanges to steps: the routes of the ontology name the action, and only data that
 * its request takes goes on. Query and body are read no further than the allow-lists go.
 */

import { multipartOf } from '../../actions/propose/body/multipart.ts'
import type { RecordedExchange } from '../../actions/propose/recorded.ts'
import type { Action, Ontology } from '../../actions/ontology.ts'
import { createRouteMatcher } from '../../actions/routes.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import { formsOf, type Form, type RawData, type StepData } from './forms.ts'
import type { Pseudonyms } from './pseudonyms.ts'

/** Names whose values may be kept. */
export interface AllowLists {
  readonly query: ReadonlySet<string>
  /** Names of fields, or dotted paths to them. */
  readonly body: ReadonlySet<string>
}

export interface Mapped {
  readonly action: string
  readonly forms: readonly Form[]
  /** Some of the query, or the body, is not in the forms. */
  readonly isWithoutQuery: boolean
  readonly isWithoutBody: boolean
}

/** Different paths that are remembered; most requests of a log have been there before. */
const REMEMBERED = 100_000
/** Items of a list that a step may carry. */
const LIST_LIMIT = 100

interface Route {
  readonly action: Action
  readonly data: RawData
  readonly mapped: Mapped
}

/** Undefined where no route takes the request. */
export function createMapper(
  ontology: Ontology,
  allowed: AllowLists,
  pseudonyms: Pseudonyms,
): (exchange: RecordedExchange) => Mapped | undefined {
  const findRoute = createRouteMatcher(ontology)
  const placesOf = createBodyPlaces(allowed.body)
  const remembered = new Map<string, Route | undefined>()

  const hasConditions = [...ontology.actions.values()].some(({ routes }) =>
    routes.some(({ condition }) => condition !== undefined),
  )

  const findMapped = (
    { method, requestBody }: RecordedExchange,
    path: string,
    query: string,
  ): Route | undefined => {
    const fieldOf = hasConditions ? createFieldFinder(query, requestBody) : undefined
    const match = findRoute(method, path, fieldOf)
    const action = ontology.actions.get(match?.action ?? '')
    if (match === undefined || action === undefined) return undefined
    const kept = allowedQuery(query, allowed.query)
    const whole = kept === '' ? match : findRoute(method, `${path}?${kept}`, fieldOf)
    const extra = Object.entries(whole?.data ?? {}).filter(
      ([name]) => !Object.hasOwn(match.data, name),
    )
    const data = { path: neededData(action, match.data), extra: Object.fromEntries(extra) }
    const mapped = {
      action: action.name,
      forms: formsOf(action.name, data, pseudonyms),
      isWithoutQuery: fieldCount(kept) < fieldCount(query),
      isWithoutBody: false,
    }
    return { action, data, mapped }
  }

  const findRemembered = (exchange: RecordedExchange): Route | undefined => {
    const { path, query } = partsOf(exchange.target)
    if (hasConditions) return findMapped(exchange, path, query)
    // Without an allow-list the query makes no difference but that it is dropped.
    const asked = allowed.query.size === 0 && query !== '' ? 'dropped' : query
    const key = `${exchange.method} ${path}?${asked}`
    const known = remembered.get(key)
    if (known !== undefined || remembered.has(key)) return known
    const route = findMapped(exchange, path, asked)
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.set(key, route)
    return route
  }

  return (exchange) => {
    const route = findRemembered(exchange)
    const { requestBody } = exchange
    if (route === undefined || requestBody === undefined) return route?.mapped
    const { action, data, mapped } = route
    const kept = bodyData(placesOf(action), requestBody)
    const forms =
      Object.keys(kept).length === 0
        ? mapped.forms
        : formsOf(action.name, { ...data, extra: { ...data.extra, ...kept } }, pseudonyms)
    return { ...mapped, forms, isWithoutBody: true }
  }
}

/** Fields that routes ask for, such as GraphQL's operationName. */
function createFieldFinder(
  query: string,
  body: string | undefined,
): (name: string) => string | undefined {
  const fields = new URLSearchParams(query)
  let parsed: { readonly value: unknown } | undefined
  return (name) => {
    const asked = fields.get(name)
    if (asked !== null || body === undefined) return asked ?? undefined
    parsed ??= { value: parseBody(body) }
    const found = ownField(parsed.value, name)
    return typeof found === 'string' ? found : undefined
  }
}

function partsOf(target: string): { readonly path: string; readonly query: string } {
  const cut = target.search(/[?#]/)
  if (cut === -1) return { path: target, query: '' }
  const query = target[cut] === '?' ? (target.slice(cut + 1).split('#', 1)[0] ?? '') : ''
  return { path: target.slice(0, cut), query }
}

function allowedQuery(query: string, names: ReadonlySet<string>): string {
  if (query === '' || names.size === 0) return ''
  const fields = [...new URLSearchParams(query)].filter(([name]) => names.has(name))
  return new URLSearchParams(fields).toString()
}

function fieldCount(query: string): number {
  return query === '' ? 0 : query.split('&').length
}

/**
 * What an action captures live needs no recorded value: where its request takes captures, only data
 * that it names goes on.
 */
function neededData(action: Action, data: StepData): StepData {
  if (action.needs.length === 0) return data
  const named = new Set(
    action.request.references.flatMap(({ choices }) =>
      choices.flatMap(({ root, keys }) => (root === 'data' ? keys.slice(0, 1) : [])),
    ),
  )
  return Object.fromEntries(Object.entries(data).filter(([name]) => named.has(name)))
}

/** Where in a body the value of `data.NAME` stands. */
interface BodyPlace {
  readonly path: readonly (string | number)[]
  readonly name: string
}

/** The places of an action's body that are one reference to data and on the allow-list. */
function createBodyPlaces(names: ReadonlySet<string>): (action: Action) => readonly BodyPlace[] {
  const known = new Map<string, readonly BodyPlace[]>()
  return (action) => {
    if (names.size === 0) return []
    const found = known.get(action.name)
    if (found !== undefined) return found
    const { json, form, multipart } = action.document.request
    const bodies = [json, form, plainParts(multipart)]
    const places = bodies
      .flatMap((body) => placesIn(body, []))
      .filter(({ path }) => {
        const fields = path.filter((part) => typeof part === 'string')
        return names.has(fields.at(-1) ?? '') || names.has(fields.join('.'))
      })
    known.set(action.name, places)
    return places
  }
}

/** Files are never kept. */
function plainParts(
  parts: Action['document']['request']['multipart'],
): Record<string, JsonValue> | undefined {
  if (parts === undefined) return undefined
  const plain = Object.entries(parts).flatMap(([name, part]): [string, JsonValue][] =>
    typeof part === 'object' ? [] : [[name, part]],
  )
  return Object.fromEntries(plain)
}

function placesIn(value: JsonValue | undefined, path: readonly (string | number)[]): BodyPlace[] {
  if (typeof value === 'string') {
    const [, inner = ''] = /^\{\{([^{}]*)\}\}$/.exec(value) ?? []
    const names = inner.split('|').map((choice) => /^\s*data\.([\w-]+)\s*$/.exec(choice)?.[1])
    const name = names.find((found) => found !== undefined)
    return name === undefined ? [] : [{ path, name }]
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => placesIn(item, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => placesIn(item, [...path, name]))
}

function bodyData(places: readonly BodyPlace[], body: string): StepData {
  if (places.length === 0) return {}
  const value = parseBody(body)
  const found = places.flatMap(({ path, name }): [string, JsonValue][] => {
    const inner = path.reduce<unknown>((at, part) => ownField(at, part), value)
    return isPlain(inner) ? [[name, inner]] : []
  })
  return Object.fromEntries(found)
}

/** JSON, else the fields of a form, multipart or not. */
function parseBody(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    const fields = multipartOf(body)?.fields
    return Object.fromEntries(fields ?? new URLSearchParams(body))
  }
}

function ownField(value: unknown, part: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, part) ? Reflect.get(value, part) : undefined
}

/** One value, or a list of such: an object could hold anything. */
function isPlain(value: unknown): value is JsonValue {
  if (Array.isArray(value)) return value.length <= LIST_LIMIT && value.every(isScalar)
  return isScalar(value)
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
