/** The declared streams of a phase, each with its evidence, and the claims of health. */

import type { Plan } from '../../core/contract/plan.ts'
import { EVIDENCE_METRICS, type EvidenceMetric } from '../../core/verdict.ts'
import { createEvidence, logAddExp, type Evidence } from '../evidence.ts'
import { weightsOf } from '../multiplicity.ts'
import { createOnset, type Onset } from './onset.ts'

/** What a stream or a claim is about. */
export type Scope =
  | { readonly kind: 'service' }
  | { readonly kind: 'rare' }
  | { readonly kind: 'action'; readonly index: number }

export interface AlarmStream {
  readonly scope: Scope
  readonly metric: EvidenceMetric
  /** Share of the level; all streams' shares sum to 1. */
  readonly weight: number
  /** One, or p95 and p99 of a tail stream, whose mean is its evidence. */
  readonly processes: readonly { readonly evidence: Evidence; readonly onset: Onset }[]
  /** Running maximum of ln evidence, and when it was reached. */
  lnSupremum: number
  supremumSeconds: number
  /** Set once Holm has named the stream. */
  named?: { readonly seconds: number; readonly onset: number }
}

export interface ProofStream {
  readonly scope: Scope
  readonly metric: EvidenceMetric
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
  const metrics = EVIDENCE_METRICS.length
  const weights = weightsOf(metrics, metrics * plan.actions.length)
  const declare = (scope: Scope, weight: number): AlarmStream[] =>
    EVIDENCE_METRICS.map((metric) => ({
      scope,
      metric,
      weight,
      processes: Array.from({ length: metric === 'latency_tail' ? 2 : 1 }, () => ({
        evidence: createEvidence(horizon),
        onset: createOnset(startSeconds),
      })),
      lnSupremum: 0,
      supremumSeconds: startSeconds,
    }))
  return [
    ...declare({ kind: 'service' }, weights.service),
    ...plan.actions.flatMap((_, index) => declare({ kind: 'action', index }, weights.action)),
  ]
}

export function declareProofs(plan: Plan, horizon: number): ProofStream[] {
  return scopesOf(plan).flatMap((scope) =>
    EVIDENCE_METRICS.flatMap((metric) => {
      const margin = proofMarginOf(plan, scope, metric)
      return margin === undefined
        ? []
        : [{ scope, metric, margin, evidence: createEvidence(horizon) }]
    }),
  )
}

function proofMarginOf(plan: Plan, scope: Scope, metric: EvidenceMetric): number | undefined {
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
      return margins?.errors
  }
}

/** Current ln evidence that the stream is worse than its alarm margin. */
export function lnUpOf({ processes }: AlarmStream): number {
  return lnMean(processes.map(({ evidence }) => evidence.lnUp))
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
