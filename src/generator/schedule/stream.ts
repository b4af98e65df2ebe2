/**
 * Stream: the ticks of an open arrival process, and what becomes of each. Pure.
 *
 * Where several threads send, each goes through the ticks of the whole stream and takes every n-th,
 * so that together they send at the same moments as one would. For that they must begin together. A
 * part that begins by itself (after a change of pace each thread waits for its own answers) goes on
 * in the grid of the whole where ticks are even; of a Poisson stream it makes one of its own, because
 * independent Poisson streams superpose to one, and parts of one that are shifted do not.
 */

import type { Random } from '../../core/random.ts'
import type { Part } from './pace.ts'
import { msOfTicks } from './ramp.ts'

/** A step may be this late because of our own event loop. */
export const MAX_LATE_MS = 1_000

export interface StreamOptions {
  readonly spacing: 'poisson' | 'constant'
  /** Ticks per second, after the ramp. */
  readonly rate: number
  readonly rampSeconds: number
  /** Left out = the whole stream. */
  readonly part: Part | undefined
  readonly startMs: number
  /** When the parts began together; left out = they do so now. */
  readonly gridMs?: number
  /** Of this part alone. */
  readonly random: Random
  /** The same in all parts; left out = there is one only. */
  readonly shared?: Random
  /** When the arms' limits admit one more request; asked with a moment. */
  earliestMs(fromMs: number): number
}

/** Why a tick was dropped: the target's pause or the cap, or the generator itself. */
export type Lost = 'busy' | 'notSent'

export class Stream {
  readonly #options: StreamOptions
  /** Of the stream that is gone through: its beginning, rate and chance, and its ticks for each of ours. */
  readonly #originMs: number
  readonly #rate: number
  readonly #random: Random
  readonly #stride: number
  #ticks: number
  #tickMs: number
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #heldUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: StreamOptions) {
    this.#options = options
    const {
      spacing,
      rate,
      rampSeconds,
      startMs,
      gridMs = startMs,
      random,
      shared = random,
    } = options
    const { index, count } = options.part ?? { index: 0, count: 1 }
    const isTogether = gridMs === startMs
    const isOwn = !isTogether && (spacing === 'poisson' || rampSeconds > 0)
    this.#originMs = isOwn ? startMs : gridMs
    this.#rate = isOwn ? rate : rate * count
    this.#random = isOwn ? random : shared
    this.#stride = isOwn ? 1 : count
    const first = isOwn ? 1 : index + 1
    const missed = ((startMs - this.#originMs) * this.#rate) / 1000 - first
    const skipped = this.#stride * Math.max(0, Math.ceil(missed / this.#stride))
    this.#ticks = this.#later(0, first) + skipped
    this.#tickMs = this.#at(this.#ticks)
  }

  /** The intended moment of the next tick, or why it is dropped; undefined = not yet. */
  take(nowMs: number): number | Lost | undefined {
    const fate = this.#fate(nowMs)
    if (fate === undefined) return undefined
    this.#ticks = this.#later(this.#ticks, this.#stride)
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

  /** Where the stream of rate 1 is so many ticks later. */
  #later(ticks: number, count: number): number {
    if (this.#options.spacing === 'constant') return ticks + count
    let later = ticks
    for (let drawn = 0; drawn < count; drawn += 1) later += this.#random.exponential()
    return later
  }

  #at(ticks: number): number {
    return this.#originMs + msOfTicks(ticks, this.#rate, this.#options.rampSeconds)
  }
}
