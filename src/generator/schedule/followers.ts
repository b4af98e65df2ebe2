/** Followers: users who each have a moment from which their next step is due; in that order. Pure. */

import { createDueList, type DueList } from '../due.ts'
import type { DueStep, ScheduleCounts, StepEnd } from '../schedule.ts'
import { MAX_LATE_MS } from './stream.ts'

export interface FollowersOptions {
  readonly users: number
  /** At most so many steps a second; left out = only the arms' limits hold. */
  readonly rate: number | undefined
  /** After this share of the time between two steps the first one may be sent; 0 = at once. */
  readonly firstSlot: number
  readonly startMs: number
  readonly counts: ScheduleCounts
  earliestMs(fromMs: number): number
}

export class Followers {
  readonly #due: DueList
  readonly #options: FollowersOptions
  /** Of each user, the moment meant for its last step, then for its next one. */
  readonly #intendedMs: Float64Array
  readonly #spacingMs: number
  #slotMs: number
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #heldUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: FollowersOptions) {
    const { users, rate, startMs, firstSlot } = options
    this.#options = options
    this.#due = createDueList(users)
    this.#intendedMs = new Float64Array(users).fill(startMs)
    this.#spacingMs = rate === undefined ? 0 : 1000 / rate
    this.#slotMs = startMs + firstSlot * this.#spacingMs
  }

  /** A user whose step is meant for this moment. */
  add(user: number, intendedMs: number): void {
    this.#intendedMs[user] = intendedMs
    this.#due.add(user, intendedMs)
  }

  /** The step of this user was sent otherwise, as meant for this moment. */
  sent(user: number, intendedMs: number): void {
    this.#intendedMs[user] = intendedMs
  }

  /** The user's next step is due by the rule for steps that depend on the one before. */
  ended(user: number, end: StepEnd): void {
    const lastMs = this.#intendedMs[user] ?? end.endMs
    this.#intendedMs[user] = nextIntendedMs(lastMs, end)
    this.#due.add(user, Math.max(end.endMs, lastMs + end.gapMs))
  }

  take(nowMs: number): DueStep | undefined {
    const dueMs = this.#due.firstMs()
    if (dueMs === undefined) return undefined
    const admittedMs = this.#admittedMs(dueMs)
    if (admittedMs > nowMs) return undefined
    const { counts } = this.#options
    const isLate = nowMs - admittedMs > MAX_LATE_MS || dueMs < this.#heldUntilMs
    const isPaused = dueMs < this.#pausedUntilMs
    counts.due += 1 + Number(isLate) + Number(isPaused)
    counts.sent += 1
    counts.notSent += Number(isLate)
    counts.busy += Number(isPaused)
    const user = this.#due.removeFirst()
    const meantMs = this.#intendedMs[user] ?? dueMs
    // What our own limits held back is moved along; what our own loop did is not charged at all.
    const intendedMs = isLate ? nowMs : meantMs + (admittedMs - dueMs)
    this.#slotMs = (isLate ? nowMs : admittedMs) + this.#spacingMs
    this.#intendedMs[user] = intendedMs
    return { user, intendedMs }
  }

  nextMs(): number {
    const dueMs = this.#due.firstMs()
    return dueMs === undefined ? Number.POSITIVE_INFINITY : this.#admittedMs(dueMs)
  }

  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs)
  }

  hold(untilMs: number): void {
    this.#heldUntilMs = untilMs
  }

  #admittedMs(dueMs: number): number {
    const fromMs = Math.max(dueMs, this.#slotMs, this.#pausedUntilMs, this.#heldUntilMs)
    return fromMs === Number.POSITIVE_INFINITY ? fromMs : this.#options.earliestMs(fromMs)
  }
}

/**
 * From when the latency of the next step counts: the last intended moment and the gap, whatever the
 * target did, as long as the user had the answer by then. If it came later, the user clicks when it
 * is there. The wait was counted once, as latency of the step before; what of it lies behind the
 * moment at which the answer was *expected* is counted for this step too, because nobody who plans a
 * session means to wait for longer than that (Tene, HdrHistogram#148).
 */
export function nextIntendedMs(lastMs: number, { endMs, gapMs, expectedMs }: StepEnd): number {
  const meantMs = lastMs + gapMs
  if (endMs <= meantMs) return meantMs
  if (expectedMs === undefined) return endMs
  return Math.min(endMs, Math.max(meantMs, lastMs + expectedMs))
}
