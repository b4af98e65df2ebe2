import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectedCourse, courseSentence } from '../../src/allocator/course.ts'
import { alphaOf, episodeCount, lnThresholdOf } from '../../src/allocator/episodes.ts'
import { finalWeight, nextWeight, reducedWeight, startWeight } from '../../src/allocator/policy.ts'
import { UsageError } from '../../src/core/errors.ts'
import { policyOf } from './driving.ts'
import { anyPolicy } from './any-rollout.ts'

const stages = policyOf({
  kind: 'stages',
  stages: [5, 10, 25, 50, 100].map((percent) => ({ weightBp: percent * 100, forSeconds: 300 })),
})

describe('weights of a policy', () => {
  it.each([
    { name: 'linear', policy: policyOf(), at: 1000, next: 1100, reduced: 500 },
    { name: 'linear at its start', policy: policyOf(), at: 500, next: 600, reduced: 0 },
    { name: 'linear near its end', policy: policyOf(), at: 9950, next: 10_000, reduced: 9450 },
    {
      name: 'linear with a floor',
      policy: policyOf({ minBp: 200 }),
      at: 500,
      next: 600,
      reduced: 200,
    },
    {
      name: 'linear with a ceiling',
      policy: policyOf({ maxBp: 550 }),
      at: 500,
      next: 550,
      reduced: 0,
    },
    { name: 'stages', policy: stages, at: 1000, next: 2500, reduced: 500 },
    { name: 'the first stage', policy: stages, at: 500, next: 1000, reduced: 0 },
    { name: 'between stages', policy: stages, at: 700, next: 1000, reduced: 500 },
    {
      name: 'multiplicative',
      policy: policyOf({ kind: 'multiplicative' }),
      at: 800,
      next: 1600,
      reduced: 200,
    },
    {
      name: 'multiplicative, low',
      policy: policyOf({ kind: 'multiplicative' }),
      at: 200,
      next: 400,
      reduced: 0,
    },
    {
      name: 'a factor that rounds to itself',
      policy: policyOf({ kind: 'multiplicative', startBp: 1, factor: 1.1 }),
      at: 1,
      next: 2,
      reduced: 0,
    },
    {
      name: 'blue/green',
      policy: policyOf({ kind: 'blue_green' }),
      at: 10_000,
      next: 10_000,
      reduced: 0,
    },
    { name: 'A/B', policy: policyOf({ kind: 'ab' }), at: 5000, next: 5000, reduced: 0 },
  ])('of $name', ({ policy, at, next, reduced }) => {
    expect(nextWeight(policy, at)).toBe(next)
    expect(reducedWeight(policy, at)).toBe(reduced)
  })
  it('rise to the final weight and fall strictly, whatever the policy', () => {
    fc.assert(
      fc.property(anyPolicy(), fc.integer({ min: 1, max: 10_000 }), (policy, at) => {
        const end = finalWeight(policy)
        expect(startWeight(policy)).toBeGreaterThan(0)
        expect(startWeight(policy)).toBeLessThanOrEqual(end)
        if (at < end) expect(nextWeight(policy, at)).toBeGreaterThan(at)
        expect(nextWeight(policy, Math.min(at, end))).toBeLessThanOrEqual(end)
        expect(reducedWeight(policy, at)).toBeLessThanOrEqual(at)
      }),
    )
  })
})

describe('expectedCourse()', () => {
  it('refuses a policy that would be given up before its end', () => {
    const slow = policyOf({ intervalSeconds: 600 })
    expect(() => expectedCourse(slow)).toThrow(UsageError)
    expect(() => expectedCourse(slow)).toThrow(
      /at best it ends after 16\sh, it gives up after 6\sh/,
    )
  })
  it('of the default is 95 raises of a minute', () => {
    const course = expectedCourse(policyOf())
    expect(course.points).toHaveLength(96)
    expect(course.points.at(-1)).toEqual({ atSeconds: 5700, weightBp: 10_000 })
    expect(course.promotableSeconds).toBe(5760)
    expect(courseSentence(policyOf({ gate: { need: 'healthy' } }))).toMatch(
      /^5\s% after the gate, 100\s% at the earliest 1\sh 35\smin later$/,
    )
  })
  it('of stages rounds their durations up to ticks and names the person', () => {
    const policy = policyOf({
      kind: 'stages',
      stages: [
        { weightBp: 500, forSeconds: 90 },
        { weightBp: 5000, gate: 'manual' },
        { weightBp: 10_000 },
      ],
    })
    expect(expectedCourse(policy)).toEqual({
      points: [
        { atSeconds: 0, weightBp: 500 },
        { atSeconds: 120, weightBp: 5000 },
        { atSeconds: 180, weightBp: 10_000 },
      ],
      promotableSeconds: 240,
      waitsForPerson: true,
    })
  })
  it('of blue/green is one switch', () => {
    expect(courseSentence(policyOf({ kind: 'blue_green' }))).toMatch(/^100\s% at once$/)
  })
})

describe('alphaOf()', () => {
  it('knows no episode that was not declared', () => {
    expect(() => alphaOf(policyOf(), 3, 'load')).toThrow(/an episode is declared/)
  })
  it('halves the share of the first episode between quiet and load', () => {
    const policy = policyOf({ gate: { need: 'healthy' } })
    expect(alphaOf(policy, 0, 'quiet')).toBeCloseTo(0.01 / 6, 12)
    expect(alphaOf(policy, 0, 'load')).toBeCloseTo(0.01 / 6, 12)
    expect(alphaOf(policy, 1, 'quiet')).toBe(0)
    expect(lnThresholdOf(policy, 1, 'load')).toBeCloseTo(Math.log(300), 9)
    expect(lnThresholdOf(policy, 1, 'quiet')).toBe(Infinity)
  })
  it('leaves the quiet phase nothing where there is no gate', () => {
    expect(alphaOf(policyOf(), 0, 'quiet')).toBe(0)
    expect(alphaOf(policyOf(), 0, 'load')).toBeCloseTo(0.01 / 3, 12)
  })
  it('never spends more than alpha over all episodes', () => {
    fc.assert(
      fc.property(anyPolicy(), (policy) => {
        let sum = 0
        for (let episode = 0; episode < episodeCount(policy); episode += 1) {
          sum += alphaOf(policy, episode, 'quiet') + alphaOf(policy, episode, 'load')
        }
        expect(sum).toBeLessThanOrEqual(policy.alpha)
        expect(sum).toBeGreaterThan(policy.alpha * 0.999_999)
      }),
      { numRuns: 1000 },
    )
  })
})
