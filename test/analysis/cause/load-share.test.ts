import { describe, expect, it } from 'vitest'
import { loadSharesOf } from '../../../src/analysis/cause/load-share.ts'
import { simulate } from './queue.ts'

const actions = [
  { action: 'checkout', share: 0.25, baselineMs: 2, canaryMs: 30 },
  { action: 'home', share: 0.75, baselineMs: 2, canaryMs: 2 },
]

describe('loadSharesOf()', () => {
  it('says nothing of too few pairs, of strangers, and where there is no excess', () => {
    const few = simulate({ actions, rate: 5, users: 4, seconds: 2 })
    expect(loadSharesOf(few, 'home')).toEqual({})
    expect(loadSharesOf([], 'home')).toEqual({})
    expect(loadSharesOf(few, 'stranger')).toEqual({})
    const equal = actions.map((one) => ({ ...one, canaryMs: 1 }))
    const faster = simulate({ actions: equal, rate: 2, users: 1, seconds: 200 })
    expect(loadSharesOf(faster, 'home')).toEqual({})
  })
  it('finds that the excess of a neighbour goes along with the slow action in flight', () => {
    const pairs = simulate({ actions, rate: 40, users: 16, seconds: 60 })
    const shares = loadSharesOf(pairs, 'home')
    expect(shares['checkout']).toBeGreaterThan(0.8)
    expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1)
  })
  it('leaves the excess with an action that is slow alone', () => {
    const pairs = simulate({ actions, rate: 4, users: 1, seconds: 200 })
    expect(loadSharesOf(pairs, 'checkout')['checkout']).toBeGreaterThan(0.9)
  })
})
