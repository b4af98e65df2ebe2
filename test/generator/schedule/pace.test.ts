import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mostShards, paceOfShard, type Pace } from '../../../src/generator/schedule.ts'
import { dispersionOf, simulate } from './simulation.ts'

const users = fc.integer({ min: 1, max: 100 })
const rates = fc.integer({ min: 1, max: 5_000 })
const paces: fc.Arbitrary<Pace> = fc.oneof(
  fc.record({
    kind: fc.constant('spaced' as const),
    spacing: fc.constantFrom('poisson' as const, 'constant' as const),
    rate: rates,
    concurrency: users,
    rampSeconds: fc.nat(30),
  }),
  fc.record({ kind: fc.constant('closed' as const), concurrency: users, rate: rates }),
  fc.record({
    kind: fc.constantFrom('recorded' as const, 'partly-open' as const),
    concurrency: users,
    rate: rates,
    timeScale: fc.constant(2),
  }),
)

function sharesOf(pace: Pace, count: number): Pace[] {
  return Array.from({ length: count }, (_, index) => paceOfShard(pace, { index, count }))
}

describe('paceOfShard()', () => {
  it('loses no user and no rate, and keeps everything else', () => {
    fc.assert(
      fc.property(paces, fc.integer({ min: 1, max: 12 }), (pace, count) => {
        const shares = sharesOf(pace, count).filter((share) => share.kind !== 'idle')
        let [concurrency, rate] = [0, 0]
        for (const share of shares) {
          if ('concurrency' in share) concurrency += share.concurrency
          if ('rate' in share) rate += share.rate ?? 0
          expect({ ...share, concurrency: 0, rate: 0, firstTick: 0 }).toEqual({
            ...pace,
            concurrency: 0,
            rate: 0,
            firstTick: 0,
          })
        }
        expect(concurrency).toBe('concurrency' in pace ? pace.concurrency : 0)
        expect(rate).toBeCloseTo('rate' in pace ? (pace.rate ?? 0) : 0, 6)
      }),
    )
  })
  it('leaves single file to the first shard, whole', () => {
    const pace = { kind: 'single-file', rate: 50 } as const
    expect(sharesOf(pace, 3)).toEqual([pace, { kind: 'idle' }, { kind: 'idle' }])
  })
  it('gives users to as many shards as there are, and their rate to these', () => {
    const pace = { kind: 'spaced', spacing: 'poisson', rate: 60, concurrency: 2 } as const
    const half = { ...pace, rate: 30, concurrency: 1 }
    expect(sharesOf(pace, 3)).toEqual([half, half, { kind: 'idle' }])
  })
  it('spaces constant streams so that together they are the whole one', () => {
    const pace = { kind: 'spaced', spacing: 'constant', rate: 100, concurrency: 9 } as const
    for (const rampSeconds of [0, 2]) {
      const whole = simulate({ pace: { ...pace, rampSeconds }, toMs: 3_000, takesMs: () => 1 })
      const together = sharesOf({ ...pace, rampSeconds }, 3)
        .flatMap((share) => simulate({ pace: share, toMs: 3_000, takesMs: () => 1 }).sent)
        .map(({ intendedMs }) => intendedMs)
        .toSorted((left, right) => left - right)
      expect(together).toHaveLength(whole.sent.length)
      together.forEach((moment, index) => {
        expect(moment).toBeCloseTo(whole.sent[index]?.intendedMs ?? 0, 6)
      })
    }
  })
  it('superposes Poisson streams to one of the whole rate with dispersion 1', () => {
    const pace = { kind: 'spaced', spacing: 'poisson', rate: 200, concurrency: 60 } as const
    const moments = sharesOf(pace, 3).flatMap((share, index) =>
      simulate({ pace: share, toMs: 60_000, seed: 7 + index, takesMs: () => 3 }).sent.map(
        ({ intendedMs }) => intendedMs,
      ),
    )
    expect(Math.abs(moments.length / 12_000 - 1)).toBeLessThan(0.03)
    expect(Math.abs(dispersionOf(moments, 60_000, 100) - 1)).toBeLessThan(0.2)
  })
})

describe('mostShards()', () => {
  it('is one at least, one for each user, and leaves every bucket four requests a second', () => {
    expect(mostShards(Number.POSITIVE_INFINITY, 3)).toBe(3)
    expect(mostShards(100, 1_000)).toBe(25)
    expect(mostShards(3, 50)).toBe(1)
  })
})
