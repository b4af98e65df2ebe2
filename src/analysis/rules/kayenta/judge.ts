/**
 * One metric as Kayenta's NetflixACAJudge-v1.0 classifies it: not by a p-value, but by whether the
 * confidence interval of the shift stays clear of zero by a share of the estimated shift itself.
 * Written from a description of its rule, with its defaults: tolerance 0.25, confidence 0.98.
 */

import type { Random } from '../../../core/random.ts'
import { quantileOf } from '../figures/requests.ts'
import { findShift, type ShiftInterval } from './rank-sum.ts'

export interface MetricConfig {
  readonly direction: 'increase' | 'decrease' | 'either'
  /** What becomes of values that are not there (NaN). */
  readonly missing: 'remove' | 'replace'
  readonly outliers: 'keep' | 'remove'
  readonly outlierFactor: number
  readonly effect: 'meanRatio' | 'cles'
  readonly allowedIncrease: number
  readonly allowedDecrease: number
  readonly criticalIncrease: number
  readonly criticalDecrease: number
  readonly critical: boolean
  readonly mustHaveData: boolean
}

export const METRIC_DEFAULTS: MetricConfig = {
  direction: 'either',
  missing: 'remove',
  outliers: 'keep',
  outlierFactor: 3,
  effect: 'meanRatio',
  allowedIncrease: 1,
  allowedDecrease: 1,
  criticalIncrease: 1,
  criticalDecrease: 1,
  critical: false,
  mustHaveData: false,
}

export interface MetricResult {
  readonly class: 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error'
  /** A failure that fails the whole canary. */
  readonly critical: boolean
  readonly shift?: ShiftInterval
}

const TOLERANCE = 0.25
/** Of the normal distribution at (1 − 0.98) / 2. */
const QUANTILE = -2.3263478740408408

/**
 * The class of one metric.
 * @param experiment points of the canary; NaN = no point
 * @param control points of the baseline
 * @param random for two arms that are both constant, which get a little noise
 */
export function classifyMetric(
  experiment: readonly number[],
  control: readonly number[],
  config: MetricConfig,
  random: Random,
): MetricResult {
  const x = prepare(experiment, config)
  const y = prepare(control, config)
  if (x.length === 0 || y.length === 0) return withoutData(config)
  const distinct = new Set([...x, ...y]).size
  const equal = x.length === y.length && x.every((value, index) => value === y[index])
  if (equal || distinct === 1) return { class: 'Pass', critical: false }
  // Before the rank sum only: the effect is that of the values as they came.
  const noisy = isConstant(x) && isConstant(y)
  const [shaken, still] = noisy ? [shake(x, random), shake(y, random)] : [x, y]
  const shift = findShift(shaken, still, QUANTILE)
  if (shift === undefined) return { class: 'Error', critical: false }
  return { ...compare(shift, effectOf(shaken, still, config), config), shift }
}

function prepare(values: readonly number[], config: MetricConfig): number[] {
  const there =
    config.missing === 'remove'
      ? values.filter((value) => !Number.isNaN(value))
      : values.map((value) => (Number.isNaN(value) ? 0 : value))
  const sorted = there.toSorted((left, right) => left - right)
  if (config.outliers === 'keep') return sorted
  const [p1 = NaN, q1 = NaN, q3 = NaN, p99 = NaN] = [0.01, 0.25, 0.75, 0.99].map((share) =>
    quantileOf(sorted, share),
  )
  const reach = config.outlierFactor * (q3 - q1)
  const [low, high] = [Math.min(p1, q1 - reach), Math.max(p99, q3 + reach)]
  return sorted.filter((value) => value >= low && value <= high)
}

function withoutData({ missing, mustHaveData, critical }: MetricConfig): MetricResult {
  if (missing === 'replace') return { class: 'Pass', critical: false }
  if (mustHaveData && !critical) return { class: 'NodataFailMetric', critical: false }
  return { class: 'Nodata', critical }
}

function isConstant(sorted: readonly number[]): boolean {
  return sorted[0] === sorted.at(-1)
}

function shake(values: readonly number[], random: Random): number[] {
  return values
    .map((value) => value + value * 1e-5 * random.normal())
    .toSorted((left, right) => left - right)
}

/** NaN where it cannot be said; such an effect stands in nobody's way. */
function effectOf(x: readonly number[], y: readonly number[], { effect }: MetricConfig): number {
  if (effect === 'cles') {
    // The chance that a canary value is the larger one, from its ranks (Vargha and Delaney 2000).
    const u = countAbove(x, y)
    return u / (x.length * y.length)
  }
  const [ofX, ofY] = [meanOf(x), meanOf(y)]
  return ofX === 0 || ofY === 0 ? NaN : ofX / ofY
}

function countAbove(x: readonly number[], y: readonly number[]): number {
  let [above, below, ties] = [0, 0, 0]
  let end = 0
  for (const value of x) {
    while (below < y.length && (y[below] ?? Infinity) < value) below += 1
    end = Math.max(end, below)
    while (end < y.length && y[end] === value) end += 1
    ties += end - below
    above += below
  }
  return above + ties / 2
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function compare(shift: ShiftInterval, effect: number, config: MetricConfig): MetricResult {
  const { direction, critical } = config
  const tolerated = TOLERANCE * Math.abs(shift.estimate)
  const reaches = (limit: number): boolean => Number.isNaN(effect) || effect >= limit
  const sinksTo = (limit: number): boolean => Number.isNaN(effect) || effect <= limit
  if (direction !== 'decrease' && shift.lower > tolerated && reaches(config.allowedIncrease)) {
    return { class: 'High', critical: critical && reaches(config.criticalIncrease) }
  }
  if (direction !== 'increase' && shift.upper < -tolerated && sinksTo(config.allowedDecrease)) {
    return { class: 'Low', critical: critical && sinksTo(config.criticalDecrease) }
  }
  return { class: 'Pass', critical: false }
}
