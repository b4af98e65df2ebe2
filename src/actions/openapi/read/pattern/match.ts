/**
 * Whether a text has what a pattern asks for. The engine's own matching would do, but the pattern is
 * a stranger's, and a short one can keep the engine busy for years; here each step is counted.
 */

import type { Node } from './parse.ts'

const MAX_STEPS = 20_000
const MAX_NESTING = 1500

interface Walk {
  readonly text: string
  steps: number
  nesting: number
}

type Next = (at: number) => boolean

/** Undefined where it takes too long to say. */
export function hasMatch(pattern: Node, text: string): boolean | undefined {
  const walk: Walk = { text, steps: 0, nesting: 0 }
  for (let start = 0; start <= text.length; start += 1) {
    const found = matchAt(pattern, start, walk, () => true)
    if (walk.steps > MAX_STEPS) return undefined
    if (found) return true
  }
  return false
}

/** Depth-first with what comes after as a function; it gives up, and says so, after its steps. */
function matchAt(node: Node, at: number, walk: Walk, next: Next): boolean {
  walk.steps += 1
  if (walk.nesting > MAX_NESTING) walk.steps = Infinity
  if (walk.steps > MAX_STEPS) return false
  walk.nesting += 1
  const found = oneStep(node, at, walk, next)
  walk.nesting -= 1
  return found
}

function oneStep(node: Node, at: number, walk: Walk, next: Next): boolean {
  switch (node.kind) {
    case 'character': {
      const character = walk.text[at]
      return character !== undefined && node.fits(character) && next(at + 1)
    }
    case 'sequence': {
      const rest =
        (index: number): Next =>
        (from) => {
          const part = node.parts[index]
          return part === undefined ? next(from) : matchAt(part, from, walk, rest(index + 1))
        }
      return rest(0)(at)
    }
    case 'choice':
      return node.parts.some((part) => matchAt(part, at, walk, next))
    case 'repeat':
      return repeat(node, 0, at, walk, next)
    case 'ahead':
      return matchAt(node.part, at, walk, () => true) === node.isWanted && next(at)
    case 'edge':
      return isEdge(node.side, at, walk.text) && next(at)
  }
}

function repeat(
  node: Extract<Node, { kind: 'repeat' }>,
  done: number,
  at: number,
  walk: Walk,
  next: Next,
): boolean {
  const more = (to: number): boolean =>
    // A part that takes nothing would be taken for ever.
    to === at && done >= node.least ? false : repeat(node, done + 1, to, walk, next)
  if (done < node.most && matchAt(node.part, at, walk, more)) return true
  return done >= node.least && next(at)
}

function isEdge(side: 'start' | 'end' | 'word', at: number, text: string): boolean {
  if (side === 'start') return at === 0
  if (side === 'end') return at === text.length
  return /\w/.test(text[at - 1] ?? '') !== /\w/.test(text[at] ?? '')
}
