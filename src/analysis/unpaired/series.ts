/**
 * Judges two series that somebody else measures, such as PromQL queries of live traffic: one value
 * of each arm at a time, joined to blocks of a minute and compared block by block.
 *
 * Assumption: both values are made of about as many requests, from as many instances: a control
 * group of the canary's size. Then swapping the arms changes nothing under equal arms, and the
 * difference of a block is a score like that of pairs. A p95 of a thousand requests wanders less
 * than one of fifty, so with groups of unequal size nothing is said.
 * Ratios (latency, CPU per request) are compared in logarithms, where a margin can be subtracted.
 * Shares (errors) have no margin: a subtracted constant would not be symmetric, so they can alarm
 * and never prove health.
 * Limits: neighbouring values of most series are averages over the same minutes. Join at least as
 * many seconds as the query's own window, or its memory looks like evidence.
 */

import { createEvidence, updateEvidence } from '../evidence.ts'
import { createInterval, findEstimate, updateInterval } from '../interval.ts'
import type { Verdict } from '../../core/verdict.ts'

const BLOCK_SECONDS = 60
const LEAST_BLOCK_SECONDS = 60
/** Margins of the interval of a ratio, as logarithms: up to 1.5 in steps that people name. */
const LN_STEPS = [0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1, 1.5]
const LN_GRID = [
  ...LN_STEPS.slice(1)
    .map((step) => -step)
    .toReversed(),
  ...LN_STEPS,
]

/** One value of each arm, of the same moment; a missing one leaves out the point. */
export interface SeriesPoint {
  /** Seconds; ascending. */
  readonly at: number
  readonly baseline?: number
  readonly canary?: number
}

export interface SeriesOptions {
  /** `share`: within 0 and 1, compared as a difference and without margins. */
  readonly kind: 'ratio' | 'share'
  readonly sizes: 'equal' | 'unequal'
  /** Larger = worse. Tolerated ratio − 1, and what health has to be within. */
  readonly margin: number
  readonly healthyMargin: number
  readonly alpha: number
  readonly alphaHealthy: number
  /** At least 60, the default, and at least the window of the query. */
  readonly blockSeconds?: number
  /** Planned length in blocks. */
  readonly horizon: number
}

export interface JudgedSeries {
  readonly lnUp: number
  readonly lnDown: number
  readonly verdict: Verdict
  /** Blocks that had a value of both arms. */
  readonly blocks: number
  /** Why nothing can be said. */
  readonly because?: 'unequal-sizes' | 'no-values'
  /** Of a ratio; ends that are not known yet are left out. */
  readonly effect?: {
    readonly kind: 'ratio'
    readonly estimate: number
    readonly low?: number
    readonly high?: number
  }
}

/**
 * What the points say of the canary; may be asked again with more of them at any time.
 * @throws RangeError if blocks are shorter than a minute
 */
export function judgeSeries(points: readonly SeriesPoint[], options: SeriesOptions): JudgedSeries {
  const { kind, sizes, blockSeconds = BLOCK_SECONDS, horizon } = options
  if (!(blockSeconds >= LEAST_BLOCK_SECONDS)) {
    throw new RangeError(
      `Cannot judge blocks of ${blockSeconds} s: join at least ${LEAST_BLOCK_SECONDS} s`,
    )
  }
  const nothing = { lnUp: 0, lnDown: 0, verdict: 'inconclusive', blocks: 0 } as const
  if (sizes === 'unequal') return { ...nothing, because: 'unequal-sizes' }
  const blocks = differencesOf(points, kind, blockSeconds)
  const seen = blocks.flatMap((block) => block ?? [])
  if (seen.length === 0) return { ...nothing, because: 'no-values' }
  const [margin, healthyMargin] =
    kind === 'ratio' ? [Math.log1p(options.margin), Math.log1p(options.healthyMargin)] : [0, 0]
  const alarm = createEvidence(horizon)
  const health = createEvidence(horizon)
  for (const block of blocks) {
    updateEvidence(alarm, block === undefined ? 0 : block - margin)
    updateEvidence(health, block === undefined ? 0 : block - healthyMargin)
  }
  const [lnUp, lnDown] = [alarm.lnUp, kind === 'ratio' ? health.lnDown : 0]
  const effect = kind === 'ratio' ? findEffect(blocks, options) : undefined
  return {
    lnUp,
    lnDown,
    verdict: verdictOf(lnUp, lnDown, options),
    blocks: seen.length,
    ...(effect === undefined ? {} : { effect }),
  }
}

function verdictOf(lnUp: number, lnDown: number, { alpha, alphaHealthy }: SeriesOptions): Verdict {
  if (lnUp >= -Math.log(alpha)) return 'regressed'
  return lnDown >= -Math.log(alphaHealthy) ? 'healthy' : 'inconclusive'
}

/** Of each block the mean difference of its points, as ln ratio or as it is; undefined if empty. */
function differencesOf(
  points: readonly SeriesPoint[],
  kind: SeriesOptions['kind'],
  blockSeconds: number,
): (number | undefined)[] {
  const from = points[0]?.at ?? 0
  const sums = new Map<number, { sum: number; count: number }>()
  for (const point of points) {
    const difference = findDifference(point, kind)
    if (difference === undefined) continue
    const block = Math.floor((point.at - from) / blockSeconds)
    const { sum, count } = sums.get(block) ?? { sum: 0, count: 0 }
    sums.set(block, { sum: sum + difference, count: count + 1 })
  }
  const last = Math.max(-1, ...sums.keys())
  return Array.from({ length: last + 1 }, (_, block) => {
    const found = sums.get(block)
    return found === undefined ? undefined : found.sum / found.count
  })
}

/** A point that one arm cannot have is left out for both. */
function findDifference(
  { baseline, canary }: SeriesPoint,
  kind: SeriesOptions['kind'],
): number | undefined {
  if (baseline === undefined || canary === undefined) return undefined
  if (!Number.isFinite(baseline) || !Number.isFinite(canary)) return undefined
  if (kind === 'share') return canary - baseline
  return baseline > 0 && canary > 0 ? Math.log(canary) - Math.log(baseline) : undefined
}

function findEffect(
  blocks: readonly (number | undefined)[],
  { alpha, horizon }: SeriesOptions,
): JudgedSeries['effect'] {
  const interval = createInterval(horizon, LN_GRID)
  for (const block of blocks) {
    updateInterval(
      interval,
      (_, margin) => (block === undefined ? 0 : block - (LN_GRID[margin] ?? 0)),
      alpha,
    )
  }
  const found = findEstimate(interval, alpha)
  if (found === undefined) return undefined
  const { estimate, low, high } = found
  return {
    kind: 'ratio',
    estimate: Math.exp(estimate),
    ...(low === undefined ? {} : { low: Math.exp(low) }),
    ...(high === undefined ? {} : { high: Math.exp(high) }),
  }
}
