/**
 * Repeats: steps whose requests go out once more, so that the noise of the answers is learned.
 *
 * Without a control arm only a second answer of the same arm tells what differs by itself. Both
 * twins are asked again: the load of the arms stays equal, and the two second answers of equal arms
 * can be exchanged. A coin that depends on seed and pair alone says which pairs, so they can be
 * told from the samples. A repeat goes out as soon as the limits admit it, before any step that is
 * due; its user waits for it. It is held against nobody: no latency, cookie, capture or failure of
 * it counts. What may not wait (a change of pace, a pause, the end) sends the step on without it.
 */

import type { Exchange, ExchangeHooks, RunningExchange } from '../exchange.ts'
import type { Step, StepSender } from '../step.ts'
import { isRepeated } from '../twins.ts'

/** Bodies that may wait at once for their second answers; a step beyond it is not repeated. */
const MOST_HELD_BYTES = 32 * 2 ** 20
const TWINS = 2

/** A step that all arms have ended. */
export interface Repeatable {
  readonly step: Step
  readonly mutates: boolean
  readonly sent: readonly RunningExchange[]
  readonly exchanges: readonly Exchange[]
  readonly repeats: Exchange[]
}

export interface RepeatsOptions<Flight> {
  readonly seed: number
  readonly sender: StepSender
  /** Actions whose answers are compared; no other one is repeated. */
  readonly compared: ReadonlySet<string>
  /** Of their steps, 0 to 1. */
  readonly share: number
  hooks(flight: Flight): ExchangeHooks
  /** Nothing more will come of the step. */
  leave(flight: Flight): void
}

export class Repeats<Flight extends Repeatable> {
  readonly #options: RepeatsOptions<Flight>
  readonly #waiting: Flight[] = []
  readonly #bytes = new Map<Flight, number>()
  #heldBytes = 0

  constructor(options: RepeatsOptions<Flight>) {
    this.#options = options
  }

  /** Whether the step stays to be asked again: a safe one that went well in all arms. */
  admit(flight: Flight): boolean {
    const { seed, compared, share } = this.#options
    const { step, mutates, exchanges } = flight
    if (share === 0 || mutates || !compared.has(step.action) || exchanges.length < TWINS) {
      return false
    }
    if (exchanges.some(({ outcome }) => outcome !== 'ok')) return false
    return isRepeated(seed, step.pair, share) && this.#hold(flight)
  }

  /** Sends what the limits admit by now. */
  send(nowMs: number): void {
    const { sender } = this.#options
    while (this.#waiting.length > 0 && sender.earliestMs(nowMs) <= nowMs) {
      const flight = this.#waiting.shift()
      if (flight === undefined) return
      sender.sendAgain(flight.step.pair, flight.sent, nowMs, this.#options.hooks(flight))
    }
  }

  /** When `send` has something to do; Infinity while nothing waits. */
  nextMs(nowMs: number): number {
    if (this.#waiting.length === 0) return Number.POSITIVE_INFINITY
    return this.#options.sender.earliestMs(nowMs)
  }

  ended(flight: Flight, exchange: Exchange): void {
    flight.repeats.push(exchange)
    if (flight.repeats.length === TWINS) this.#release(flight)
  }

  /** Steps that wait to be asked again go on without it. */
  drop(): void {
    for (const flight of this.#waiting.splice(0)) this.#release(flight)
  }

  #hold(flight: Flight): boolean {
    const bytes = flight.exchanges.reduce((sum, one) => sum + keptBytesOf(one), 0)
    if (this.#heldBytes + bytes > MOST_HELD_BYTES) return false
    this.#heldBytes += bytes
    this.#bytes.set(flight, bytes)
    this.#waiting.push(flight)
    return true
  }

  #release(flight: Flight): void {
    this.#heldBytes -= this.#bytes.get(flight) ?? 0
    this.#bytes.delete(flight)
    this.#options.leave(flight)
  }
}

function keptBytesOf({ remembered }: Exchange): number {
  return remembered?.chunks.reduce((sum, chunk) => sum + chunk.length, 0) ?? 0
}
