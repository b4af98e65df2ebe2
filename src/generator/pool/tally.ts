/** Tally: what a generation sent and got back, per action; those of several threads merge exactly. */

import type { Reason } from '../../core/contract/report.ts'
import { isFailure } from '../../core/contract/sample.ts'
import type { ConnectionLimit } from '../../core/wire/connection-limit.ts'
import type { Exchange } from '../exchange.ts'
import { Faults, type Fault } from './faults.ts'
import { Histogram, type SparseCounts } from './histogram.ts'

/** Latencies count from the intended moment and are exact to about 2 %. */
export interface ActionSummary {
  readonly requests: number
  readonly errors: number
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
}

/** What came since the last one. */
export interface TallyDelta {
  /** Requests that were not aborted, and steps that were blocked. */
  readonly ended: number
  /** Of these. */
  readonly failed: number
  readonly sessions: number
  readonly actions: readonly ActionDelta[]
  readonly service: SparseCounts
  /** Left out where no request waited for a connection. */
  readonly waits?: Waits
  /** Left out where nothing failed. */
  readonly faults?: readonly Fault[]
}

/** Requests that waited because no more connections were opened. */
export interface Waits {
  /** The last one that was reached. */
  readonly limit: ConnectionLimit
  readonly requests: number
  /** Of these, those whose time was over before there was a connection. */
  readonly unsent: number
}

interface ActionDelta {
  readonly action: string
  readonly requests: number
  readonly errors: number
  readonly latency: SparseCounts
}

interface ActionTally {
  requests: number
  errors: number
  readonly latency: Histogram
}

export class Tally {
  readonly #actions = new Map<string, ActionTally>()
  readonly #service = new Histogram()
  readonly #faults = new Faults()
  #ended = 0
  #failed = 0
  #sessions = 0
  #waits: Waits | undefined

  add(action: string, { outcome, latencyMs, serviceMs, waitedFor, reason }: Exchange): void {
    if (waitedFor !== undefined) {
      this.#wait({ limit: waitedFor, requests: 1, unsent: Number(outcome === 'aborted') })
    }
    if (outcome === 'aborted') return
    const tally = this.#of(action)
    this.#ended += 1
    if (isFailure(outcome)) {
      this.#failed += 1
      tally.errors += 1
      this.#faults.add(action, reason ?? outcome)
    }
    if (outcome === 'blocked') return
    tally.requests += 1
    // A refused connection is quick: with it a broken target would look fast.
    if (outcome === 'connect_error') return
    // How much of it was the wait for a connection of ours, and what would have been without, is unknown.
    if (waitedFor === undefined) tally.latency.record(latencyMs)
    this.#service.record(serviceMs)
  }

  sessionEnded(): void {
    this.#sessions += 1
  }

  /** What was added since the last call, which is forgotten here. */
  take(): TallyDelta {
    const actions: ActionDelta[] = []
    for (const [action, { requests, errors, latency }] of this.#actions) {
      if (requests === 0 && errors === 0) continue
      actions.push({ action, requests, errors, latency: latency.take() })
      // Kept, because a histogram of its own for each call would be garbage by the megabyte.
      this.#actions.set(action, { requests: 0, errors: 0, latency })
    }
    const counts = { ended: this.#ended, failed: this.#failed, sessions: this.#sessions }
    this.#ended = 0
    this.#failed = 0
    this.#sessions = 0
    const waits = this.#waits === undefined ? {} : { waits: this.#waits }
    this.#waits = undefined
    const faults = this.#faults.take()
    const told = { ...waits, ...(faults === undefined ? {} : { faults }) }
    return { ...counts, actions, service: this.#service.take(), ...told }
  }

  merge({ ended, failed, sessions, actions, service, waits, faults }: TallyDelta): void {
    if (waits !== undefined) this.#wait(waits)
    if (faults !== undefined) this.#faults.merge(faults)
    this.#ended += ended
    this.#failed += failed
    this.#sessions += sessions
    this.#service.merge(service)
    for (const { action, requests, errors, latency } of actions) {
      const tally = this.#of(action)
      tally.requests += requests
      tally.errors += errors
      tally.latency.merge(latency)
    }
  }

  sessions(): number {
    return this.#sessions
  }

  /** Why requests failed. */
  faults(): Reason[] {
    return this.#faults.reasons()
  }

  /** Undefined while no request waited for a connection. */
  waits(): Waits | undefined {
    return this.#waits
  }

  /** Undefined while nothing was answered. */
  medianServiceMs(): number | undefined {
    return this.#service.quantile(0.5)
  }

  /** All actions together, without times. */
  total(): { readonly requests: number; readonly errors: number } {
    let [requests, errors] = [0, 0]
    for (const tally of this.#actions.values()) {
      requests += tally.requests
      errors += tally.errors
    }
    return { requests, errors }
  }

  byAction(): Record<string, ActionSummary> {
    const names = [...this.#actions.keys()].toSorted()
    return Object.fromEntries(names.map((name) => [name, summaryOf(this.#of(name))]))
  }

  #wait({ limit, requests, unsent }: Waits): void {
    this.#waits = {
      limit,
      requests: requests + (this.#waits?.requests ?? 0),
      unsent: unsent + (this.#waits?.unsent ?? 0),
    }
  }

  #of(action: string): ActionTally {
    const known = this.#actions.get(action)
    if (known !== undefined) return known
    const tally = { requests: 0, errors: 0, latency: new Histogram() }
    this.#actions.set(action, tally)
    return tally
  }
}

function summaryOf({ requests, errors, latency }: ActionTally): ActionSummary {
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => latency.quantile(share))
  return {
    requests,
    errors,
    ...(p50Ms === undefined ? {} : { p50Ms }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
    ...(p99Ms === undefined ? {} : { p99Ms }),
  }
}
