/**
 * Does the difference of the arms remember itself? Then neighbouring blocks are not exchangeable
 * and small margins cannot be trusted. A warning, never a verdict: sums of two neighbours should
 * vary twice as much as single blocks (two-sample variance, Allan 1966; STATISTICS 5 and 9.2).
 */

export interface Wobble {
  blocks: number
  last: number
  squares: number
  pairs: number
  lastPair: number
  pairSquares: number
}

const TOLERATED = 0.15
const NOISE = 1.5
const LEAST_BLOCKS = 40

export function createWobble(): Wobble {
  return { blocks: 0, last: 0, squares: 0, pairs: 0, lastPair: 0, pairSquares: 0 }
}

/** @param score of the whole service's typical latency in this block */
export function updateWobble(wobble: Wobble, score: number): void {
  if (wobble.blocks > 0) wobble.squares += (score - wobble.last) ** 2
  wobble.blocks += 1
  if (wobble.blocks % 2 === 0) {
    const pair = wobble.last + score
    if (wobble.pairs > 0) wobble.pairSquares += (pair - wobble.lastPair) ** 2
    wobble.pairs += 1
    wobble.lastPair = pair
  }
  wobble.last = score
}

export function hasMemory({ blocks, squares, pairs, pairSquares }: Wobble): boolean {
  if (blocks < LEAST_BLOCKS || squares === 0) return false
  const single = squares / (blocks - 1)
  const joined = pairSquares / (pairs - 1)
  return joined / (2 * single) - 1 > TOLERATED + 2 * Math.sqrt(NOISE / pairs)
}
