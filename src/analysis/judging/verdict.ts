/**
 * The verdict of a run by precedence: critical, baseline ill, generator the bottleneck, alarm, any
 * other reason not to judge, healthy, and else inconclusive. "No data" is never "pass".
 */

import type { Plan } from '../../core/contract/plan.ts'
import type { Finding, Reason } from '../../core/contract/report.ts'
import type { RunVerdict } from '../../core/verdict.ts'
import { findQuantile } from '../sketch.ts'
import { waitsReason } from '../strain/waits.ts'
import {
  changedScopes,
  findingsOf,
  isUnlocalised,
  lastRiseSeconds,
  suspectsOf,
} from './findings.ts'
import { countsOf } from './phase-state.ts'
import { isLastPhase, isProven, judgedSeconds, pairsOf, type RunState } from './run-state.ts'
import { hasMemory } from './wobble.ts'
import { countWords, percentWords, secondsWords } from './words.ts'

/** What the caller knows and the blocks do not. */
export interface RunCircumstances {
  /** The run is over: only then can it be found to have lacked something. */
  readonly over: boolean
  readonly interrupted: boolean
  readonly generatorStrained: boolean
  /** A recorded file: its own rate is the planned one, and its end is the end. */
  readonly recorded: boolean
  readonly breaker?: string
}

export interface RunJudgement {
  readonly verdict: RunVerdict
  readonly findings: readonly Finding[]
  /** The deciding one first. */
  readonly reasons: readonly Reason[]
}

export const LEAST_SECONDS = 20
/** One pair a second for as long. */
const LEAST_PAIRS = 20
/** The generator is the bottleneck beyond these. */
export const LAG_MS = 10
export const LAG_SHARE_OF_MEDIAN = 0.2
export const NOT_SENT_SHARE = 0.1
/** Of the blocks; their latencies are left out in any case. */
const STRAINED_SHARE = 0.5
const DELIVERED_SHARE = 0.9
export const CAPPED_SHARE = 0.05
/** Both arms were capped about equally often: the rarer at least half as often. */
const ALIKE = 0.5
const COLD_START_SECONDS = 30

export function judgeRun(state: RunState, plan: Plan, now: RunCircumstances): RunJudgement {
  const told = informationOf(state, plan, now)
  const found = findingsOf(state, plan)
  const critical = criticalReason(state)
  if (critical) return { verdict: 'regressed', findings: found, reasons: [critical, ...told] }
  const invalid = (reason: Reason): RunJudgement => ({
    verdict: 'invalid',
    findings: [],
    reasons: [reason, ...told],
  })
  const ill = illReason(state, plan)
  if (ill) return invalid(ill)
  const strained = now.over ? strainReason(state, plan, now) : undefined
  if (strained) return invalid(strained)
  const capped = cappedReason(state)
  const voided = capped !== undefined && cappedAlike(state)
  const cold = found.length > 0 ? coldStartReason(state, plan, found) : undefined
  if (found.length > 0 && !voided && cold === undefined) {
    return {
      verdict: 'regressed',
      findings: found,
      reasons: [...localReasons(state, plan, found), ...told],
    }
  }
  const other = now.over
    ? (missingReason(state, plan, now) ?? jumpReason(state) ?? capped)
    : undefined
  if (other) return invalid(other)
  const kept = cold === undefined ? told : [cold, ...told]
  const stopper = healthStopper(state, plan, now)
  const proven = isProven(state, plan) && stopper === undefined
  if (proven) return { verdict: 'healthy', findings: [], reasons: kept }
  const rest = kept.filter(({ code }) => code !== stopper?.code)
  const reasons = stopper === undefined ? kept : [stopper, ...rest]
  return { verdict: 'inconclusive', findings: [], reasons }
}

/** Whether a proof may end the run: nothing stands against health but the time. */
export function mayBeHealthy(state: RunState): boolean {
  const clear = state.phases.every(({ alarm }) => alarm === undefined)
  return (
    clear &&
    (state.phases.at(-1)?.cappedBlocks ?? 0) === 0 &&
    !hasWaited(state) &&
    judgedSeconds(state) >= LEAST_SECONDS
  )
}

/** Whether a request of the present phase waited for a connection of ours. */
function hasWaited({ waits, phases }: RunState): boolean {
  return waits !== undefined && waits.toSeconds > (phases.at(-1)?.startSeconds ?? 0)
}

