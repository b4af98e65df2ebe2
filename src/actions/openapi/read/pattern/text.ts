/** A text that a pattern of a schema matches; identifiers of published documents mostly have one. */

import { hasMatch } from './match.ts'
import { parsePattern } from './parse.ts'
import type { Node } from './parse.ts'

const MAX_TEXT = 1000
/** How often what may be repeated is repeated, where its least is too short. */
const REPEATS = [0, 1, 2, 3, 5, 8, 13, 21, 34, 64, 128, 255]
/** For rules of passwords, which look ahead and say nothing of the order. */
const MIXED = ['Aa1!Aa1!', 'Aa1!Aa1!Aa1!', 'Aa1Aa1Aa1', 'Aa1!Aa1!Aa1!Aa1!Aa1!']

/**
 * The shortest of those that are tried, not empty.
 * @param least characters it has at least
 * @param most characters it may have
 * @returns undefined where the pattern cannot be read, or none of the texts fits it
 */
export function textOfPattern(pattern: string, least = 0, most = MAX_TEXT): string | undefined {
  const node = parsePattern(pattern)
  if (node === undefined) return undefined
  const longest = Math.min(most, MAX_TEXT)
  for (const times of REPEATS) {
    const text = textOf(node, times)
    // Longer ones would be too long as well.
    if (text === undefined || text.length > longest) break
    if (text.length < Math.max(1, least)) continue
    const found = hasMatch(node, text)
    if (found === true) return text
    if (found === undefined) return undefined
  }
  return MIXED.find(
    (text) => text.length >= least && text.length <= longest && hasMatch(node, text) === true,
  )
}

/** Whether the text fits the pattern; undefined where nobody can say. */
export function fitsPattern(pattern: string, text: string): boolean | undefined {
  const node = parsePattern(pattern)
  return node === undefined ? undefined : hasMatch(node, text)
}

/** Undefined where it would be too long. */
function textOf(node: Node, times: number): string | undefined {
  switch (node.kind) {
    case 'character':
      return node.one
    case 'edge':
    case 'ahead':
      return ''
    case 'choice': {
      const [first] = node.parts
      return first === undefined ? '' : textOf(first, times)
    }
    case 'repeat': {
      const count = Math.min(node.most, Math.max(node.least, times))
      const one = count === 0 ? '' : textOf(node.part, times)
      return one === undefined || one.length * count > MAX_TEXT ? undefined : one.repeat(count)
    }
    case 'sequence': {
      let text = ''
      for (const part of node.parts) {
        const one = textOf(part, times)
        if (one === undefined || text.length + one.length > MAX_TEXT) return undefined
        text += one
      }
      return text
    }
  }
}
