/** The state of a rollout as data, and the one way to a decision about it. */

import type { Policy } from '../core/contract/policy-rules.ts'
import { calm, type Hysteresis } from './hysteresis.ts'
import { checkTransition, statesAfter, type StateName } from './machine.ts'
import type { Observation } from './observation.ts'
import { sentenceOf, type Cause, type Reason } from './reasons.ts'

/** Where a pause came from and where it leads back to. */
export type Pause =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'paused'
      readonly atMs: number
      /** `foreign`: someone else moved the weight, and the rollout does not fight. */
      readonly by: 'person' | 'foreign'
      readonly resumesTo: StateName
    }

/** What a rollback ends in, and why it began. */
export type Ending =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'ending'
      readonly to: 'rolled_back' | 'aborted' | 'failed'
      readonly cause: Cause
    }

/** Plain data: survives JSON. */
export interface RolloutState {
  readonly state: StateName
  /** What was last asked of the router, and what was last read back as asked. */
  readonly intendedBp: number
  readonly appliedBp: number
  readonly hysteresis: Hysteresis
  /** What the last reduction was for, in words; empty while there was none. */
  readonly anomaly: string
  /** Time of usable ticks at this weight, counted up to `countedToMs`. */
  readonly dwell: { readonly usableMs: number; readonly countedToMs: number }
  readonly nextTickAtMs: number
  /** A person opened the gate of the present stage. */
  readonly stageOpen: boolean
  /** A person wants the promotion as soon as the last weight is read back. */
  readonly promoteAsked: boolean
  readonly gate: { readonly run: number; readonly invalids: number; readonly startedAtMs: number }
  readonly pausedMs: number
  readonly pause: Pause
  readonly ending: Ending
  /** The baseline is redeployed and the weight goes back to 0. */
  readonly finalizing: boolean
  readonly lastReadAtMs: number
  /** The router's incarnation when it last read as it was asked; empty while it is not known. */
  readonly incarnation: string
  /** Readings in a row whose observed split disagrees. */
  readonly disagreements: number
  readonly reason: Reason
}

/** What the controller has to do; it is written down before it is done. */
export type Intent =
  | { readonly kind: 'none' }
  | { readonly kind: 'weight'; readonly fromBp: number; readonly toBp: number }
  | { readonly kind: 'probe'; readonly run: number }
  | { readonly kind: 'promote' }

export interface Decision {
  readonly atMs: number
  readonly state: RolloutState
  readonly intent: Intent
  /** Why this was decided; the state keeps its own reason where nothing changed. */
  readonly reason: Reason
  /** `policy`, or the person whose word it was. */
  readonly actor: string
  /** `Holding at 5 %: checkout is 1.31× slower (1.22–1.41)`. */
  readonly sentence: string
}

/** One moment of a rollout: what was before, and what is seen now. */
export interface Moment {
  readonly policy: Policy
  readonly before: RolloutState
  readonly observation: Observation
  /** A tick is due: the only moment at which the policy raises. */
  readonly due: boolean
}

export interface Step {
  readonly changes?: Partial<Omit<RolloutState, 'reason' | 'intendedBp'>>
  /** Weight to ask of the router. */
  readonly toBp?: number
  readonly intent?: Intent
  readonly cause: Cause
  readonly actor?: string
}

/** A rollout before its first observation. */
export function createRollout(): RolloutState {
  return {
    state: 'pending',
    intendedBp: 0,
    appliedBp: 0,
    hysteresis: calm,
    anomaly: '',
    dwell: { usableMs: 0, countedToMs: 0 },
    nextTickAtMs: 0,
    stageOpen: false,
    promoteAsked: false,
    gate: { run: 0, invalids: 0, startedAtMs: 0 },
    pausedMs: 0,
    pause: { kind: 'none' },
    ending: { kind: 'none' },
    finalizing: false,
    lastReadAtMs: 0,
    incarnation: '',
    disagreements: 0,
    reason: { code: 'created', message: 'nothing has been looked at yet', sinceMs: 0 },
  }
}

/** The decision that makes this step. */
export function decisionOf(moment: Moment, step: Step): Decision {
  const { before, observation } = moment
  const { atMs } = observation
  const { changes = {}, toBp, cause, actor = 'policy' } = step
  const sinceMs = cause.code === before.reason.code ? before.reason.sinceMs : atMs
  const reason: Reason = { ...cause, sinceMs }
  const moves = toBp !== undefined
  const state: RolloutState = {
    ...before,
    ...(moves ? { dwell: { usableMs: 0, countedToMs: atMs }, stageOpen: false } : {}),
    ...changes,
    intendedBp: toBp ?? before.intendedBp,
    reason,
  }
  checkTransition(before.state, state.state)
  const intent: Intent = moves
    ? { kind: 'weight', fromBp: before.intendedBp, toBp }
    : (step.intent ?? { kind: 'none' })
  return { atMs, state, intent, reason, actor, sentence: sentenceFor(state, reason) }
}

/** Nothing changes: the reason stays the one that holds. */
export function staying(moment: Moment): Decision {
  const { before, observation } = moment
  return {
    atMs: observation.atMs,
    state: before,
    intent: { kind: 'none' },
    reason: before.reason,
    actor: 'policy',
    sentence: sentenceFor(before, before.reason),
  }
}

/** Nothing changes, and a person is told why not. */
export function refusing(moment: Moment, cause: Cause, by: string): Decision {
  const reason = { ...cause, sinceMs: moment.observation.atMs }
  return { ...staying(moment), reason, actor: by }
}

/** A person's or the policy's way to 0: at once over where nothing was sent yet. */
export function goToZero(
  moment: Moment,
  to: 'rolled_back' | 'aborted' | 'failed',
  cause: Cause,
  more: { readonly actor?: string; readonly hysteresis?: Hysteresis } = {},
): Decision {
  const { before } = moment
  const { actor = 'policy', hysteresis = before.hysteresis } = more
  const shared = { hysteresis, pause: { kind: 'none' } as const }
  const isUntouched = before.intendedBp === 0 && before.appliedBp === 0
  if (isUntouched && statesAfter(before.state).includes(to)) {
    return decisionOf(moment, { changes: { ...shared, state: to }, cause, actor })
  }
  const ending: Ending = { kind: 'ending', to, cause }
  return decisionOf(moment, {
    changes: { ...shared, state: 'rolling_back', ending },
    toBp: 0,
    cause,
    actor,
  })
}

/** Reasons to hold that follow from a reduction: the sentence says what that was for. */
const AFTER_REDUCTION = new Set(['hold-ticks', 'not-clear', 'not-judged', 'just-reduced'])

/** The state in one sentence that can be pasted into a chat. */
export function sentenceFor(state: RolloutState, reason: Cause): string {
  const isAfter = AFTER_REDUCTION.has(reason.code) && state.anomaly !== ''
  const cause = isAfter ? { ...reason, message: state.anomaly } : reason
  return sentenceOf(state.state, state.intendedBp, cause)
}
