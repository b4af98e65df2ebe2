import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pace } from '../../../src/generator/schedule.ts'
import { msOfTicks } from '../../../src/generator/schedule/ramp.ts'
import { simulate } from './simulation.ts'

const RAMP = { rampSeconds: 10, concurrency: 50 }

describe('msOfTicks()', () => {
  it('is where the integral of the growing rate has reached so many ticks', () => {
    const inputs = [
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0.1, max: 1e4, noNaN: true }),
      fc.double({ min: 0, max: 3_600, noNaN: true }),
    ] as const
    fc.assert(
      fc.property(...inputs, (ticks, rate, rampSeconds) => {
        const seconds = msOfTicks(ticks, rate, rampSeconds) / 1000
        const inRamp = Math.min(seconds, rampSeconds)
        const grown = rampSeconds === 0 ? 0 : (rate * inRamp ** 2) / (2 * rampSeconds)
        const integral = grown + rate * Math.max(0, seconds - rampSeconds)
        expect(Math.abs(integral - ticks)).toBeLessThanOrEqual(1e-9 * Math.max(1, ticks))
      }),
    )
  })
})

describe('a ramp', () => {
  it('of a constant stream sends half of what the full rate would, and every tick of it', () => {
    const pace: Pace = { kind: 'spaced', spacing: 'constant', rate: 100, ...RAMP }
    const { sent, counts } = simulate({ pace, toMs: 20_001, takesMs: () => 5 })
    const until = (ms: number): number => sent.filter(({ intendedMs }) => intendedMs <= ms).length
    expect([until(5_000), until(10_000), until(20_000)]).toEqual([125, 500, 1_500])
    expect(counts).toEqual({ due: 1_500, sent: 1_500, busy: 0, notSent: 0 })
  })
  it('of a Poisson stream grows evenly', () => {
    const pace: Pace = { kind: 'spaced', spacing: 'poisson', rate: 400, ...RAMP }
    const { sent } = simulate({ pace, toMs: 10_000, takesMs: () => 2 })
    const early = sent.filter(({ intendedMs }) => intendedMs < 5_000).length
    expect(Math.abs(sent.length - 2_000)).toBeLessThan(150)
    expect(Math.abs(early / sent.length - 0.25)).toBeLessThan(0.03)
  })
  it('of users lets them join one after the other', () => {
    for (const kind of ['closed', 'recorded'] as const) {
      const pace: Pace = { kind, rate: 1e6, timeScale: 1, ...RAMP }
      const { sent } = simulate({ pace, toMs: 12_000, gapMs: 100, takesMs: () => 100 })
      const active = (fromMs: number): number =>
        new Set(
          sent.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 100).map(({ user }) => user),
        ).size
      expect(active(0)).toBe(1)
      expect(Math.abs(active(5_000) - 25)).toBeLessThanOrEqual(1)
      expect(active(11_000)).toBe(50)
    }
  })
  it('of arriving sessions grows as well', () => {
    const pace: Pace = { kind: 'partly-open', rate: 400, timeScale: 1, ...RAMP, concurrency: 500 }
    const { sent } = simulate({ pace, toMs: 10_000, takesMs: () => 2 })
    const first = sent.filter(({ step }) => step === 1)
    const early = first.filter(({ intendedMs }) => intendedMs < 5_000).length
    expect(Math.abs(first.length - 500)).toBeLessThan(70)
    expect(Math.abs(early / first.length - 0.25)).toBeLessThan(0.07)
  })
})
