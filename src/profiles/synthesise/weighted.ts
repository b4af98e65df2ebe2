/** Weighted draws: the sums are made once, each draw is a binary search in them. */

import type { Random } from '../../core/random.ts'

/** Draws an index, each with a probability in proportion to its weight (≥ 0, one above 0). */
export function createWeighted(weights: readonly number[]): (random: Random) => number {
  const sums = new Float64Array(weights.length)
  let sum = 0
  for (const [index, weight] of weights.entries()) {
    sum += weight
    sums[index] = sum
  }
  return (random) => {
    const target = random.next() * sum
    let low = 0
    let high = sums.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] ?? sum) > target) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** One of the names, each with a probability in proportion to its weight. */
export function createChoice(
  weights: Readonly<Record<string, number | undefined>>,
): (random: Random) => string {
  const names = Object.keys(weights)
  const draw = createWeighted(Object.values(weights).map((weight = 0) => weight))
  return (random) => names[draw(random)] ?? ''
}

/**
 * Draws a rank in [0, count), the rank r with a probability in proportion to (r + 1)^-exponent.
 * Popularity of pages and products follows such a law (Zipf 1949; Breslau, Cao, Fan, Phillips,
 * Shenker 1999 for the web, exponents 0.64 to 0.83).
 */
export function createZipf(count: number, exponent: number): (random: Random) => number {
  return createWeighted(Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent))
}
