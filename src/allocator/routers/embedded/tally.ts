/** What one arm of the embedded proxy served: requests, failures, latency, users, in flat memory. */

import type { ArmCounts } from '../counts.ts'
import type { ServedArm } from './assign.ts'

/** Each bin of the histogram is 5 % wider than the one before: quantiles are as exact. */
const BIN_RATIO = 1.05
const FIRST_BIN_MS = 0.1
/** The last bin holds everything above a hundred seconds. */
const BINS = 284
/** Of both arms together; more users are not counted, and those seen first are a fair sample. */
const MOST_USERS = 200_000

/** Distinct users per arm at one weight. */
export class SeenUsers {
  readonly #seen = new Set<number>()
  #canary = 0

  see(userHash: number, arm: ServedArm): void {
    if (this.#seen.size >= MOST_USERS || this.#seen.has(userHash)) return
    this.#seen.add(userHash)
    if (arm === 'canary') this.#canary += 1
  }

  clear(): void {
    this.#seen.clear()
    this.#canary = 0
  }

  counts(): { readonly baseline: number; readonly canary: number } {
    return { baseline: this.#seen.size - this.#canary, canary: this.#canary }
  }
}

export class Tally {
  #requests = 0
  #serverErrors = 0
  #isUp = true
  #bins = new Float64Array(BINS)
  #measured = 0

  /** False once a connection failed, until one succeeds. */
  get isUp(): boolean {
    return this.#isUp
  }

  began(): void {
    this.#requests += 1
  }

  /** The arm answered, and the whole answer was passed on. */
  answered(status: number, latencyMs: number): void {
    this.#isUp = true
    if (status >= 500) this.#serverErrors += 1
    const bin = Math.ceil(Math.log(latencyMs / FIRST_BIN_MS) / Math.log(BIN_RATIO))
    const index = Math.min(BINS - 1, Math.max(0, bin))
    this.#bins[index] = (this.#bins[index] ?? 0) + 1
    this.#measured += 1
  }

  /** The proxy answered in its place, or the answer broke off. */
  failed(isDown: boolean): void {
    this.#serverErrors += 1
    if (isDown) this.#isUp = false
  }

  /** Latency is that of one weight. */
  weightChanged(): void {
    this.#bins = new Float64Array(BINS)
    this.#measured = 0
  }

  counts(): ArmCounts {
    const own = { requests: this.#requests, serverErrors: this.#serverErrors }
    if (this.#measured === 0) return own
    const latency = { p50Ms: this.#at(0.5), p95Ms: this.#at(0.95), count: this.#measured }
    return { ...own, latency }
  }

  #at(quantile: number): number {
    let seen = 0
    for (const [index, count] of this.#bins.entries()) {
      seen += count
      if (seen >= quantile * this.#measured) return FIRST_BIN_MS * BIN_RATIO ** index
    }
    return FIRST_BIN_MS * BIN_RATIO ** (BINS - 1)
  }
}
