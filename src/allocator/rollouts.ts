/** The rollouts of this process and of its database, as the doors see them. */

import type { Alert, AuditEntry, Investigation } from '../core/contract/investigation.ts'
import type { Policy } from '../core/contract/policy-rules.ts'
import type {
  ReadingPoint,
  RolloutAct,
  RolloutBody,
  RolloutDocument,
  RolloutEvent,
  RolloutOutline,
} from '../core/contract/rollout.ts'
import type { TwinSeries } from '../core/twins.ts'
import type { Metric } from '../core/verdict.ts'

export interface Page {
  readonly limit: number
  readonly cursor?: string
}

export interface Word {
  readonly act: RolloutAct
  readonly by: string
  readonly reason?: string
}

export interface Rollouts {
  /** The configured policy with what the request says over it. @throws UsageError `bad-policy` */
  policyFor(request: RolloutBody): Policy
  /**
   * Checks everything, writes the rollout down and begins to control it in this process. Nothing
   * was moved and nothing written if it rejects.
   * @param by who asked
   * @throws UsageError `unknown-target`, `unknown-router`, `bad-policy`; CapacityError
   *   `rollout-open` while the router or the target has a rollout that is not over; RouterError
   *   `router-not-ready`, `router-not-at-zero`, `router-unreachable`; TargetError
   */
  start(request: RolloutBody, by: string): Promise<RolloutDocument>
  /**
   * Takes over rollouts that nobody controls (after a crash, a restart, Ctrl-C): one, or all.
   * @throws UsageError `unknown-rollout`; CapacityError `rollout-held` if another process controls it
   */
  resume(id: string): Promise<RolloutDocument>
  resumeAll(): Promise<readonly string[]>
  /**
   * Brings a person's word to the controller, whichever process that is; it is kept until then.
   * @throws UsageError `unknown-rollout`; ConflictError `act-refused` if the state forbids it
   */
  tell(id: string, word: Word): Promise<void>
  /** Undefined where there is none. */
  find(id: string): RolloutDocument | undefined
  /** Newest first. @throws UsageError `bad-limit`, `bad-cursor` */
  list(page: Page): { rollouts: RolloutOutline[]; nextCursor?: string }
  /**
   * Kept events after `afterSeq`, then each new one, also of a rollout that another process
   * controls (looked up once a second; without `reading` and `block`). Gives the way to leave.
   */
  watch(id: string, afterSeq: number, listener: (event: RolloutEvent) => void): () => void
  /** Undefined where this process does not control it, or the plan has no such action. */
  series(id: string, action: string, metric: Metric): TwinSeries | undefined
  readings(id: string): readonly ReadingPoint[]
  alerts(page: Page): { alerts: Alert[]; nextCursor?: string }
  findAlert(id: string): Alert | undefined
  investigations(page: Page & { rollout?: string; run?: string }): {
    investigations: Pick<Investigation, 'id' | 'rollout' | 'run' | 'at' | 'title'>[]
    nextCursor?: string
  }
  findInvestigation(id: string): Investigation | undefined
  /** The open rollout that moves this router. */
  openOn(router: string): { readonly id: string; readonly name: string } | undefined
  audit(page: Page): { entries: AuditEntry[]; nextCursor?: string }
  noteAudit(entry: Omit<AuditEntry, 'number' | 'at'>): void
  /** Resolves with the last document when the rollout is over, or nobody here controls it any more. */
  settled(id: string): Promise<RolloutDocument>
  /** Lets go of a rollout that this process controls, with a last word (pause) if one is given. */
  release(id: string, word?: Word): Promise<RolloutDocument>
  /** Lets go of all, as they are: what is in the journal is taken up by the next process. */
  close(): Promise<void>
}
