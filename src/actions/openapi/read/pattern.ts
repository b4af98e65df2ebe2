/** A text that matches a simple pattern; identifiers of published documents mostly have one. */

/** One element: a character, an escape or a class; then how often. No groups, no alternatives. */
const ELEMENT =
  /(?:\[([^\]\\^]+)\]|\\([dw])|([A-Za-z0-9_-])|\\([-./]))(?:\{(\d{1,3})(?:,\d{0,4})?\}|([+*?]))?/y
const MAX_PATTERN = 200
const MAX_TEXT = 1000

/** Undefined where the pattern is not simple, or the text would be empty or too long. */
export function textOfPattern(pattern: string): string | undefined {
  if (pattern.length > MAX_PATTERN) return undefined
  const inner = pattern.replace(/^\^/, '').replace(/\$$/, '')
  let text = ''
  for (ELEMENT.lastIndex = 0; ELEMENT.lastIndex < inner.length;) {
    const match = ELEMENT.exec(inner)
    if (match === null) return undefined
    const [, list, kind, plain, escaped, least, often] = match
    const one =
      list === undefined ? (plain ?? escaped ?? (kind === 'd' ? '1' : 'a')) : firstOf(list)
    const times = often === '?' ? 0 : Number(least ?? 1)
    text += one.repeat(times)
    if (text.length > MAX_TEXT) return undefined
  }
  return text === '' ? undefined : text
}

/** Of a class the first character: of `[0-9]` that is `0`, but a number rather begins with 1. */
function firstOf(list: string): string {
  return list.startsWith('0-9') ? '1' : (list[0] ?? '')
}
