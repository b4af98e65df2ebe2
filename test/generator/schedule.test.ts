import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { createDueList } from '../../src/generator/due.ts'
import {
  createBucket,
  createSchedule,
  type Pace,
  type Schedule,
  type ScheduleCounts,
  type StepEnd,
} from '../../src/generator/schedule.ts'

function scheduleOf(pace: Pace, seed = 1, maxRps = Number.POSITIVE_INFINITY) {
  const counts: ScheduleCounts = { due: 0, sent: 0, busy: 0, notSent: 0 }
  const bucket = createBucket(maxRps)
  const schedule = createSchedule(pace, {
    startMs: 0,
    random: createRandom(seed),
    counts,
    stepsPerSession: 4,
    earliestMs: (fromMs) => bucket.earliestMs(fromMs),
  })
  return { schedule, counts, bucket }
}

function endAt(endMs: number, gapMs = 0): StepEnd {
  return { endMs, gapMs, isOver: false }
}

/** Everything that is due in `ms`, looked at every millisecond; each step takes `stepMs`. */
function play(schedule: Schedule, fromMs: number, toMs: number, stepMs: number) {
  const sent: { user: number; intendedMs: number; atMs: number }[] = []
  const ends: { user: number; atMs: number }[] = []
  for (let now = fromMs; now < toMs; now += 1) {
    while (ends[0] !== undefined && ends[0].atMs <= now) {
      const end = ends.shift()
      if (end !== undefined) schedule.ended(end.user, endAt(end.atMs))
    }
    for (let due = schedule.take(now); due !== undefined; due = schedule.take(now)) {
      sent.push({ ...due, atMs: now })
      ends.push({ user: due.user, atMs: now + stepMs })
    }
  }
  return sent
}

const POISSON = { kind: 'spaced', spacing: 'poisson', rate: 100, concurrency: 50 } as const

describe('createDueList()', () => {
  it('refuses more users than it was made for, and to remove from nothing', () => {
    const list = createDueList(1)
    expect(() => list.removeFirst()).toThrow(RangeError)
    list.add(0, 1)
    expect(() => list.add(1, 1)).toThrow(RangeError)
  })
  it('gives users by their moment, and equal moments in the order they came', () => {
    const moments = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 })
    fc.assert(
      fc.property(moments, (dues) => {
        const list = createDueList(dues.length)
        dues.forEach((due, user) => list.add(user, due))
        const users = dues.map(() => list.removeFirst())
        const expected = dues.map((_, user) => user)
        expected.sort((left, right) => (dues[left] ?? 0) - (dues[right] ?? 0))
        expect(users).toEqual(expected)
        expect(list.firstMs()).toBeUndefined()
      }),
    )
  })
})

describe('createBucket()', () => {
  it('holds its rate over every span, whatever is asked', () => {
    const asks = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 300 })
    fc.assert(
      fc.property(asks, fc.integer({ min: 1, max: 500 }), (gaps, maxRps) => {
        const bucket = createBucket(maxRps)
        const sentMs: number[] = []
        let now = 0
        for (const gap of gaps) {
          now = bucket.earliestMs(now + gap)
          bucket.charge(now)
          sentMs.push(now)
        }
        sentMs.forEach((from, first) => {
          sentMs.slice(first).forEach((to, more) => {
            const seconds = (to - from) / 1000
            expect(more + 1).toBeLessThanOrEqual(maxRps * (seconds + 0.25) + 1 + 1e-6)
          })
        })
      }),
      { numRuns: 40 },
    )
  })
  it('lets everything pass when the rate is infinite', () => {
    const bucket = createBucket(Number.POSITIVE_INFINITY)
    bucket.charge(5)
    expect(bucket.earliestMs(3)).toBe(3)
  })
})

