/**
 * Confidence sequences: intervals of an effect that are right at all times at once.
 *
 * Idea: run the evidence for a grid of margins; a margin belongs to the interval while neither
 * "worse than this" nor "better than this" is refuted (Robbins 1970; Howard, Ramdas, McAuliffe
 * and Sekhon 2021). The evidence falls along the grid, so taking only neighbours from the ends
 * inwards keeps it exact. Current evidence, not the running maximum: that one ends in an empty
 * interval when the effect changes. When the ends cross, the effect did change: start anew at half
 * the level. A tail has two thresholds, and the mean of both evidences is evidence.
 * Cost: later blocks are joined before they count, first four, then twenty. Sums of blocks are as
 * symmetric as blocks, and when they are joined depends on nothing that was measured.
 * Limits: one interval holds with 1 − α, not all intervals together.
 */

import { createEvidence, updateEvidence, type Evidence } from './evidence.ts'
import { logAddExp } from '../core/maths/logs.ts'

export interface Interval {
  readonly horizon: number
  /** Ascending: logarithms of ratios, or differences of shares. */
  readonly margins: readonly number[]
  /** For each process one state per margin. */
  states: Evidence[][]
  /** Scores of the blocks that are not joined yet, in the order of `states`. */
  held: number[][]
  heldBlocks: number
  blocks: number
  /** How often the ends crossed; each set has half the level of the one before. */
  restarts: number
}

/** An end that is not known yet is left out. */
export interface IntervalEstimate {
  readonly estimate: number
  readonly low?: number
  readonly high?: number
}

/** From this many blocks on, so many are joined. */
const JOINED = [
  { from: 2400, blocks: 20 },
  { from: 240, blocks: 4 },
] as const

/** @param processes how many evidences are averaged: 2 for a tail */
export function createInterval(
  horizon: number,
  margins: readonly number[],
  processes: 1 | 2 = 1,
): Interval {
  return {
    horizon,
    margins,
    states: Array.from({ length: processes }, () => statesOf(horizon, margins)),
    held: Array.from({ length: processes }, () => margins.map(() => 0)),
    heldBlocks: 0,
    blocks: 0,
    restarts: 0,
  }
}

/** Takes in the scores of one block at each margin. */
export function updateInterval(
  interval: Interval,
  scoreOf: (process: number, margin: number) => number,
  alpha: number,
): void {
  const { states, held, margins } = interval
  interval.blocks += 1
  interval.heldBlocks += 1
  const isDue = interval.heldBlocks >= joinedAt(interval.blocks)
  for (let process = 0; process < states.length; process += 1) {
    const sums = held[process] ?? []
    const own = states[process] ?? []
    for (let margin = 0; margin < margins.length; margin += 1) {
      const sum = (sums[margin] ?? 0) + scoreOf(process, margin)
      sums[margin] = isDue ? 0 : sum
      const state = own[margin]
      if (isDue && state !== undefined) updateEvidence(state, sum)
    }
  }
  if (!isDue) return
  interval.heldBlocks = 0
  const { low, high } = endsOf(interval, alpha)
  if (low === undefined || high === undefined || low < high) return
  interval.restarts += 1
  interval.states = states.map(() => statesOf(interval.horizon, margins))
}

/** Undefined before the first score. */
export function findEstimate(interval: Interval, alpha: number): IntervalEstimate | undefined {
  const { states, margins } = interval
  if (states.every((own) => own.every((state) => state.scored === 0))) return undefined
  const { low, high } = endsOf(interval, alpha)
  const lowest = low === undefined ? -Infinity : (margins[low] ?? -Infinity)
  const highest = high === undefined ? Infinity : (margins[high] ?? Infinity)
  return {
    estimate: Math.max(lowest, Math.min(highest, balanceOf(interval))),
    ...(low === undefined ? {} : { low: lowest }),
    ...(high === undefined ? {} : { high: highest }),
  }
}

/** ln evidence at the margin 0 for "worse at all" and "better at all", the larger one. */
export function lnDiffers(interval: Interval): number {
  const zero = interval.margins.indexOf(0)
  return Math.max(lnUpAt(interval, zero), lnDownAt(interval, zero))
}

function statesOf(horizon: number, margins: readonly number[]): Evidence[] {
  return margins.map(() => createEvidence(horizon))
}

function joinedAt(blocks: number): number {
  return JOINED.find(({ from }) => blocks > from)?.blocks ?? 1
}

function lnUpAt({ states }: Interval, margin: number): number {
  const [first, second] = states
  const lnUp = first?.[margin]?.lnUp ?? 0
  return second === undefined ? lnUp : logAddExp(lnUp, second[margin]?.lnUp ?? 0) - Math.LN2
}

function lnDownAt({ states }: Interval, margin: number): number {
  const [first, second] = states
  const lnDown = first?.[margin]?.lnDown ?? 0
  return second === undefined ? lnDown : logAddExp(lnDown, second[margin]?.lnDown ?? 0) - Math.LN2
}

/** Grid indices of the outermost margins that are refuted, from each side inwards. */
function endsOf(
  interval: Interval,
  alpha: number,
): { readonly low: number | undefined; readonly high: number | undefined } {
  const threshold = Math.log((2 * 2 ** interval.restarts) / alpha)
  const size = interval.margins.length
  let firstKept = 0
  while (firstKept < size && lnUpAt(interval, firstKept) >= threshold) firstKept += 1
  let lastKept = size - 1
  while (lastKept >= 0 && lnDownAt(interval, lastKept) >= threshold) lastKept -= 1
  return {
    low: firstKept === 0 ? undefined : firstKept - 1,
    high: lastKept === size - 1 ? undefined : lastKept + 1,
  }
}

/** The margin at which both sides have the same evidence, linear between grid points. */
function balanceOf(interval: Interval): number {
  const { margins } = interval
  const lean = (index: number): number => lnUpAt(interval, index) - lnDownAt(interval, index)
  const after = margins.findIndex((_, index) => lean(index) <= 0)
  if (after === -1) return margins.at(-1) ?? 0
  if (after === 0) return margins[0] ?? 0
  const [left, right] = [margins[after - 1] ?? 0, margins[after] ?? 0]
  const drop = lean(after - 1) - lean(after)
  return left + ((right - left) * lean(after - 1)) / drop
}
