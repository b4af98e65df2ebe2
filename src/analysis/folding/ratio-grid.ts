/**
 * One score at every margin of `RATIO_GRID` at once.
 *
 * Scores fall along the grid and are cut above and below, so for most margins a pair adds one of two
 * constants. Only the margins in between are worked out; for the others it is counted up to which
 * margin the pair adds the upper constant and from which on the lower one.
 */

import { UNIT } from '../latency.ts'
import { RATIO_GRID } from './slots.ts'

const SIZE = RATIO_GRID.length
const MARGINS = Float64Array.from(RATIO_GRID)
/** Copies of a plain array: a typed one takes longer to make than a block's pairs to add. */
const ZEROS: readonly number[] = Array.from({ length: SIZE + 1 }, () => 0)

export class RatioGridSums {
  readonly #upper: number
  readonly #lower: number
  readonly #between = ZEROS.slice()
  readonly #upTo = ZEROS.slice()
  readonly #from = ZEROS.slice()
  #all = 0

  /** Scores are cut to these. */
  constructor(lower: number, upper: number) {
    this.#lower = lower
    this.#upper = upper
  }

  /**
   * Adds min(upper, max(lower, tried − margin − trusted)) − `minus` at each margin.
   * @param minus in units of 2⁻³², the same at all margins
   */
  add(tried: number, trusted: number, minus = 0): void {
    const upper = this.#upper
    const lower = this.#lower
    const first = firstBelow(tried, trusted, upper, 0)
    const last = firstAtMost(tried, trusted, lower, first)
    this.#upTo[first] = (this.#upTo[first] ?? 0) + 1
    this.#from[last] = (this.#from[last] ?? 0) + 1
    this.#all -= minus
    const between = this.#between
    for (let index = first; index < last; index += 1) {
      const scaled = (tried - (MARGINS[index] ?? 0) - trusted) * UNIT
      between[index] =
        (between[index] ?? 0) + (scaled < 0 ? -Math.round(-scaled) : Math.round(scaled))
    }
  }

  /** Writes the sums, in units of 2⁻³². */
  write(into: Float64Array, at: number): void {
    const upper = roundAway(this.#upper * UNIT)
    const lower = roundAway(this.#lower * UNIT)
    let above = this.#upTo.reduce((sum, count) => sum + count, 0)
    let below = 0
    for (let index = 0; index < SIZE; index += 1) {
      above -= this.#upTo[index] ?? 0
      below += this.#from[index] ?? 0
      into[at + index] = (this.#between[index] ?? 0) + above * upper + below * lower + this.#all
    }
  }
}

function roundAway(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value)
}

/** The first margin at which the score is below the limit. */
function firstBelow(tried: number, trusted: number, limit: number, from: number): number {
  let low = from
  let high = SIZE
  while (low < high) {
    const middle = (low + high) >> 1
    if (tried - (MARGINS[middle] ?? 0) - trusted < limit) high = middle
    else low = middle + 1
  }
  return low
}

/** The first margin at which the score is at most the limit. */
function firstAtMost(tried: number, trusted: number, limit: number, from: number): number {
  let low = from
  let high = SIZE
  while (low < high) {
    const middle = (low + high) >> 1
    if (tried - (MARGINS[middle] ?? 0) - trusted <= limit) high = middle
    else low = middle + 1
  }
  return low
}
