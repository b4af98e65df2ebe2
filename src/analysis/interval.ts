/**
 * The confidence sequence of the typical ratio: an interval that is right at all times at once.
 *
 * Idea: run the evidence for a grid of margins; a margin belongs to the interval while neither
 * "slower than this" nor "faster than this" is refuted (Robbins 1970; Howard, Ramdas, McAuliffe
 * and Sekhon 2021). The evidence falls along the grid, so taking only neighbours from the ends
 * inwards keeps it exact. Current evidence, not the running maximum: that one ends in an empty
 * interval when the effect changes. When the ends cross, the effect did change: start anew at half
 * the level.
 * Limits: one interval holds with 1 − α, not all actions' intervals together.
 */

import { createEvidence, updateEvidence, type Evidence } from './evidence.ts'
import { GRID } from './fold.ts'

export interface RatioInterval {
  readonly horizon: number
  /** One for each margin of `GRID`. */
  states: Evidence[]
  /** How often the ends crossed; each set has half the level of the one before. */
  restarts: number
}

/** Logarithms of a ratio; an end that is not known yet is left out. */
export interface LnEstimate {
  readonly estimate: number
  readonly low?: number
  readonly high?: number
}

export function createRatioInterval(horizon: number): RatioInterval {
  return { horizon, states: GRID.map(() => createEvidence(horizon)), restarts: 0 }
}

/** Takes in the Huber sums of one block at each margin of `GRID`. */
export function updateInterval(
  interval: RatioInterval,
  scores: (index: number) => number,
  alpha: number,
): void {
  for (const [index, state] of interval.states.entries()) updateEvidence(state, scores(index))
  const { low, high } = endsOf(interval, alpha)
  if (low === undefined || high === undefined || low < high) return
  interval.restarts += 1
  interval.states = GRID.map(() => createEvidence(interval.horizon))
}

/** Undefined before the first pair. */
export function findLnEstimate(interval: RatioInterval, alpha: number): LnEstimate | undefined {
  if (interval.states.every((state) => state.scored === 0)) return undefined
  const { low, high } = endsOf(interval, alpha)
  const lowest = low === undefined ? -Infinity : (GRID[low] ?? -Infinity)
  const highest = high === undefined ? Infinity : (GRID[high] ?? Infinity)
  return {
    estimate: Math.max(lowest, Math.min(highest, balanceOf(interval.states))),
    ...(low === undefined ? {} : { low: lowest }),
    ...(high === undefined ? {} : { high: highest }),
  }
}

/** ln evidence at the margin 0, for "slower at all" and "faster at all". */
export function evidenceAtZero({ states }: RatioInterval): Evidence | undefined {
  return states[GRID.indexOf(0)]
}

/** Grid indices of the outermost margins that are refuted, from each side inwards. */
function endsOf(
  { states, restarts }: RatioInterval,
  alpha: number,
): { readonly low: number | undefined; readonly high: number | undefined } {
  const threshold = Math.log((2 * 2 ** restarts) / alpha)
  const firstKept = states.findIndex((state) => state.lnUp < threshold)
  const low = firstKept === -1 ? states.length - 1 : firstKept - 1
  const lastKept = states.findLastIndex((state) => state.lnDown < threshold)
  const high = lastKept + 1
  return {
    low: low < 0 ? undefined : low,
    high: high >= states.length ? undefined : high,
  }
}

/** The margin at which both sides have the same evidence, linear between grid points. */
function balanceOf(states: readonly Evidence[]): number {
  const lean = (index: number): number => (states[index]?.lnUp ?? 0) - (states[index]?.lnDown ?? 0)
  const after = states.findIndex((_, index) => lean(index) <= 0)
  if (after === -1) return GRID.at(-1) ?? 0
  if (after === 0) return GRID[0] ?? 0
  const [left, right] = [GRID[after - 1] ?? 0, GRID[after] ?? 0]
  const drop = lean(after - 1) - lean(after)
  return left + ((right - left) * lean(after - 1)) / drop
}
