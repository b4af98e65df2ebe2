/**
 * What a run can be expected to prove and to find, said before anything is sent: the planner's
 * formulas on the frozen plan. Nothing here knows the service, so its spread is that of the study
 * and its failures are assumed; the run itself measures both and says what is still missing.
 */

import { alphaOf, type Plan, type Tier } from '../../core/contract/plan.ts'
import { RARE_POOL, WHOLE_SERVICE, type Phase } from '../../core/verdict.ts'
import { nameOf } from '../judging/estimates.ts'
import { scopesOf, type Scope } from '../judging/streams.ts'
import { endSecondsOf, quietLimitSeconds, warmUpLimits } from '../plan.ts'
import { rangeOf } from '../power.ts'
import { claimsOf, type ClaimForecast } from './claims.ts'
import { detectionsOf, type Detections } from './detections.ts'
import { loadOf, type Assumptions, type Expected } from './load.ts'

export interface ScopeForecast {
  /** `*` is the whole service, `rare` the pool of rare actions. */
  readonly action: string
  /** Natural share of the steps, 0 to 1. */
  readonly share: number
  readonly pairsPerSecond: number
  /** Of an action. */
  readonly tier?: Tier
  readonly required: boolean
  readonly claims: readonly ClaimForecast[]
  /** Left out for the pool, which raises no alarm of its own. */
  readonly detects?: Detections
}

export interface RunForecast {
  readonly schema: 'outrider.plan/1'
  /** The hash that the report of such a run would carry. */
  readonly plan: string
  readonly rate: number
  readonly alpha: number
  readonly alphaHealthy: number
  readonly blockSeconds: number
  readonly phases: readonly Phase[]
  /** What is not known before the run. */
  readonly assumed: Assumptions
  /** Warm-up and phases; the run ends at the latest at `limitSeconds`. */
  readonly length: Expected & { readonly limitSeconds: number }
  /** Seconds of the last phase, in which the proofs must come. */
  readonly proofSeconds: number
  readonly service: ScopeForecast
  readonly actions: readonly ScopeForecast[]
}

/** The spread of the study's traffic, and a service that fails once in a thousand. */
export const STUDY: Assumptions = { sigma: 0.64, baselineFailures: 0.001 }

/** @param planHash of this very plan */
export function forecastRun(
  plan: Plan,
  planHash: string,
  assumed: Assumptions = STUDY,
): RunForecast {
  const proofSeconds = proofSecondsOf(plan)
  const scopes = scopesOf(plan)
  const claims = scopes.map((scope) => claimsOf(plan, scope, { assumed, proofSeconds }))
  const length = lengthOf(plan, claims.flat())
  const withinSeconds = length.seconds - beforeProofs(plan).seconds
  const forecasts = scopes.map((scope, index) =>
    scopeForecast(plan, scope, claims[index] ?? [], { assumed, withinSeconds }),
  )
  const [service, ...actions] = forecasts
  if (service === undefined) throw new RangeError('Every plan has the whole service')
  return {
    schema: 'outrider.plan/1',
    plan: planHash,
    rate: plan.rate,
    alpha: plan.alpha,
    alphaHealthy: plan.alphaHealthy,
    blockSeconds: plan.blockSeconds,
    phases: plan.phases,
    assumed,
    length: { ...tenthsOf(length), limitSeconds: endSecondsOf(plan) },
    proofSeconds: tenths(proofSeconds),
    service,
    actions,
  }
}

function scopeForecast(
  plan: Plan,
  scope: Scope,
  claims: readonly ClaimForecast[],
  known: { readonly assumed: Assumptions; readonly withinSeconds: number },
): ScopeForecast {
  const planned = scope.kind === 'action' ? plan.actions[scope.index] : undefined
  const { share, pairsPerSecond } = loadOf(plan, scope)
  const action = { service: WHOLE_SERVICE, rare: RARE_POOL, action: nameOf(plan, scope) }[
    scope.kind
  ]
  return {
    action,
    share: Number(share.toFixed(4)),
    pairsPerSecond: Number(pairsPerSecond.toPrecision(3)),
    ...(planned === undefined ? {} : { tier: planned.tier }),
    required: planned?.required ?? scope.kind === 'service',
    claims,
    ...(scope.kind === 'rare'
      ? {}
      : { detects: detectionsOf(plan, scope, { ...known, lnRun: -Math.log(alphaOf(plan)) }) }),
  }
}

/** How long the phase of the proofs may last. */
function proofSecondsOf({ phases, horizonBlocks, blockSeconds }: Plan): number {
  const last = phases.at(-1) ?? 'load'
  return horizonBlocks[last] * blockSeconds
}

/** The quiet phase ends from its 20th block on (STATISTICS 5). */
const QUIET_BLOCKS = 20
/** Real applications were warm after one and a half times the least warm-up, or twice that. */
const WARM_AFTER = { median: 1.5, most: 2 }

/** Warm-up and quiet phase. */
function beforeProofs(plan: Plan): Expected {
  const { minSeconds, maxSeconds } = warmUpLimits(plan)
  const warm = (times: number): number => Math.min(maxSeconds, minSeconds * times)
  const isQuiet = plan.phases.length > 1
  const limit = isQuiet ? quietLimitSeconds(plan, minSeconds) : 0
  const least = isQuiet ? Math.min(limit, QUIET_BLOCKS * plan.blockSeconds) : 0
  return {
    seconds: warm(WARM_AFTER.median) + (least + limit) / 2,
    p10Seconds: minSeconds + least,
    p90Seconds: warm(WARM_AFTER.most) + limit,
  }
}

/** A run is as long as its slowest proof, but not shorter than it must be, nor longer than it may. */
function lengthOf(plan: Plan, claims: readonly ClaimForecast[]): Expected {
  const limit = endSecondsOf(plan)
  if (plan.duration !== 'auto') return { seconds: limit, p10Seconds: limit, p90Seconds: limit }
  const before = beforeProofs(plan)
  const slowest = rangeOf(Math.max(0, ...claims.map(({ expected }) => expected?.seconds ?? 0)))
  const total = (key: keyof Expected): number =>
    Math.min(limit, before[key] + Math.max(plan.minDurationSeconds, slowest[key]))
  return {
    seconds: total('seconds'),
    p10Seconds: total('p10Seconds'),
    p90Seconds: total('p90Seconds'),
  }
}

function tenthsOf({ seconds, p10Seconds, p90Seconds }: Expected): Expected {
  return {
    seconds: tenths(seconds),
    p10Seconds: tenths(p10Seconds),
    p90Seconds: tenths(p90Seconds),
  }
}

function tenths(seconds: number): number {
  return Number(seconds.toFixed(1))
}
