import { describe, expect, it } from 'vitest'
import {
  addCounts,
  addReading,
  emptyWindow,
  figuresOf,
  freshGuard,
  guardLive,
  type GuardState,
} from '../../src/allocator/live-guard.ts'
import type { RouterCounts } from '../../src/allocator/routers/counts.ts'
import { areComparable, singleInstances } from '../../src/allocator/unequal-load.ts'
import { createRandom } from '../../src/core/random.ts'
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

/** A guard that read nothing first, and these counts half a minute later. */
function guardOf(last: RouterCounts, seconds = 30): GuardState {
  const first = { atMs: 0, counts: counts([0, 0], [0, 0], last.incarnation) }
  const begun = addReading(policy, freshGuard, first)
  return addReading(policy, begun, { atMs: seconds * 1000, counts: last })
}

interface Traffic {
  /** Requests of both arms in one second. */
  readonly baseline: number
  readonly canary: number
  /** Chance of a request to fail at a second. */
  readonly fails: (second: number) => { readonly baseline: number; readonly canary: number }
}

/** Readings of one a second; says after which the guard was anomalous first. */
function watch(seed: number, seconds: number, traffic: Traffic): Watched {
  const random = createRandom(seed, 'live')
  const fail = (requests: number, chance: number): number => {
    let failed = 0
    for (let i = 0; i < requests; i += 1) failed += Number(random.next() < chance)
    return failed
  }
  let [baseline, baselineFailed, canary, canaryFailed] = [0, 0, 0, 0]
  let guard = freshGuard
  let most = 0
  let anomalousAt: number | undefined
  for (let second = 0; second < seconds; second += 1) {
    const chance = traffic.fails(second)
    baseline += traffic.baseline
    canary += traffic.canary
    baselineFailed += fail(traffic.baseline, chance.baseline)
    canaryFailed += fail(traffic.canary, chance.canary)
    const taken = counts([baseline, baselineFailed], [canary, canaryFailed])
    guard = addReading(policy, guard, { atMs: second * 1000, counts: taken })
    most = Math.max(most, guard.evidence.lnEvidence)
    if (guardLive(policy, guard).kind === 'anomalous') anomalousAt ??= second
  }
  return { guard, most, anomalousAt }
}

interface Watched {
  readonly guard: GuardState
  readonly most: number
  readonly anomalousAt: number | undefined
}

describe('guardLive()', () => {
  it('is critical where half of at least 20 canary requests fail and the baseline is well', () => {
    expect(guardLive(policy, guardOf(counts([500, 2], [20, 10]))).kind).toBe('critical')
    expect(guardLive(policy, guardOf(counts([500, 2], [19, 19]))).kind).toBe('too-few')
    expect(guardLive(policy, guardOf(counts([500, 100], [20, 10]))).kind).toBe('too-few')
  })

  it('is anomalous only with enough requests, more than a point apart, beyond chance', () => {
    expect(guardLive(policy, guardOf(counts([4000, 4], [400, 40]))).kind).toBe('anomalous')
    expect(guardLive(policy, guardOf(counts([4000, 4], [400, 3]))).kind).toBe('ok')
    expect(guardLive(policy, guardOf(counts([4000, 4], [199, 30]))).kind).toBe('too-few')
  })

  it('says the counts it was made from', () => {
    expect(guardLive(policy, guardOf(counts([500, 2], [40, 30]))).finding).toBe(
      '30 of 40 live requests failed on the canary, 2 of 500 on the baseline',
    )
  })
})

describe('the evidence of the live guard', () => {
  it('reaches any threshold no more often than it may, however often it is looked at', () => {
    // Ville (1939): at most 5 % of the courses ever reach 20. Error rates come and go for both.
    const ill = (second: number): number => (second % 200 < 50 ? 0.1 : 0.01)
    const fails = (second: number): { baseline: number; canary: number } => ({
      baseline: ill(second),
      canary: ill(second),
    })
    const courses = Array.from({ length: 200 }, (_, seed) =>
      watch(seed, 400, { baseline: 20, canary: 5, fails }),
    )
    const high = courses.filter(({ most }) => most >= Math.log(20)).length / courses.length
    expect(high).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / courses.length))
    expect(courses.every(({ anomalousAt }) => anomalousAt === undefined)).toBe(true)
  })

  it('finds failures that begin late: all in one reading, five points in half a minute', () => {
    const late = (share: number): Traffic => ({
      baseline: 60,
      canary: 40,
      fails: (second) => ({ baseline: 0.001, canary: second < 300 ? 0.001 : share }),
    })
    expect(watch(1, 310, late(1)).anomalousAt).toBe(300)
    expect(watch(1, 340, late(0.051)).anomalousAt).toBeLessThan(330)
  })

  it('lets a canary be that is worse by half of what is tolerated', () => {
    const fails = (): { baseline: number; canary: number } => ({ baseline: 0.001, canary: 0.006 })
    const { most, anomalousAt } = watch(3, 3600, { baseline: 60, canary: 40, fails })
    expect(most).toBeGreaterThan(Math.log(1e6))
    expect(anomalousAt).toBeUndefined()
  })

  it('begins anew with another incarnation of the router, and is plain data', () => {
    const before = guardOf(counts([4000, 4], [400, 40]))
    expect(JSON.parse(JSON.stringify(before))).toEqual(before)
    expect(JSON.parse(JSON.stringify(freshGuard))).toEqual(freshGuard)
    const restarted = { atMs: 31_000, counts: counts([5, 0], [5, 0], 'two') }
    expect(addReading(policy, before, restarted).evidence).toEqual(freshGuard.evidence)
  })

  it('bets nothing where nobody failed, an arm was idle, or a count ran ahead of another', () => {
    expect(guardOf(counts([4000, 0], [400, 0])).evidence.lnEvidence).toBe(0)
    expect(guardOf(counts([4000, 9], [0, 0])).evidence.lnEvidence).toBe(0)
    // Failures are counted at their end, requests at their beginning.
    const late = guardOf(counts([4000, 4], [3, 5])).evidence
    expect(late.lnEvidence).toBeGreaterThan(0)
    expect(Number.isFinite(late.lnEvidence)).toBe(true)
  })
})

describe('the window', () => {
  it('begins anew at a restart of the router and when counters fall', () => {
    const before = guardOf(counts([100, 0], [100, 0])).window
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
