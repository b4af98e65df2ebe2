/**
 * The legs of a rollout's traffic: which worker sends now, why none does, and when the next begins.
 * It knows nothing of evidence.
 */

import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { FromWorker, ToWorker, WorkerInput } from '../shard/messages.ts'
import { Leg } from './leg.ts'

export interface LegsOptions {
  readonly clock: Clock
  readonly restartAfterMs: number
  /** Seconds since the start of the run. */
  readonly seconds: () => number
  /** What the next leg begins with. */
  readonly input: () => WorkerInput
  /** A leg was made; it has sent nothing yet. */
  readonly onBegin: () => void
  readonly onMessage: (message: FromWorker) => void
  readonly onDeath: (why: string) => void
}

export type Traffic =
  | { readonly kind: 'running' }
  /** Ended for good, unless someone begins anew. */
  | { readonly kind: 'resting' }
  | { readonly kind: 'down'; readonly why: string; readonly againAtMs: number }

export class Legs {
  readonly #options: LegsOptions
  /** The last leg; its worker remembers, also when its traffic has ended. */
  #leg: Leg | undefined
  #traffic: Traffic = { kind: 'resting' }
  #restart: NodeJS.Timeout | undefined
  #fromSeconds = 0

  constructor(options: LegsOptions) {
    this.#options = options
  }

  traffic(): Traffic {
    return this.#traffic
  }

  /** Where the last leg began, in seconds from the start of the run. */
  fromSeconds(): number {
    return this.#fromSeconds
  }

  /** Resolves when the new leg sends. */
  begin(): Promise<void> {
    const { seconds, input, onBegin, onMessage, onDeath } = this.#options
    clearTimeout(this.#restart)
    this.#fromSeconds = seconds()
    const before = this.#leg
    const leg = new Leg({
      input: input(),
      fromSeconds: this.#fromSeconds,
      onMessage: (message) => {
        // A leg that is left has one more thing to say: what it sent.
        if (this.#leg === leg || message.kind === 'ended') onMessage(message)
      },
      onDeath: (error) => {
        if (this.#leg === leg) onDeath(`the generator failed: ${messageOf(error)}`)
      },
    })
    this.#leg = leg
    this.#traffic = { kind: 'running' }
    void before?.stop().then(() => before.close())
    onBegin()
    return leg.begun
  }

  say(message: ToWorker): void {
    this.#leg?.say(message)
  }

  /** Ends the traffic; nothing begins by itself. */
  rest(): void {
    clearTimeout(this.#restart)
    this.#traffic = { kind: 'resting' }
    void this.#leg?.stop()
  }

  /** Ends the traffic for a while. */
  pause(why: string): void {
    if (this.#traffic.kind !== 'running') return
    const { clock, restartAfterMs } = this.#options
    this.#traffic = { kind: 'down', why, againAtMs: clock.nowMs() + restartAfterMs }
    void this.#leg?.stop()
    this.#restart = setTimeout(() => void this.begin(), restartAfterMs)
  }

  /** Resolves when the traffic has ended and said its last word. */
  async end(): Promise<void> {
    this.rest()
    await this.#leg?.stop()
  }

  /** Lets go of the worker, and of what it remembers. */
  async close(): Promise<void> {
    this.rest()
    await this.#leg?.close()
  }
}
