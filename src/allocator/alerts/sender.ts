/**
 * The sender: takes what waits in the queue of the database and tells it, a few at a time.
 *
 * It looks at the queue when something was raised, when a message becomes due, and every few seconds,
 * because another process may have died and left one. Nothing of it is kept in memory but what is
 * under way, so a process can end at any moment: what was claimed becomes due again when its lease
 * ends. A channel gets one message at a time, and those that failed last share two of the four places,
 * so that channels which do not answer hold up no other.
 */

import type { Database } from '../../../profiles-db/open.ts'
import {
  abandonDeliveries,
  claimDelivery,
  nextDelivery,
  settleDelivery,
  type Delivery,
} from '../../../profiles-db/deliveries.ts'
import type { Clock } from '../../core/clock.ts'
import type { AlertChannel } from '../../core/contract/config.ts'
import { alertNoticeSchema } from '../../core/contract/investigation.ts'
import { messageOf } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { Address } from './channels.ts'
import { bodyOf, happenedAtMs } from './notice.ts'
import { post, type Answer } from './post.ts'
import { nextStep } from './retry.ts'
import type { Timers } from './timers.ts'

const MOST_AT_ONCE = 4
/** Of those, for channels whose last try failed. */
const MOST_UNWELL_AT_ONCE = 2
/** Longer than a try can take. */
const LEASE_MS = 30_000
const LOOK_MS = 5000
const GRACE_MS = 2000
const SWEEP_MS = 3_600_000
const ABANDONED_MS = 24 * 3_600_000
const CLAIMS_PER_LOOK = 100

export interface Destination {
  readonly kind: AlertChannel['kind']
  readonly address: Address
}

export interface SenderParts {
  readonly database: Database
  /** By channel id; what waits for other channels is left to processes that have them. */
  readonly destinations: ReadonlyMap<string, Destination>
  readonly clock: Clock
  readonly random: Random
  readonly fetch: typeof fetch
  readonly timers: Timers
  readonly log: (line: string) => void
}

