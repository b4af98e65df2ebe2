/** The load of a stream before the run: its pairs per second, and what has to be assumed. */

import { alphaOf, type Plan } from '../../core/contract/plan.ts'
import type { Metric } from '../../core/verdict.ts'
import { actionsOf, declareAlarms, isSame, type Scope } from '../judging/streams.ts'
import { lnThresholdOf } from '../multiplicity.ts'

/** Median seconds, and those that one run in ten and nine in ten stay below. */
export interface Expected {
  readonly seconds: number
  readonly p10Seconds: number
  readonly p90Seconds: number
}

export interface Assumptions {
  /** Standard deviation of the log ratio of twins. */
  readonly sigma: number
  /** Share of the baseline's requests that fail by themselves. */
  readonly baselineFailures: number
}

export interface ScopeLoad {
  readonly share: number
  readonly pairsPerSecond: number
}

/** Natural share and nominal rate; a run with focus gives undecided actions more. */
export function loadOf(plan: Plan, scope: Scope): ScopeLoad {
  const share = actionsOf(plan, scope).reduce(
    (sum, index) => sum + (plan.actions[index]?.share ?? 0),
    0,
  )
  return { share, pairsPerSecond: share * plan.rate }
}

/** Pairs a second whose answers are compared: a proof counts all of them. */
export function answersPerSecond(plan: Plan, scope: Scope): number {
  const share = actionsOf(plan, scope)
    .map((index) => plan.actions[index])
    .filter((planned) => planned?.comparesAnswers === true)
    .reduce((sum, planned) => sum + (planned?.share ?? 0), 0)
  return share * plan.rate
}

/** Of these the ones beside a second answer of the baseline: only they raise an alarm. */
export function comparedPerSecond(plan: Plan, scope: Scope): number {
  // Without repeats a control arm answers every pair a second time.
  return answersPerSecond(plan, scope) * (plan.repeatShare === 0 ? 1 : plan.repeatShare)
}

/** What the stream must reach to be named; undefined where it is not declared. */
export function findLnThreshold(plan: Plan, scope: Scope, metric: Metric): number | undefined {
  const stream = declareAlarms(plan, 1, 0).find(
    (declared) => declared.metric === metric && isSame(declared.scope, scope),
  )
  return stream === undefined ? undefined : lnThresholdOf(alphaOf(plan), stream.weight)
}
