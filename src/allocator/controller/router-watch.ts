/**
 * Watches the router of one rollout: what it reads, what it counted, whether the traffic follows.
 * It is asked every few seconds, and later and later while it does not answer.
 */

import type { Clock } from '../../core/clock.ts'
import type { Policy } from '../../core/contract/policy-rules.ts'
import { OutriderError, RouterError } from '../../core/errors.ts'
import {
  addCounts,
  addReading,
  emptyWindow,
  figuresOf,
  freshGuard,
  type GuardState,
  type LiveFigures,
  type LiveWindow,
} from '../live-guard.ts'
import type { RouterCounts } from '../routers/counts.ts'
import type { Router, RouterState } from '../routers/router.ts'
import { observeSplit, type ObservedSplit } from '../verify.ts'

const READ_MS = 2_000
const COUNT_MS = 1_000
/** Splits that are compared too often see the same users again. */
const SPLIT_MS = 10_000
/** Load is compared over less than the guard's window: it changes with each step. */
const LOAD_WINDOW_SECONDS = 10
const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000]

export type Answer =
  | { readonly kind: 'read'; readonly state: RouterState; readonly atMs: number }
  | {
      readonly kind: 'unreachable' | 'refused'
      readonly tries: number
      readonly problem: string
      readonly atMs: number
    }

export interface RouterWatch {
  /** Asks what is due; true if there is something new. */
  look(force?: boolean): Promise<boolean>
  answer(): Answer
  /** Asks for a weight. The answer then says what came of it. */
  set(weightBp: number, how: SetHow): Promise<boolean>
  /** Whether a weight that was not taken may be asked for again by now. */
  mayRetry(): boolean
  /** What the live guard knows since the last reduction. */
  guard(): GuardState
  /** Live requests of the last seconds. */
  loadFigures(): LiveFigures | undefined
  /** Live requests since the weight was set. */
  figuresSinceSet(): LiveFigures | undefined
  /** What the traffic says of the weight; a new object at each new comparison. */
  split(): ObservedSplit | undefined
}

export type SetHow =
  | { readonly kind: 'set'; readonly expectBp?: number }
  | { readonly kind: 'abort' }
  | { readonly kind: 'finalise' }

export function createRouterWatch(
  router: Router,
  clock: Clock,
  policy: Pick<Policy, 'liveGuard'>,
): RouterWatch {
  return new CountingWatch(router, clock, policy)
}

interface SetMoment {
  readonly counts: RouterCounts
  readonly weightBp: number
  readonly atMs: number
}

class CountingWatch implements RouterWatch {
  readonly #router: Router
  readonly #clock: Clock
  readonly #policy: Pick<Policy, 'liveGuard'>
  #answer: Answer = { kind: 'unreachable', tries: 0, problem: 'not asked yet', atMs: 0 }
  #tries = 0
  #lastFailure: 'unreachable' | 'refused' = 'unreachable'
  #readAtMs = Number.NEGATIVE_INFINITY
  #countedAtMs = Number.NEGATIVE_INFINITY
  #retryAtMs = 0
  #guard: GuardState = freshGuard
  #load: LiveWindow = emptyWindow
  #latest: RouterCounts | undefined
  #atSet: SetMoment | undefined
  #split: ObservedSplit | undefined
  #splitAtMs = 0

  constructor(router: Router, clock: Clock, policy: Pick<Policy, 'liveGuard'>) {
    this.#router = router
    this.#clock = clock
    this.#policy = policy
  }

