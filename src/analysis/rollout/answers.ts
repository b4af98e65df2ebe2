/** What the judge of a rollout answers: the present judgement, the live view, the last verdict. */

import type { Arm } from '../../core/arm.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { ActionReport, Finding } from '../../core/contract/report.ts'
import type { GateResult, Judgement } from '../../core/twins.ts'
import { findingsOf, isUnlocalised } from '../judging/findings.ts'
import { recentBaselineShare } from '../judging/fixed-rules.ts'
import type { PhaseState } from '../judging/phase-state.ts'
import { rowsOf } from '../judging/rows.ts'
import { isProven, judgedSeconds, pairsOf, type RunState } from '../judging/run-state.ts'
import { foundWords, liveSentence, summaryOf } from '../judging/summary.ts'
import {
  CAPPED_SHARE,
  criticalReason,
  illReason,
  informationOf,
  judgeRun,
  LEAST_SECONDS,
  localReasons,
  type RunCircumstances,
  type RunJudgement,
} from '../judging/verdict.ts'
import { addSketch, createSketch, findQuantile } from '../sketch.ts'
import {
  alphaOfEpisode,
  presentPhase,
  waitsForName,
  type Alphas,
  type RolloutState,
} from './state.ts'

/** The state of the twins for those who watch. */
export interface LiveRollout {
  readonly actions: readonly ActionReport[]
  readonly findings: readonly Finding[]
  readonly lnRun: number
  readonly lnThreshold: number
  readonly sentence: string
  readonly remainingSeconds?: number
  readonly pairs: number
  readonly baselineFailureShare: number
}

/** Smaller than a threshold by less than anything that is shown. */
const JUST_BELOW = 1e-9

/** Undefined before the first block of the present episode, unless the fixed rule fired. */
export function judgementOf(
  state: RolloutState,
  plan: Plan,
  alphas: Alphas,
): Judgement | undefined {
  const { run, episode } = state
  const phase = presentPhase(state)
  const isCritical = run.rules.critical !== undefined
  if (phase === undefined) {
    if (!isCritical) return undefined
    const lnThreshold = -Math.log(alphaOfEpisode(alphas, episode, 'load'))
    const nothing = { lnRun: 0, lnThreshold, alarm: false, requiredHealthy: false }
    return { episode, ...nothing, critical: true, ...findingWordsOf(state, plan) }
  }
  const isIll = run.rules.ill !== undefined
  const alarm = phase.alarm !== undefined && !isIll
  const lnThreshold = -Math.log(phase.alpha)
  // Beside an ill baseline nothing can be said: whoever compares with the threshold hears the same.
  const lnRun = isIll ? Math.min(phase.lnRun, lnThreshold - JUST_BELOW) : phase.lnRun
  return {
    episode,
    lnRun,
    lnThreshold,
    alarm,
    requiredHealthy: !isIll && isHealthy(run, plan, phase),
    critical: isCritical,
    ...(alarm || isCritical ? findingWordsOf(state, plan) : {}),
  }
}

/** As in a probe, but for hours: a stall that had to be cut once does not forbid health for ever. */
function isHealthy(run: RunState, plan: Plan, phase: PhaseState): boolean {
  const seconds = phase.endSeconds - phase.startSeconds
  return (
    phase.alarm === undefined &&
    seconds >= LEAST_SECONDS &&
    phase.cappedBlocks <= CAPPED_SHARE * phase.blocks &&
    isProven(run, plan)
  )
}

function findingWordsOf(state: RolloutState, plan: Plan): { finding?: string } {
  const critical = criticalReason(state.run)
  const found = findingsOf(state.run, plan).filter(({ episode }) => episode === state.episode)
  const finding = foundWords(found, critical === undefined ? [] : [critical])
  return finding === undefined ? {} : { finding }
}

/** Findings that will not get a better name any more. */
export function settledFindings(state: RolloutState, plan: Plan): Finding[] {
  return findingsOf(state.run, plan).filter((finding) => {
    if (!isUnlocalised(finding)) return true
    const from = state.run.phases.find(
      ({ episode, phase }) => episode === finding.episode && phase === finding.phase,
    )
    return from === undefined || !waitsForName(state, from)
  })
}

