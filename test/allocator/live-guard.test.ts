import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addCounts,
  emptyWindow,
  figuresOf,
  fisherExact,
  guardLive,
  type LiveWindow,
} from '../../src/allocator/live-guard.ts'
import type { RouterCounts } from '../../src/allocator/routers/counts.ts'
import { areComparable, singleInstances } from '../../src/allocator/unequal-load.ts'
import { policyOf } from './driving.ts'

const policy = policyOf()

function counts(
  [baseline, baselineErrors]: [number, number],
  [canary, canaryErrors]: [number, number],
  incarnation = 'one',
): RouterCounts {
  return {
    baseline: { requests: baseline, serverErrors: baselineErrors },
    canary: { requests: canary, serverErrors: canaryErrors },
    incarnation,
  }
}

function windowOf(last: RouterCounts, seconds = 30): LiveWindow {
  const first = { atMs: 0, counts: counts([0, 0], [0, 0], last.incarnation) }
  const begun = addCounts(emptyWindow, first, 30)
  return addCounts(begun, { atMs: seconds * 1000, counts: last }, 30)
}

describe('fisherExact()', () => {
  // Fisher (1935), the lady tasting tea: 4 of 4 right has p = 1/70, 3 of 4 or more 17/70.
  it.each([
    { table: [4, 4, 0, 4], p: 1 / 70 },
    { table: [3, 4, 1, 4], p: 17 / 70 },
    { table: [0, 10, 0, 10], p: 1 },
  ] as const)('gives $p for $table', ({ table: [failed, canary, baselineFailed, baseline], p }) => {
    expect(fisherExact(failed, canary, baselineFailed, baseline)).toBeCloseTo(p, 10)
  })

  it('falls when the canary fails more, and stays within 0 and 1', () => {
    const size = fc.integer({ min: 1, max: 2000 })
    fc.assert(
      fc.property(size, size, fc.nat(50), fc.nat(50), (canary, baseline, a, b) => {
        const [failed, baselineFailed] = [Math.min(a, canary - 1), Math.min(b, baseline)]
        const p = fisherExact(failed, canary, baselineFailed, baseline)
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
        expect(fisherExact(failed + 1, canary, baselineFailed, baseline)).toBeLessThanOrEqual(
          p + 1e-9,
        )
      }),
    )
  })

  it('is exact at a million requests without overflow', () => {
    expect(fisherExact(100, 1_000_000, 100, 1_000_000)).toBeGreaterThan(0.4)
    expect(fisherExact(400, 1_000_000, 100, 1_000_000)).toBeLessThan(1e-6)
  })
})

describe('guardLive()', () => {
  it('is critical where half of at least 20 canary requests fail and the baseline is well', () => {
    expect(guardLive(policy, windowOf(counts([500, 2], [20, 10]))).kind).toBe('critical')
    expect(guardLive(policy, windowOf(counts([500, 2], [19, 19]))).kind).toBe('too-few')
    expect(guardLive(policy, windowOf(counts([500, 100], [20, 10]))).kind).toBe('too-few')
  })

  it('is anomalous only with enough requests, more than a point apart, beyond chance', () => {
    expect(guardLive(policy, windowOf(counts([4000, 4], [400, 40]))).kind).toBe('anomalous')
    expect(guardLive(policy, windowOf(counts([4000, 4], [400, 3]))).kind).toBe('ok')
    expect(guardLive(policy, windowOf(counts([4000, 4], [199, 30]))).kind).toBe('too-few')
  })

  it('says the counts it was made from', () => {
    expect(guardLive(policy, windowOf(counts([500, 2], [40, 30]))).finding).toBe(
      '30 of 40 live requests failed on the canary, 2 of 500 on the baseline',
    )
  })
})

describe('the window', () => {
  it('begins anew at a restart of the router and when counters fall', () => {
    const before = windowOf(counts([100, 0], [100, 0]))
    const restarted = { atMs: 31_000, counts: counts([5, 0], [5, 0], 'two') }
    expect(figuresOf(addCounts(before, restarted, 30))).toBeUndefined()
    const cleared = { atMs: 31_000, counts: counts([5, 0], [5, 0]) }
    expect(figuresOf(addCounts(before, cleared, 30))).toBeUndefined()
  })

  it('covers its seconds, however many counts were taken, and forgets what is older', () => {
    let window = emptyWindow
    for (let second = 0; second <= 100; second += 1) {
      const taken = counts([second * 10, second], [second, 0])
      window = addCounts(window, { atMs: second * 1000, counts: taken }, 30)
    }
    expect(figuresOf(window)).toMatchObject({
      seconds: 30,
      baseline: { requests: 300, serverErrors: 30 },
      canary: { requests: 30 },
    })
  })
})

describe('areComparable()', () => {
  const load = (baseline: number, canary: number): Parameters<typeof areComparable>[0] => ({
    seconds: 10,
    baseline: { requests: baseline, serverErrors: 0 },
    canary: { requests: canary, serverErrors: 0 },
  })

  it('takes live requests per instance that differ by at most one and a half times', () => {
    expect(areComparable(load(1500, 1000), singleInstances, 10)).toBe(true)
    expect(areComparable(load(1600, 1000), singleInstances, 10)).toBe(false)
    expect(areComparable(load(9000, 1000), { baseline: 9, canary: 1 }, 10)).toBe(true)
  })

  it('takes any split of a load that cannot fill five per cent of a core', () => {
    // 10 a second of 3 ms each are at most 3 % of one core.
    expect(areComparable(load(100, 0), singleInstances, 3)).toBe(true)
    expect(areComparable(load(200, 0), singleInstances, 3)).toBe(false)
    expect(areComparable(load(100, 0), singleInstances, undefined)).toBe(false)
  })

  it('has nothing against latencies where nothing is known of the load', () => {
    expect(areComparable(undefined, singleInstances, undefined)).toBe(true)
  })
})
