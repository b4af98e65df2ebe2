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
 * - `partly-open`: sessions arrive as such a stream, each for a user of its own (Schroeder, Wierman
 *   and Harchol-Balter 2006, Open Versus Closed). The first step is meant for the moment of arrival.
 *   An arrival for which there is no user is dropped and counted as `busy`, with all the steps that
 *   a session has on average: to wait for a user would hide the stall if the intended moment moved
 *   along, and charge both arms if it did not.
 * - steps that depend on one before (`recorded`, and the later ones of `partly-open`): the last
 *   *intended* moment plus the gap, so that the target's speed does not show in it. Only a user who
 *   still waits then sends later: when the answer came in the slowest arm. How much of that wait
 *   counts for the next step as well: `nextIntendedMs`.
 * - the others: the end of this user's last step in its slowest arm.
 *
 * What our own limits hold back (the rate, the token bucket, a pause the target asked for) is not
 * the target's slowness: the intended moment moves with it. What our own event loop held up for
 * more than a second is counted as `notSent` and not sent in a burst.
 */

import type { Random } from '../core/random.ts'
import { Followers } from './schedule/followers.ts'
import type { Pace } from './schedule/pace.ts'
import { Stream, type Lost } from './schedule/stream.ts'

export { createBucket, type Bucket } from './schedule/bucket.ts'
export { mostShards, paceOfShard, type Pace, type Shard } from './schedule/pace.ts'

export interface DueStep {
  /** Which of the users sends; from 0. */
  readonly user: number
  readonly intendedMs: number
}

/** Running totals of steps; `due` is the sum of the others. */
export interface ScheduleCounts {
  due: number
  sent: number
  busy: number
  notSent: number
}

/** How a user's step ended, in all arms. */
export interface StepEnd {
  readonly endMs: number
  /** Time that is meant to lie between the intended moments of this step and the user's next one. */
  readonly gapMs: number
  /**
   * How long the answer was expected to take. Left out = nobody says, or more than one arm was
   * waited for: what one of them caused is not to be charged to all.
   */
  readonly expectedMs?: number
  /** It was the last one of its session. */
  readonly isOver: boolean
}

export interface Schedule {
  readonly users: number
  /** The next step that is due by now; its user counts as waiting until `ended`. */
  take(nowMs: number): DueStep | undefined
  ended(user: number, end: StepEnd): void
  /** When `take` should be asked again; Infinity while only an end can make a step due. */
  nextMs(): number
  /** The target asked for a pause: nothing is due before `untilMs`. */
  pause(untilMs: number): void
  /** The generator cannot take more: what is due before `untilMs` counts as `notSent`. */
  hold(untilMs: number): void
}

export interface ScheduleOptions {
  readonly startMs: number
  /** When all parts of the traffic began together; left out = they do so now. */
  readonly gridMs?: number
  /** Of this part of the traffic alone. */
  readonly random: Random
  /** The same in all parts; left out = there is one only. */
  readonly shared?: Random
  /** Running totals, which the schedule adds to. */
  readonly counts: ScheduleCounts
  /** Mean of the sessions that are drawn. */
  readonly stepsPerSession: number
  /** When the arms' limits admit one more request; asked with a moment. */
  earliestMs(fromMs: number): number
}

export function createSchedule(pace: Pace, options: ScheduleOptions): Schedule {
  switch (pace.kind) {
    case 'idle':
      return IDLE
    case 'spaced':
      return spaced(pace, options)
    case 'partly-open':
      return partlyOpen(pace, options)
    case 'single-file':
      return paced({ concurrency: 1, rate: pace.rate }, options)
    case 'closed':
    case 'recorded':
      return paced(pace, options)
  }
}

const IDLE: Schedule = {
  users: 0,
  take: () => undefined,
  ended: () => undefined,
  nextMs: () => Number.POSITIVE_INFINITY,
  pause: () => undefined,
  hold: () => undefined,
}

