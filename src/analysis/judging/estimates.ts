/**
 * Effect sizes. The typical ratio comes from its confidence sequence. The tail's is the ratio of
 * the arms' p95 (or p99, where that stream has more evidence) over the phase, from sketches with
 * bins of 2.2 per cent; the difference of errors is that of the failed shares over the phase. Both
 * are plain estimates without an interval, a little too large at the moment of an alarm.
 */

import type { Plan } from '../../core/contract/plan.ts'
import type { Effect } from '../../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type EvidenceMetric } from '../../core/verdict.ts'
import { findLnEstimate } from '../interval.ts'
import type { Parameters } from '../parameters.ts'
import { findQuantile } from '../sketch.ts'
import { countsOf, type PhaseState } from './phase-state.ts'
import { isSame, strongestOf, type AlarmStream, type Scope } from './streams.ts'

/** Undefined while there is nothing to estimate from. */
export function findEffect(
  phase: PhaseState,
  plan: Plan,
  scope: Scope,
  metric: EvidenceMetric,
): Effect | undefined {
  switch (metric) {
    case 'latency_typical':
      return findTypicalEffect(phase, plan, scope)
    case 'latency_tail':
      return findTailEffect(phase, plan, scope)
    case 'errors': {
      const { pairs, baselineFailed, canaryFailed } = countsOf(phase, plan, scope)
      if (pairs === 0) return undefined
      return { kind: 'difference', estimate: rounded((canaryFailed - baselineFailed) / pairs) }
    }
  }
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
  metric: EvidenceMetric,
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
  metric: EvidenceMetric,
): number {
  if (scope.kind !== 'action' || metric === 'errors') return margin
  return rounded(Math.max(margin, parameters?.actions[scope.index]?.floorRatio ?? 0))
}

export function findAlarm(
  phase: PhaseState,
  scope: Scope,
  metric: EvidenceMetric,
): AlarmStream | undefined {
  return phase.alarms.find((stream) => stream.metric === metric && isSame(stream.scope, scope))
}

/** Four places: more would be made up. */
export function rounded(value: number): number {
  return Number(value.toFixed(4))
}

function findTypicalEffect(phase: PhaseState, plan: Plan, scope: Scope): Effect | undefined {
  const interval = phase.intervals.find((entry) => isSame(entry.scope, scope))
  const found = interval && findLnEstimate(interval.ratio, plan.alpha)
  if (found === undefined) return undefined
  const { estimate, low, high } = found
  return {
    kind: 'ratio',
    estimate: rounded(Math.exp(estimate)),
    ...(low === undefined ? {} : { low: rounded(Math.exp(low)) }),
    ...(high === undefined ? {} : { high: rounded(Math.exp(high)) }),
  }
}

const TAIL_SAMPLES = 100

function findTailEffect(phase: PhaseState, plan: Plan, scope: Scope): Effect | undefined {
  const { baseline, canary } = countsOf(phase, plan, scope)
  if (baseline.total < TAIL_SAMPLES) return undefined
  const stream = findAlarm(phase, scope, 'latency_tail')
  const q = stream !== undefined && strongestOf(stream) === 1 ? 0.99 : 0.95
  const [trusted, tried] = [findQuantile(baseline, q), findQuantile(canary, q)]
  if (trusted === undefined || tried === undefined) return undefined
  return { kind: 'ratio', estimate: rounded(tried / trusted) }
}

function pick(margin: Plan['service']['margin'], metric: EvidenceMetric): number {
  switch (metric) {
    case 'latency_typical':
      return margin.latencyTypical
    case 'latency_tail':
      return margin.latencyTail
    case 'errors':
      return margin.errors
  }
}
