/**
 * Parameters of an operation: where each value goes, its name in `data`, and a sample of it.
 *
 * A value of a path or a query becomes `{{data.name}}`, so that users bring their own; what a user
 * does not bring is left out of the query. A header or a cookie would block the step instead, so
 * those take the document's own value where it names one.
 */

import type { JsonValue } from '../../core/contract/profile.ts'
import { canBeSent } from '../request/headers.ts'
import { identifierOf, takeFree } from '../propose/path/words.ts'
import { at, entriesAt, isThing, listAt, textAt } from './read/document.ts'
import type { OpenApiDocument } from './read/document.ts'
import { flatOf, typeOf } from './read/flat.ts'
import { sampleOf } from './read/schema.ts'
import type { Sample } from './read/schema.ts'

export interface Parameter {
  readonly name: string
  readonly place: 'path' | 'query' | 'header' | 'cookie'
  readonly isRequired: boolean
  readonly style: string
  readonly explodes: boolean
  /** The parameter itself, resolved. */
  readonly source: unknown
  readonly schema: unknown
}

/** What a field of a query, a header or a cookie is in the request, and in a user's data. */
export interface Filled {
  readonly name: string
  readonly value: string
}

export interface Fields {
  readonly query: readonly Filled[]
  readonly headers: readonly Filled[]
  readonly data: Readonly<Record<string, JsonValue>>
  /** Required, and the document has no value for them. */
  readonly madeUp: readonly string[]
  readonly notes: readonly string[]
}

const MAX_PARAMETERS = 200
/** OpenAPI says these are never parameters; the request has them from elsewhere. */
const ELSEWHERE = new Set(['accept', 'content-type', 'authorization', 'cookie', 'host'])
/** Keys that must differ from request to request. */
const ONCE = /(?:idempotency|request|correlation|trace)-?(?:key|id)$/i
/** Where to go on in a list; what an example says was true for somebody else. */
const PLACE = /(?:^|_)(?:cursor|after|before|page_token|continuation|next|since_id)$/
const DEFAULT_STYLE = { path: 'simple', header: 'simple', query: 'form', cookie: 'form' } as const

/** Those of the operation go over those of its path. */
export function parametersOf(
  document: OpenApiDocument,
  pathItem: unknown,
  operation: unknown,
): Parameter[] {
  const found = new Map<string, Parameter>()
  for (const holder of [pathItem, operation]) {
    for (const written of listAt(holder, 'parameters').slice(0, MAX_PARAMETERS)) {
      const parameter = parameterOf(document, written)
      if (parameter) found.set(`${parameter.place} ${parameter.name}`, parameter)
    }
  }
  return [...found.values()]
}

function parameterOf(document: OpenApiDocument, written: unknown): Parameter | undefined {
  const source = document.resolve(written)
  const name = textAt(source, 'name')
  const place = placeOf(textAt(source, 'in'))
  if (name === undefined || place === undefined) return undefined
  const isRequired = place === 'path' || at(source, 'required') === true
  if (at(source, 'deprecated') === true && !isRequired) return undefined
  const style = textAt(source, 'style') ?? DEFAULT_STYLE[place]
  const explode = at(source, 'explode')
  const [content] = entriesAt(source, 'content')
  return {
    name,
    place,
    isRequired,
    style,
    explodes: typeof explode === 'boolean' ? explode : style === 'form',
    source,
    schema: content === undefined ? at(source, 'schema') : at(content[1], 'schema'),
  }
}

function placeOf(text: string | undefined): Parameter['place'] | undefined {
  return (['path', 'query', 'header', 'cookie'] as const).find((place) => place === text)
}

/** The sample of a parameter; given where the parameter or its schema names a value. */
export function sampleOfParameter(document: OpenApiDocument, parameter: Parameter): Sample {
  const [content] = entriesAt(parameter.source, 'content')
  const place = content === undefined ? 'text' : 'json'
  return sampleOf(document, parameter.schema, [parameter.source, content?.[1]], place)
}

/**
 * The fields of query, headers and cookies.
 * @param taken names in the data that are used already; those used here are added
 */