/** The fixed rule in words; undefined while it did not fire. */
export function criticalReason({ rules: { critical } }: RunState): Reason | undefined {
  if (critical === undefined) return undefined
  const message =
    critical.kind === 'failures'
      ? `${critical.failed} of the last ${critical.pairs} pairs failed on the canary only`
      : `${critical.count} canary answers in a row timed out, the baseline answered`
  return { code: 'critical', message }
}

/** A baseline that fails by itself, in words. */
export function illReason({ rules: { ill } }: RunState, plan: Plan): Reason | undefined {
  if (ill === undefined) return undefined
  const share = percentWords(ill.failed / ill.pairs)
  const worst = plan.actions[ill.worst]?.action ?? ''
  const namesWorst = !ill.isOneAction && plan.actions.length > 1
  const details = [
    ...(namesWorst ? [`${worst}: ${percentWords(ill.worstShare)}`] : []),
    ...(ill.allowed > 0 ? [`its objective: ${percentWords(ill.allowed)}`] : []),
  ].join(', ')
  const what = `${countWords(ill.pairs)} requests${ill.isOneAction ? ` of ${worst}` : ''}`
  return {
    code: 'baseline-ill',
    message: `the baseline failed ${share} of ${what} by itself${details === '' ? '' : ` (${details})`}`,
  }
}

function strainReason(state: RunState, plan: Plan, now: RunCircumstances): Reason | undefined {
  const code = 'generator-bottleneck'
  const { lagP99Ms, notSent } = generatorOf(state)
  const phase = state.phases.at(-1)
  const median = phase && findQuantile(countsOf(phase, plan, { kind: 'service' }).baseline, 0.5)
  if (lagP99Ms > LAG_MS && median !== undefined && lagP99Ms > LAG_SHARE_OF_MEDIAN * median) {
    const message = `the generator itself was late: its event loop lagged ${lagP99Ms.toFixed(1)} ms, the median answer took ${median.toFixed(1)} ms`
    return { code, message }
  }
  if (state.strained > STRAINED_SHARE * state.blocks) {
    const share = percentWords(state.strained / state.blocks)
    const waited = 2 * (state.waits?.blocks ?? 0) > state.strained
    const message = waited
      ? `requests waited for a connection in ${share} of ${countWords(state.blocks)} blocks, so their latencies do not count`
      : `the generator itself was late in ${share} of ${countWords(state.blocks)} blocks, so their latencies do not count`
    return { code, message }
  }
  const due = notSent + pairsOf(state)
  if (notSent > NOT_SENT_SHARE * due) {
    const message = `the generator did not send ${percentWords(notSent / due)} of ${countWords(due)} due steps`
    return { code, message }
  }
  if (!now.generatorStrained) return undefined
  return { code, message: 'the generator itself was the bottleneck' }
}

/** The generator over the judged time: median lag p99 of its seconds, mean cpu, steps not sent. */
export function generatorOf(state: RunState): {
  readonly lagP99Ms: number
  readonly cpu: number
  readonly notSent: number
} {
  const end = state.phases.at(-1)?.endSeconds ?? 0
  const readings = state.readings.filter(({ at }) => at > state.originSeconds && at <= end)
  const lags = readings.map(({ lagP99Ms }) => lagP99Ms).toSorted((left, right) => left - right)
  return {
    lagP99Ms: lags[Math.floor(lags.length / 2)] ?? 0,
    cpu: readings.length === 0 ? 0 : sumOf(readings.map(({ cpu }) => cpu)) / readings.length,
    notSent: sumOf(readings.map(({ notSent }) => notSent)),
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0)
}

function cappedReason({ capped, blocks }: RunState): Reason | undefined {
  if (capped.blocks <= CAPPED_SHARE * blocks || capped.baseline === 0) return undefined
  const share = percentWords(capped.blocks / blocks)
  const message = `${share} of ${countWords(blocks)} blocks had to be cut in a stall, so pauses of the platform would look like evidence`
  return { code: 'capped-blocks', message }
}

function cappedAlike({ capped: { baseline, canary } }: RunState): boolean {
  return Math.min(baseline, canary) >= ALIKE * Math.max(baseline, canary)
}

