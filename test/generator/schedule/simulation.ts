/** Schedules played against a simulated clock and target. */

import { createRandom } from '../../../src/core/random.ts'
import {
  createBucket,
  createSchedule,
  paceOfShard,
  type Pace,
  type Schedule,
  type ScheduleCounts,
  type Shard,
} from '../../../src/generator/schedule.ts'

export interface SentStep {
  readonly user: number
  readonly intendedMs: number
  readonly atMs: number
  /** Session, counted from 1, and the step in it. */
  readonly session: number
  readonly step: number
}

export interface Simulation {
  readonly pace: Pace
  /** Plays the part of this shard. */
  readonly shard?: Shard
  /** When this shard begins; default 0, as all of them. */
  readonly startMs?: number
  readonly toMs: number
  readonly seed?: number
  readonly maxRps?: number
  readonly steps?: number
  /** Recorded time between two steps of a session, before the time scale. */
  readonly gapMs?: number
  readonly expectedMs?: number
  /** How long a step takes that is sent at this moment. */
  readonly takesMs: (atMs: number) => number
  readonly during?: (schedule: Schedule, nowMs: number) => void
}

/** Looks every millisecond. */
export function simulate(simulation: Simulation): {
  readonly sent: SentStep[]
  readonly counts: ScheduleCounts
} {
  const { pace, toMs, seed = 1, steps = 4, gapMs = 0, expectedMs, takesMs, during } = simulation
  const counts = { due: 0, sent: 0, busy: 0, notSent: 0 }
  const bucket = createBucket(simulation.maxRps ?? Number.POSITIVE_INFINITY)
  const { shard = { index: 0, count: 1 }, startMs = 0 } = simulation
  const shared = createRandom(seed)
  const schedule = createSchedule(paceOfShard(pace, shard), {
    startMs,
    gridMs: 0,
    random: simulation.shard === undefined ? shared : shared.fork(String(shard.index)),
    shared,
    counts,
    stepsPerSession: steps,
    earliestMs: (fromMs) => bucket.earliestMs(fromMs),
  })
  const sent: SentStep[] = []
  const flights: { user: number; endMs: number }[] = []
  const sessions = new Map<number, { id: number; step: number }>()
  let opened = shard.index + 1 - shard.count
  for (let now = startMs; now < toMs; now += 1) {
    during?.(schedule, now)
    for (const flight of flights.filter(({ endMs }) => endMs <= now)) {
      flights.splice(flights.indexOf(flight), 1)
      const isOver = sessions.get(flight.user)?.step === steps
      if (isOver) sessions.delete(flight.user)
      const expected = expectedMs === undefined ? {} : { expectedMs }
      schedule.ended(flight.user, { endMs: flight.endMs, gapMs, isOver, ...expected })
    }
    for (let due = schedule.take(now); due !== undefined; due = schedule.take(now)) {
      bucket.charge(now)
      const session = sessions.get(due.user) ?? { id: (opened += shard.count), step: 0 }
      session.step += 1
      sessions.set(due.user, session)
      sent.push({ ...due, atMs: now, session: session.id, step: session.step })
      flights.push({ user: due.user, endMs: now + takesMs(now) })
    }
  }
  return { sent, counts }
}

/** Variance ÷ mean of the counts per bin: 1 for a Poisson stream, 0 for an even one. */
export function dispersionOf(moments: readonly number[], toMs: number, binMs: number): number {
  const bins = new Float64Array(Math.ceil(toMs / binMs))
  for (const moment of moments) {
    const bin = Math.floor(moment / binMs)
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  const mean = bins.reduce((sum, count) => sum + count, 0) / bins.length
  return bins.reduce((sum, count) => sum + (count - mean) ** 2, 0) / bins.length / mean
}