function spaced(pace: Extract<Pace, { kind: 'spaced' }>, options: ScheduleOptions): Schedule {
  const { counts, random } = options
  const { concurrency: users, spacing, rate, rampSeconds = 0, part } = pace
  const stream = new Stream({ ...options, spacing, rate, rampSeconds, part })
  const waiting = new Uint8Array(users)

  function findIdle(): number | undefined {
    const first = random.int(users)
    for (let offset = 0; offset < users; offset += 1) {
      const user = (first + offset) % users
      if (waiting[user] === 0) return user
    }
    return undefined
  }

  return {
    users,
    take(nowMs) {
      for (;;) {
        const tick = stream.take(nowMs)
        if (tick === undefined) return undefined
        counts.due += 1
        const user = findIdle()
        if (typeof tick === 'string') counts[tick] += 1
        else if (user === undefined) counts.busy += 1
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
    nextMs: () => stream.nextMs(),
    pause: (untilMs) => stream.pause(untilMs),
    hold: (untilMs) => stream.hold(untilMs),
  }
}

/** Every user has a next step at every moment; they join one after the other during the ramp. */
function paced(
  {
    concurrency: users,
    rate,
    rampSeconds = 0,
    part = { index: 0, count: 1, users },
  }: Pick<Extract<Pace, { kind: 'closed' }>, 'concurrency' | 'rate' | 'rampSeconds' | 'part'>,
  options: ScheduleOptions,
): Schedule {
  const followers = new Followers({ ...options, users, rate, firstSlot: part.index / part.count })
  for (let user = 0; user < users; user += 1) {
    const share = (part.index + user * part.count) / part.users
    followers.add(user, options.startMs + rampSeconds * 1000 * share)
  }
  return {
    users,
    take: (nowMs) => followers.take(nowMs),
    ended: (user, end) => followers.ended(user, end),
    nextMs: () => followers.nextMs(),
    pause: (untilMs) => followers.pause(untilMs),
    hold: (untilMs) => followers.hold(untilMs),
  }
}

function partlyOpen(
  pace: Extract<Pace, { kind: 'partly-open' }>,
  options: ScheduleOptions,
): Schedule {
  const { counts, stepsPerSession } = options
  const { concurrency: users, rampSeconds = 0, part } = pace
  const rate = pace.rate / stepsPerSession
  const arrivals = new Stream({ ...options, spacing: 'poisson', rate, rampSeconds, part })
  const followers = new Followers({ ...options, users, rate: undefined, firstSlot: 0 })
  const free = Array.from({ length: users }, (_, index) => users - 1 - index)
  let lostSteps = 0

  /** A session that is not played is as many steps that are not. */
  function lose(why: Lost): void {
    lostSteps += stepsPerSession
    const whole = Math.floor(lostSteps)
    lostSteps -= whole
    counts.due += whole
    counts[why] += whole
  }

  function arrive(nowMs: number): DueStep | undefined {
    for (;;) {
      const tick = arrivals.take(nowMs)
      if (tick === undefined) return undefined
      const user = typeof tick === 'string' ? undefined : free.pop()
      if (typeof tick === 'string' || user === undefined) {
        lose(typeof tick === 'string' ? tick : 'busy')
        continue
      }
      counts.due += 1
      counts.sent += 1
      followers.sent(user, tick)
      return { user, intendedMs: tick }
    }
  }

  return {
    users,
    // Who is here already goes before who arrives.
    take: (nowMs) => followers.take(nowMs) ?? arrive(nowMs),
    ended(user, end) {
      if (end.isOver) free.push(user)
      else followers.ended(user, end)
    },
    nextMs: () => Math.min(followers.nextMs(), arrivals.nextMs()),
    pause(untilMs) {
      followers.pause(untilMs)
      arrivals.pause(untilMs)
    },
    hold(untilMs) {
      followers.hold(untilMs)
      arrivals.hold(untilMs)
    },
  }
}