  async look(force = false): Promise<boolean> {
    const nowMs = this.#clock.nowMs()
    const isWell = this.#answer.kind === 'read'
    const isDue = isWell ? nowMs - this.#readAtMs >= READ_MS : nowMs >= this.#retryAtMs
    if (force || isDue) await this.#read()
    if (this.#answer.kind !== 'read' || nowMs - this.#countedAtMs < COUNT_MS) {
      return force || isDue
    }
    await this.#count()
    if (this.#atSet === undefined) this.#begin(this.#answer.state.configuredBp)
    return true
  }

  answer(): Answer {
    return this.#answer
  }

  async set(weightBp: number, how: SetHow): Promise<boolean> {
    const before = this.#answer.kind === 'read' ? this.#answer.state.configuredBp : undefined
    try {
      this.#took(await change(this.#router, weightBp, how))
      this.#tries = 0
    } catch (thrown) {
      if (!(thrown instanceof OutriderError)) throw thrown
      const isSilent = thrown.code === 'router-unreachable'
      if (isSilent) this.#fail('unreachable', thrown.message)
      else this.#fail('refused', withMend(thrown))
      // Whoever moved it: what it reads now is told by a reading, not by this refusal.
      if (thrown.code === 'router-conflict') await this.#read()
      return false
    }
    // Requests from before a reduction say nothing of the time after it.
    if (before === undefined || weightBp < before) this.#guard = freshGuard
    this.#load = emptyWindow
    await this.#count()
    this.#begin(weightBp)
    return true
  }

  mayRetry(): boolean {
    return this.#answer.kind === 'read' || this.#clock.nowMs() >= this.#retryAtMs
  }

  guard(): GuardState {
    return this.#guard
  }

  loadFigures(): LiveFigures | undefined {
    return figuresOf(this.#load)
  }

  figuresSinceSet(): LiveFigures | undefined {
    const [first, counts] = [this.#atSet, this.#latest]
    if (first === undefined || counts === undefined || counts === first.counts) return undefined
    if (first.counts.incarnation !== counts.incarnation) return undefined
    return figuresOf({ moments: [first, { atMs: this.#clock.nowMs(), counts }] })
  }

  split(): ObservedSplit | undefined {
    return this.#split
  }

  async #read(): Promise<void> {
    const reading = await this.#router.read()
    this.#readAtMs = this.#clock.nowMs()
    if (reading.kind === 'unreachable') {
      this.#fail('unreachable', reading.error.message)
      return
    }
    // A router that answers is reachable; whether it takes a weight only a weight can tell.
    if (this.#lastFailure === 'unreachable') this.#tries = 0
    this.#took(reading)
  }

  #took(state: RouterState): void {
    this.#answer = { kind: 'read', state, atMs: this.#clock.nowMs() }
    this.#retryAtMs = 0
  }

  #fail(kind: 'unreachable' | 'refused', problem: string): void {
    this.#tries += 1
    this.#lastFailure = kind
    const wait = BACK_OFF_MS[Math.min(this.#tries, BACK_OFF_MS.length) - 1] ?? READ_MS
    this.#retryAtMs = this.#clock.nowMs() + wait
    this.#answer = { kind, tries: this.#tries, problem, atMs: this.#clock.nowMs() }
  }

  async #count(): Promise<void> {
    this.#countedAtMs = this.#clock.nowMs()
    try {
      this.#latest = await this.#router.counts()
    } catch (thrown) {
      if (!(thrown instanceof RouterError)) throw thrown
      return
    }
    const moment = { atMs: this.#clock.nowMs(), counts: this.#latest }
    this.#guard = addReading(this.#policy, this.#guard, moment)
    this.#load = addCounts(this.#load, moment, LOAD_WINDOW_SECONDS)
    this.#compare(moment)
  }

  #compare({ atMs, counts }: { readonly atMs: number; readonly counts: RouterCounts }): void {
    const atSet = this.#atSet
    if (atSet === undefined || atMs - this.#splitAtMs < SPLIT_MS) return
    this.#splitAtMs = atMs
    this.#split = observeSplit(atSet.counts, counts, atSet.weightBp)
    // After a restart of the router its counts begin anew.
    const isNew = this.#split.kind === 'unknown' && this.#split.code === 'router-restarted'
    if (isNew) this.#begin(atSet.weightBp)
  }

  #begin(weightBp: number): void {
    const [counts, atMs] = [this.#latest, this.#clock.nowMs()]
    this.#split = undefined
    this.#splitAtMs = atMs
    this.#atSet = counts === undefined ? undefined : { counts, weightBp, atMs }
  }
}

async function change(router: Router, weightBp: number, how: SetHow): Promise<RouterState> {
  switch (how.kind) {
    case 'abort':
      return await router.abort()
    case 'finalise':
      return await router.finalise()
    case 'set':
      return await router.set(
        weightBp,
        how.expectBp === undefined ? {} : { expectBp: how.expectBp },
      )
  }
}

/** A router that answers and does not obey is mended by a person. */
function withMend({ message, mend }: OutriderError): string {
  return mend === undefined ? message : `${message}; ${mend}`
}
