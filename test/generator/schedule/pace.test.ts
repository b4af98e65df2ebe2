import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mostShards, paceOfShard, type Pace } from '../../../src/generator/schedule.ts'

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
          const own = { concurrency: 0, rate: 0, part: 0 }
          expect({ ...share, ...own }).toEqual({ ...pace, ...own })
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
    expect(sharesOf(pace, 3)).toEqual([
      { ...half, part: { index: 0, count: 2, users: 2 } },
      { ...half, part: { index: 1, count: 2, users: 2 } },
      { kind: 'idle' },
    ])
  })
})

describe('mostShards()', () => {
  it('is one at least, one for each user, and leaves every bucket four requests a second', () => {
    expect(mostShards(Number.POSITIVE_INFINITY, 3)).toBe(3)
    expect(mostShards(100, 1_000)).toBe(25)
    expect(mostShards(3, 50)).toBe(1)
  })
})
