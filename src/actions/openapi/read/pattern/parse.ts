/**
 * A pattern of a schema, taken apart: what most published identifiers and codes are described by.
 *
 * Read are alternatives, groups, classes, escapes, repetition and looking ahead. What is not read
 * (looking behind, references back) makes the whole pattern unknown, never wrong.
 */

export type Node =
  | {
      readonly kind: 'character'
      readonly fits: (character: string) => boolean
      readonly one: string
    }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number }
  | { readonly kind: 'ahead'; readonly part: Node; readonly isWanted: boolean }
  | { readonly kind: 'edge'; readonly side: 'start' | 'end' | 'word' }

const MAX_PATTERN = 500
const MAX_DEPTH = 20
/** What is liked in a text that also stands in addresses. */
const LIKED = Array.from('abcdefghijklmnopqrstuvwxyz123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0-_.~ ')
const VISIBLE = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(32 + index))

interface Reader {
  readonly text: string
  at: number
}

/** Undefined where the pattern is too long or has what is not read. */
export function parsePattern(pattern: string): Node | undefined {
  if (pattern.length > MAX_PATTERN) return undefined
  const reader: Reader = { text: pattern, at: 0 }
  const node = choice(reader, 0)
  return node !== undefined && reader.at === pattern.length ? node : undefined
}

function takes(reader: Reader, text: string): boolean {
  if (!reader.text.startsWith(text, reader.at)) return false
  reader.at += text.length
  return true
}

function choice(reader: Reader, depth: number): Node | undefined {
  if (depth > MAX_DEPTH) return undefined
  const parts: Node[] = []
  do {
    const part = sequence(reader, depth)
    if (part === undefined) return undefined
    parts.push(part)
  } while (takes(reader, '|'))
  return parts.length === 1 ? parts[0] : { kind: 'choice', parts }
}

function sequence(reader: Reader, depth: number): Node | undefined {
  const parts: Node[] = []
  while (reader.at < reader.text.length && !/[|)]/.test(reader.text[reader.at] ?? '')) {
    const one = element(reader, depth)
    if (one === undefined) return undefined
    parts.push(repeated(reader, one))
  }
  return { kind: 'sequence', parts }
}

const REPEAT = /(?:\{(\d{1,5})(,(\d{0,5}))?\}|([+*?]))[?+]?/y

function repeated(reader: Reader, part: Node): Node {
  REPEAT.lastIndex = reader.at
  const match = REPEAT.exec(reader.text)
  if (match === null) return part
  reader.at = REPEAT.lastIndex
  const [, from, comma, to, sign] = match
  if (sign !== undefined) {
    return { kind: 'repeat', part, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity }
  }
  const least = Number(from)
  const open = to === undefined || to === '' ? Infinity : Number(to)
  return { kind: 'repeat', part, least, most: comma === undefined ? least : open }
}

function element(reader: Reader, depth: number): Node | undefined {
  if (takes(reader, '(')) return group(reader, depth)
  if (takes(reader, '[')) return characterClass(reader)
  if (takes(reader, '^')) return { kind: 'edge', side: 'start' }
  if (takes(reader, '$')) return { kind: 'edge', side: 'end' }
  if (takes(reader, '.')) return oneOf((character) => character !== '\n', '')
  if (takes(reader, '\\')) return escaped(reader)
  const [character = ''] = reader.text.slice(reader.at)
  if (/[+*?]/.test(character)) return undefined
  reader.at += character.length
  return literal(character)
}

function group(reader: Reader, depth: number): Node | undefined {
  const ahead = takes(reader, '?=') ? true : takes(reader, '?!') ? false : undefined
  if (ahead === undefined && !takes(reader, '?:') && takes(reader, '?')) {
    const name = /^<\w{1,50}>/.exec(reader.text.slice(reader.at))
    if (name === null) return undefined
    reader.at += name[0].length
  }
  const inner = choice(reader, depth + 1)
  if (inner === undefined || !takes(reader, ')')) return undefined
  return ahead === undefined ? inner : { kind: 'ahead', part: inner, isWanted: ahead }
}

