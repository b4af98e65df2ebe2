/**
 * Fisher's noncentral hypergeometric distribution: how many of all failures fall on one side when
 * the odds of failing there are θ times those of the other side, and both totals are known.
 *
 * Its likelihood ratio against θ = 1 has mean exactly 1 under equal odds, whatever the totals are:
 * an e-value for one table. It rises with the count, so the mean is at most 1 where the odds are
 * lower.
 * Sources: Fisher (1935), The logic of inductive inference; Fog (2008) for the mode.
 */

import { lnChoose } from './logs.ts'

/** A two by two table: `failed` of `size`, and `otherFailed` of `otherSize`; whole numbers ≥ 0. */
export interface FailureTable {
  readonly size: number
  readonly failed: number
  readonly otherSize: number
  readonly otherFailed: number
}

/** Terms below this share of the sum change nothing that a double can hold. */
const NEGLIGIBLE = 1e-17

/**
 * ln of the likelihood ratio of odds ratio `theta` (> 0) against 1, all totals fixed.
 * 0 where the totals leave no choice: nobody failed, everybody did, or a side is empty.
 */
export function lnOddsLikelihoodRatio(table: FailureTable, theta: number): number {
  const { size, failed, otherSize, otherFailed } = table
  const all = failed + otherFailed
  if (size === 0 || otherSize === 0 || all === 0 || all === size + otherSize) return 0
  const lnTheta = Math.log(theta)
  return failed * lnTheta + lnChoose(size + otherSize, all) - lnSum(table, all, theta)
}

/** ln Σₖ C(size, k) C(otherSize, all − k) θᵏ, summed from its largest term outwards. */
function lnSum({ size, otherSize }: FailureTable, all: number, theta: number): number {
  const least = Math.max(0, all - otherSize)
  const most = Math.min(size, all)
  const mode = Math.max(least, Math.min(most, modeOf(size, otherSize, all, theta)))
  // What one more failure on this side does to a term.
  const step = (k: number): number =>
    (((size - k) * (all - k)) / ((k + 1) * (otherSize - all + k + 1))) * theta
  let sum = 1
  for (let k = mode, term = 1; k < most && term > sum * NEGLIGIBLE; k += 1) {
    term *= step(k)
    sum += term
  }
  for (let k = mode, term = 1; k > least && term > sum * NEGLIGIBLE; k -= 1) {
    term /= step(k - 1)
    sum += term
  }
  const lnMode = lnChoose(size, mode) + lnChoose(otherSize, all - mode) + mode * Math.log(theta)
  return lnMode + Math.log(sum)
}

/** Where one more failure on this side makes a term no larger: the root of a quadratic. */
function modeOf(size: number, otherSize: number, all: number, theta: number): number {
  const a = theta - 1
  const b = all - otherSize - (size + all + 2) * theta
  const c = (size + 1) * (all + 1) * theta
  return Math.floor((-2 * c) / (b - Math.sqrt(Math.max(0, b * b - 4 * a * c))))
}
