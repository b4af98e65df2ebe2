/**
 * Failure scores of one pair and the coins that carry the margin of a count.
 *
 * A margin of η on a difference of failure shares cannot be subtracted: the score would no longer
 * be symmetric. Instead each baseline request fails additionally when a coin of probability η
 * says so; the coin is a hash of seed and pair, so it is the same in every replay.
 */

import { isFailure, type Outcome } from '../core/contract/sample.ts'
import { hash53 } from '../core/random.ts'

const TWO_TO_53 = 2 ** 53

/** The throw of a pair, in [0, 2⁵³); compare it by `coin`. */
export function throwOf(seed: number, pair: string): number {
  return hash53(seed, `coin:${pair}`)
}

/** True with probability `margin`. */
export function coin(thrown: number, margin: number): boolean {
  return thrown < margin * TWO_TO_53
}

/** One more failed canary request than baseline requests. */
export function failureScore(
  baselineFailed: boolean,
  canaryFailed: boolean,
  coin: boolean,
): number {
  return Number(canaryFailed) - Number(baselineFailed || coin)
}

/**
 * Whether an outcome keeps its pair out of the latency scores: a fast error would make its arm look
 * faster. A timeout stays, because leaving out the slowest answers would do the same.
 */
export function spoilsLatency(outcome: Outcome): boolean {
  return isFailure(outcome) && outcome !== 'timeout'
}
