/**
 * Schedule: decides which user sends the next step, and from which moment on its latency counts.
 * Pure; the caller owns the clock.
 *
 * Problem: a user who waits for a stalled target does not send meanwhile. Counting latency from
 * the send then hides the stall (coordinated omission). So every step has an *intended* moment:
 *
 * - `spaced`: the ticks of one stream. A tick picks one of the users at random; if that user still
 *   waits for an answer, the next one who does not. If all wait, the tick is dropped and counted
 *   as `busy`. It is not sent late: twins go in lockstep, so the wait would be charged to both arms
 *   although one caused it. Each user's steps are then nearly a Poisson stream of their own, which
 *   only one random choice per tick gives without a timer per user.
 * - the others: the end of this user's last step in its slowest arm, or for recorded gaps the last
 *   *intended* moment plus the gap, if that is later (Tene, HdrHistogram#148, with the actual end
 *   for the expected one where the user had to wait).
 *
 * What our own limits hold back (the rate, the token bucket, a pause the target asked for) is not
 * the target's slowness: the intended moment moves with it. What our own event loop held up for
 * more than a second is counted as `notSent` and not sent in a burst.
 */

import type { Random } from '../core/random.ts'
import { createDueList } from './due.ts'

export type Pace =
  | {
      /** Steps form one stream of `rate` a second over at most `concurrency` users. */
      readonly kind: 'spaced'
      readonly spacing: 'poisson' | 'constant'
      readonly rate: number
      readonly concurrency: number
    }
  /** One step at a time, at most `rate` a second. */
  | { readonly kind: 'single-file'; readonly rate: number }
  /** Every user sends its next step as soon as the last one ended. */
  | { readonly kind: 'closed'; readonly concurrency: number; readonly rate?: number }
  /** The gaps of the profiles times `timeScale`; `rate` is a cap. */
  | {
      readonly kind: 'recorded'
      readonly concurrency: number
      readonly rate: number
      readonly timeScale: number
    }

/** A step may be this late because of our own event loop. */
const MAX_LATE_MS = 1_000

/** Requests that the bucket lets through at once after a rest, as seconds of its rate. */
const BURST_SECONDS = 0.25

/**
 * The limit on requests per second of one arm: a token bucket in the form of a "theoretical
 * arrival time" (generic cell rate algorithm, ITU-T I.371).
 */
export interface Bucket {
  /** The first moment, `fromMs` or later, at which one more request conforms. */
  earliestMs(fromMs: number): number
  /** One request was sent; a repeat or a redirect that cannot wait is charged the same. */
  charge(atMs: number): void
}

/** Over any span of T seconds at most `maxRps`·(T + ¼) + 1 requests conform. */
export function createBucket(maxRps: number): Bucket {
  if (maxRps === Number.POSITIVE_INFINITY) {
    return { earliestMs: (fromMs) => fromMs, charge: () => undefined }
  }
  const periodMs = 1000 / maxRps
  const creditMs = Math.max(0, BURST_SECONDS * 1000 - periodMs)
  let theoreticalMs = Number.NEGATIVE_INFINITY
  return {
    earliestMs: (fromMs) => Math.max(fromMs, theoreticalMs - creditMs),
    charge: (atMs) => {
      theoreticalMs = Math.max(theoreticalMs, atMs) + periodMs
    },
  }
}

export interface DueStep {
  /** Which of the users sends; from 0. */
  readonly user: number
  readonly intendedMs: number
}

export interface ScheduleCounts {
  due: number
  sent: number
  busy: number
  notSent: number
}

export interface Schedule {
  readonly users: number
  /** The next step that is due by now; its user counts as waiting until `ended`. */
  take(nowMs: number): DueStep | undefined
  /**
   * The user's step ended in all arms.
   * @param gapMs recorded time between the intended moments of this step and the user's next one
   */
  ended(user: number, endMs: number, gapMs: number): void
  /** When `take` should be asked again; Infinity while only an end can make a step due. */
  nextMs(): number
  /** The target asked for a pause: nothing is due before `untilMs`. */
  pause(untilMs: number): void
}

/**
 * @param earliestMs when the arms' limits admit one more request; asked with a moment
 * @param counts running totals, which this schedule adds to
 */
