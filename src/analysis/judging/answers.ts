/** The judge's answers, computed from the state of the run: live view, streams, the report. */

import type { Plan } from '../../core/contract/plan.ts'
import type { Report } from '../../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type EvidenceMetric } from '../../core/verdict.ts'
import type { ArmQuantiles, LiveJudgement, RunEnd, StreamJudgement } from '../judge.ts'
import { lnThresholdOf } from '../multiplicity.ts'
import { findQuantile, type Sketch } from '../sketch.ts'
import { findAlarm, findEffect } from './estimates.ts'
import { notesOf } from './findings.ts'
import { recentBaselineShare } from './fixed-rules.ts'
import { findNeed, findRemainingSeconds } from './needs.ts'
import { countsOf, type PhaseState } from './phase-state.ts'
import { lnUpOf, type Scope } from './streams.ts'
import { findProof, rowsOf } from './rows.ts'
import { judgedSeconds, pairsOf, type RunState } from './run-state.ts'
import { liveSentence, summaryOf, type SummaryInput } from './summary.ts'
import { generatorOf, judgeRun, type RunCircumstances, type RunJudgement } from './verdict.ts'

const SERVICE = { kind: 'service' } as const

/** @throws RangeError for a name that is not in the plan */
export function scopeOf(plan: Plan, action: string): Scope {
  const index = plan.actions.findIndex((planned) => planned.action === action)
  if (index >= 0) return { kind: 'action', index }
  if (action === WHOLE_SERVICE) return SERVICE
  if (action === RARE_POOL && plan.rare.judged) return { kind: 'rare' }
  throw new RangeError(`The plan has no action "${action}"`)
}

export function liveJudgement(state: RunState, plan: Plan, now: RunCircumstances): LiveJudgement {
  const judged = judgeRun(state, plan, now)
  const summary = summaryInput(state, plan, judged)
  const remainingSeconds = findRemainingSeconds(state, plan)
  const present = state.phases.at(-1)
  return {
    actions: [...summary.actions],
    findings: [...judged.findings],
    lnRun: present?.lnRun ?? 0,
    lnRunThreshold: -Math.log(present?.alpha ?? plan.alpha / plan.phases.length),
    reasons: [...judged.reasons],
    ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
    sentence: liveSentence(summary, remainingSeconds),
    pairs: pairsOf(state),
    baselineFailureShare: recentBaselineShare(state.rules),
  }
}

export function streamJudgement(
  state: RunState,
  plan: Plan,
  scope: Scope,
  metric: EvidenceMetric,
): StreamJudgement {
  const present = state.phases.at(-1)
  if (present === undefined) return { lnEvidence: 0, lnThreshold: -Math.log(plan.alpha), pairs: 0 }
  const alarm = findAlarm(present, scope, metric)
  const proof = findProof(present, scope, metric)
  const ratio = metric === 'errors' ? undefined : findEffect(present, plan, scope, metric)
  const weight = alarm?.weight ?? present.alarms.at(-1)?.weight ?? 1
  return {
    lnEvidence: alarm === undefined ? (proof?.evidence.lnUp ?? 0) : lnUpOf(alarm),
    ...(proof === undefined ? {} : { lnHealthyEvidence: proof.evidence.lnDown }),
    ...(ratio === undefined ? {} : { ratio: ratio.estimate }),
    lnThreshold: lnThresholdOf(present.alpha, weight),
    pairs: state.phases.reduce((sum, phase) => sum + countPairs(phase, plan, scope), 0),
  }
}

/** Quantiles that the chart draws, where at least ten answers lie above. */
const QUANTILES = [
  0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999,
]
const ANSWERS_ABOVE = 10

export function armQuantiles(state: RunState, plan: Plan, scope: Scope): ArmQuantiles {
  const present = state.phases.at(-1)
  if (present === undefined) return { baseline: [], canary: [] }
  const { baseline, canary } = countsOf(present, plan, scope)
  return { baseline: quantilesOf(baseline), canary: quantilesOf(canary) }
}

export function concludeRun(
  state: RunState,
  plan: Plan,
  end: RunEnd,
  judged: RunJudgement,
): Report {
  const summary = summaryInput(state, plan, judged)
  const { lagP99Ms, cpu, notSent } = generatorOf(state)
  return {
    schema: 'outrider.report/1',
    run: end.run,
    plan: end.planHash,
    verdict: judged.verdict,
    summary: summaryOf(summary),
    alpha: plan.alpha,
    startedAt: end.startedAt,
    seconds: tenths(end.seconds),
    phases: end.phases.map(({ name, seconds }) => ({ name, seconds: tenths(seconds) })),
    warmupSeconds: tenths(end.warmupSeconds ?? state.originSeconds),
    pairs: pairsOf(state),
    requests: end.tally.requests(),
    findings: [...judged.findings],
    notes: [...summary.notes],
    actions: [...summary.actions],
    arms: end.tally.report(),
    skipped: [...end.skipped],
    reasons: [...judged.reasons],
    generator: {
      lagP99Ms,
      cpu: Number(cpu.toFixed(4)),
      notSent,
      cappedBlocks: state.capped.blocks,
    },
  }
}

function summaryInput(state: RunState, plan: Plan, judged: RunJudgement): SummaryInput {
  const { verdict, findings, reasons } = judged
  const valid = verdict !== 'invalid'
  const serviceNeed = findNeed(state, plan, SERVICE)
  return {
    plan,
    verdict,
    findings,
    reasons,
    notes: valid ? notesOf(state, plan, findings) : [],
    actions: rowsOf(state, plan, findings, valid),
    ...(serviceNeed === undefined ? {} : { serviceNeed }),
    seconds: judgedSeconds(state),
  }
}

function countPairs(phase: PhaseState, plan: Plan, scope: Scope): number {
  return countsOf(phase, plan, scope).pairs
}

function quantilesOf(sketch: Sketch): [number, number][] {
  return QUANTILES.flatMap((q): [number, number][] => {
    const latencyMs = findQuantile(sketch, q)
    if (latencyMs === undefined || sketch.total * (1 - q) < ANSWERS_ABOVE) return []
    return [[q, Number(latencyMs.toPrecision(4))]]
  })
}

function tenths(seconds: number): number {
  return Number(seconds.toFixed(1))
}
