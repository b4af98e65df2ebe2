/** One row for each action, and one for the pool of rare actions: what the forest plot shows. */

import type { Plan } from '../../core/contract/plan.ts'
import type { ActionReport, Finding, MetricReport } from '../../core/contract/report.ts'
import { METRICS, type Metric, type Verdict } from '../../core/verdict.ts'
import { lnThresholdOf } from '../multiplicity.ts'
import {
  alarmMarginOf,
  findAlarm,
  findEffect,
  findShareEffect,
  nameOf,
  withFloor,
} from './estimates.ts'
import { findNeed } from './needs.ts'
import { countsOf, type PhaseState } from './phase-state.ts'
import { isMeasured, isSame, lnUpOf, scopesOf, type ProofStream, type Scope } from './streams.ts'
import { isLastPhase, type RunState } from './run-state.ts'

/** @param judged false where the run is invalid: then nothing is said about any action */
export function rowsOf(
  state: RunState,
  plan: Plan,
  findings: readonly Finding[],
  judged: boolean,
): ActionReport[] {
  return scopesOf(plan).map((scope) => rowOf(state, plan, scope, findings, judged))
}

export function findProof(
  phase: PhaseState,
  scope: Scope,
  metric: Metric,
): ProofStream | undefined {
  return phase.proofs.find((proof) => proof.metric === metric && isSame(proof.scope, scope))
}

function rowOf(
  state: RunState,
  plan: Plan,
  scope: Scope,
  findings: readonly Finding[],
  judged: boolean,
): ActionReport {
  const action = nameOf(plan, scope)
  const own = findings.filter((finding) => finding.action === action)
  const metrics = METRICS.filter((metric) => isMeasured(plan, scope, metric)).flatMap(
    (metric) => findMetricRow(state, plan, scope, metric, own) ?? [],
  )
  const claimed = metrics.filter(({ healthyMargin }) => healthyMargin !== undefined)
  const healthy = claimed.length > 0 && claimed.every(({ verdict }) => verdict === 'healthy')
  const verdict: Verdict = own.length > 0 ? 'regressed' : healthy ? 'healthy' : 'inconclusive'
  const need = judged && verdict === 'inconclusive' ? findNeed(state, plan, scope) : undefined
  return {
    action,
    required: scope.kind === 'action' && plan.actions[scope.index]?.required === true,
    verdict: judged ? verdict : 'inconclusive',
    pairs: state.phases.reduce((sum, phase) => sum + countsOf(phase, plan, scope).pairs, 0),
    ...(need === undefined ? {} : { need }),
    metrics: judged
      ? metrics
      : metrics.map((metric) => ({ ...metric, verdict: 'inconclusive' as const })),
  }
}

/** Undefined for a metric of the pool that is not proven: the pool raises no alarm of its own. */
function findMetricRow(
  state: RunState,
  plan: Plan,
  scope: Scope,
  metric: Metric,
  own: readonly Finding[],
): MetricReport | undefined {
  const phase = state.phases.at(-1)
  const finding = own.find((found) => found.metric === metric)
  if (phase === undefined) return undefined
  const parameters = state.parameters.at(-1)
  const alarm = findAlarm(phase, scope, metric)
  const proof = findProof(phase, scope, metric)
  if (alarm === undefined && proof === undefined) return undefined
  const effect = finding?.effect ?? findLatestEffect(state, plan, scope, metric)
  const share = metric === 'latency_tail' ? findShareEffect(phase, plan, scope) : undefined
  const proven =
    isLastPhase(state, plan) &&
    proof !== undefined &&
    proof.evidence.lnDown >= -Math.log(plan.alphaHealthy)
  const healthyMargin = proof && healthyMarginOf(state, proof)
  const weight = alarm?.weight ?? phase.alarms.at(-1)?.weight ?? 1
  return {
    metric,
    verdict: finding === undefined ? (proven ? 'healthy' : 'inconclusive') : 'regressed',
    ...(effect === undefined ? {} : { effect }),
    ...(share === undefined ? {} : { share }),
    margin:
      alarm === undefined
        ? (healthyMargin ?? 0)
        : (finding?.margin ?? alarmMarginOf(plan, parameters, scope, metric)),
    ...(healthyMargin === undefined ? {} : { healthyMargin }),
    lnEvidence: finding?.lnEvidence ?? (alarm ? lnUpOf(alarm) : (proof?.evidence.lnUp ?? 0)),
    ...(proof === undefined ? {} : { lnHealthyEvidence: proof.evidence.lnDown }),
    lnThreshold: finding?.lnThreshold ?? lnThresholdOf(phase.alpha, weight),
  }
}

function healthyMarginOf(state: RunState, { scope, metric, margin }: ProofStream): number {
  // The tail's claim is a share above p95, which has no floor in milliseconds.
  if (metric === 'latency_tail') return margin
  return withFloor(margin, state.parameters.at(-1), scope, metric)
}

/** A phase that has just begun knows nothing yet: then the one before still speaks. */
function findLatestEffect(
  state: RunState,
  plan: Plan,
  scope: Scope,
  metric: Metric,
): MetricReport['effect'] {
  for (const phase of state.phases.toReversed()) {
    const effect = findEffect(phase, plan, scope, metric)
    if (effect !== undefined) return effect
  }
  return undefined
}
