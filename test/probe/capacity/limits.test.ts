import { describe, expect, it } from 'vitest'
import { judgeLevel, lateMsOf, limitsOf } from '../../../src/probe/capacity/limits.ts'
import { countsOf } from './levels.ts'

const unloaded = (latencyMs: number): ReturnType<typeof countsOf> =>
  countsOf({ answers: [50, 50], latencyMs })

describe('limitsOf()', () => {
  it('is three times the unloaded p95, and at least 10 ms more', () => {
    const [slow] = limitsOf([{ action: 'a' }, { action: 'b' }], unloaded(20))
    expect(slow?.p95Ms).toBeGreaterThan(58)
    expect(slow?.p95Ms).toBeLessThan(62)
    expect(slow).toMatchObject({ actions: [0, 1], errorShare: 0.01, from: 'unloaded' })
    const [fast] = limitsOf([{ action: 'a' }], unloaded(1))
    expect(fast?.p95Ms).toBeCloseTo(11, 0)
  })

  it('holds an action to its own SLO', () => {
    const groups = limitsOf(
      [{ action: 'a' }, { action: 'b', p95Ms: 300 }, { action: 'c', errorShare: 0.2 }],
      unloaded(20),
    )
    expect(groups.map(({ actions, from }) => [actions, from])).toEqual([
      [[0], 'unloaded'],
      [[1], 'slo'],
      [[2], 'unloaded'],
    ])
    expect(lateMsOf(groups, 3)[1]).toBe(300)
    expect(groups[2]?.errorShare).toBe(0.2)
  })
})

describe('judgeLevel()', () => {
  const groups = limitsOf(
    [
      { action: 'a', p95Ms: 100 },
      { action: 'b', p95Ms: 500 },
    ],
    unloaded(20),
  )

  it.each([
    ['nothing was answered', { answers: [0, 0] }, 'latency'],
    ['an action is slower than its own limit', { answers: [100, 100], latencyMs: 150 }, 'latency'],
    ['more fails than may', { answers: [98, 100], failures: [2] }, 'errors'],
    ['the breaker ended it', { answers: [10, 10], end: 'breaker' }, 'errors'],
  ] as const)('breaks where %s', (_, given, broke) => {
    expect(judgeLevel(countsOf(given), 4, groups).broke).toBe(broke)
  })

  it('holds an action to nothing of which there are too few requests, if others have enough', () => {
    const counts = countsOf({ answers: [5, 100], latencyMs: 150 })
    expect(judgeLevel(counts, 4, groups).broke).toBeUndefined()
    const few = countsOf({ answers: [5, 5], latencyMs: 150 })
    expect(judgeLevel(few, 4, groups).broke).toBe('latency')
  })

  it('says how far from the limit it was, on both sides, and that it gave way', () => {
    const strain = (latencyMs: number): number =>
      judgeLevel(countsOf({ answers: [100, 100], latencyMs }), 4, groups).strain
    expect(strain(50)).toBeCloseTo(-Math.LN2, 1)
    expect(strain(200)).toBeCloseTo(Math.LN2, 1)
    const failed = countsOf({ answers: [10, 10], failures: [90], end: 'breaker' })
    expect(judgeLevel(failed, 4, groups)).toMatchObject({ gaveWay: true, strain: 3 })
  })

  it('counts good answers only, and says when the generator had no rest', () => {
    const counts = countsOf({ answers: [300, 100], failures: [1], seconds: 2, busy: 0.95 })
    expect(judgeLevel(counts, 4, groups)).toMatchObject({
      requestsPerSecond: 200,
      isStrained: true,
    })
  })
})
