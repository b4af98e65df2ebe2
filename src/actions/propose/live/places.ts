/** Where a text stands in a page, as a pattern that finds it again: links, attributes, scripts. */

import { decoded } from '../../response/decode.ts'
import type { Decoding } from '../../response/decode.ts'
import { MAX_PATTERN_CHARS } from '../../response/pattern.ts'
import { formOf, isIdentifier } from '../path/form.ts'

export interface PlaceInPage {
  readonly text: string
  readonly source: { readonly body: string; readonly decode?: Decoding }
}

/** Shorter texts stand everywhere in a page. */
const LEAST_IN_PAGE = 4
const MOST_PLACES = 3
const MOST_BEFORE = 60
const MOST_AFTER = 40

/** @param inPaths texts that may be short, with the segment that stands before them in a link */
export function placesInPage(
  page: string,
  texts: ReadonlySet<string>,
  inPaths: ReadonlyMap<string, string>,
): PlaceInPage[] {
  if (page === '') return []
  const found: PlaceInPage[] = []
  const seen = page.slice(0, MAX_PATTERN_CHARS)
  const add = (text: string, needle: string, skip: number, decode: Decoding | undefined): void => {
    let at = seen.indexOf(needle)
    for (let places = 0; at !== -1 && places < MOST_PLACES; at = seen.indexOf(needle, at + 1)) {
      const written = needle.slice(skip)
      const body = patternAt(seen, at + skip, written, decode)
      if (body !== undefined) {
        found.push({ text, source: { body, ...(decode === undefined ? {} : { decode }) } })
        places += 1
      } else if (skip === 0) places += 1
    }
  }
  for (const text of texts) {
    if (text.length < LEAST_IN_PAGE) continue
    add(text, text, 0, undefined)
    for (const [decode, needle] of writingsOf(text)) add(text, needle, 0, decode)
  }
  for (const [text, before] of inPaths) {
    if (text.length < LEAST_IN_PAGE) add(text, `/${before}/${text}`, before.length + 2, undefined)
  }
  return found
}

/** How a text is written where it cannot stand as it is. */
function writingsOf(text: string): [Decoding, string][] {
  const writings: [Decoding, string][] = []
  const json = JSON.stringify(text).slice(1, -1)
  const html = text.replaceAll('&', '&amp;')
  if (json !== text) writings.push(['json', json])
  if (text.includes('/')) writings.push(['json', json.replaceAll('/', '\\/')])
  const quoted = html.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  if (quoted !== text) writings.push(['html', quoted])
  const numbers = html.replaceAll(/[+=/]/g, (sign) => {
    const code = sign.charCodeAt(0).toString(16).toUpperCase()
    return sign === '/' ? sign : `&#x${code};`
  })
  if (numbers !== html) {
    writings.push(['html', numbers])
    writings.push(['html', html.replaceAll('+', '&#43;').replaceAll('=', '&#61;')])
    writings.push(['html', html.replaceAll('+', '&#43;')], ['html', html.replaceAll('+', '&#x2B;')])
  }
  return writings.filter(
    ([decode, written]) => written !== text && decoded(written, decode) === text,
  )
}

/** Undefined where nothing around the text tells it from others. */
function patternAt(
  page: string,
  at: number,
  written: string,
  decode: Decoding | undefined,
): string | undefined {
  const start = page.lastIndexOf('<', at)
  const from = Math.max(0, at - MOST_BEFORE, start === -1 ? 0 : start)
  const before = page.slice(from, at).split('\n').at(-1) ?? ''
  const after = page.slice(at + written.length, at + written.length + MOST_AFTER)
  const closing = after[0] ?? ''
  if (!/\w{2}/.test(before) || !/["'/?&<]/.test(closing)) return undefined
  const isQuoted = /["']/.test(closing) && before.endsWith(closing)
  const group = groupOf(written, isQuoted ? closing : undefined, decode)
  const pattern = stablePattern(before) + group
  if (firstOf(pattern, page) === written) return pattern
  // Where what stands before is usual, such as <meta content=, what follows in the tag may tell.
  const tail = (isQuoted ? /^[^<>]*/ : /^[^<>"'\s]*["']?/).exec(after)?.[0] ?? ''
  const whole = pattern + stablePattern(tail)
  return tail.length > 1 && firstOf(whole, page) === written ? whole : undefined
}

function groupOf(written: string, quote: string | undefined, decode: Decoding | undefined): string {
  // Beside ids stand words such as `new`.
  if (quote === undefined && /^\d{1,20}$/.test(written)) return '(\\d{1,20})'
  if (quote === undefined) return `([^"'<>/?&#\\s]{1,500})`
  return decode === 'json' ? `((?:[^${quote}\\\\]|\\\\.){1,500})` : `([^${quote}]{1,500})`
}

function firstOf(pattern: string, page: string): string | undefined {
  return new RegExp(pattern).exec(page)?.[1]
}

/** What surrounds a value may hold ids, which are others elsewhere. */
function stablePattern(text: string): string {
  return text
    .split(/([\w.~-]+)/)
    .map((part) => (isIdentifier(formOf(part)) ? '[\\w.~-]+' : escapePattern(part)))
    .join('')
}

export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
