import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RouterCounts } from '../../src/allocator/routers/counts.ts'
import { observeSplit } from '../../src/allocator/verify.ts'

function counts(baseline: number, canary: number, rest: Partial<RouterCounts> = {}): RouterCounts {
  return {
    baseline: { requests: baseline, serverErrors: 0 },
    canary: { requests: canary, serverErrors: 0 },
    incarnation: 'one',
    ...rest,
  }
}

describe('observeSplit()', () => {
  it('cannot say without traffic, after a restart, or where counters were set back', () => {
    const before = counts(100, 10)
    expect(observeSplit(before, before, 500)).toEqual({ kind: 'unknown', code: 'no-traffic' })
    const restarted = counts(200, 20, { incarnation: 'two' })
    for (const after of [restarted, counts(50, 20), counts(200, 5)]) {
      expect(observeSplit(before, after, 500)).toEqual({
        kind: 'unknown',
        code: 'router-restarted',
      })
    }
    const nobody = counts(110, 10, { users: { baseline: 0, canary: 0 } })
    expect(observeSplit(before, nobody, 500)).toMatchObject({ code: 'no-traffic' })
  })

  // 487 of 10 000 by Wilson's formula with z = 3.2905, calculated apart: 0.042093 to 0.056284.
  it('counts users where they are known', () => {
    const after = counts(99_000, 1_000, { users: { baseline: 9_513, canary: 487 } })
    expect(observeSplit(counts(0, 0), after, 500)).toEqual({
      kind: 'observed',
      observedBp: 487,
      lowBp: 421,
      highBp: 563,
      unit: 'user',
      users: 10_000,
      requests: 100_000,
      agrees: true,
    })
  })

  it('finds the splits that routers were seen to make at a right reading', () => {
    // leastconn at concurrency 1 and 4, a hash policy with duplicated upstreams.
    expect(observeSplit(counts(0, 0), counts(500, 500), 1000)).toMatchObject({ agrees: false })
    expect(observeSplit(counts(0, 0), counts(744, 256), 1000)).toMatchObject({ agrees: false })
    const users = { baseline: 473, canary: 527 }
    expect(observeSplit(counts(0, 0), counts(473, 527, { users }), 500)).toMatchObject({
      agrees: false,
    })
  })

  it('takes requests for less than they seem: those of one user go the same way', () => {
    const users = { baseline: 940, canary: 60 }
    expect(observeSplit(counts(0, 0), counts(940, 60, { users }), 300)).toMatchObject({
      agrees: false,
    })
    expect(observeSplit(counts(0, 0), counts(940, 60), 300)).toMatchObject({ agrees: true })
  })

  it('a single canary request at weight 0 does not agree, if users are known', () => {
    const users = { baseline: 999, canary: 1 }
    expect(observeSplit(counts(0, 0), counts(999, 1, { users }), 0)).toMatchObject({
      agrees: false,
    })
    expect(observeSplit(counts(0, 0), counts(999, 0), 0)).toMatchObject({ lowBp: 0, agrees: true })
    expect(observeSplit(counts(0, 0), counts(0, 9), 10_000)).toMatchObject({ highBp: 10_000 })
  })

  it('holds what was observed within its interval, and swaps with the arms', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.nat(100_000),
        fc.integer({ min: 0, max: 10_000 }),
        (baseline, canary, weightBp) => {
          fc.pre(baseline + canary > 0)
          const split = observeSplit(counts(0, 0), counts(baseline, canary), weightBp)
          const swapped = observeSplit(counts(0, 0), counts(canary, baseline), 10_000 - weightBp)
          if (split.kind !== 'observed' || swapped.kind !== 'observed') return false
          expect(split.lowBp).toBeLessThanOrEqual(split.observedBp)
          expect(split.highBp).toBeGreaterThanOrEqual(split.observedBp)
          expect(Math.abs(split.lowBp + swapped.highBp - 10_000)).toBeLessThanOrEqual(1)
          return true
        },
      ),
    )
  })
})