function coldStartReason(
  state: RunState,
  plan: Plan,
  findings: readonly Finding[],
): Reason | undefined {
  const passed = findings.every(
    (finding) => finding.transient && lastRiseSeconds(state, plan, finding) <= COLD_START_SECONDS,
  )
  if (!passed) return undefined
  const names = [...new Set(findings.map(({ action }) => action))].join(', ')
  const message = `a cold start: ${names} was worse at first and is not any more`
  return { code: 'cold-start', message }
}

function missingReason(state: RunState, plan: Plan, now: RunCircumstances): Reason | undefined {
  if (pairsOf(state) === 0) {
    if (now.interrupted) return undefined
    return { code: 'no-pairs', message: 'no pair of baseline and canary answers was measured' }
  }
  if (pairsOf(state) < LEAST_PAIRS && !now.interrupted) {
    const message = `only ${countWords(pairsOf(state))} pairs were measured, too few to say anything`
    return { code: 'too-few-pairs', message }
  }
  const load = state.phases.find(({ phase }) => phase === 'load')
  if (load === undefined || now.recorded) return undefined
  const { pairs } = countsOf(load, plan, { kind: 'service' })
  const planned = plan.rate * (load.endSeconds - load.startSeconds)
  // Arrivals are random: three standard deviations of a Poisson count are no lack.
  if (pairs + 3 * Math.sqrt(planned) >= DELIVERED_SHARE * planned) return undefined
  const share = percentWords(pairs / planned)
  const message = `only ${share} of the load was delivered, because every user was waiting for an answer: lower the rate`
  return { code: 'load-not-delivered', message }
}

function jumpReason({ jumpSeconds }: RunState): Reason | undefined {
  if (jumpSeconds === 0) return undefined
  const message = `the clock jumped by ${secondsWords(jumpSeconds)}: the machine slept or was paused, so before and after cannot be compared`
  return { code: 'clock-jump', message }
}

/** Why the run cannot be called healthy even if every claim is proven. */
function healthStopper(state: RunState, plan: Plan, now: RunCircumstances): Reason | undefined {
  const ended = state.stopped === 'proof' || state.stopped === 'time' || now.recorded
  const last = state.phases.at(-1)
  if (now.over && !ended) {
    const code = 'interrupted'
    return { code, message: `the run was ended after ${secondsWords(judgedSeconds(state))}` }
  }
  if (last !== undefined && isLastPhase(state, plan) && last.cappedBlocks > 0) {
    const message = `${countWords(last.cappedBlocks)} blocks had to be cut in a stall`
    return { code: 'capped-blocks', message }
  }
  const waits = waitsReason(state.waits)
  if (waits !== undefined && hasWaited(state)) return waits
  if (now.over && judgedSeconds(state) < LEAST_SECONDS) {
    return { code: 'too-short', message: `less than ${LEAST_SECONDS} s were judged` }
  }
  return undefined
}

/** Why an alarm named no action; empty where it did. */
export function localReasons(state: RunState, plan: Plan, findings: readonly Finding[]): Reason[] {
  if (!findings.some(isUnlocalised)) return []
  const phase = state.phases.find(({ alarm }) => alarm !== undefined)
  const suspects = phase === undefined ? [] : suspectsOf(phase, plan)
  const look = suspects.length === 0 ? '' : `; look at ${suspects.join(', ')} first`
  return [{ code: 'not-localised', message: `no single action could be named${look}` }]
}

/** What a reader should know beside the verdict. */
export function informationOf(state: RunState, plan: Plan, now: RunCircumstances): Reason[] {
  const changed = changedScopes(state, plan)
  const waits = waitsReason(state.waits)
  return [
    ...(waits === undefined ? [] : [waits]),
    ...(now.breaker === undefined
      ? []
      : [
          {
            code: 'breaker',
            message: `the traffic was stopped: the ${now.breaker} failed half of its requests`,
          },
        ]),
    ...(changed.length === 0
      ? []
      : [
          {
            code: 'effect-changed',
            message: `the ratio changed during the run: ${changed.join(', ')}`,
          },
        ]),
    ...(state.phases.some(({ wobble }) => hasMemory(wobble))
      ? [{ code: 'arm-noise', message: 'arm noise has memory: raise the margin or the block' }]
      : []),
    ...(state.odd === 0
      ? []
      : [
          {
            code: 'odd-latency',
            message: `${countWords(state.odd)} latencies were not positive numbers and count as 0.01 ms`,
          },
        ]),
  ]
}
