/** The judge's answers, computed from the state of the run: live view, streams, the report. */

import type { Plan } from '../../core/contract/plan.ts'
import type { Report } from '../../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type Metric } from '../../core/verdict.ts'
import type {
  ArmQuantiles,
  BaselineFigure,
  LiveJudgement,
  RunEnd,
  StreamJudgement,
} from '../judge.ts'
import { lnThresholdOf } from '../multiplicity.ts'
import { findQuantile, type Sketch } from '../sketch.ts'
import { memorySlope } from '../resources/slope.ts'
import { waitsOf } from '../strain/waits.ts'
import { cpuMsPerRequest, cpuShare } from '../streams/resources.ts'
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
  metric: Metric,
): StreamJudgement {
  const present = state.phases.at(-1)
  if (present === undefined) return { lnEvidence: 0, lnThreshold: -Math.log(plan.alpha), pairs: 0 }
  const alarm = findAlarm(present, scope, metric)
  const proof = findProof(present, scope, metric)
  const effect = findEffect(present, plan, scope, metric)
  const weight = alarm?.weight ?? present.alarms.at(-1)?.weight ?? 1
  return {
    lnEvidence: alarm === undefined ? (proof?.evidence.lnUp ?? 0) : lnUpOf(alarm),
    ...(proof === undefined ? {} : { lnHealthyEvidence: proof.evidence.lnDown }),
    ...(effect?.kind === 'ratio' ? { ratio: effect.estimate } : {}),
    lnThreshold: lnThresholdOf(present.alpha, weight),
    pairs: state.phases.reduce((sum, phase) => sum + countPairs(phase, plan, scope), 0),
  }
}

/** Quantiles that the chart draws, where at least ten answers lie above. */
const QUANTILES = [
  0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999,
]
const ANSWERS_ABOVE = 10

/** A median of fewer pairs says little. */
const LEAST_FIGURE_PAIRS = 30

/** Of the present phase; before the first one what the warm-up measured. */
export function baselineFigures({ phases, learning }: RunState, plan: Plan): BaselineFigure[] {
  const present = phases.at(-1)
  if (present === undefined) {
    return plan.actions.flatMap(({ action }, index) => {
      const { baseline } = learning[index] ?? {}
      const value = baseline && findQuantile(baseline, 0.5)
      if (value === undefined || (baseline?.total ?? 0) < LEAST_FIGURE_PAIRS) return []
      return [{ action, metric: 'latency_typical' as const, value, pairs: baseline?.total ?? 0 }]
    })
  }
  return present.counts.flatMap(({ pairs, baselineFailed, baseline }, index) => {
    const action = plan.actions[index]?.action
    const medianMs = findQuantile(baseline, 0.5)
    if (action === undefined || pairs < LEAST_FIGURE_PAIRS) return []
    const errors = { action, metric: 'errors' as const, value: baselineFailed / pairs, pairs }
    if (medianMs === undefined) return [errors]
    return [{ action, metric: 'latency_typical' as const, value: medianMs, pairs }, errors]
  })
}

export function armQuantiles(state: RunState, plan: Plan, scope: Scope): ArmQuantiles {
  const present = state.phases.at(-1)
  if (present === undefined) return { baseline: [], canary: [] }
  const { baseline, canary } = countsOf(present, plan, scope)
  return { baseline: quantilesOf(baseline), canary: quantilesOf(canary) }
}

export function concludeRun(state: RunState, plan: Plan, end: RunEnd, found: RunJudgement): Report {
  const { correlated } = end
  const judged =
    correlated === undefined
      ? found
      : {
          ...found,
          findings: correlated.findings,
          reasons: [...found.reasons, ...correlated.reasons],
        }
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
    arms: armsOf(state, end),
    ...mixOf(state, plan),
    skipped: [...end.skipped],
    reasons: [...judged.reasons],
    generator: {
      lagP99Ms,
      cpu: Number(cpu.toFixed(4)),
      notSent,
      cappedBlocks: state.capped.blocks,
      ...(state.strained === 0 ? {} : { strainedBlocks: state.strained }),
      ...waitsOf(state.waits),
      ...secondOf(end),
    },
  }
}

function secondOf({ order }: RunEnd): Pick<Report['generator'], 'second'> {
  const cost = order?.cost()
  if (cost === undefined) return {}
  const [ratio = 1, low = 1, high = 1] = [cost.ratio, cost.low, cost.high].map((value) =>
    Number(value.toFixed(4)),
  )
  return { second: { ratio, low, high, pairs: cost.pairs } }
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

/** The mix of the judged pairs beside the natural one. */
function mixOf({ phases }: RunState, plan: Plan): Pick<Report, 'mix'> {
  const pairs = plan.actions.map((_, index) =>
    phases.reduce((sum, { counts }) => sum + (counts[index]?.pairs ?? 0), 0),
  )
  const all = pairs.reduce((sum, count) => sum + count, 0)
  if (all === 0) return {}
  const mix = plan.actions.map(({ action, share }, index) => ({
    action,
    natural: Number(share.toFixed(4)),
    delivered: Number(((pairs[index] ?? 0) / all).toFixed(4)),
  }))
  return { mix }
}

/** The tally, and what the processes used. */
function armsOf({ resources }: RunState, { tally, seconds }: RunEnd): Report['arms'] {
  const arms = tally.report()
  for (const arm of ['baseline', 'canary'] as const) {
    const report = arms[arm]
    const track = resources.arms[arm]
    if (report === undefined || track.last.size === 0) continue
    const share = cpuShare(resources, arm)
    const sent = report.requests + (report.repeats ?? 0)
    const cpuMs =
      cpuMsPerRequest(resources, arm) ??
      (share === undefined || sent === 0 ? undefined : (1000 * share * seconds) / sent)
    arms[arm] = {
      ...report,
      ...(cpuMs === undefined ? {} : { cpuMsPerRequest: Number(cpuMs.toPrecision(3)) }),
      ...slopeOf(track.slots),
      ...(track.rssBytes > 0 ? { rssMb: Number((track.rssBytes / 1e6).toPrecision(3)) } : {}),
    }
  }
  return arms
}

/** A process that has just begun grows in any case. */
const LEAST_SLOPE_SECONDS = 60

function slopeOf(slots: readonly { readonly at: number; readonly bytes: number }[]): {
  readonly rssMbPerMinute?: number
} {
  const seconds = (slots.at(-1)?.at ?? 0) - (slots[0]?.at ?? 0)
  if (seconds < LEAST_SLOPE_SECONDS) return {}
  const slope = memorySlope(slots.map(({ at, bytes }) => ({ at, rssBytes: bytes })))
  return slope === undefined ? {} : { rssMbPerMinute: Number(slope.mbPerMinute.toPrecision(3)) }
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
