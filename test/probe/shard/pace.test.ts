import { describe, expect, it } from 'vitest'
import { ARRIVALS } from '../../../src/core/contract/config.ts'
import { paceOf } from '../../../src/probe/shard/pace.ts'
import { examplePlan } from '../../support/example-plan.ts'

const plan = { ...examplePlan(), concurrency: 9 }
const input = { plan, arrivals: 'poisson' as const, timeScale: 2 }

describe('paceOf()', () => {
  it('goes in single file in the quiet phase, whatever the arrivals, and without a ramp', () => {
    for (const arrivals of ARRIVALS) {
      const pace = paceOf({ ...input, arrivals }, 'quiet', 20, 30)
      expect(pace).toEqual({ kind: 'single-file', rate: 20 })
    }
  })
  it('follows the arrivals under load, and grows only where it is told to', () => {
    const load = { rate: 20, concurrency: 9 }
    expect(paceOf(input, 'load', 20, 30)).toEqual({
      kind: 'spaced',
      spacing: 'poisson',
      ...load,
      rampSeconds: 30,
    })
    expect(paceOf({ ...input, arrivals: 'partly-open' }, 'load', 20)).toEqual({
      kind: 'partly-open',
      ...load,
      timeScale: 2,
      rampSeconds: 0,
    })
    expect(paceOf({ ...input, arrivals: 'closed' }, 'load', 20)).toMatchObject(load)
  })
  it('is the part of one thread where several send', () => {
    const shards = [0, 1].map((index) => ({ ...input, shard: { index, count: 2 } }))
    expect(shards.map((shard) => paceOf(shard, 'load', 20))).toMatchObject([
      { rate: 10, concurrency: 5 },
      { rate: 10, concurrency: 4 },
    ])
    expect(shards.map((shard) => paceOf(shard, 'quiet', 20).kind)).toEqual(['single-file', 'idle'])
  })
})
