/** Text in columns: how wide a string is on a terminal, padding, clipping and wrapping. */

// East Asian wide and fullwidth ranges and emoji take two columns (Unicode TR 11, the main blocks).
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F000}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u

/** Columns the text takes; combining marks take none. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue
    width += WIDE.test(character) ? 2 : 1
  }
  return width
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** At most `width` columns (≥ 1); what was cut off shows as `…`. */
export function clip(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text
  let clipped = ''
  let used = 0
  for (const character of text) {
    const next = widthOf(character)
    if (used + next > width - 1) break
    clipped += character
    used += next
  }
  return clipped + ellipsis
}

/** From this column on, a clause that ends there ends the line. */
const CLAUSE_END = 58

/**
 * Lines of at most `width` columns. The first one begins after `offset` columns that are taken;
 * a line rather ends with a clause than with half of the next. No-break spaces hold, and a word
 * that is longer than a line goes on in the next.
 */
export function wrap(text: string, width: number, offset = 0): string[] {
  const lines: string[] = []
  const words = text.split(' ').filter((word) => word !== '')
  let line = ''
  let begin = offset
  for (const word of words.flatMap((whole) => chunksOf(whole, width))) {
    const end = begin + (line === '' ? 0 : widthOf(line) + 1) + widthOf(word)
    const clauseOver = /[;,.]$/.test(line) && begin + widthOf(line) >= CLAUSE_END
    if (end > width || clauseOver) {
      lines.push(line)
      line = ''
      begin = 0
    }
    line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}

function chunksOf(word: string, width: number): string[] {
  const chunks: string[] = []
  let chunk = ''
  for (const character of word) {
    if (chunk !== '' && widthOf(chunk + character) > width) {
      chunks.push(chunk)
      chunk = ''
    }
    chunk += character
  }
  return chunk === '' ? chunks : [...chunks, chunk]
}
