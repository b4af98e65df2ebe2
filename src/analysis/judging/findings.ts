/** What was found: the named streams of all phases, the fixed rule, and differences within margin. */

import type { Plan } from '../../core/contract/plan.ts'
import type { FieldReport, Finding, Note } from '../../core/contract/report.ts'
import { WHOLE_SERVICE, type Role } from '../../core/verdict.ts'
import { lnDiffers } from '../interval.ts'
import { lnThresholdOf, rankSuspects } from '../multiplicity.ts'
import { alarmMarginOf, findAlarm, findEffect, nameOf, rounded } from './estimates.ts'
import { countsOf, isNameable, type PhaseState } from './phase-state.ts'
import { isResource, lnDownOf, lnUpOf, onsetOf, type AlarmStream } from './streams.ts'
import type { RunState } from './run-state.ts'

const SERVICE = { kind: 'service' } as const

/** Regressed streams: the fixed rule first, then causes, then the strongest evidence. */
export function findingsOf(state: RunState, plan: Plan): Finding[] {
  const episodes = new Set(state.phases.map(({ episode }) => episode))
  const found = [...episodes].flatMap((episode) => findingsOfEpisode(state, plan, episode))
  return found.toSorted(
    (left, right) =>
      rankOf(right) - rankOf(left) ||
      (left.rule === 'critical' ? 0 : right.lnEvidence - left.lnEvidence),
  )
}

function rankOf({ rule, role }: Finding): number {
  return rule === 'critical' ? 2 : Number(role === 'cause')
}

/** A phase alone: the fixed rule if it fired in it, and the actions that it named. */
export function findingsOfPhase(state: RunState, plan: Plan, phase: PhaseState): Finding[] {
  if (phase.closed !== undefined) return [...phase.closed]
  const named = phase.alarms
    .filter((stream) => isNameable(stream) && stream.named !== undefined)
    .map((stream) => namedFinding(state, plan, phase, stream))
  const found = [...criticalFindings(state, plan, phase), ...named]
  if (found.length > 0 || phase.alarm === undefined) return found
  return [unlocalisedFinding(state, plan, phase)]
}

/** An alarm that named nothing speaks only where nothing else does. */
function findingsOfEpisode(state: RunState, plan: Plan, episode: number): Finding[] {
  const all = state.phases
    .filter((phase) => phase.episode === episode)
    .flatMap((phase) => findingsOfPhase(state, plan, phase))
  const first = all.filter(
    (finding, index) => all.findIndex((other) => isSameFinding(other, finding)) === index,
  )
  const local = first.filter((finding) => !isUnlocalised(finding))
  return local.length > 0 ? local : first.slice(0, 1)
}

/** The run alarmed, and this finding names no action. */
export function isUnlocalised({ action, rule, metric }: Finding): boolean {
  return action === WHOLE_SERVICE && rule === 'evidence' && !isResource(metric)
}

function isSameFinding(one: Finding, other: Finding): boolean {
  return one.action === other.action && one.metric === other.metric && one.rule === other.rule
}

/** When a finding's evidence was last at its highest, in seconds from the end of the warm-up. */
export function lastRiseSeconds(state: RunState, plan: Plan, finding: Finding): number {
  const rises = state.phases.flatMap((phase) =>
    phase.alarms
      .filter(
        ({ scope, metric }) =>
          metric === finding.metric &&
          nameOf(plan, scope) === finding.action &&
          phase.phase === finding.phase,
      )
      .map((stream) => stream.supremumSeconds - state.originSeconds),
  )
  return Math.max(0, ...rises)
}

/**
 * Typical ratios that differ for certain (for all actions together with 1 − α) and lie within the
 * margin. The interval shown is that of the action alone.
 */
export function notesOf(state: RunState, plan: Plan, findings: readonly Finding[]): Note[] {
  const phase = state.phases.at(-1)
  if (phase === undefined) return []
  const metric = 'latency_typical'
  const typical = phase.intervals.filter(({ effect }) => effect === 'typical')
  const lnThreshold = Math.log((2 * typical.length) / plan.alpha)
  return typical.flatMap(({ scope, interval }) => {
    if (scope.kind !== 'action') return []
    const action = nameOf(plan, scope)
    if (findings.some((finding) => finding.action === action && finding.metric === metric)) {
      return []
    }
    const differs = lnDiffers(interval) >= lnThreshold
    const effect = findEffect(phase, plan, scope, metric)
    const margin = alarmMarginOf(plan, state.parameters.at(-1), scope, metric)
    if (!differs || effect === undefined || effect.estimate > 1 + margin) return []
    return [{ action, metric, effect }]
  })
}

/** Scopes whose interval had to start anew because the effect changed. */
export function changedScopes(state: RunState, plan: Plan): string[] {
  const phase = state.phases.at(-1)
  const changed =
    phase?.intervals.filter(
      ({ effect, interval }) => effect === 'typical' && interval.restarts > 0,
    ) ?? []
  return changed.map(({ scope }) => nameOf(plan, scope))
}

