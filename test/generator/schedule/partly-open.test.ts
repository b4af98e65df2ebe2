import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pace } from '../../../src/generator/schedule.ts'
import { dispersionOf, simulate } from './simulation.ts'

const PACE = { kind: 'partly-open', rate: 100, concurrency: 400, timeScale: 1 } as const

describe('partly-open pace', () => {
  it('lets sessions arrive as a Poisson stream whose steps make up the rate', () => {
    const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
    const dispersions = seeds.map((seed) => {
      const toMs = 60_000
      const { sent, counts } = simulate({ pace: PACE, toMs, seed, gapMs: 200, takesMs: () => 20 })
      const arrivals = sent.filter(({ step }) => step === 1).map(({ intendedMs }) => intendedMs)
      expect(Math.abs(arrivals.length - 1_500)).toBeLessThan(160)
      expect(Math.abs(sent.length / 6_000 - 1)).toBeLessThan(0.11)
      expect(counts).toEqual({ due: sent.length, sent: sent.length, busy: 0, notSent: 0 })
      return dispersionOf(arrivals, toMs, 400)
    })
    // One of 150 bins has a standard deviation of 0.12, the mean of twenty one of 0.026.
    const mean = dispersions.reduce((sum, one) => sum + one, 0) / dispersions.length
    expect(Math.abs(mean - 1)).toBeLessThan(0.1)
  })
  it('means the same moments whatever the speed of the target, as long as answers beat gaps', () => {
    const meant = (takesMs: number): number[] =>
      simulate({ pace: PACE, toMs: 10_000, gapMs: 200, takesMs: () => takesMs })
        .sent.map(({ intendedMs }) => intendedMs)
        .filter((moment) => moment < 9_000)
        .toSorted((left, right) => left - right)
    expect(meant(150)).toEqual(meant(1))
  })
  it('means the arrivals at the same moments even if the target stands still', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 0, max: 1e6 }),
        (ms, seed) => {
          const arrivals = (takesMs: (atMs: number) => number): number[] =>
            simulate({ pace: PACE, toMs: 2_000, seed, gapMs: 50, takesMs })
              .sent.filter(({ step }) => step === 1)
              .map(({ intendedMs }) => intendedMs)
          const stalled = arrivals((atMs) => (atMs < 1_000 ? 1_000 - atMs + ms : 5))
          expect(stalled).toEqual(arrivals(() => 5))
        },
      ),
      { numRuns: 15 },
    )
  })
  it('counts arrivals beyond the users as busy, with their steps, and sends none of them later', () => {
    const pace: Pace = { ...PACE, concurrency: 3 }
    const { sent, counts } = simulate({ pace, toMs: 4_000, takesMs: () => 10_000 })
    expect(sent).toHaveLength(3)
    expect(counts.sent).toBe(3)
    expect(counts.due).toBe(counts.busy + 3)
    expect(Math.abs(counts.busy - (400 - 12))).toBeLessThan(120)
  })
  it('follows with the steps of a session at their gaps, and then frees the user', () => {
    const { sent } = simulate({ pace: PACE, toMs: 5_000, gapMs: 300, takesMs: () => 30 })
    const sessions = Map.groupBy(sent, ({ session }) => session)
    for (const steps of sessions.values()) {
      const [first] = steps
      steps.forEach(({ intendedMs, user }, index) => {
        expect(intendedMs).toBeCloseTo((first?.intendedMs ?? 0) + 300 * index, 6)
        expect(user).toBe(first?.user)
      })
    }
    expect(new Set(sent.map(({ user }) => user)).size).toBeLessThan(80)
  })
  it('holds the bucket, serves who is here before who arrives, and loses no step uncounted', () => {
    const pace: Pace = { ...PACE, rate: 400 }
    const { sent, counts } = simulate({ pace, toMs: 10_000, maxRps: 100, takesMs: () => 5 })
    expect(sent.length).toBeLessThanOrEqual(100 * 10.25 + 1)
    expect(sent.length).toBeGreaterThan(900)
    expect(counts.due).toBe(counts.sent + counts.busy + counts.notSent)
    expect(Math.abs(counts.due - 4_000)).toBeLessThan(450)
    const finished = sent.filter(({ step }) => step === 4).length
    expect(finished / sent.filter(({ step }) => step === 1).length).toBeGreaterThan(0.5)
  })
  it('drops what arrives in a pause as busy, and what it is held for as not sent', () => {
    const paused = simulate({
      pace: PACE,
      toMs: 2_000,
      takesMs: () => 5,
      during: (schedule, now) => now === 0 && schedule.pause(1_000),
    })
    expect(paused.sent[0]?.intendedMs).toBeGreaterThanOrEqual(1_000)
    expect(paused.counts.busy).toBeGreaterThan(50)
    const held = simulate({
      pace: PACE,
      toMs: 2_000,
      takesMs: () => 5,
      during: (schedule, now) => {
        if (now === 0) schedule.hold(Number.POSITIVE_INFINITY)
        if (now === 1_000) schedule.hold(now)
      },
    })
    expect(held.sent[0]?.atMs).toBeGreaterThanOrEqual(1_000)
    expect(held.counts.notSent).toBeGreaterThan(50)
    expect(held.counts.busy).toBe(0)
  })
})
