/**
 * Evidence on live traffic, where there are no pairs: values of both arms, block by block.
 *
 * Decision: the control group. As many baseline instances as canary ones, with equal traffic, make
 * the arms exchangeable, and then the block's Mann–Whitney score goes through the evidence of
 * pairs, in both directions. Where the sizes differ, that evidence speaks for alarms only, and
 * health comes from the bounded bet alone. Differences of shares between unequal groups are not
 * offered: few requests against many are skewed, and alarmed on equal arms nearly always.
 * Limits: a stall that crosses the end of a block makes the next score predictable. Nobody sees the
 * requests in flight here, so blocks have to be long: at least five times the longest stall, better
 * ten. Shorter blocks than five are refused.
 */

import { createEvidence, updateEvidence } from '../evidence.ts'
import { createBet, updateBet } from './bounded-bet.ts'
import { compareArms, findLean, mannWhitneyScore, type Counted } from './mann-whitney.ts'

const LEAST_STALLS = 5
const SAFE_STALLS = 10

export interface UnpairedOptions {
  /** `equal`: as many baseline instances as canary ones, with equal traffic. */
  readonly sizes: 'equal' | 'unequal'
  /** Planned length in blocks. */
  readonly horizon: number
  readonly block: { readonly seconds: number; readonly longestStallSeconds: number }
  /** Tolerated slowdown as a ratio, 0.05 = 5 %: of the alarm, and what health has to be within. */
  readonly margin?: number
  readonly healthyMargin?: number
}

export interface UnpairedBlock {
  readonly baseline: Counted
  readonly canary: Counted
}

export interface Unpaired {
  /** A block after its end; one with an empty arm only lets time pass. */
  update(block: UnpairedBlock): void
  /** ln evidence that the canary is worse than the margin. */
  lnUp(): number
  /** ln evidence that it is within the healthy margin. */
  lnDown(): number
}

/** How long blocks should be where the platform stalls for so long. */
export function blockSecondsFor(longestStallSeconds: number): number {
  return Math.max(1, SAFE_STALLS * longestStallSeconds)
}

/** @throws RangeError if blocks are shorter than five stalls, or a margin is negative */
export function createUnpaired(options: UnpairedOptions): Unpaired {
  const { sizes, horizon, block, margin = 0, healthyMargin = margin } = options
  const { seconds, longestStallSeconds } = block
  if (!(seconds > 0) || seconds < LEAST_STALLS * longestStallSeconds) {
    throw new RangeError(
      `Cannot judge blocks of ${seconds} s: stalls of ${longestStallSeconds} s need blocks of at ` +
        `least ${LEAST_STALLS * longestStallSeconds} s`,
    )
  }
  if (!(margin >= 0) || !(healthyMargin >= 0)) {
    throw new RangeError(
      `Cannot judge with margins ${margin} and ${healthyMargin}: one is negative`,
    )
  }
  const alarm = createEvidence(horizon)
  const health = createEvidence(horizon)
  const bet = createBet(horizon)
  return {
    update({ baseline, canary }) {
      const beyond = compareArms(baseline, canary, 1 + margin)
      const within =
        healthyMargin === margin ? beyond : compareArms(baseline, canary, 1 + healthyMargin)
      updateEvidence(alarm, mannWhitneyScore(beyond))
      if (sizes === 'equal') updateEvidence(health, mannWhitneyScore(within))
      else updateBet(bet, findLean(within))
    },
    lnUp: () => alarm.lnUp,
    lnDown: () => (sizes === 'equal' ? health.lnDown : bet.lnDown),
  }
}