export function fieldsOf(
  document: OpenApiDocument,
  parameters: readonly Parameter[],
  taken: Set<string>,
): Fields {
  const query: Filled[] = []
  const headers: Filled[] = []
  const cookies: string[] = []
  const data: Record<string, JsonValue> = {}
  const madeUp: string[] = []
  const notes: string[] = []
  for (const parameter of parameters) {
    const { name, place, isRequired } = parameter
    if (place === 'path') continue
    if (name.includes('{{')) {
      notes.push(`${place} parameter ${JSON.stringify(name)} is left out: its name has braces`)
      continue
    }
    const sample = sampleOfParameter(document, parameter)
    if (!isRequired && !sample.isGiven) continue
    if (!sample.isGiven && place === 'query') madeUp.push(name)
    if (place === 'query') {
      for (const field of expand(document, parameter, sample)) {
        const key = takeFree(identifierOf(field.name, 'value'), taken)
        query.push({ name: field.name, value: `{{data.${key}}}` })
        const isShown = isExample(document, parameter) && !PLACE.test(identifierOf(name, ''))
        if (isRequired || isShown) data[key] = field.value
      }
      continue
    }
    if (!isRequired || ELSEWHERE.has(name.toLowerCase())) continue
    if (place === 'header' && !canBeSent(name)) {
      notes.push(`header ${JSON.stringify(name)} is left out: Outrider sets it, or nobody can`)
      continue
    }
    const key = takeFree(identifierOf(name, 'value'), taken)
    const value = lineOf(parameter, sample, key)
    if (value.startsWith('{{data.')) data[key] = joined(sample.value, ',')
    if (place === 'header') headers.push({ name: name.toLowerCase(), value })
    else cookies.push(`${encodeURIComponent(name.toWellFormed())}=${value}`)
  }
  if (cookies.length > 0) headers.push({ name: 'cookie', value: cookies.join('; ') })
  return { query, headers, data, madeUp, notes }
}

/** Only what the parameter itself shows is sent unasked; a default is what the server does anyway. */
function isExample(document: OpenApiDocument, { source, schema }: Parameter): boolean {
  const resolved = document.resolve(schema)
  return [source, resolved].some(
    (holder) => at(holder, 'example') !== undefined || at(holder, 'examples') !== undefined,
  )
}

function lineOf(parameter: Parameter, sample: Sample, key: string): string {
  if (ONCE.test(parameter.name)) return `{{data.${key}|session.id}}`
  const text = joined(sample.value, ',')
  // A line break in an example would end the header.
  return sample.isGiven && /^[\x20-\x7e]+$/.test(text) ? text : `{{data.${key}}}`
}

const SEPARATORS: Readonly<Record<string, string>> = { spaceDelimited: ' ', pipeDelimited: '|' }

/** One field, or one for each property where the style takes an object apart. */
function expand(
  document: OpenApiDocument,
  parameter: Parameter,
  { value }: Sample,
): { name: string; value: JsonValue }[] {
  const { name, style, explodes } = parameter
  const hasContent = isThing(at(parameter.source, 'content'))
  if (Array.isArray(value) && !hasContent) {
    const scalars = value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : item))
    if (explodes && style === 'form') return [{ name, value: scalars }]
    return [{ name, value: scalars.map(String).join(SEPARATORS[style] ?? ',') }]
  }
  if (!isThing(value) || hasContent) return [{ name, value }]
  const type = typeOf(flatOf(document, parameter.schema))
  const fields = Object.entries(value).filter(([key]) => !key.includes('{{'))
  if (type === 'object' && style === 'deepObject') {
    return fields.map(([key, inner]) => ({ name: `${name}[${key}]`, value: inner }))
  }
  if (explodes && style === 'form')
    return fields.map(([key, inner]) => ({ name: key, value: inner }))
  return [{ name, value: joined(value, ',') }]
}

/** Style `simple` without explode: `a,b`, `key,value`. */
export function joined(value: JsonValue, separator: string): string {
  if (Array.isArray(value)) return value.map((item) => joined(item, separator)).join(separator)
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .flatMap(([key, item]) => [key, joined(item, separator)])
      .join(separator)
  }
  return String(value)
}
