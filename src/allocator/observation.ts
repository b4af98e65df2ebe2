/**
 * What a decision is made from: everything that was known at one moment, as data. A rollout is the
 * fold of its observations, so whoever keeps them can replay every decision.
 */

import type { GateResult, Judgement, TwinFacts } from '../core/twins.ts'
import type { Act } from './machine.ts'

export type { GateResult, Judgement } from '../core/twins.ts'

/** What the router's own counts say of real users. Too few of them is never health. */
export interface LiveGuard {
  readonly kind: 'ok' | 'anomalous' | 'critical' | 'too-few'
  /** Where the window begins: requests from before a reduction do not count after it. */
  readonly fromMs: number
  readonly finding?: string
  /** ln of the evidence that the canary fails more often; left out where there are too few. */
  readonly lnEvidence?: number
}

/** What the router says, or that it does not. */
export type Reading =
  | {
      readonly kind: 'read'
      readonly readAtMs: number
      readonly configuredBp: number
      /** Another one than before means that the router was restarted and may have forgotten. */
      readonly incarnation?: string
      /** Interval of the observed split, already widened where users are not known. */
      readonly observed?: { readonly lowBp: number; readonly highBp: number }
    }
  | { readonly kind: 'unreachable'; readonly tries: number; readonly problem: string }
  | { readonly kind: 'refused'; readonly tries: number; readonly problem: string }

/** What happened since the last tick. */
export interface TickFacts extends TwinFacts {
  /** The canary's figures at this weight, for the limits of a stage. */
  readonly figures: { readonly successRate?: number; readonly p95Ms?: number }
}

export interface PersonsWord {
  readonly act: Act
  readonly by: string
  readonly reason?: string
}

export interface Observation {
  /** Since the rollout was created; never goes back. */
  readonly atMs: number
  readonly reading: Reading
  readonly judgement?: Judgement
  readonly liveGuard?: LiveGuard
  /** What was found since the last reduction, in words: an alarm may get its name afterwards. */
  readonly named?: string
  /** Given when a tick is due; before `nextTickAtMs` it is not a tick. */
  readonly tick?: TickFacts
  readonly gate?: GateResult
  /**
   * One word at a time. If something stronger happened at the same moment, the decision's actor is
   * not this person, and the word has to be brought again.
   */
  readonly person?: PersonsWord
  /** What the pipeline answered to the promotion. */
  readonly promotion?: 'done' | 'failed'
  /** What the start has to wait for, such as another run on the target. */
  readonly waitsFor?: string
  /** The first observation after a crash or a restart of the controller. */
  readonly restarted?: true
}
