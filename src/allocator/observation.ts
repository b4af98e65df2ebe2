/**
 * What a decision is made from: everything that was known at one moment, as data. A rollout is the
 * fold of its observations, so whoever keeps them can replay every decision.
 */

import type { Act } from './machine.ts'

/** What the evidence says at this moment. */
export interface Judgement {
  /** Evidence of an earlier episode does not count any more. */
  readonly episode: number
  /** ln of the run's evidence in this phase, and ln(1/α) of this phase. */
  readonly lnRun: number
  readonly lnThreshold: number
  readonly alarm: boolean
  /** Every required stream is proven to be within its margin, now and all together. */
  readonly requiredHealthy: boolean
  /** The fixed rule: the canary fails outright while the baseline is well. */
  readonly critical: boolean
  /** The finding in words: `checkout is 1.31× slower (1.22–1.41)`. */
  readonly finding?: string
}

/** What the router's own counts say of real users. Too few of them is never health. */
export interface LiveGuard {
  readonly kind: 'ok' | 'anomalous' | 'critical' | 'too-few'
  /** Where the window begins: requests from before a reduction do not count after it. */
  readonly fromMs: number
  readonly finding?: string
}

/** What the router says, or that it does not. */
export type Reading =
  | {
      readonly kind: 'read'
      readonly readAtMs: number
      readonly configuredBp: number
      /** Interval of the observed split, already widened where users are not known. */
      readonly observed?: { readonly lowBp: number; readonly highBp: number }
    }
  | { readonly kind: 'unreachable'; readonly tries: number; readonly problem: string }
  | { readonly kind: 'refused'; readonly tries: number; readonly problem: string }

/** What happened since the last tick. */
export interface TickFacts {
  /** Pairs sent ÷ pairs planned. */
  readonly deliveredShare: number
  /** Pairs of each required action. */
  readonly requiredPairs: Readonly<Record<string, number>>
  readonly generatorStrained: boolean
  /** Live load of the arms differs too much for latencies to be compared. */
  readonly unequalLoad: boolean
  /** The canary's figures at this weight, for the limits of a stage. */
  readonly figures: { readonly successRate?: number; readonly p95Ms?: number }
}

export interface GateResult {
  /** Which probe of the gate: 1 for the first. */
  readonly run: number
  readonly verdict: 'running' | 'healthy' | 'regressed' | 'inconclusive' | 'invalid'
  readonly finding?: string
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
