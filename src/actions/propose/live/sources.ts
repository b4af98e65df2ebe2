/**
 * Where in an answer a value stands, as a capture that finds it again.
 *
 * Only values that some later request had are looked for, so the work is bounded by what is used and
 * not by what is answered. A source counts only if it finds this very value: what stands there first
 * in a page may be another link.
 */

import type { OntologyInput } from '../../../core/contract/ontology.ts'
import type { JsonValue } from '../../../core/contract/profile.ts'
import { decodeSegment } from '../../route.ts'
import { decoded } from '../../response/decode.ts'
import type { FormField } from '../../response/form-field.ts'
import { MAX_PATTERN_CHARS } from '../../response/pattern.ts'
import { parseJson } from '../body/read.ts'
import { formOf, isIdentifier } from '../path/form.ts'
import type { RecordedExchange } from '../recorded.ts'
import { fieldSourcesIn, fieldsOfPage, fieldValueIn } from './fields-of-page.ts'
import { leavesOf } from './leaves.ts'
import { escapePattern, placesInPage } from './places.ts'

/** As an ontology writes it. */
export type Source = NonNullable<OntologyInput['actions'][string]['capture']>[string]

export interface Found {
  readonly text: string
  readonly type: 'string' | 'number'
  readonly source: Source
  /**
   * Good for the field of this name alone, which was sent as the form had it or is one of the choices
   * that it gave; or for paths alone, because the client itself said it in a form before.
   */
  readonly only?: 'untouched' | 'chosen' | 'path'
}

/** An answer whose body is parsed once. */
export interface Answer {
  readonly exchange: RecordedExchange
  readonly json: JsonValue | undefined
  /** Fields of the forms of a page. */
  fields(): readonly FormField[]
}

/** What later requests sent. */
export interface Wanted {
  /** Sent for the first time; what the client said before is its own. */
  readonly texts: ReadonlySet<string>
  /** In paths, never before in a path or a query, with the segment before it. */
  readonly inPaths: ReadonlyMap<string, string>
  /** By the name of the form's field, whoever said them first: an untouched field is the page's. */
  readonly inForms: ReadonlyMap<string, ReadonlySet<string>>
}

const MOST_BODY_CHARS = 2 ** 18
const MOST_LEAVES = 5000
const NOT_ANSWERS = /^(?:date|content-length|content-type|content-encoding|server|connection|vary)$/

