/** Each claim of health of a scope: how long its proof takes, and what would bring it into the run. */

import type { HealthMargins, Plan } from '../../core/contract/plan.ts'
import { METRICS, type Metric } from '../../core/verdict.ts'
import type { Scope } from '../judging/streams.ts'
import { endSecondsOf } from '../plan.ts'
import { rangeOf, secondsToProof, type HealthClaim } from '../power.ts'
import { answersPerSecond, loadOf, type Assumptions, type Expected } from './load.ts'

export interface ClaimForecast {
  readonly metric: Metric
  /** At most so much worse; of the tail, so much more of the answers above the baseline's p95. */
  readonly margin: number
  /** From the start of the last phase; left out where no formula is known. */
  readonly expected?: Expected
  readonly pairs?: number
  /** Pairs of real runs instead of a formula. */
  readonly basis: 'computed' | 'measured' | 'unknown'
  /** Whether nine runs in ten, half of them, or fewer have the proof before they must end. */
  readonly inTime: 'yes' | 'perhaps' | 'no'
  readonly remedy?: Remedy
}

/** Each alone would let nine runs in ten have the proof; left out where none would. */
export interface Remedy {
  readonly maxDurationSeconds?: number
  /** Pairs per second of the whole run. */
  readonly rate?: number
  readonly margin?: number
}

/** What a probe may last without leave. */
const LONGEST_RUN_SECONDS = 3600
const MOST_TIMES = 1000
const BISECTIONS = 40

export function claimsOf(
  plan: Plan,
  scope: Scope,
  known: { readonly assumed: Assumptions; readonly proofSeconds: number },
): ClaimForecast[] {
  const margins = marginsOf(plan, scope)
  return METRICS.flatMap((metric) => {
    const margin = marginOf(margins, metric)
    return margin === undefined ? [] : [forecastClaim(plan, scope, { metric, margin }, known)]
  })
}

interface Claimed {
  readonly metric: Metric
  readonly margin: number
}

function forecastClaim(
  plan: Plan,
  scope: Scope,
  { metric, margin }: Claimed,
  known: { readonly assumed: Assumptions; readonly proofSeconds: number },
): ClaimForecast {
  const rate =
    metric === 'responses' ? answersPerSecond(plan, scope) : loadOf(plan, scope).pairsPerSecond
  const claim = findHealthClaim(metric, margin, known.assumed)
  if (claim === undefined) return { metric, margin, basis: 'unknown', inTime: 'perhaps' }
  const basis = claim.kind === 'share' ? 'measured' : 'computed'
  const secondsAt = (times: number, tried = margin): number =>
    secondsToProof(
      { ...claim, margin: tried },
      { rate: rate * times, blockSeconds: plan.blockSeconds },
      -Math.log(plan.alphaHealthy),
    )
  const range = rangeOf(secondsAt(1))
  const { proofSeconds } = known
  const inTime =
    range.p90Seconds <= proofSeconds ? 'yes' : range.seconds <= proofSeconds ? 'perhaps' : 'no'
  return {
    metric,
    margin,
    expected: {
      seconds: tenths(range.seconds),
      p10Seconds: tenths(range.p10Seconds),
      p90Seconds: tenths(range.p90Seconds),
    },
    pairs: Math.ceil(range.seconds * rate),
    basis,
    inTime,
    ...(inTime === 'yes'
      ? {}
      : {
          remedy: remedyOf(plan, known.proofSeconds, {
            p90Seconds: range.p90Seconds,
            isRatio: metric === 'latency_typical',
            margin,
            p90At: (times, tried) => rangeOf(secondsAt(times, tried)).p90Seconds,
          }),
        }),
  }
}

interface Search {
  readonly p90Seconds: number
  readonly isRatio: boolean
  readonly margin: number
  readonly p90At: (times: number, margin?: number) => number
}

function remedyOf(plan: Plan, proofSeconds: number, search: Search): Remedy {
  const total = endSecondsOf(plan) - proofSeconds + search.p90Seconds
  const minutes = Math.ceil(total / 60)
  const times = findLeast((tried) => search.p90At(tried) <= proofSeconds)
  const wider = findLeast((tried) => search.p90At(1, search.margin * tried) <= proofSeconds)
  const margin = wider === undefined ? undefined : roundUp(search.margin * wider, search.isRatio)
  return {
    ...(minutes * 60 > LONGEST_RUN_SECONDS ? {} : { maxDurationSeconds: minutes * 60 }),
    ...(times === undefined ? {} : { rate: Math.ceil(plan.rate * times) }),
    ...(margin === undefined || margin > MOST_MARGIN[search.isRatio ? 'ratio' : 'points']
      ? {}
      : { margin }),
  }
}

/** A wider claim would say nothing any more. */
const MOST_MARGIN = { ratio: 1, points: 0.2 }

/** The least factor above 1 that is enough, by bisection; undefined where none is. */
function findLeast(isEnough: (times: number) => boolean): number | undefined {
  if (!isEnough(MOST_TIMES)) return undefined
  let [short, enough] = [1, MOST_TIMES]
  for (let step = 0; step < BISECTIONS; step += 1) {
    const between = Math.sqrt(short * enough)
    if (isEnough(between)) enough = between
    else short = between
  }
  return enough
}

/** Whole per cent of a ratio, tenths of a percentage point of a difference. */
function roundUp(margin: number, isRatio: boolean): number {
  const steps = isRatio ? 100 : 1000
  return Math.ceil(margin * steps - 1e-9) / steps
}

function findHealthClaim(
  metric: Metric,
  margin: number,
  { sigma, baselineFailures }: Assumptions,
): HealthClaim | undefined {
  switch (metric) {
    case 'latency_typical':
      return { kind: 'typical', margin, sigma }
    case 'latency_tail':
      return { kind: 'share', margin }
    case 'errors':
      return { kind: 'errors', margin, baselineShare: baselineFailures }
    case 'responses':
      return { kind: 'errors', margin, baselineShare: 0 }
    case 'cpu':
    case 'memory':
      return undefined
  }
}

function marginsOf(plan: Plan, scope: Scope): HealthMargins {
  if (scope.kind === 'action') return plan.actions[scope.index]?.healthyMargin ?? {}
  return scope.kind === 'service' ? plan.service.healthyMargin : rareMargins(plan)
}

function rareMargins({ rare }: Plan): HealthMargins {
  return rare.judged ? rare.healthyMargin : {}
}

function marginOf(margins: HealthMargins, metric: Metric): number | undefined {
  switch (metric) {
    case 'latency_typical':
      return margins.latencyTypical
    case 'latency_tail':
      return margins.latencyTailShare
    case 'errors':
    case 'responses':
    case 'cpu':
    case 'memory':
      return margins[metric]
  }
}

function tenths(seconds: number): number {
  return Number(seconds.toFixed(1))
}