export class Sender {
  readonly #parts: SenderParts
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #stop = new AbortController()
  /** Channels whose last try failed, which is said once. */
  readonly #unwell = new Set<string>()
  #state: 'new' | 'running' | 'closing' | 'closed' = 'new'
  #cancelLook: (() => void) | undefined
  #sweptAtMs = -Infinity
  #databaseFails = false
  #closed: Promise<void> | undefined

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.wake()
  }

  /** Looks soon: not at once, because the transaction that made the message may still be open. */
  wake(): void {
    if (this.#state === 'running') this.#lookIn(0)
  }

  /** Tells what is due now, for 2 s at most; the rest stays in the queue. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const wasRunning = this.#state === 'running'
    this.#state = wasRunning ? 'closing' : 'closed'
    this.#cancelLook?.()
    if (!wasRunning) return
    const cancel = this.#parts.timers.after(GRACE_MS, () => this.#stop.abort())
    this.#look()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values())
    cancel()
    this.#state = 'closed'
  }

  #lookIn(ms: number): void {
    this.#cancelLook?.()
    this.#cancelLook = this.#parts.timers.after(ms, () => this.#look())
  }

  #look(): void {
    let waitMs = LOOK_MS
    this.#withDatabase(() => {
      waitMs = this.#sendDue()
    })
    if (this.#state === 'running') this.#lookIn(waitMs)
  }

  /** Begins to send what is due; how long until there may be more, in milliseconds. */
  #sendDue(): number {
    const { database, clock } = this.#parts
    this.#sweep(clock.wallMs())
    for (let claims = 0; claims < CLAIMS_PER_LOOK; claims += 1) {
      if (this.#stop.signal.aborted || this.#underWay.size >= MOST_AT_ONCE) return LOOK_MS
      const free = this.#freeChannels()
      if (free.length === 0) return LOOK_MS
      const nowMs = clock.wallMs()
      const next = nextDelivery(database, free, nowMs)
      if (next === undefined) return LOOK_MS
      if (next.dueInMs > 0) return Math.min(next.dueInMs, LOOK_MS)
      const claimed = claimDelivery(database, next.delivery, nowMs + LEASE_MS)
      if (claimed !== undefined) this.#launch(claimed)
    }
    return LOOK_MS
  }

  #freeChannels(): string[] {
    const unwellCount = [...this.#underWay.keys()].filter((one) => this.#unwell.has(one)).length
    return [...this.#parts.destinations.keys()]
      .filter((channel) => !this.#underWay.has(channel))
      .filter((channel) => unwellCount < MOST_UNWELL_AT_ONCE || !this.#unwell.has(channel))
  }

  #launch(delivery: Delivery): void {
    const { channel } = delivery
    const sent = this.#send(delivery)
      .catch((error: unknown) => this.#giveUp(delivery, messageOf(error)))
      .then(() => {
        this.#underWay.delete(channel)
        if (this.#state === 'running' || this.#state === 'closing') this.#look()
      })
    this.#underWay.set(channel, sent)
  }

  async #send(delivery: Delivery): Promise<void> {
    const { destinations, clock, random, timers } = this.#parts
    const destination = destinations.get(delivery.channel)
    if (destination === undefined) return
    const notice = alertNoticeSchema.safeParse(parsedJson(delivery.body))
    if (!notice.success) return this.#giveUp(delivery, 'the stored message is damaged')
    const message = {
      address: destination.address,
      body: bodyOf(destination.kind, notice.data),
      idempotencyKey: `${delivery.alert}/${delivery.change}`,
    }
    const answer = await post(message, {
      fetch: this.#parts.fetch,
      timers,
      wallMs: () => clock.wallMs(),
      stop: this.#stop.signal,
    })
    const ageMs = clock.wallMs() - happenedAtMs(notice.data)
    const step = nextStep(answer, { tries: delivery.tries, ageMs }, random.next())
    this.#tellTrouble(delivery.channel, answer)
    switch (step.kind) {
      case 'delivered':
        return this.#settle(delivery, step)
      case 'again': {
        const { problem, afterMs } = step
        return this.#settle(delivery, {
          kind: 'waiting',
          nextAtMs: clock.wallMs() + afterMs,
          problem,
        })
      }
      case 'given-up':
        return this.#giveUp(delivery, step.problem)
    }
  }

  #giveUp(delivery: Delivery, problem: string): void {
    const { alert, change, channel, tries } = delivery
    this.#parts.log(
      `Cannot tell ${channel} of alert ${alert} (${change}): ${problem}, ` +
        `given up after ${tries} ${tries === 1 ? 'try' : 'tries'}`,
    )
    this.#settle(delivery, { kind: 'failed', problem })
  }

  #settle(delivery: Delivery, settlement: Parameters<typeof settleDelivery>[2]): void {
    this.#withDatabase(() => settleDelivery(this.#parts.database, delivery, settlement))
  }

  #tellTrouble(channel: string, answer: Answer): void {
    if (answer.kind === 'delivered') {
      if (this.#unwell.delete(channel)) this.#parts.log(`${channel} takes alerts again`)
      return
    }
    if (answer.kind === 'stopped' || this.#unwell.has(channel)) return
    this.#unwell.add(channel)
    this.#parts.log(`Cannot tell ${channel} of an alert: ${answer.problem}; trying again`)
  }

  /** Once an hour: messages for channels that nobody has any more. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < SWEEP_MS) return
    this.#sweptAtMs = nowMs
    const { database, destinations } = this.#parts
    const why = 'no process had this channel for a day'
    abandonDeliveries(database, [...destinations.keys()], nowMs - ABANDONED_MS, why)
  }

  /** A database that is locked or full stops nothing: it is said once, and tried again. */
  #withDatabase(work: () => void): void {
    try {
      work()
      this.#databaseFails = false
    } catch (error) {
      if (!this.#databaseFails) this.#parts.log(`Alerts wait: ${messageOf(error)}`)
      this.#databaseFails = true
    }
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
