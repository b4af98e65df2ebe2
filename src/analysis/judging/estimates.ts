/**
 * Effect sizes, each from its confidence sequence. A ratio of latencies is the margin at which
 * neither side has more evidence, for the tail in severity above the baseline's p95 and p99. A
 * difference of shares is the plain one, kept within the ends of its interval: its grid is too wide
 * to read an estimate from.
 */

import type { Plan } from '../../core/contract/plan.ts'
import type { Effect } from '../../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type Metric } from '../../core/verdict.ts'
import { findEstimate, type IntervalEstimate } from '../interval.ts'
import type { Parameters } from '../parameters.ts'
import type { EffectName } from '../streams/effects.ts'
import { countsOf, type PhaseState } from './phase-state.ts'
import { isSame, type AlarmStream, type Scope } from './streams.ts'

/** Undefined while there is nothing to estimate from. */
export function findEffect(
  phase: PhaseState,
  plan: Plan,
  scope: Scope,
  metric: Metric,
): Effect | undefined {
  switch (metric) {
    case 'latency_typical':
      return findRatio(phase, plan, scope, 'typical')
    case 'latency_tail':
      return findRatio(phase, plan, scope, 'tail')
    case 'cpu':
    case 'memory':
      return findRatio(phase, plan, scope, metric)
    case 'errors': {
      const { pairs, baselineFailed, canaryFailed } = countsOf(phase, plan, scope)
      return findDifference(phase, plan, scope, 'errors', (canaryFailed - baselineFailed) / pairs)
    }
    case 'responses': {
      const { seconds, mismatch } = countsOf(phase, plan, scope)
      return findDifference(phase, plan, scope, 'responses', mismatch / seconds)
    }
  }
}

/** How many more of the canary's answers lie above the baseline's p95; undefined before 100 pairs. */
export function findShareEffect(phase: PhaseState, plan: Plan, scope: Scope): Effect | undefined {
  const found = estimateOf(phase, plan, scope, 'share')
  return found && { kind: 'difference', ...endsOf(found, (share) => share) }
}

export function nameOf(plan: Plan, scope: Scope): string {
  switch (scope.kind) {
    case 'service':
      return WHOLE_SERVICE
    case 'rare':
      return RARE_POOL
    case 'action':
      return plan.actions[scope.index]?.action ?? ''
  }
}

/** The margin of an alarm as it is now: a fast action has that of the floor. */
export function alarmMarginOf(
  plan: Plan,
  parameters: Parameters | undefined,
  scope: Scope,
  metric: Metric,
): number {
  if (scope.kind !== 'action') return pick(plan.service.margin, metric)
  const margin = plan.actions[scope.index]?.margin ?? plan.service.margin
  return withFloor(pick(margin, metric), parameters, scope, metric)
}

/** A margin of a ratio that is at least the floor; other margins as they are. */
export function withFloor(
  margin: number,
  parameters: Parameters | undefined,
  scope: Scope,
  metric: Metric,
): number {
  if (scope.kind !== 'action' || !isLatency(metric)) return margin
  return rounded(Math.max(margin, parameters?.actions[scope.index]?.floorRatio ?? 0))
}

function isLatency(metric: Metric): boolean {
  return metric === 'latency_typical' || metric === 'latency_tail'
}

export function findAlarm(
  phase: PhaseState,
  scope: Scope,
  metric: Metric,
): AlarmStream | undefined {
  return phase.alarms.find((stream) => stream.metric === metric && isSame(stream.scope, scope))
}

/** Four places: more would be made up. */
export function rounded(value: number): number {
  return Number(value.toFixed(4))
}

function estimateOf(
  phase: PhaseState,
  plan: Plan,
  scope: Scope,
  effect: EffectName,
): IntervalEstimate | undefined {
  const found = phase.intervals.find((one) => one.effect === effect && isSame(one.scope, scope))
  return found && findEstimate(found.interval, plan.alpha)
}

function findRatio(
  phase: PhaseState,
  plan: Plan,
  scope: Scope,
  effect: 'typical' | 'tail' | 'cpu' | 'memory',
): Effect | undefined {
  const found = estimateOf(phase, plan, scope, effect)
  return found && { kind: 'ratio', ...endsOf(found, Math.exp) }
}

/** @param plain NaN where there is nothing to divide by */
function findDifference(
  phase: PhaseState,
  plan: Plan,
  scope: Scope,
  effect: 'errors' | 'responses',
  plain: number,
): Effect | undefined {
  if (!Number.isFinite(plain)) return undefined
  const found = estimateOf(phase, plan, scope, effect)
  const { low = -Infinity, high = Infinity } = found ?? {}
  const estimate = Math.max(low, Math.min(high, plain))
  return { kind: 'difference', ...endsOf({ ...found, estimate }, (share) => share) }
}

function endsOf(
  { estimate, low, high }: IntervalEstimate,
  shown: (value: number) => number,
): { readonly estimate: number; readonly low?: number; readonly high?: number } {
  return {
    estimate: rounded(shown(estimate)),
    ...(low === undefined ? {} : { low: rounded(shown(low)) }),
    ...(high === undefined ? {} : { high: rounded(shown(high)) }),
  }
}

function pick(margin: Plan['service']['margin'], metric: Metric): number {
  switch (metric) {
    case 'latency_typical':
      return margin.latencyTypical
    case 'latency_tail':
      return margin.latencyTail
    case 'errors':
    case 'responses':
      return margin[metric]
    case 'cpu':
    case 'memory':
      return margin[metric] ?? 0
  }
}
