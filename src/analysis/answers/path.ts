/**
 * Paths of differences in JSON: RFC 9535 with `*` for each index, so that the same field of every
 * element is one path. A name that is a value itself (an id, a date, an address) is `*` too: in a
 * dictionary each answer would otherwise have paths of its own, and people's data in them.
 */

export type Step = string | number

/** Stands for the paths that are not told apart: too many of them, or too long. */
export const OTHER_PATH = 'other'

const MOST_PATH_CHARS = 200
const MOST_NAME_CHARS = 60

/** `$.items[*].price`; `other` for a path too long to be read. */
export function pathOf(steps: readonly Step[]): string {
  const parts = ['$']
  let length = 1
  for (const step of steps) {
    const part = typeof step === 'number' || isValue(step) ? '[*]' : memberOf(step)
    parts.push(part)
    length += part.length
    if (length > MOST_PATH_CHARS) return OTHER_PATH
  }
  return parts.join('')
}

/** `$.items[0].price`: leads to one place of a document. */
export function placeOf(steps: readonly Step[]): string {
  return `$${steps.map((step) => (typeof step === 'number' ? `[${step}]` : memberOf(step))).join('')}`
}

const VALUE_LIKE =
  /^\d+$|\d{5}|@|^\d{4}-\d{2}(-\d{2})?|^(?=.*\d)[0-9a-f]{12,}$|^[0-9a-f]{8}-[0-9a-f]{4}-/i

function isValue(name: string): boolean {
  if (name.length > MOST_NAME_CHARS) return true
  return /[\d@]/.test(name) && VALUE_LIKE.test(name)
}

/** A member's step: short where the name allows it, else as RFC 9535 normalises it. */
function memberOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${escapedName(name)}']`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  "'": "\\'",
  '\\': '\\\\',
}

function escapedName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what RFC 9535 wants escaped
  return name.replace(/['\\\u0000-\u001f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return ESCAPES[character] ?? `\\u${code}`
  })
}
