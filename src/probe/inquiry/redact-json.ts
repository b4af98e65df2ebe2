/**
 * Redaction of a text that is JSON, or the beginning of some: it goes through the text itself, since
 * a text that was cut cannot be parsed. Every string is looked at as what it means, not as it is
 * written, so that `"pass\u0077ord"` is a password too. What is JSON stays JSON.
 */

export interface JsonRules {
  /** Whether the value of this key is not for showing, whatever it is. */
  isTelling(key: string): boolean
  /** Whether a string is the name of a secret, which may stand where its value stood. */
  isOwn(value: string): boolean
  /** Redacts what a string means. */
  string(value: string): string
  /** Redacts what stands between strings. */
  plain(text: string): string
}

const REDACTED = '"[redacted]"'

export function redactJson(text: string, rules: JsonRules): string {
  const parts: string[] = []
  let place = 0
  while (place < text.length) {
    if (text[place] !== '"') {
      const end = orEnd(text, text.indexOf('"', place))
      parts.push(rules.plain(text.slice(place, end)))
      place = end
      continue
    }
    const end = endOfString(text, place)
    if (isNamed(text.slice(Math.max(0, place - MOST_NAME), place), rules)) {
      parts.push(REDACTED)
      place = end
      continue
    }
    const meant = meaningOf(text.slice(place, end))
    const colon = /^\s*:\s*/.exec(text.slice(end, end + MOST_SPACE))?.[0]
    parts.push(shownString(text.slice(place, end), meant, rules))
    place = end
    if (colon === undefined || !rules.isTelling(meant)) continue
    const valueEnd = endOfValue(text, end + colon.length)
    parts.push(colon)
    const value = text.slice(end + colon.length, valueEnd)
    if (value.startsWith('"') && rules.isOwn(meaningOf(value))) parts.push(value)
    else if (value !== '') parts.push(REDACTED)
    place = valueEnd
  }
  return parts.join('')
}

/** Names longer than this are no names. */
const MOST_NAME = 200

/** In a script, which is not JSON, a name stands without quotes: `{ password: "x" }`. */
function isNamed(before: string, rules: JsonRules): boolean {
  const name = /([\w$.-]+)'?\s*[:=]\s*$/.exec(before)?.[1]
  return name !== undefined && rules.isTelling(name)
}

/** Longer gaps between a key and its value are no JSON that anybody writes. */
const MOST_SPACE = 4096

function shownString(written: string, meant: string, rules: JsonRules): string {
  const shown = rules.string(meant)
  if (shown === meant) return written
  const quoted = JSON.stringify(shown)
  return isClosed(written) ? quoted : quoted.slice(0, -1)
}

function isClosed(written: string): boolean {
  return written.length > 1 && endOfString(written, 0) === written.length && written.endsWith('"')
}

/** What the string says; one that was cut says what is left of it. */
function meaningOf(written: string): string {
  const inner = isClosed(written) ? written.slice(1, -1) : written.slice(1)
  const whole = inner.replace(/(^|[^\\])((?:\\\\)*)\\(u[0-9a-f]{0,3})?$/i, '$1$2')
  try {
    const meant: unknown = JSON.parse(`"${whole.replace(RAW_CONTROL, escaped)}"`)
    return typeof meant === 'string' ? meant : whole
  } catch {
    return whole
  }
}

// oxlint-disable-next-line no-control-regex -- raw control characters are what is looked for
const RAW_CONTROL = /[\u0000-\u001f]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** One past the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let place = start + 1; place < text.length; place += 1) {
    if (text[place] === '\\') place += 1
    else if (text[place] === '"') return place + 1
  }
  return text.length
}

/** One past the value that begins here: a string, an array, an object, or a word. */
function endOfValue(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  if (first !== '{' && first !== '[') {
    const stop = text.slice(start).search(/[,}\]\s"]/)
    return stop === -1 ? text.length : start + stop
  }
  let depth = 0
  for (let place = start; place < text.length; place += 1) {
    const character = text[place]
    if (character === '"') place = endOfString(text, place) - 1
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') depth -= 1
    if (depth === 0) return place + 1
  }
  return text.length
}

function orEnd(text: string, place: number): number {
  return place === -1 ? text.length : place
}
