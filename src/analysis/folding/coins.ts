/**
 * Counts of pairs for every margin at once.
 *
 * Problem: a difference of shares is scored at dozens of margins, each with its own coin. Idea: all
 * coins of a pair are one throw, so a pair is told by which of its two answers count and between
 * which margins its throw fell. Counting pairs of each kind is one increment; the score at any
 * margin follows from the counts, as an exact integer.
 */

const TWO_TO_53 = 2 ** 53

/** The margins that a throw is held against, ascending and above 0. */
export interface CoinMargins {
  readonly margins: readonly number[]
  readonly throws: Float64Array
  readonly places: ReadonlyMap<number, number>
  /** An empty table, to copy: that is the fastest way to make one. */
  readonly zeros: readonly number[]
}

/** @param margins of either sign; a margin below 0 has the coin fall on the canary */
export function coinMargins(margins: readonly number[]): CoinMargins {
  const sizes = margins.map((margin) => Math.abs(margin)).filter((size) => size > 0)
  const distinct = [...new Set(sizes)].toSorted((left, right) => left - right)
  return {
    margins: distinct,
    throws: Float64Array.from(distinct, (margin) => margin * TWO_TO_53),
    zeros: Array.from({ length: 4 * (distinct.length + 1) }, () => 0),
    places: new Map(distinct.map((margin, place) => [margin, place])),
  }
}

/** How many of the margins do not catch this throw: the coin falls for all beyond. */
export function placeOfThrow({ throws }: CoinMargins, thrown: number): number {
  let low = 0
  let high = throws.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((throws[middle] ?? 0) <= thrown) low = middle + 1
    else high = middle
  }
  return low
}

export class CoinTable {
  readonly #coins: CoinMargins
  readonly #width: number
  /** By kind (baseline counts, canary counts) and place of the throw; made with the first pair. */
  #counts: number[] | undefined
  /** Whether each count holds those before it too. */
  #isSummed = false

  constructor(coins: CoinMargins) {
    this.#coins = coins
    this.#width = coins.margins.length + 1
  }

  /** Before the first `score`. @param place from `placeOfThrow` */
  add(baseline: boolean, canary: boolean, place: number): void {
    const counts = (this.#counts ??= this.#coins.zeros.slice())
    const kind = (baseline ? 1 : 0) + (canary ? 2 : 0)
    const index = kind * this.#width + place
    counts[index] = (counts[index] ?? 0) + 1
  }

  isEmpty(): boolean {
    return this.#counts === undefined
  }

  /**
   * Σ [canary counts] − [baseline counts or the coin fell].
   * @param margin 0, or one of those the table was made for, of either sign
   */
  score(margin: number): number {
    this.#sum()
    const last = this.#width - 1
    const baseline = this.#upTo(1, last) + this.#upTo(3, last)
    const canary = this.#upTo(2, last) + this.#upTo(3, last)
    if (margin === 0) return canary - baseline
    const place = this.#coins.places.get(Math.abs(margin)) ?? 0
    // The coin adds to an arm only where it does not count already.
    if (margin > 0) return canary - baseline - this.#upTo(0, place) - this.#upTo(2, place)
    return canary + this.#upTo(0, place) + this.#upTo(1, place) - baseline
  }

  #upTo(kind: number, place: number): number {
    return this.#counts?.[kind * this.#width + place] ?? 0
  }

  #sum(): void {
    const counts = this.#counts
    if (this.#isSummed || counts === undefined) return
    this.#isSummed = true
    for (let index = 0; index < counts.length; index += 1) {
      if (index % this.#width > 0) counts[index] = (counts[index] ?? 0) + (counts[index - 1] ?? 0)
    }
  }
}