function namedFinding(
  state: RunState,
  plan: Plan,
  phase: PhaseState,
  stream: AlarmStream,
): Finding {
  const { scope, metric, weight, lnSupremum, named } = stream
  const effect = findEffect(phase, plan, scope, metric)
  const role = roleOf(state, phase)
  const transient = lnDownOf(stream) >= -Math.log(plan.alphaHealthy)
  const fields = fieldsOf(phase, stream)
  return {
    action: nameOf(plan, scope),
    metric,
    verdict: 'regressed',
    ...(role === undefined ? {} : { role }),
    ...(effect === undefined ? {} : { effect }),
    margin: alarmMarginOf(plan, state.parameters.at(-1), scope, metric),
    lnEvidence: lnSupremum,
    lnThreshold: lnThresholdOf(phase.alpha, weight),
    ...momentsOf(state, named?.seconds ?? 0, named?.onset ?? 0),
    phase: phase.phase,
    episode: phase.episode,
    transient,
    ...(transient ? { ended: momentOf(state, stream.supremumSeconds) } : {}),
    ...(fields.length === 0 ? {} : { fields }),
    rule: 'evidence',
  }
}

/** More fields than these do not help to find the fault. */
const MOST_FIELDS_SHOWN = 10

/** The fields that differ more in the canary than between baselines, the strongest first. */
function fieldsOf({ counts }: PhaseState, { scope, fields = [] }: AlarmStream): FieldReport[] {
  const seconds = scope.kind === 'action' ? (counts[scope.index]?.seconds ?? 0) : 0
  if (seconds === 0) return []
  return fields
    .filter(({ canary, control, evidence }) => canary > control && evidence.lnUp > 0)
    .toSorted((left, right) => right.evidence.lnUp - left.evidence.lnUp)
    .slice(0, MOST_FIELDS_SHOWN)
    .map(({ path, canary, control }) => ({
      path,
      canaryShare: rounded(canary / seconds),
      controlShare: rounded(control / seconds),
    }))
}

/** The run alarmed and no action could be named: the strongest share of the alarm says the metric. */
function unlocalisedFinding(state: RunState, plan: Plan, phase: PhaseState): Finding {
  const strongest = phase.alarms.reduce((best, stream) =>
    lnShareOf(stream) > lnShareOf(best) ? stream : best,
  )
  const { metric } = strongest
  const effect = findEffect(phase, plan, SERVICE, metric)
  return {
    action: WHOLE_SERVICE,
    metric,
    verdict: 'regressed',
    ...(effect === undefined ? {} : { effect }),
    margin: alarmMarginOf(plan, state.parameters.at(-1), SERVICE, metric),
    lnEvidence: phase.lnRunSupremum,
    lnThreshold: -Math.log(phase.alpha),
    ...momentsOf(state, phase.alarm?.seconds ?? 0, onsetOf(strongest)),
    phase: phase.phase,
    episode: phase.episode,
    transient: lnDownOf(strongest) >= -Math.log(plan.alphaHealthy),
    rule: 'evidence',
  }
}

/** What the stream puts into the run's evidence at its best. */
function lnShareOf({ weight, lnSupremum }: AlarmStream): number {
  return Math.log(weight) + lnSupremum
}

/** Of the phase in which the fixed rule fired; empty for any other. */
function criticalFindings(state: RunState, plan: Plan, phase: PhaseState): Finding[] {
  const { critical, criticalSeconds = 0, criticalOnset = 0 } = state.rules
  const firedIn = state.phases.findLast(({ startSeconds }) => startSeconds < criticalSeconds)
  const stream = findAlarm(phase, SERVICE, 'errors')
  if (critical === undefined || firedIn !== phase || stream === undefined) return []
  const { pairs, baselineFailed, canaryFailed } = countsOf(phase, plan, SERVICE)
  const estimate = rounded((canaryFailed - baselineFailed) / pairs)
  return [
    {
      action: WHOLE_SERVICE,
      metric: 'errors',
      verdict: 'regressed',
      effect: { kind: 'difference', estimate },
      margin: plan.service.margin.errors,
      lnEvidence: stream.lnSupremum,
      lnThreshold: lnThresholdOf(phase.alpha, stream.weight),
      ...momentsOf(state, criticalSeconds, criticalOnset),
      phase: phase.phase,
      episode: phase.episode,
      transient: false,
      rule: 'critical',
    },
  ]
}

/** "Only under load" can be said only where there was a quiet phase to compare with. */
function roleOf({ phases }: RunState, { phase }: PhaseState): Role | undefined {
  if (phase === 'quiet') return 'cause'
  return phases.some((one) => one.phase === 'quiet') ? 'under_load' : undefined
}

/** Report times count from the end of the warm-up, in milliseconds of a second. */
function momentsOf(
  state: RunState,
  detectedSeconds: number,
  onsetSeconds: number,
): { readonly detectedAt: number; readonly onset: number } {
  return {
    detectedAt: momentOf(state, detectedSeconds),
    onset: momentOf(state, onsetSeconds),
  }
}

function momentOf({ originSeconds }: RunState, seconds: number): number {
  return Number(Math.max(0, seconds - originSeconds).toFixed(3))
}

/** Where no action could be named: those that deserve a look, at most a share α of them wrong. */
export function suspectsOf(phase: PhaseState, plan: Plan): string[] {
  const actions = phase.alarms.filter(({ scope }) => scope.kind === 'action')
  const ranked = rankSuspects(
    actions.map((stream) => lnUpOf(stream)),
    phase.alpha,
  )
  const names = ranked
    .flatMap((index) => actions[index] ?? [])
    .map(({ scope }) => nameOf(plan, scope))
  return [...new Set(names)]
}