type Test = (character: string) => boolean

const KINDS: Readonly<Record<string, Test>> = {
  d: (character) => /\d/.test(character),
  D: (character) => /\D/.test(character),
  w: (character) => /\w/.test(character),
  W: (character) => /\W/.test(character),
  s: (character) => /\s/.test(character),
  S: (character) => /\S/.test(character),
}
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' }

function escaped(reader: Reader): Node | undefined {
  if (takes(reader, 'b')) return { kind: 'edge', side: 'word' }
  const read = escapeIn(reader)
  if (read === undefined) return undefined
  return typeof read === 'string' ? literal(read) : oneOf(read, '')
}

/** A character, or a kind of them; undefined for a reference back and the like. */
function escapeIn(reader: Reader): string | Test | undefined {
  const rest = reader.text.slice(reader.at, reader.at + 40)
  const code = /^(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,5})\})/.exec(rest)
  if (code !== null) {
    reader.at += code[0].length
    return String.fromCodePoint(Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16))
  }
  const property = /^([pP])\{(\w{1,30})(?:=(\w{1,30}))?\}/.exec(rest)
  if (property !== null) {
    reader.at += property[0].length
    return propertyTest(property[2] ?? '', property[1] === 'P')
  }
  const [character] = rest
  if (character === undefined || /[1-9BkcpP]/.test(character)) return undefined
  reader.at += character.length
  return KINDS[character] ?? CONTROLS[character] ?? (character === '0' ? '\0' : character)
}

function propertyTest(name: string, isNot: boolean): Test | undefined {
  const tests: Readonly<Record<string, RegExp>> = {
    L: /\p{L}/u,
    Letter: /\p{L}/u,
    Lu: /\p{Lu}/u,
    Ll: /\p{Ll}/u,
    N: /\p{N}/u,
    Nd: /\p{Nd}/u,
    P: /\p{P}/u,
    Z: /\p{Z}/u,
    S: /\p{S}/u,
    M: /\p{M}/u,
  }
  const test = Object.hasOwn(tests, name) ? tests[name] : undefined
  return test === undefined ? undefined : (character) => test.test(character) !== isNot
}

function characterClass(reader: Reader): Node | undefined {
  const isNot = takes(reader, '^')
  const tests: Test[] = []
  let first = ''
  while (!takes(reader, ']')) {
    const from = memberOf(reader)
    if (from === undefined) return undefined
    if (typeof from !== 'string') tests.push(from)
    else if (/^-[^\]]/.test(reader.text.slice(reader.at, reader.at + 2))) {
      reader.at += 1
      const to = memberOf(reader)
      if (typeof to !== 'string') return undefined
      tests.push((character) => character >= from && character <= to)
      first ||= from === '0' && to > '0' ? '1' : from
    } else {
      tests.push((character) => character === from)
      first ||= /[A-Za-z0-9]/.test(from) ? from : ''
    }
  }
  const test: Test = (character) => tests.some((one) => one(character)) !== isNot
  return oneOf(test, isNot ? '' : first)
}

function memberOf(reader: Reader): string | Test | undefined {
  if (takes(reader, '\\')) {
    if (takes(reader, 'b')) return '\b'
    return escapeIn(reader)
  }
  const [character] = reader.text.slice(reader.at, reader.at + 2)
  if (character === undefined) return undefined
  reader.at += character.length
  return character
}

function literal(character: string): Node {
  return { kind: 'character', fits: (one) => one === character, one: character }
}

/** @param first a character of it that the pattern names itself; empty where it does not */
function oneOf(fits: Test, first: string): Node | undefined {
  const liked = /^\w$/.test(first) ? first : (LIKED.find(fits) ?? VISIBLE.find(fits))
  const one = liked ?? (first === '' ? undefined : first)
  return one === undefined ? undefined : { kind: 'character', fits, one }
}
