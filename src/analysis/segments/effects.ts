/**
 * Effects among some pairs alone, each with a 95 % interval that is right at one moment, not at all
 * moments as those of the evidence are.
 *
 * Latency: Huber's M-estimate of the pairs' log ratios ln(canary ÷ baseline), clipped where the
 * evidence clips (1.7 mean deviations), with its asymptotic variance Σψ² ÷ (Σψ′)² (Huber 1964,
 * Annals of Mathematical Statistics 35; 1981, Robust Statistics, section 3.2). For the tail the same
 * among slow pairs: those of which at least one answer is above the 95th percentile of both arms
 * together. Choosing by the slower twin treats the arms alike, so that equal arms give a ratio of 1.
 *
 * Errors: the difference of the paired failure shares with the interval of method 10 of Newcombe
 * (1998), Statistics in Medicine 17, 2635–2650: Wilson intervals of both shares, joined by their
 * correlation. It keeps its coverage where failures are few, which is where the plain one ends in 0.
 */

import type { Effect } from '../../core/contract/report.ts'
import { isFailure } from '../../core/contract/sample.ts'
import type { Metric } from '../../core/verdict.ts'
import { hasLatency, type RememberedPair } from '../cause/again.ts'
import { rounded } from '../judging/estimates.ts'
import { clipOf, soundLatency } from '../latency.ts'

/** One pair, as far as segments go. */
export type SegmentPair = Omit<RememberedPair, 'pair' | 'at'>

/** Fewer slow pairs say nothing of a tail. */
const LEAST_SLOW_PAIRS = 15
/** Beyond these two ends lie five per cent of a normal distribution. */
const Z95 = 1.959963984540054
const TAIL = 0.95

/** How a metric is read from pairs. */
export interface Effects {
  counts(pair: SegmentPair): boolean
  effect(pairs: readonly SegmentPair[]): Effect | undefined
}

/**
 * Undefined for a metric that pairs do not measure.
 * @param pairs all pairs; of a tail they say from where on an answer is slow
 */
export function effectsOf(pairs: readonly SegmentPair[], metric: Metric): Effects | undefined {
  switch (metric) {
    case 'latency_typical':
      return { counts: hasLatency, effect: (members) => ratioOf(members, 1) }
    case 'latency_tail': {
      const tauMs = slowFrom(pairs.filter(hasLatency))
      const isSlow = (pair: SegmentPair): boolean =>
        Math.max(pair.baselineMs, pair.canaryMs) > tauMs
      return {
        counts: hasLatency,
        effect: (members) => ratioOf(members.filter(isSlow), LEAST_SLOW_PAIRS),
      }
    }
    case 'errors':
      return { counts: () => true, effect: errorsOf }
    case 'responses':
    case 'cpu':
    case 'memory':
      return undefined
  }
}

/** The 95th percentile of both arms' latencies together. */
function slowFrom(pairs: readonly SegmentPair[]): number {
  const all = pairs.flatMap(({ baselineMs, canaryMs }) => [baselineMs, canaryMs])
  all.sort((left, right) => left - right)
  return all[Math.ceil(TAIL * all.length) - 1] ?? 0
}

function ratioOf(pairs: readonly SegmentPair[], least: number): Effect | undefined {
  if (pairs.length < least) return undefined
  const { estimate, error } = huberMean(
    pairs.map(
      ({ baselineMs, canaryMs }) =>
        Math.log(soundLatency(canaryMs).latencyMs) - Math.log(soundLatency(baselineMs).latencyMs),
    ),
  )
  return {
    kind: 'ratio',
    estimate: rounded(Math.exp(estimate)),
    low: rounded(Math.exp(estimate - Z95 * error)),
    high: rounded(Math.exp(estimate + Z95 * error)),
  }
}

const HUBER_ROUNDS = 50
const HUBER_PRECISION = 1e-9

