/**
 * The live guard: what the router's own counts say of real users. A fixed rule beside α, pure.
 *
 * Idea: counts are cumulative, so a window is the difference of two of them. A window never reaches
 * back before the moment the weight was lowered, nor over a restart of the router: requests from
 * before say nothing of the time after. The canary's share of 5xx is compared with the baseline's by
 * Fisher's exact test (Fisher 1935), one-sided; too few requests are said, and never are health.
 */

import type { Policy } from '../core/contract/policy-rules.ts'
import type { LiveGuard } from './observation.ts'
import type { ArmCounts, RouterCounts } from './routers/counts.ts'

/** p below which the difference is no chance. */
const SIGNIFICANT = 1e-6
const LEAST_CRITICAL_REQUESTS = 20
const BASELINE_WELL = 0.05
/** Counts that are kept: one a second for the longest window that makes sense. */
const MOST_MOMENTS = 3600

export interface CountedMoment {
  readonly atMs: number
  readonly counts: RouterCounts
}

export interface LiveWindow {
  readonly moments: readonly CountedMoment[]
}

export const emptyWindow: LiveWindow = { moments: [] }

/** What the arms did within the window. */
export interface LiveFigures {
  readonly seconds: number
  readonly baseline: ArmCounts
  readonly canary: ArmCounts
}

/** Takes in counts; those of another incarnation begin the window anew. */
export function addCounts(
  window: LiveWindow,
  moment: CountedMoment,
  windowSeconds: number,
): LiveWindow {
  const last = window.moments.at(-1)
  const goesOn =
    last !== undefined &&
    last.counts.incarnation === moment.counts.incarnation &&
    last.counts.baseline.requests <= moment.counts.baseline.requests &&
    last.counts.canary.requests <= moment.counts.canary.requests
  if (!goesOn) return { moments: [moment] }
  const fromMs = moment.atMs - windowSeconds * 1000
  // The last moment before the window is its beginning.
  const first = window.moments.findLastIndex(({ atMs }) => atMs <= fromMs)
  const kept = window.moments.slice(Math.max(0, first)).slice(-MOST_MOMENTS)
  return { moments: [...kept, moment] }
}

/** Undefined where there are not two moments to be compared. */
export function figuresOf(window: LiveWindow): LiveFigures | undefined {
  const [first, last] = [window.moments[0], window.moments.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  return {
    seconds: (last.atMs - first.atMs) / 1000,
    baseline: difference(first.counts.baseline, last.counts.baseline),
    canary: difference(first.counts.canary, last.counts.canary),
  }
}

/** The rule, on what the window holds. */
export function guardLive(policy: Policy, window: LiveWindow): LiveGuard {
  const figures = figuresOf(window)
  const fromMs = window.moments[0]?.atMs ?? 0
  if (figures === undefined) return { kind: 'too-few', fromMs }
  const { critical, liveGuard } = policy
  const { requests: canary, serverErrors: failed } = figures.canary
  const { requests: baseline, serverErrors: baselineFailed } = figures.baseline
  const share = canary === 0 ? 0 : failed / canary
  const baselineShare = baseline === 0 ? 0 : baselineFailed / baseline
  const isCritical =
    canary >= LEAST_CRITICAL_REQUESTS && share >= critical.failures && baselineShare < BASELINE_WELL
  const finding = `${failed} of ${canary} live requests failed on the canary, ${baselineFailed} of ${baseline} on the baseline`
  if (isCritical) return { kind: 'critical', fromMs, finding }
  if (canary < liveGuard.minRequests) return { kind: 'too-few', fromMs }
  const isWorse = share - baselineShare > liveGuard.errors
  const p = isWorse ? fisherExact(failed, canary, baselineFailed, baseline) : 1
  return p < SIGNIFICANT ? { kind: 'anomalous', fromMs, finding } : { kind: 'ok', fromMs }
}

/**
 * One-sided p of a two by two table: as many failures of the canary or more, all margins fixed
 * (Fisher 1935).
 */
export function fisherExact(
  failed: number,
  canary: number,
  baselineFailed: number,
  baseline: number,
): number {
  const all = failed + baselineFailed
  const lnAll = lnChoose(canary + baseline, all)
  let p = 0
  for (let k = failed; k <= Math.min(all, canary); k += 1) {
    const term = Math.exp(lnChoose(canary, k) + lnChoose(baseline, all - k) - lnAll)
    p += term
    // Behind its mode the distribution falls, so what follows adds nothing.
    if (term < p * 1e-12) break
  }
  return Math.min(1, p)
}

function difference(from: ArmCounts, to: ArmCounts): ArmCounts {
  return {
    requests: to.requests - from.requests,
    serverErrors: Math.max(0, to.serverErrors - from.serverErrors),
    ...(to.latency === undefined ? {} : { latency: to.latency }),
  }
}

function lnChoose(n: number, k: number): number {
  if (k < 0 || k > n) return -Infinity
  return lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1)
}

/** ln Γ by Stirling's series, shifted to where it is exact to 1e-12 (Abramowitz, Stegun 6.1.41). */
function lnGamma(value: number): number {
  let x = value
  let shift = 0
  while (x < 12) {
    shift += Math.log(x)
    x += 1
  }
  const inverse = 1 / x
  const square = inverse * inverse
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift
}