export function createSchedule(
  pace: Pace,
  startMs: number,
  random: Random,
  earliestMs: (fromMs: number) => number,
  counts: ScheduleCounts,
): Schedule {
  if (pace.kind === 'spaced') return spaced(pace, startMs, random, earliestMs, counts)
  const users = pace.kind === 'single-file' ? 1 : pace.concurrency
  return paced(users, pace.rate, startMs, earliestMs, counts)
}

function spaced(
  pace: Extract<Pace, { kind: 'spaced' }>,
  startMs: number,
  random: Random,
  earliestMs: (fromMs: number) => number,
  counts: ScheduleCounts,
): Schedule {
  const users = pace.concurrency
  const waiting = new Uint8Array(users)
  const meanGapMs = 1000 / pace.rate
  const gapMs = (): number =>
    pace.spacing === 'poisson' ? random.exponential() * meanGapMs : meanGapMs
  let tickMs = startMs + gapMs()
  let pausedUntilMs = Number.NEGATIVE_INFINITY

  function findIdle(): number | undefined {
    const first = random.int(users)
    for (let offset = 0; offset < users; offset += 1) {
      const user = (first + offset) % users
      if (waiting[user] === 0) return user
    }
    return undefined
  }

  /** What becomes of a tick: waits, is sent from a moment on, or is dropped. */
  function fate(nowMs: number): 'early' | 'busy' | 'notSent' | number {
    if (tickMs > nowMs) return 'early'
    const admittedMs = earliestMs(tickMs)
    if (tickMs < pausedUntilMs || admittedMs - tickMs > MAX_LATE_MS) return 'busy'
    if (admittedMs > nowMs) return 'early'
    return nowMs - admittedMs > MAX_LATE_MS ? 'notSent' : admittedMs
  }

  return {
    users,
    take(nowMs) {
      for (;;) {
        const tick = fate(nowMs)
        if (tick === 'early') return undefined
        tickMs += gapMs()
        counts.due += 1
        const user = findIdle()
        if (tick === 'notSent') counts.notSent += 1
        else if (tick === 'busy' || user === undefined) counts.busy += 1
        else {
          counts.sent += 1
          waiting[user] = 1
          return { user, intendedMs: tick }
        }
      }
    },
    ended: (user) => {
      waiting[user] = 0
    },
    nextMs: () => Math.max(tickMs, Math.min(earliestMs(tickMs), tickMs + MAX_LATE_MS)),
    pause: (untilMs) => {
      pausedUntilMs = Math.max(pausedUntilMs, untilMs)
    },
  }
}

/** Users who each have a moment from which their next step is due; in that order. */
function paced(
  users: number,
  rate: number | undefined,
  startMs: number,
  earliestMs: (fromMs: number) => number,
  counts: ScheduleCounts,
): Schedule {
  const due = createDueList(users)
  const lastIntendedMs = new Float64Array(users).fill(startMs)
  const spacingMs = rate === undefined ? 0 : 1000 / rate
  let slotMs = startMs
  let pausedUntilMs = Number.NEGATIVE_INFINITY
  for (let user = 0; user < users; user += 1) due.add(user, startMs)

  const admittedMs = (dueMs: number): number => earliestMs(Math.max(dueMs, slotMs, pausedUntilMs))

  return {
    users,
    take(nowMs) {
      const dueMs = due.firstMs()
      if (dueMs === undefined) return undefined
      const admitted = admittedMs(dueMs)
      if (admitted > nowMs) return undefined
      const late = nowMs - admitted > MAX_LATE_MS
      const paused = dueMs < pausedUntilMs
      counts.due += 1 + Number(late) + Number(paused)
      counts.sent += 1
      counts.notSent += Number(late)
      counts.busy += Number(paused)
      const intendedMs = late ? nowMs : admitted
      const user = due.removeFirst()
      slotMs = intendedMs + spacingMs
      lastIntendedMs[user] = intendedMs
      return { user, intendedMs }
    },
    ended: (user, endMs, gapMs) => {
      due.add(user, Math.max(endMs, (lastIntendedMs[user] ?? endMs) + gapMs))
    },
    nextMs: () => {
      const dueMs = due.firstMs()
      return dueMs === undefined ? Number.POSITIVE_INFINITY : admittedMs(dueMs)
    },
    pause: (untilMs) => {
      pausedUntilMs = Math.max(pausedUntilMs, untilMs)
    },
  }
}
