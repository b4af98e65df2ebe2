/**
 * Shard breaker: the breaker of a run as one of its threads has it. Alone it decides; one of several
 * only tells what it counted, because the rule (half of at least twenty requests in five seconds)
 * speaks of all of them: each alone might never see twenty, or see its own few fail.
 */

import type { Arm } from '../../../core/arm.ts'
import { createBreaker } from '../../../generator/guard.ts'

const TELL_MS = 250

/** Requests that ended in an arm since it was told last. */
export interface EndedCount {
  readonly arm: Arm
  readonly requests: number
  readonly failures: number
}

type Tell = (told: { readonly kind: 'counts'; readonly counts: readonly EndedCount[] }) => void

export class ShardBreaker {
  readonly #tell: Tell | undefined
  readonly #breaker = createBreaker()
  readonly #counts = new Map<Arm, { requests: number; failures: number }>()
  #toldMs = Number.NEGATIVE_INFINITY

  /** @param tell where the threads are added up; left out = there is one only */
  constructor(tell: Tell | undefined) {
    this.#tell = tell
  }

  ended(arm: Arm, failed: boolean, nowMs: number): void {
    if (this.#tell === undefined) return this.#breaker.ended(arm, failed, nowMs)
    const counts = this.#counts.get(arm) ?? { requests: 0, failures: 0 }
    counts.requests += 1
    counts.failures += Number(failed)
    this.#counts.set(arm, counts)
  }

  /** To be asked often: the arm for which all traffic must stop, as far as this thread decides it. */
  tripped(nowMs: number): Arm | undefined {
    if (this.#tell === undefined) return this.#breaker.tripped()
    if (nowMs - this.#toldMs < TELL_MS || this.#counts.size === 0) return undefined
    this.#toldMs = nowMs
    const counts = [...this.#counts].map(([arm, count]) => ({ arm, ...count }))
    this.#counts.clear()
    this.#tell({ kind: 'counts', counts })
    return undefined
  }
}