/** @param remainingSeconds to the end of the gate, while it decides */
export function liveRollout(
  state: RolloutState,
  plan: Plan,
  alphas: Alphas,
  remainingSeconds?: number,
): LiveRollout {
  const { run, episode } = state
  const phase = presentPhase(state)
  const findings = findingsOf(run, plan)
  const present = findings.filter((finding) => finding.episode === episode)
  const ill = illReason(run, plan)
  const actions = rowsOf(run, plan, present, ill === undefined)
  const critical = criticalReason(run)
  const reasons = [...(critical ? [critical] : []), ...(ill ? [ill] : [])]
  const found = present.length > 0 || critical !== undefined
  const verdict = found ? 'regressed' : ill === undefined ? 'inconclusive' : 'invalid'
  const seconds = judgedSeconds(run)
  const input = { plan, verdict, findings: present, notes: [], actions, reasons, seconds } as const
  const alpha = phase?.alpha ?? alphaOfEpisode(alphas, episode, 'load')
  return {
    actions,
    findings,
    lnRun: phase?.lnRun ?? 0,
    lnThreshold: -Math.log(alpha),
    sentence: liveSentence(input, remainingSeconds),
    ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
    pairs: pairsOf(run),
    baselineFailureShare: recentBaselineShare(run.rules),
  }
}

/** The plan as the gate sees it: its end is its own. */
export function gatePlan(plan: Plan, endSeconds: number): Plan {
  return { ...plan, maxDurationSeconds: endSeconds }
}

/**
 * The gate at its end: the same verdict that a probe would have.
 * @param plan with the gate's end
 */
export function judgeGate(state: RolloutState, plan: Plan, breaker?: Arm): RunJudgement {
  const { gateEnded } = state
  const stopped = gateEnded === 'breaker' ? undefined : gateEnded
  const run: RunState = { ...state.run, ...(stopped === undefined ? {} : { stopped }) }
  return judgeRun(run, plan, {
    ...AT_THE_END,
    interrupted: false,
    recorded: false,
    ...(breaker === undefined ? {} : { breaker }),
  })
}

/** The gate's verdict with the sentence that people read. */
export function gateResultOf(
  state: RolloutState,
  plan: Plan,
  judged: RunJudgement,
): Omit<GateResult, 'run'> {
  const { verdict, findings, reasons } = judged
  switch (verdict) {
    case 'healthy':
      return { verdict }
    case 'regressed': {
      const finding = foundWords(findings, reasons)
      return { verdict, ...(finding === undefined ? {} : { finding }) }
    }
    case 'invalid':
      return { verdict, finding: reasons[0]?.message ?? 'there is nothing to judge' }
    case 'inconclusive': {
      const actions = rowsOf(state.run, plan, findings, true)
      const seconds = judgedSeconds(state.run)
      const input = { plan, verdict, findings, notes: [], actions, reasons, seconds }
      return { verdict, finding: summaryOf(input) }
    }
  }
}

const AT_THE_END: RunCircumstances = {
  over: true,
  interrupted: true,
  generatorStrained: false,
  // Someone else decides when a rollout is over and at which rate it runs, as for a recorded file.
  recorded: true,
}

/** The last verdict: regressed if any episode found something, else as it is at the end. */
export function judgeRollout(state: RolloutState, plan: Plan): RunJudgement {
  const { run } = state
  const findings = findingsOf(run, plan)
  if (findings.length === 0) return judgeRun(run, plan, AT_THE_END)
  const critical = criticalReason(run)
  const reasons = [
    ...(critical === undefined ? [] : [critical]),
    ...localReasons(run, plan, findings),
    ...informationOf(run, plan, AT_THE_END),
  ]
  return { verdict: 'regressed', findings, reasons }
}

/** Median latency of the baseline's answers of late over all actions; undefined before any. */
export function findMedianMs({ learning }: RunState): number | undefined {
  const all = createSketch()
  for (const { baseline } of learning) addSketch(all, baseline)
  return findQuantile(all, 0.5)
}
