/** The declared streams of a phase, each with its evidence, and the claims of health. */

import type { Plan } from '../../core/contract/plan.ts'
import { METRICS, RESOURCE_METRICS, type Metric, type ResourceMetric } from '../../core/verdict.ts'
import { createEvidence, type Evidence } from '../evidence.ts'
import { logAddExp } from '../../core/maths/logs.ts'
import { weightsOf } from '../multiplicity.ts'
import { lnUpOfFields, strongestField, type FieldStream } from '../streams/fields.ts'
import { createOnset, type Onset } from './onset.ts'

/** What a stream or a claim is about. */
export type Scope =
  | { readonly kind: 'service' }
  | { readonly kind: 'rare' }
  | { readonly kind: 'action'; readonly index: number }

export interface AlarmStream {
  readonly scope: Scope
  readonly metric: Metric
  /** Share of the level; all streams' shares sum to 1. */
  readonly weight: number
  /** One, or p95 and p99 of a tail stream, whose mean is its evidence. */
  readonly processes: readonly { readonly evidence: Evidence; readonly onset: Onset }[]
  /** Of an action's answers: their fields, which share half of the evidence. */
  readonly fields?: FieldStream[]
  /** Running maximum of ln evidence, and when it was reached. */
  lnSupremum: number
  supremumSeconds: number
  /** Set once Holm has named the stream. */
  named?: { readonly seconds: number; readonly onset: number }
}

/** CPU and memory raise no alarm before as many scores. */
const LEAST_READINGS = 10

export interface ProofStream {
  readonly scope: Scope
  readonly metric: Metric
  /** What must be proven: at most this much worse (for the tail: this share more above p95). */
  readonly margin: number
  readonly evidence: Evidence
}

/** Everything that has a ratio of its own: the service, each action, the pool if it is judged. */
export function scopesOf(plan: Plan): Scope[] {
  return [
    { kind: 'service' },
    ...plan.actions.map((_, index) => ({ kind: 'action', index }) as const),
    ...(plan.rare.judged ? [{ kind: 'rare' } as const] : []),
  ]
}

export function declareAlarms(plan: Plan, horizon: number, startSeconds: number): AlarmStream[] {
  const service = METRICS.filter((metric) => isMeasured(plan, { kind: 'service' }, metric))
  const actions = plan.actions.map((_, index) => {
    const scope = { kind: 'action', index } as const
    return { scope, metrics: METRICS.filter((metric) => isMeasured(plan, scope, metric)) }
  })
  const count = actions.reduce((sum, { metrics }) => sum + metrics.length, 0)
  const weights = weightsOf(service.length, count)
  const declare = (scope: Scope, metrics: readonly Metric[], weight: number): AlarmStream[] =>
    metrics.map((metric) => ({
      scope,
      metric,
      weight,
      ...(metric === 'responses' && scope.kind === 'action' ? { fields: [] } : {}),
      processes: Array.from({ length: metric === 'latency_tail' ? 2 : 1 }, () => ({
        evidence: createEvidence(horizon),
        onset: createOnset(startSeconds),
      })),
      lnSupremum: 0,
      supremumSeconds: startSeconds,
    }))
  return [
    ...declare({ kind: 'service' }, service, weights.service),
    ...actions.flatMap(({ scope, metrics }) => declare(scope, metrics, weights.action)),
  ]
}

/** Whether the plan has this metric of a scope: answers that are compared, processes that are read. */
export function isMeasured(plan: Plan, scope: Scope, metric: Metric): boolean {
  if (isResource(metric)) return scope.kind === 'service' && plan.resources.includes(metric)
  if (metric !== 'responses') return true
  return actionsOf(plan, scope).some((index) => plan.actions[index]?.comparesAnswers === true)
}

export function isResource(metric: Metric): metric is ResourceMetric {
  return RESOURCE_METRICS.some((one) => one === metric)
}

export function declareProofs(plan: Plan, horizon: number): ProofStream[] {
  return scopesOf(plan).flatMap((scope) =>
    METRICS.filter((metric) => isMeasured(plan, scope, metric)).flatMap((metric) => {
      const margin = proofMarginOf(plan, scope, metric)
      return margin === undefined
        ? []
        : [{ scope, metric, margin, evidence: createEvidence(horizon) }]
    }),
  )
}

function proofMarginOf(plan: Plan, scope: Scope, metric: Metric): number | undefined {
  const margins =
    scope.kind === 'action'
      ? plan.actions[scope.index]?.healthyMargin
      : { service: plan.service, rare: plan.rare }[scope.kind].healthyMargin
  switch (metric) {
    case 'latency_typical':
      return margins?.latencyTypical
    case 'latency_tail':
      return margins?.latencyTailShare
    case 'errors':
    case 'responses':
    case 'cpu':
    case 'memory':
      return margins?.[metric]
  }
}

/** Current ln evidence that the stream is worse than its alarm margin. */
export function lnUpOf({ metric, processes, fields }: AlarmStream): number {
  const lnUp = lnMean(processes.map(({ evidence }) => evidence.lnUp))
  if (fields !== undefined) return lnMean([lnUp, lnUpOfFields(fields)])
  if (!isResource(metric)) return lnUp
  // Few readings decide here, so the first ones only count against an alarm.
  return (processes[0]?.evidence.scored ?? 0) < LEAST_READINGS ? Math.min(0, lnUp) : lnUp
}

/** Current ln evidence that the stream is not worse than its alarm margin. */
export function lnDownOf({ processes }: AlarmStream): number {
  return lnMean(processes.map(({ evidence }) => evidence.lnDown))
}

/** Index of the process with the most evidence: 0 = p95, 1 = p99 of a tail stream. */
export function strongestOf({ processes }: AlarmStream): number {
  const [first, second] = processes
  return second !== undefined && second.evidence.lnUp > (first?.evidence.lnUp ?? 0) ? 1 : 0
}

export function onsetOf(stream: AlarmStream): number {
  const field = strongestField(stream.fields ?? [])
  const whole = stream.processes[0]?.evidence.lnUp ?? 0
  if (field !== undefined && field.evidence.lnUp > whole) return field.onset.resetSeconds
  return stream.processes[strongestOf(stream)]?.onset.resetSeconds ?? 0
}

export function isSame(left: Scope, right: Scope): boolean {
  if (left.kind === 'action' && right.kind === 'action') return left.index === right.index
  return left.kind === right.kind
}

/** Indices of the actions in a scope. */
export function actionsOf(plan: Plan, scope: Scope): number[] {
  if (scope.kind === 'action') return [scope.index]
  const all = [...plan.actions.keys()]
  return scope.kind === 'service'
    ? all
    : all.filter((index) => plan.actions[index]?.tier === 'rare')
}

function lnMean(values: readonly number[]): number {
  const [first = 0, second] = values
  return second === undefined ? first : logAddExp(first, second) - Math.LN2
}