describe('spaced pace', () => {
  it('sends a Poisson stream: counts per 100 ms have dispersion 1, and the rate is met', () => {
    const { schedule } = scheduleOf(POISSON)
    const sent = play(schedule, 0, 200_000, 5)
    const bins = new Float64Array(2_000)
    for (const { intendedMs } of sent) {
      const bin = Math.floor(intendedMs / 100)
      bins[bin] = (bins[bin] ?? 0) + 1
    }
    const mean = bins.reduce((sum, count) => sum + count, 0) / bins.length
    const variance = bins.reduce((sum, count) => sum + (count - mean) ** 2, 0) / bins.length
    expect(mean).toBeCloseTo(10, 0)
    expect(variance / mean).toBeGreaterThan(0.87)
    expect(variance / mean).toBeLessThan(1.13)
  })
  it('lets every user step as often as the others', () => {
    const { schedule } = scheduleOf(POISSON)
    const counts = new Float64Array(50)
    for (const { user } of play(schedule, 0, 200_000, 5)) counts[user] = (counts[user] ?? 0) + 1
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)
    expect(chiSquare).toBeLessThan(95)
  })
  it('is even when it is constant', () => {
    const { schedule } = scheduleOf({ ...POISSON, spacing: 'constant' })
    expect(play(schedule, 0, 101, 5).map(({ intendedMs }) => intendedMs)).toEqual(
      Array.from({ length: 10 }, (_, index) => 10 * (index + 1)),
    )
  })
  it('counts ticks as busy while every user waits, and sends none of them later', () => {
    const { schedule, counts } = scheduleOf({ ...POISSON, concurrency: 3 })
    for (let now = 0; now < 900; now += 1) while (schedule.take(now)) continue
    expect(counts.sent).toBe(3)
    expect(counts.busy).toBe(counts.due - 3)
    expect(counts.busy).toBeGreaterThan(60)
    schedule.ended(0, endAt(900))
    expect(play(schedule, 900, 1_000, 5).every(({ intendedMs }) => intendedMs > 899)).toBe(true)
  })
  it('counts steps that are more than 1 s late as not sent instead of sending a burst', () => {
    const { schedule, counts } = scheduleOf(POISSON)
    const sent = []
    for (let due = schedule.take(5_000); due; due = schedule.take(5_000)) sent.push(due)
    expect(counts.notSent).toBeGreaterThan(300)
    expect(sent.every(({ intendedMs }) => intendedMs >= 4_000)).toBe(true)
    expect(counts.due).toBe(counts.sent + counts.busy + counts.notSent)
  })
  it('never sends more than the bucket lets through, and blames nobody for the wait', () => {
    const { schedule, bucket, counts } = scheduleOf({ ...POISSON, rate: 400 }, 3, 100)
    let sent = 0
    for (let now = 0; now < 10_000; now += 1) {
      for (let due = schedule.take(now); due !== undefined; due = schedule.take(now)) {
        expect(now - due.intendedMs).toBeLessThanOrEqual(1)
        bucket.charge(now)
        schedule.ended(due.user, endAt(now))
        sent += 1
      }
    }
    expect(sent).toBeLessThanOrEqual(100 * 10.25 + 1)
    expect(sent).toBeGreaterThan(950)
    expect(counts.notSent).toBe(0)
    expect(counts.busy).toBeGreaterThan(2_500)
  })
  it('drops the ticks of a pause as busy', () => {
    const { schedule, counts } = scheduleOf(POISSON)
    schedule.pause(700)
    const sent = play(schedule, 0, 1_000, 5)
    expect(sent[0]?.intendedMs).toBeGreaterThanOrEqual(700)
    expect(counts.busy).toBeGreaterThan(40)
  })
  it('is the same for the same seed', () => {
    const plays = [7, 7, 8].map((seed) => play(scheduleOf(POISSON, seed).schedule, 0, 2_000, 20))
    expect(plays[0]).toEqual(plays[1])
    expect(plays[0]).not.toEqual(plays[2])
  })
})

describe('single-file pace', () => {
  it('never has two steps under way, and goes at most at its rate', () => {
    const { schedule } = scheduleOf({ kind: 'single-file', rate: 100 })
    const slow = play(schedule, 0, 1_000, 30)
    expect(slow.length).toBeLessThanOrEqual(34)
    slow.slice(1).forEach(({ atMs }, index) => {
      expect(atMs - (slow[index]?.atMs ?? 0)).toBeGreaterThanOrEqual(30)
    })
    const quick = play(scheduleOf({ kind: 'single-file', rate: 100 }).schedule, 0, 1_000, 1)
    expect(quick).toHaveLength(100)
  })
  it('counts latency from the end of the step before, where the user had to wait', () => {
    const { schedule } = scheduleOf({ kind: 'single-file', rate: 100 })
    expect(schedule.take(0)).toEqual({ user: 0, intendedMs: 0 })
    expect(schedule.nextMs()).toBe(Number.POSITIVE_INFINITY)
    schedule.ended(0, endAt(55.5))
    expect(schedule.take(58)).toEqual({ user: 0, intendedMs: 55.5 })
  })
  it('moves the intended moment when our own loop was late by more than 1 s', () => {
    const { schedule, counts } = scheduleOf({ kind: 'single-file', rate: 100 })
    schedule.take(0)
    schedule.ended(0, endAt(5))
    expect(schedule.take(3_000)?.intendedMs).toBe(3_000)
    expect(counts).toEqual({ due: 3, sent: 2, busy: 0, notSent: 1 })
  })
})

describe('closed pace', () => {
  it('sends for each user as soon as its last step ended', () => {
    const { schedule } = scheduleOf({ kind: 'closed', concurrency: 4 })
    expect(play(schedule, 0, 100, 10)).toHaveLength(40)
  })
  it('keeps a rate if there is one', () => {
    const { schedule } = scheduleOf({ kind: 'closed', concurrency: 40, rate: 200 })
    expect(play(schedule, 0, 1_000, 10).length).toBeLessThanOrEqual(200)
  })
})

describe('recorded pace', () => {
  const recorded = { kind: 'recorded', concurrency: 1, rate: 1_000, timeScale: 1 } as const

  it('keeps the gap between intended moments, unless the user had to wait longer', () => {
    const { schedule } = scheduleOf(recorded)
    expect(schedule.take(0)?.intendedMs).toBe(0)
    schedule.ended(0, endAt(40, 500))
    expect(schedule.take(499)).toBeUndefined()
    expect(schedule.nextMs()).toBe(500)
    expect(schedule.take(500)?.intendedMs).toBe(500)
    schedule.ended(0, endAt(1_700, 500))
    expect(schedule.take(1_701)?.intendedMs).toBe(1_700)
  })
})