/** Huber's M-estimate of the centre by reweighting, and its standard error. */
function huberMean(values: readonly number[]): { estimate: number; error: number } {
  const median = medianOf(values)
  const clip = clipOf(meanOf(values.map((value) => Math.abs(value - median))))
  if (clip === 0) return { estimate: median, error: 0 }
  let estimate = median
  for (let round = 0; round < HUBER_ROUNDS; round += 1) {
    let weighted = 0
    let weights = 0
    for (const value of values) {
      const weight = clip / Math.max(clip, Math.abs(value - estimate))
      weighted += weight * value
      weights += weight
    }
    const next = weighted / weights
    const moved = Math.abs(next - estimate)
    estimate = next
    if (moved < HUBER_PRECISION) break
  }
  let squares = 0
  let unclipped = 0
  for (const value of values) {
    const off = Math.abs(value - estimate)
    squares += Math.min(clip, off) ** 2
    if (off <= clip) unclipped += 1
  }
  return { estimate, error: Math.sqrt(squares) / Math.max(1, unclipped) }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function errorsOf(pairs: readonly SegmentPair[]): Effect | undefined {
  if (pairs.length === 0) return undefined
  const counts = { both: 0, canaryOnly: 0, baselineOnly: 0, neither: 0 }
  for (const { baseline, canary } of pairs) {
    if (isFailure(canary)) counts[isFailure(baseline) ? 'both' : 'canaryOnly'] += 1
    else counts[isFailure(baseline) ? 'baselineOnly' : 'neither'] += 1
  }
  const { estimate, low, high } = pairedDifference(counts)
  return { kind: 'difference', estimate: rounded(estimate), low: rounded(low), high: rounded(high) }
}

/** How many pairs failed in both arms, in one only, or in neither. */
export interface PairedCounts {
  readonly both: number
  readonly canaryOnly: number
  readonly baselineOnly: number
  readonly neither: number
}

/**
 * The canary's failure share minus the baseline's, with Newcombe's 95 % interval (method 10).
 * @throws RangeError if there is no pair
 */
export function pairedDifference(counts: PairedCounts): {
  readonly estimate: number
  readonly low: number
  readonly high: number
} {
  const { both, canaryOnly, baselineOnly, neither } = counts
  const total = both + canaryOnly + baselineOnly + neither
  if (total === 0) throw new RangeError('There is no pair to compare')
  const canary = wilson(both + canaryOnly, total)
  const baseline = wilson(both + baselineOnly, total)
  const phi = correlationOf(counts, total)
  const estimate = (canaryOnly - baselineOnly) / total
  const below = spread(canary.share - canary.low, baseline.high - baseline.share, phi)
  const above = spread(canary.high - canary.share, baseline.share - baseline.low, phi)
  return { estimate, low: estimate - below, high: estimate + above }
}

function spread(first: number, second: number, phi: number): number {
  return Math.sqrt(Math.max(0, first ** 2 - 2 * phi * first * second + second ** 2))
}

/** Newcombe's continuity correction makes a positive correlation smaller, never negative. */
function correlationOf(counts: PairedCounts, total: number): number {
  const { both, canaryOnly, baselineOnly, neither } = counts
  const product =
    (both + canaryOnly) * (baselineOnly + neither) * (both + baselineOnly) * (canaryOnly + neither)
  if (product === 0) return 0
  const cross = both * neither - canaryOnly * baselineOnly
  const corrected = cross > 0 ? Math.max(0, cross - total / 2) : cross
  return corrected / Math.sqrt(product)
}

/** Wilson's score interval of a share. */
function wilson(
  count: number,
  total: number,
): { readonly share: number; readonly low: number; readonly high: number } {
  const share = count / total
  const square = Z95 ** 2
  const half = Z95 * Math.sqrt(square + 4 * count * (1 - share))
  const divisor = 2 * (total + square)
  const middle = 2 * count + square
  return {
    share,
    low: Math.max(0, (middle - half) / divisor),
    high: Math.min(1, (middle + half) / divisor),
  }
}
