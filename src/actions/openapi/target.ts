/** The path of an operation: its base, its templates, and the route by which logs are mapped. */

import type { JsonValue } from '../../core/contract/profile.ts'
import { identifierOf, singularOf, takeFree, wordsOf } from '../propose/path/words.ts'
import { placeOf } from '../place.ts'
import type { Place } from '../place.ts'
import { compileRoute } from '../route.ts'
import type { Route } from '../route.ts'
import { at } from './read/document.ts'
import type { OpenApiDocument } from './read/document.ts'
import { flatOf, typeOf } from './read/flat.ts'
import { joined, sampleOfParameter } from './parameters.ts'
import type { Parameter } from './parameters.ts'

/** A value in the path. */
export interface PathValue {
  /** As the document names it: `orderId`. */
  readonly name: string
  /** In the user's data: `order_id`. */
  readonly key: string
  /** Where it stands, whatever its name: `/orders/{}`. Equal for all paths below one order. */
  readonly slot: string
  /** The path that lists what it names: `/orders`; undefined where it does not follow a word. */
  readonly collection: string | undefined
  readonly sample: JsonValue
  readonly isGiven: boolean
}

export interface Target {
  /** With its base, and `{order_id}` where a value goes. */
  readonly path: string
  /** With its base, and `{}` where a value goes: what links are found by. */
  readonly shape: string
  readonly values: readonly PathValue[]
  /** `GET /orders/:order_id`; undefined where no route can say it. */
  readonly route: Route | undefined
}

/** Names that mean nothing without what they belong to. */
const BARE = new Set(['id', 'ids', 'uuid', 'guid', 'key', 'name', 'slug', 'code', 'number'])
const MAX_PATH = 2000
/** A bound above is that of the type: `int32` has one, too. */
const MAX_CLOSED = 100_000
const PARAMETER = /\{([^{}/]{1,200})\}/g

/**
 * @param base path that stands before, without a slash at its end
 * @param taken names in the data that are used already; those used here are added
 * @returns why it cannot be sent, where it cannot
 */
export function targetOf(
  document: OpenApiDocument,
  method: string,
  path: string,
  base: string,
  parameters: readonly Parameter[],
  taken: Set<string>,
): Target | string {
  if (!path.startsWith('/')) return 'its path does not begin with "/"'
  if (path.length > MAX_PATH) return `its path is longer than ${MAX_PATH} characters`
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f#]/.test(path)) return 'its path has a "#" or a control character'
  if (/[{}]/.test(path.replaceAll(PARAMETER, ''))) return 'its path has braces that name nothing'
  const whole = `${base}${path}`.replace(/^\/{2,}/, '/')
  const values: PathValue[] = []
  const keys = new Map<string, string>()
  const shape = whole.replaceAll(PARAMETER, '{}')
  const filled = whole.replaceAll(PARAMETER, (_, name: string, index: number) => {
    const before = whole.slice(0, index)
    const known = keys.get(name)
    const key = known ?? takeFree(keyOf(name, before), taken)
    keys.set(name, key)
    const parameter = parameters.find((one) => one.place === 'path' && one.name === name)
    if (known === undefined) values.push(valueOf(document, name, key, before, parameter))
    return `${prefixOf(parameter)}{${key}}`
  })
  const place = placeOf({ value: undefined, locate: () => document.file })
  return { path: filled, shape, values, route: routeOf(method, filled, place) }
}

function valueOf(
  document: OpenApiDocument,
  name: string,
  key: string,
  before: string,
  parameter: Parameter | undefined,
): PathValue {
  const sample =
    parameter === undefined
      ? { value: 'string', isGiven: false }
      : sampleOfParameter(document, parameter)
  const shape = before.replaceAll(PARAMETER, '{}')
  const isBehindWord = /\/[^/{}]+\/$/.test(before)
  return {
    name,
    key,
    slot: `${shape}{}`,
    collection: isBehindWord ? shape.slice(0, -1) : undefined,
    sample: joined(sample.value, parameter?.style === 'label' ? '.' : ','),
    isGiven: sample.isGiven || isClosed(document, parameter?.schema),
  }
}

/** A number between two bounds or a day is a choice, not the name of a thing. */
function isClosed(document: OpenApiDocument, schema: unknown): boolean {
  const flat = flatOf(document, schema)
  const bounds = [at(flat, 'minimum'), at(flat, 'maximum')]
  return (
    typeOf(flat) === 'boolean' ||
    at(flat, 'format') === 'date' ||
    bounds.every((bound) => typeof bound === 'number' && Math.abs(bound) < MAX_CLOSED)
  )
}

/** Style `label` is `.5`, style `matrix` is `;id=5`. */
function prefixOf(parameter: Parameter | undefined): string {
  if (parameter?.style === 'label') return '.'
  return parameter?.style === 'matrix' ? `;${encodeURIComponent(parameter.name)}=` : ''
}

/** `orderId` is `order_id`; a bare `id` takes the word before it: `/orders/{id}`. */
function keyOf(name: string, before: string): string {
  const key = identifierOf(name, 'value')
  if (!BARE.has(key)) return key
  const word = wordsOf(/\/([^/{}]+)\/$/.exec(before)?.[1] ?? '').at(-1)
  return word === undefined ? key : identifierOf(`${singularOf(word)}_${key}`, key)
}

/** Undefined where a segment is more than one name or one word, as in `/{id}.json`. */
function routeOf(method: string, path: string, place: Place): Route | undefined {
  const segments = (path.split('?')[0] ?? '').split('/').map((segment) => {
    const name = /^\{([a-z0-9_]+)\}$/.exec(segment)?.[1]
    if (name !== undefined) return `:${name}`
    return /[{}\s]|^[:*]/.test(segment) ? undefined : segment
  })
  if (segments.includes(undefined)) return undefined
  try {
    return compileRoute(`${method} ${segments.join('/')}`, place)
  } catch {
    return undefined
  }
}
