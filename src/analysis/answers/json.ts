/** JSON as answers hold it: parsed so that large integers keep all their digits. */

/** Integers beyond 2⁵³ are bigints: two ids that differ in the last digit must stay different. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

export function isRecord(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Integers that a double cannot hold; a hit inside of a string only costs time. */
const LONG_INTEGER = /(?:^|[[:,\s])-?\d{16,}(?![\d.eE])/
/** More digits than this are not told apart: making a number of them takes quadratic time. */
const MOST_DIGITS = 400
/** Servers put these before JSON so that it cannot be run as a script. */
const GUARD = /^\)\]\}'[^\n]{0,20}\n|^(?:while\s*\(1\)|for\s*\(;;\))\s*;/

/** Undefined for what is no JSON. Of a name that stands twice the last value counts. */
export function parseJson(text: string): { readonly value: Json } | undefined {
  const bare = text.replace(GUARD, '')
  try {
    if (LONG_INTEGER.test(bare)) return { value: parseExactly(bare) }
    const value: Json = JSON.parse(bare)
    return { value }
  } catch {
    return undefined
  }
}

function parseExactly(text: string): Json {
  try {
    const value: Json = JSON.parse(text, exactInteger)
    return value
  } catch {
    // Reviving is recursive: what is nested too deeply for it can still be parsed.
    const value: Json = JSON.parse(text)
    return value
  }
}

function exactInteger(_: string, value: Json, context?: { readonly source?: string }): Json {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return source.length <= MOST_DIGITS && /^-?\d+$/.test(source) ? BigInt(source) : value
}

/** The beginning of a value's JSON, at most about as many characters; nothing is `(nothing)`. */
export function jsonText(value: Json | undefined, most: number): string {
  if (value === undefined) return '(nothing)'
  const parts: string[] = []
  write(value, { parts, left: most }, 0)
  return parts.join('')
}

const DEEPEST_SHOWN = 20

interface Page {
  readonly parts: string[]
  left: number
}

function write(value: Json, page: Page, depth: number): void {
  if (page.left <= 0) return
  if (isList(value)) {
    writeAll(page, '[', ']', depth, value, (element) => write(element, page, depth + 1))
  } else if (isRecord(value)) {
    writeAll(page, '{', '}', depth, Object.keys(value), (name) => {
      put(page, `${JSON.stringify(name.slice(0, page.left))}:`)
      write(value[name] ?? null, page, depth + 1)
    })
  } else {
    put(page, typeof value === 'string' ? quoted(value, page.left) : String(value))
  }
}

function writeAll<Part>(
  page: Page,
  open: string,
  close: string,
  depth: number,
  parts: readonly Part[],
  writeOne: (part: Part) => void,
): void {
  put(page, open)
  if (depth >= DEEPEST_SHOWN && parts.length > 0) put(page, '…')
  else {
    for (const [index, part] of parts.entries()) {
      if (page.left <= 0) return
      if (index > 0) put(page, ',')
      writeOne(part)
    }
  }
  put(page, close)
}

function put(page: Page, text: string): void {
  page.parts.push(text)
  page.left -= text.length
}

/** A string that was cut has no closing quote. */
function quoted(text: string, most: number): string {
  return text.length <= most
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, most)).slice(0, -1)}…`
}
