/**
 * Hysteresis: when the weight may rise again after it fell.
 *
 * Problem: a weight that follows every wobble of its measurement goes up and down for ever, and each
 * turn moves real users. Idea: the threshold to fall (evidence 1/α) and the one to rise (evidence 1,
 * or proof of health) lie far apart, and in between the weight holds. Three things besides: nobody
 * falls twice within ten seconds, a reduction is followed by ticks that cannot raise, and the number
 * of reductions is limited: whoever has to go back a third time goes back for good.
 * Limits: before the first reduction "no alarm" is enough, or a healthy canary would never climb.
 */

import type { Policy } from '../core/contract/policy-rules.ts'

const REDUCTION_PAUSE_MS = 10_000
/** Evidence of exactly 1 is a sum of shares and may come out a rounding above. */
const LN_ONE = 1e-9

export interface Hysteresis {
  readonly reductions: number
  readonly lastReductionAtMs: number | 'never'
  /** Ticks that still cannot raise. */
  readonly holdTicksLeft: number
  /** Ticks in a row without evidence since the reduction. */
  readonly clearTicks: number
}

export const calm: Hysteresis = {
  reductions: 0,
  lastReductionAtMs: 'never',
  holdTicksLeft: 0,
  clearTicks: 0,
}

export function afterReduction(policy: Policy, before: Hysteresis, atMs: number): Hysteresis {
  return {
    reductions: before.reductions + 1,
    lastReductionAtMs: atMs,
    holdTicksLeft: policy.holdTicks,
    clearTicks: 0,
  }
}

/** True while another reduction would come too soon; critical does not ask. */
export function justReduced(hysteresis: Hysteresis, atMs: number): boolean {
  const { lastReductionAtMs: last } = hysteresis
  return last !== 'never' && atMs - last < REDUCTION_PAUSE_MS
}

/** What one tick means for the next raise. */
export interface TickEvidence {
  /** False where latencies could not be compared or the load did not arrive: it proves nothing. */
  readonly tells: boolean
  readonly lnRun: number
  readonly requiredHealthy: boolean
}

export type Permission =
  | { readonly kind: 'may-raise'; readonly why: 'no-alarm' | 'proven' | 'clear' }
  | { readonly kind: 'hold-ticks'; readonly left: number }
  | { readonly kind: 'not-clear'; readonly clearTicks: number }

/** Counts the tick, then says whether it may raise. A tick that tells nothing is no clear tick. */
export function afterTick(
  policy: Policy,
  before: Hysteresis,
  tick: TickEvidence,
): { readonly after: Hysteresis; readonly permission: Permission } {
  if (before.reductions === 0) {
    return { after: before, permission: { kind: 'may-raise', why: 'no-alarm' } }
  }
  const clearTicks =
    tick.lnRun > LN_ONE ? 0 : Math.min(policy.clearTicks, before.clearTicks + Number(tick.tells))
  const after = { ...before, clearTicks, holdTicksLeft: Math.max(0, before.holdTicksLeft - 1) }
  if (before.holdTicksLeft > 0) {
    return { after, permission: { kind: 'hold-ticks', left: after.holdTicksLeft } }
  }
  if (tick.requiredHealthy) return { after, permission: { kind: 'may-raise', why: 'proven' } }
  return clearTicks >= policy.clearTicks
    ? { after, permission: { kind: 'may-raise', why: 'clear' } }
    : { after, permission: { kind: 'not-clear', clearTicks } }
}
