/** Stream: the ticks of an open arrival process, and what becomes of each. Pure. */

import type { Random } from '../../core/random.ts'
import { msOfTicks } from './ramp.ts'

/** A step may be this late because of our own event loop. */
export const MAX_LATE_MS = 1_000

export interface StreamOptions {
  readonly spacing: 'poisson' | 'constant'
  /** Ticks per second, after the ramp. */
  readonly rate: number
  readonly rampSeconds: number
  readonly firstTick: number
  readonly startMs: number
  readonly random: Random
  /** When the arms' limits admit one more request; asked with a moment. */
  earliestMs(fromMs: number): number
}

/** Why a tick was dropped: the target's pause or the cap, or the generator itself. */
export type Lost = 'busy' | 'notSent'

export class Stream {
  readonly #options: StreamOptions
  #ticks: number
  #tickMs: number
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #heldUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: StreamOptions) {
    this.#options = options
    const { spacing, firstTick, random } = options
    this.#ticks = spacing === 'poisson' ? random.exponential() : firstTick
    this.#tickMs = this.#at(this.#ticks)
  }

  /** The intended moment of the next tick, or why it is dropped; undefined = not yet. */
  take(nowMs: number): number | Lost | undefined {
    const fate = this.#fate(nowMs)
    if (fate === undefined) return undefined
    const { spacing, random } = this.#options
    this.#ticks += spacing === 'poisson' ? random.exponential() : 1
    this.#tickMs = this.#at(this.#ticks)
    return fate
  }

  nextMs(): number {
    const tickMs = this.#tickMs
    if (tickMs < this.#heldUntilMs) return tickMs
    return Math.max(tickMs, Math.min(this.#options.earliestMs(tickMs), tickMs + MAX_LATE_MS))
  }

  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs)
  }

  hold(untilMs: number): void {
    this.#heldUntilMs = untilMs
  }

  #fate(nowMs: number): number | Lost | undefined {
    const tickMs = this.#tickMs
    if (tickMs > nowMs) return undefined
    if (tickMs < this.#heldUntilMs) return 'notSent'
    const admittedMs = this.#options.earliestMs(tickMs)
    if (tickMs < this.#pausedUntilMs || admittedMs - tickMs > MAX_LATE_MS) return 'busy'
    if (admittedMs > nowMs) return undefined
    return nowMs - admittedMs > MAX_LATE_MS ? 'notSent' : admittedMs
  }

  #at(ticks: number): number {
    const { startMs, rate, rampSeconds } = this.#options
    return startMs + msOfTicks(ticks, rate, rampSeconds)
  }
}
