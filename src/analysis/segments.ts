/**
 * Segments: who is affected by a finding. For each value of each dimension (device, geo, label, …)
 * the effect among its pairs alone, with a 95 % interval.
 *
 * A lead, not a proof: the intervals come from the data that raised the alarm, each holds for itself
 * only (no correction for how many segments are looked at), and they are right at one moment, not
 * at all moments as those of the evidence are.
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

import type { SegmentRow } from '../core/contract/investigation.ts'
import type { Effect } from '../core/contract/report.ts'
import { isFailure, type Outcome, type Segment } from '../core/contract/sample.ts'
import type { Metric } from '../core/verdict.ts'
import { spoilsLatency } from './failures.ts'
import { rounded } from './judging/estimates.ts'
import { clipOf, soundLatency } from './latency.ts'

/** One pair, as far as segments go. */
export interface SegmentPair {
  readonly baselineMs: number
  readonly canaryMs: number
  readonly baseline: Outcome
  readonly canary: Outcome
  readonly segment: Segment
}

export interface Segmentation {
  /** Strongest first: how far the low end lies above the estimate of all pairs together. */
  readonly rows: SegmentRow[]
  /** Pairs that the metric can be counted on. */
  readonly pairs: number
  /** The one segment that explains the finding. */
  readonly explaining?: Record<string, string>
}

/** A segment with fewer pairs is not shown. */
const LEAST_PAIRS = 30
/** Fewer slow pairs say nothing of a tail. */
const LEAST_SLOW_PAIRS = 15
const MOST_ROWS = 20
/** Beyond these two ends lie five per cent of a normal distribution. */
const Z95 = 1.959963984540054
const TAIL = 0.95

/**
 * The segments of an action's pairs.
 * @param margin of the finding: 0.1 = 10 % for a latency, 0.001 = 0.1 pp for errors
 */
export function segmentsOf(
  pairs: readonly SegmentPair[],
  metric: Metric,
  margin: number,
): Segmentation {
  const measure = measureOf(pairs, metric)
  if (measure === undefined) return { rows: [], pairs: 0 }
  const counted = pairs.filter((pair) => measure.counts(pair))
  const whole = measure.effect(counted)
  const rows = [...groupsOf(counted)]
    .flatMap(([, { segment, members }]) => {
      const effect = members.length < LEAST_PAIRS ? undefined : measure.effect(members)
      return effect === undefined ? [] : [{ segment, pairs: members.length, effect }]
    })
    .toSorted((left, right) => compareStrength(left, right, whole?.estimate ?? 0))
  const explaining = explains(rows, margin)
  return {
    rows: rows.slice(0, MOST_ROWS),
    pairs: counted.length,
    ...(explaining === undefined ? {} : { explaining }),
  }
}

/**
 * The segment that explains a finding: its low end is above the margin, and every other value of
 * its dimension is within the margin ("only on mobile"). Undefined where none is, or where the
 * dimension has no other value to compare with.
 * @param rows strongest first, each with one dimension
 */
export function explains(
  rows: readonly SegmentRow[],
  margin: number,
): Record<string, string> | undefined {
  const explaining = rows.find((row) => {
    const limit = row.effect.kind === 'ratio' ? 1 + margin : margin
    if ((row.effect.low ?? -Infinity) <= limit) return false
    const others = rows.filter((other) => other !== row && dimensionOf(other) === dimensionOf(row))
    return others.length > 0 && others.every((other) => isWithin(other.effect, limit, row.effect))
  })
  return explaining?.segment
}

/**
 * A share within 0.1 pp cannot be told from a single failure, so a difference is within the margin
 * too where it may be none at all and is no tenth of the one that it is held against.
 */
function isWithin(
  { kind, estimate, low = -Infinity }: Effect,
  limit: number,
  worse: Effect,
): boolean {
  if (estimate <= limit) return true
  return kind === 'difference' && low <= 0 && estimate < worse.estimate / 10
}

function dimensionOf({ segment }: SegmentRow): string {
  return Object.keys(segment)[0] ?? ''
}

function compareStrength(left: SegmentRow, right: SegmentRow, whole: number): number {
  const beyond = ({ effect }: SegmentRow): number => (effect.low ?? effect.estimate) - whole
  return beyond(right) - beyond(left) || right.effect.estimate - left.effect.estimate
}

interface Group {
  readonly segment: Record<string, string>
  readonly members: SegmentPair[]
}

function groupsOf(pairs: readonly SegmentPair[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const pair of pairs) {
    for (const [dimension, value] of Object.entries(pair.segment)) {
      const key = JSON.stringify([dimension, value])
      const known = groups.get(key)
      if (known !== undefined) known.members.push(pair)
      else groups.set(key, { segment: { [dimension]: value }, members: [pair] })
    }
  }
  return groups
}

/** How a metric is read from pairs. */
interface Measure {
  counts(pair: SegmentPair): boolean
  effect(pairs: readonly SegmentPair[]): Effect | undefined
}

function measureOf(pairs: readonly SegmentPair[], metric: Metric): Measure | undefined {
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

function hasLatency({ baseline, canary }: SegmentPair): boolean {
  return !spoilsLatency(baseline) && !spoilsLatency(canary)
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
