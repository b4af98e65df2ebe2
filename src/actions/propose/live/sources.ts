/**
 * Where in an answer a value stands, as a capture that finds it again.
 *
 * Only values that some later request had are looked for, so the work is bounded by what is used and
 * not by what is answered. A source counts only if it finds this very value: what stands there first
 * in a page may be another link.
 */

import type { OntologyInput } from '../../../core/contract/ontology.ts'
import type { JsonValue } from '../../../core/contract/profile.ts'
import { findFormField } from '../../response/form-field.ts'
import { MAX_PATTERN_CHARS } from '../../response/pattern.ts'
import { parseJson } from '../body/read.ts'
import { formOf, isIdentifier } from '../path/form.ts'
import type { RecordedExchange } from '../recorded.ts'
import { leavesOf } from './leaves.ts'

/** As an ontology writes it. */
export type Source = NonNullable<OntologyInput['actions'][string]['capture']>[string]

export interface Found {
  readonly text: string
  readonly type: 'string' | 'number'
  readonly source: Source
}

/** An answer whose body is parsed once. */
export interface Answer {
  readonly exchange: RecordedExchange
  readonly json: JsonValue | undefined
}

const MOST_BODY_CHARS = 2 ** 18
const MOST_LEAVES = 5000
/** Shorter texts stand everywhere in a page. */
const LEAST_IN_PAGE = 4
const MOST_PLACES = 3
const NOT_ANSWERS = /^(?:date|content-length|content-type|content-encoding|server|connection|vary)$/

export function answerOf(exchange: RecordedExchange): Answer {
  const { responseBody: body, responseHeaders } = exchange
  const type = responseHeaders?.['content-type'] ?? ''
  const looksLikeJson = /[/+]json/.test(type) || (type === '' && /^\s*[{[]/.test(body ?? ''))
  const isSmall = body !== undefined && body.length <= MOST_BODY_CHARS
  return { exchange, json: isSmall && looksLikeJson ? parseJson(body) : undefined }
}

/** The places at which the wanted values stand. */
export function sourcesIn(answer: Answer, wanted: ReadonlySet<string>): Found[] {
  const { exchange, json } = answer
  const found: Found[] = []
  if (json !== undefined) {
    for (const { path, value } of leavesOf(json, MOST_LEAVES)) {
      const text = String(value)
      const type = typeof value === 'number' ? 'number' : 'string'
      if (wanted.has(text)) found.push({ text, type, source: { json: path } })
    }
  }
  for (const [name, value] of Object.entries(exchange.responseHeaders ?? {})) {
    if (!NOT_ANSWERS.test(name)) found.push(...inHeader(name, value, wanted))
  }
  if (json === undefined && (exchange.responseBody?.length ?? 0) <= MOST_BODY_CHARS) {
    found.push(...inPage(exchange.responseBody ?? '', wanted))
  }
  return found.filter(({ text, source }) => valueAt(answer, source) === text)
}

/** What a source finds in an answer; undefined where it finds nothing. */
export function valueAt({ exchange, json }: Answer, source: Source): string | undefined {
  const { responseHeaders, responseBody = '' } = exchange
  if ('json' in source) return json === undefined ? undefined : leafAt(json, source.json)
  if ('form_field' in source) return findFormField(responseBody, source.form_field)
  if ('cookie' in source) return cookiesOf(responseHeaders?.['set-cookie']).get(source.cookie)
  if ('body' in source) return firstGroup(source.body, responseBody)
  const value = responseHeaders?.[source.header]
  if (source.match === undefined || value === undefined) return value
  return firstGroup(source.match, value)
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

function inHeader(name: string, value: string, wanted: ReadonlySet<string>): Found[] {
  if (name === 'set-cookie') {
    return [...cookiesOf(value)].flatMap(([cookie, text]) =>
      wanted.has(text) ? [{ text, type: 'string' as const, source: { cookie } }] : [],
    )
  }
  const found: Found[] = []
  if (wanted.has(value)) found.push({ text: value, type: 'string', source: { header: name } })
  if (name !== 'location' && name !== 'content-location') return found
  const [path = '', search = ''] = value.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/)
  const segments = path.split('/').slice(1)
  for (const [index, text] of segments.entries()) {
    if (!wanted.has(text)) continue
    const before = segments.slice(0, index).map(patternOf)
    const match = `/${[...before, '([^/?#]+)'].join('/')}`
    found.push({ text, type: 'string', source: { header: name, match } })
  }
  for (const part of search.split('&')) {
    const [field = '', text = ''] = part.split('=')
    if (!wanted.has(text) || field === '') continue
    const match = `[?&]${escapePattern(field)}=([^&#]+)`
    found.push({ text, type: 'string', source: { header: name, match } })
  }
  return found
}

function patternOf(segment: string): string {
  return isIdentifier(formOf(segment)) ? '[^/?#]+' : escapePattern(segment)
}

/** Form fields, links, attributes and scripts of a page. */
function inPage(page: string, wanted: ReadonlySet<string>): Found[] {
  const found: Found[] = []
  if (page === '') return found
  for (const text of wanted) {
    if (text.length < LEAST_IN_PAGE) continue
    let at = page.indexOf(text)
    for (let places = 0; at !== -1 && places < MOST_PLACES; places += 1) {
      const source = placeIn(page, at, text)
      if (source !== undefined) found.push({ text, type: 'string', source })
      at = page.indexOf(text, at + text.length)
    }
  }
  return found
}

function placeIn(page: string, at: number, text: string): Source | undefined {
  const start = page.lastIndexOf('<', at)
  const tag = start === -1 || at - start > 2000 ? '' : page.slice(start, at)
  const end = page.slice(at + text.length, at + text.length + 500)
  if (/^<(?:input|select|textarea|option)\b/i.test(tag) && /^["'\s/>]/.test(end)) {
    const whole = tag + text + end.slice(0, end.indexOf('>') + 1)
    const [, name] = /\bname\s*=\s*["']?([^"'\s>]+)/i.exec(whole) ?? []
    if (name !== undefined) return { form_field: name }
  }
  const before = page
    .slice(Math.max(0, at - 60, start === -1 ? 0 : start), at)
    .split('\n')
    .at(-1)
  const closing = end[0] ?? ''
  if (before === undefined || !/\w{2}/.test(before) || !/["'/?&<]/.test(closing)) return undefined
  return { body: `${escapePattern(before.slice(-60))}([^"'<>/?&#\\s]{1,500})` }
}

/** From `set-cookie` lines, joined by line ends. */
function cookiesOf(lines: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const line of (lines ?? '').split('\n')) {
    const [pair = ''] = line.split(';')
    const equals = pair.indexOf('=')
    if (equals > 0) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim())
  }
  return cookies
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
