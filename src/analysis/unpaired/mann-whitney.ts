/**
 * Mann and Whitney's count of a block without pairs: how often a canary value exceeds a baseline
 * one.
 *
 * Limits: swapping arms of unequal size is no symmetry. The standardised score is evidence in both
 * directions only for groups of equal size; with unequal ones rare stalls of the canary make it
 * skewed (mean 0, safe for alarms, unsafe for health). The share itself needs no symmetry, only
 * that each cross pair is as likely to go one way as the other: see `bounded-bet.ts`.
 * Source: Mann and Whitney (1947), On a test of whether one of two random variables is
 * stochastically larger than the other.
 */

import { totalOf, type Bins } from '../sketch.ts'

/** Values with the number of times each was seen, `[value, count]`, in ascending order. */
export type Counted = readonly (readonly [value: number, count: number])[]

export interface Comparison {
  readonly baseline: number
  readonly canary: number
  /** Cross pairs in which the canary's value is larger; equal ones count half. */
  readonly larger: number
}

/** Each value once. @throws RangeError if one is not a number; ∞ may stand for a timeout */
export function countedOf(values: readonly number[]): Counted {
  if (values.some((value) => Number.isNaN(value))) {
    throw new RangeError('Cannot rank values: one of them is not a number')
  }
  return [...Float64Array.from(values).toSorted()].map((value) => [value, 1] as const)
}

/** The counts of a histogram, each bin as its middle in milliseconds. */
export function countedOfBins(bins: Bins): Counted {
  // The sum of one count of a bin is its middle.
  return Object.entries(bins).map(([bin, count]) => [totalOf({ [bin]: 1 }).sum, count] as const)
}

/**
 * Compares each canary value with each baseline value.
 * @param ratio the canary's values are divided by it first: 1.05 = how often it is 5 % larger
 */
export function compareArms(baseline: Counted, canary: Counted, ratio = 1): Comparison {
  let [b, c, below, larger, canaries] = [0, 0, 0, 0, 0]
  for (;;) {
    const value = Math.min(baseline[b]?.[0] ?? Infinity, (canary[c]?.[0] ?? Infinity) / ratio)
    let [tiedBaseline, tiedCanary] = [0, 0]
    for (; baseline[b]?.[0] === value; b += 1) tiedBaseline += baseline[b]?.[1] ?? 0
    for (; isAt(canary[c], value, ratio); c += 1) tiedCanary += canary[c]?.[1] ?? 0
    if (tiedBaseline + tiedCanary === 0) return { baseline: below, canary: canaries, larger }
    larger += tiedCanary * (below + tiedBaseline / 2)
    below += tiedBaseline
    canaries += tiedCanary
  }
}

function isAt(counted: Counted[number] | undefined, value: number, ratio: number): boolean {
  return counted !== undefined && counted[0] / ratio === value
}

/**
 * The score of a block: z × √(nm ÷ (n + m)), so that a block weighs as much as it knows. Positive =
 * canary larger; negated to the bit when the arms are swapped; 0 for an empty arm.
 */
export function mannWhitneyScore({ baseline: n, canary: m, larger }: Comparison): number {
  if (n === 0 || m === 0) return 0
  const sigma = Math.sqrt((n * m * (n + m + 1)) / 12)
  return ((larger - (n * m) / 2) / sigma) * Math.sqrt((n * m) / (n + m))
}

/** 2 × (share of cross pairs with the larger canary) − 1, within ±1; undefined for an empty arm. */
export function findLean({ baseline, canary, larger }: Comparison): number | undefined {
  const crossed = baseline * canary
  return crossed === 0 ? undefined : (2 * larger - crossed) / crossed
}