export function answerOf(exchange: RecordedExchange): Answer {
  const { responseBody: body, responseHeaders } = exchange
  const type = responseHeaders?.['content-type'] ?? ''
  const looksLikeJson = /[/+]json/.test(type) || (type === '' && /^\s*[{[]/.test(body ?? ''))
  const isSmall = body !== undefined && body.length <= MOST_BODY_CHARS
  const json = isSmall && looksLikeJson ? parseJson(body) : undefined
  let fields: readonly FormField[] | undefined
  return {
    exchange,
    json,
    fields: () => (fields ??= json === undefined && isSmall ? fieldsOfPage(body) : []),
  }
}

/** The places at which the wanted values stand. */
export function sourcesIn(answer: Answer, wanted: Wanted): Found[] {
  const { exchange, json } = answer
  const { texts, inPaths } = wanted
  const found: Found[] = []
  if (json !== undefined && texts.size > 0) {
    for (const { path, value } of leavesOf(json, MOST_LEAVES)) {
      const text = String(value)
      const type = typeof value === 'number' ? 'number' : 'string'
      if (texts.has(text)) found.push({ text, type, source: { json: path } })
    }
  }
  for (const [name, value] of Object.entries(exchange.responseHeaders ?? {})) {
    if (!NOT_ANSWERS.test(name)) found.push(...inHeader(name, value, wanted))
  }
  if (json === undefined && (exchange.responseBody?.length ?? 0) <= MOST_BODY_CHARS) {
    for (const { text, source } of placesInPage(exchange.responseBody ?? '', texts, inPaths)) {
      found.push({ text, type: 'string', source })
    }
  }
  const certain = found.filter(({ text, source }) => valueAt(answer, source) === text)
  if (texts.size + wanted.inForms.size === 0) return certain
  return [...certain, ...fieldSourcesIn(answer.fields(), wanted)]
}

/** What a source finds in an answer; undefined where it finds nothing. */
export function valueAt(answer: Answer, source: Source): string | undefined {
  const { responseHeaders, responseBody = '' } = answer.exchange
  const plain = (text: string | undefined): string | undefined =>
    text === undefined || !('decode' in source) || source.decode === undefined
      ? text
      : decoded(text, source.decode)
  if ('json' in source) {
    return answer.json === undefined ? undefined : leafAt(answer.json, source.json)
  }
  if ('form_field' in source) return fieldValueIn(answer.fields(), source.form_field, source.form)
  if ('cookie' in source) {
    return plain(cookiesOf(responseHeaders?.['set-cookie']).get(source.cookie))
  }
  if ('body' in source) return plain(firstGroup(source.body, responseBody))
  const value = responseHeaders?.[source.header]
  if (source.match === undefined || value === undefined) return plain(value)
  return plain(firstGroup(source.match, value))
}

function firstGroup(pattern: string, text: string): string | undefined {
  return new RegExp(pattern).exec(text.slice(0, MAX_PATTERN_CHARS))?.[1]
}

function leafAt(document: JsonValue, path: string): string | undefined {
  let current: JsonValue | undefined = document
  for (const [, name, index, quoted] of path.matchAll(
    /\.(\w+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g,
  )) {
    if (typeof current !== 'object' || current === null) return undefined
    const unquoted = quoted === undefined ? undefined : parseJson(quoted)
    const key = name ?? index ?? (typeof unquoted === 'string' ? unquoted : '')
    current = Object.hasOwn(current, key) ? Reflect.get(current, key) : undefined
  }
  return typeof current === 'string' || typeof current === 'number' ? String(current) : undefined
}

function inHeader(name: string, value: string, { texts, inPaths }: Wanted): Found[] {
  const found: Found[] = []
  const add = (text: string, written: string, source: Source): void => {
    const isEncoded = text !== written && !('json' in source) && !('form_field' in source)
    const decode = isEncoded ? { decode: 'url' as const } : {}
    const only = texts.has(text) ? {} : { only: 'path' as const }
    found.push({ text, type: 'string', source: { ...source, ...decode }, ...only })
  }
  if (name === 'set-cookie') {
    for (const [cookie, written] of cookiesOf(value)) {
      const text = texts.has(written) ? written : decoded(written, 'url')
      if (texts.has(text)) add(text, written, { cookie })
    }
    return found
  }
  if (texts.has(value)) add(value, value, { header: name })
  if (name !== 'location' && name !== 'content-location') return found
  const [path = '', search = ''] = value.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/)
  const segments = path.split('/').slice(1)
  for (const [index, written] of segments.entries()) {
    const text = decodeSegment(written)
    if (!texts.has(text) && !inPaths.has(text)) continue
    const before = segments.slice(0, index).map(patternOf)
    const match = `/${[...before, '([^/?#]+)'].join('/')}`
    add(text, written, { header: name, match })
  }
  for (const part of search.split('&')) {
    const [field = '', written = ''] = part.split('=')
    const text = decodeSegment(written.replaceAll('+', ' '))
    if (!texts.has(text) || field === '') continue
    const match = `[?&]${escapePattern(field)}=([^&#]+)`
    add(text, written, { header: name, match })
  }
  return found
}

function patternOf(segment: string): string {
  return isIdentifier(formOf(segment)) ? '[^/?#]+' : escapePattern(segment)
}

/** From `set-cookie` lines, joined by line ends. */
export function cookiesOf(lines: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const line of (lines ?? '').split('\n')) {
    const [pair = ''] = line.split(';')
    const equals = pair.indexOf('=')
    if (equals > 0) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim())
  }
  return cookies
}
