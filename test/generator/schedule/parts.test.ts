/** Shards of one pace, played against a simulated target: together they are the whole one. */

import { describe, expect, it } from 'vitest'
import type { Pace } from '../../../src/generator/schedule.ts'
import { dispersionOf, simulate, type SentStep } from './simulation.ts'

const TO_MS = 4_000
const quick = (): number => 3

function play(pace: Pace, shards: number, startsMs: readonly number[] = [], steps = 3): SentStep[] {
  const all = Array.from({ length: shards }, (_, index) => {
    const shard = { index, count: shards }
    const startMs = startsMs[index] ?? 0
    return simulate({ pace, shard, startMs, toMs: TO_MS, takesMs: quick, gapMs: 250, steps }).sent
  })
  return all.flat().toSorted((left, right) => left.intendedMs - right.intendedMs)
}

const momentsOf = (sent: readonly SentStep[]): number[] =>
  sent.map(({ intendedMs }) => Math.round(intendedMs * 1e3))

/** Session, step and moment of each. */
const stepsOf = (sent: readonly SentStep[]): string[] =>
  sent
    .map(({ session, step, intendedMs }) => `${session}.${step} ${intendedMs.toFixed(3)}`)
    .toSorted()

const constant: Pace = { kind: 'spaced', spacing: 'constant', rate: 50, concurrency: 30 }

describe('shards that begin together', () => {
  const same: Record<string, Pace> = {
    constant,
    'constant with a ramp': { ...constant, rampSeconds: 2 },
    poisson: { ...constant, spacing: 'poisson' },
    'poisson with a ramp': { ...constant, spacing: 'poisson', rampSeconds: 2 },
  }
  for (const [name, pace] of Object.entries(same)) {
    it(`send at the moments at which one would: ${name}`, () => {
      const whole = momentsOf(play(pace, 1))
      expect(whole.length).toBeGreaterThan(120)
      for (const shards of [2, 3]) expect(momentsOf(play(pace, shards))).toEqual(whole)
    })
  }
  it('send every session and step at its moment where sessions arrive', () => {
    const pace: Pace = { kind: 'partly-open', rate: 60, concurrency: 90, timeScale: 1 }
    for (const rampSeconds of [0, 2]) {
      const whole = stepsOf(play({ ...pace, rampSeconds }, 1))
      expect(whole.length).toBeGreaterThan(100)
      for (const shards of [2, 3]) {
        expect(stepsOf(play({ ...pace, rampSeconds }, shards))).toEqual(whole)
      }
    }
  })
  it('let the users of recorded and closed traffic join when those of one would', () => {
    const recorded: Pace = { kind: 'recorded', rate: 1_000, concurrency: 7, timeScale: 1 }
    const paces: Pace[] = [
      { ...recorded, rampSeconds: 2 },
      { kind: 'closed', concurrency: 7, rampSeconds: 2 },
      { ...recorded, rate: 5 },
      { kind: 'closed', concurrency: 7, rate: 5 },
    ]
    for (const pace of paces) {
      const firstsOf = (shards: number): string[] =>
        stepsOf(
          play(pace, shards, [], 10_000).filter(({ session, step }) => step === 1 && session <= 7),
        )
      const whole = firstsOf(1)
      expect(whole).toHaveLength(7)
      for (const shards of [2, 3]) expect(firstsOf(shards)).toEqual(whole)
    }
  })
})

describe('shards that begin apart', () => {
  it('keep to the even grid of the whole', () => {
    const moments = momentsOf(play(constant, 3, [0, 37, 1_011])).filter((at) => at > 1_100_000)
    const whole = momentsOf(play(constant, 1)).filter((at) => at > 1_100_000)
    expect(moments).toEqual(whole)
  })
  it('are one Poisson stream between them', () => {
    const pace: Pace = { ...constant, spacing: 'poisson', rate: 300 }
    const moments = play(pace, 3, [0, 3, 11]).map(({ intendedMs }) => intendedMs - 20)
    const within = moments.filter((at) => at >= 0)
    expect(dispersionOf(within, TO_MS, 50)).toBeGreaterThan(0.6)
    expect(dispersionOf(within, TO_MS, 50)).toBeLessThan(1.5)
    expect(within.length / (TO_MS / 1000)).toBeGreaterThan(260)
  })
})
