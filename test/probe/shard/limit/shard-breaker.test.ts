import { describe, expect, it } from 'vitest'
import { ShardBreaker, type EndedCount } from '../../../../src/probe/shard/limit/shard-breaker.ts'

describe('ShardBreaker', () => {
  it('decides where it is alone', () => {
    const breaker = new ShardBreaker(undefined)
    for (let index = 0; index < 19; index += 1) breaker.ended('canary', true, index)
    expect(breaker.tripped(19)).toBeUndefined()
    breaker.ended('canary', true, 20)
    expect(breaker.tripped(20)).toBe('canary')
  })
  it('only tells what it counted where there are others, four times a second at most', () => {
    const told: (readonly EndedCount[])[] = []
    const breaker = new ShardBreaker(({ counts }) => told.push(counts))
    expect(breaker.tripped(0)).toBeUndefined()
    for (let atMs = 0; atMs < 1_000; atMs += 20) {
      breaker.ended('canary', true, atMs)
      breaker.ended('baseline', false, atMs)
      expect(breaker.tripped(atMs)).toBeUndefined()
    }
    expect(told).toHaveLength(4)
    expect(told[1]).toEqual([
      { arm: 'canary', requests: 13, failures: 13 },
      { arm: 'baseline', requests: 13, failures: 0 },
    ])
  })
})
