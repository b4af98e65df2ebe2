/** Faults: why requests failed, counted by what is said of it; those of several threads merge. */

import type { Reason } from '../../core/contract/report.ts'

export interface Fault {
  readonly action: string
  readonly reason: string
  readonly requests: number
}

/** Different ones that are counted apart; what an answer says can differ each time. */
const MOST_KEPT = 100
const MOST_TOLD = 5
/** The key of all others together. */
const OTHERS = '\n'

export class Faults {
  readonly #faults = new Map<string, Fault>()

  add(action: string, reason: string, requests = 1): void {
    const key = keyOf(action, reason)
    const known = this.#faults.get(key)
    if (known === undefined && key !== OTHERS && this.#isFull()) return this.add('', '', requests)
    this.#faults.set(key, { action, reason, requests: (known?.requests ?? 0) + requests })
  }

  /** What was added since the last call, which is forgotten here; undefined if nothing was. */
  take(): readonly Fault[] | undefined {
    if (this.#faults.size === 0) return undefined
    const keys = [...this.#faults.keys()].toSorted()
    const faults = keys.flatMap((key) => this.#faults.get(key) ?? [])
    this.#faults.clear()
    return faults
  }

  merge(faults: readonly Fault[]): void {
    for (const { action, reason, requests } of faults) this.add(action, reason, requests)
  }

  /** The most frequent ones, in words. */
  reasons(): Reason[] {
    const others = this.#faults.get(OTHERS)
    const all = [...this.#faults.values()]
      .filter((fault) => fault !== others)
      .toSorted(
        (left, right) => right.requests - left.requests || (keyFor(left) < keyFor(right) ? -1 : 1),
      )
    const told = all.slice(0, MOST_TOLD).map(({ action, reason, requests }) => {
      return `${action} failed ${timesOf(requests)}: ${reason}`
    })
    const beyond = all.slice(MOST_TOLD).reduce((sum, { requests }) => sum + requests, 0)
    const rest = beyond + (others?.requests ?? 0)
    if (rest > 0) told.push(`requests failed ${timesOf(rest)} for other reasons`)
    return told.map((message) => ({ code: 'requests-failed', message }))
  }

  #isFull(): boolean {
    return this.#faults.size - Number(this.#faults.has(OTHERS)) >= MOST_KEPT
  }
}

function keyFor({ action, reason }: Fault): string {
  return keyOf(action, reason)
}

function keyOf(action: string, reason: string): string {
  return `${action}\n${reason}`
}

function timesOf(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
