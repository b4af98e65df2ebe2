import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  inTime,
  judgeAgain,
  medianOf,
  quantileOf,
  type Measure,
  type RememberedPair,
} from '../../../src/analysis/cause/again.ts'
import { createRandom } from '../../../src/core/random.ts'

const MEASURES: readonly Measure[] = ['typical', 'tail', 'share', 'errors']

function pairsOf(count: number, factor: number, seed = 1): RememberedPair[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, index) => ({
    pair: `s${index}.1`,
    at: index / 20,
    baselineMs: 20 * Math.exp(0.3 * random.normal()),
    canaryMs: 20 * factor * Math.exp(0.3 * random.normal()),
    baseline: 'ok',
    canary: 'ok',
    segment: {},
  }))
}

const all = (): boolean => true
const typical = { measure: 'typical' as const, margin: 0.1, seed: 1 }

describe('judgeAgain()', () => {
  it('learns nothing from no pairs, and nothing from pairs that nobody asked for', () => {
    const nothing = { pairs: 0, lnUp: 0, lnDown: 0 }
    for (const measure of MEASURES) {
      const question = { measure, margin: 0.1, seed: 1 }
      expect(judgeAgain([], all, question)).toEqual(nothing)
      const unasked = judgeAgain(pairsOf(300, 2), () => false, question)
      expect(unasked.pairs).toBe(0)
      expect(unasked.lnUp).toBeCloseTo(0, 12)
    }
  })
  it('finds a slow canary and proves a well one', () => {
    expect(judgeAgain(pairsOf(600, 1.5), all, typical).lnUp).toBeGreaterThan(Math.log(6000))
    expect(judgeAgain(pairsOf(600, 1), all, typical).lnDown).toBeGreaterThan(Math.log(20))
  })
  it('scores only the pairs that are asked, and only where latencies can be compared', () => {
    const mixed = pairsOf(600, 1).map((pair, index) =>
      index % 3 === 0 ? { ...pair, canaryMs: 10 * pair.canaryMs } : pair,
    )
    const calm = judgeAgain(mixed, ({ canaryMs, baselineMs }) => canaryMs < 5 * baselineMs, typical)
    expect(calm.lnUp).toBeLessThan(1)
    const failed = mixed.map((pair) => ({ ...pair, canary: 'http_error' as const }))
    expect(judgeAgain(failed, all, typical).pairs).toBe(0)
  })
  it('is silent about the tail until 100 baseline answers are known', () => {
    const tailed = pairsOf(90, 3)
    expect(judgeAgain(tailed, all, { ...typical, measure: 'tail' }).lnUp).toBeCloseTo(0, 12)
    const longer = judgeAgain(pairsOf(900, 3), all, { ...typical, measure: 'tail' })
    expect(longer.lnUp).toBeGreaterThan(Math.log(600))
  })
  it('survives a silence of a year between two pairs', () => {
    const [first, second] = pairsOf(2, 2)
    if (first === undefined || second === undefined) throw new Error('There are two')
    const apart = [first, { ...second, at: 3e7 }]
    expect(judgeAgain(apart, all, typical).pairs).toBe(2)
  })
  it('mirrors its evidence when the arms of latencies are swapped at margin 0', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.constantFrom(0.9, 1, 1.4),
        (seed, factor) => {
          const there = pairsOf(120, factor, seed)
          const back = there.map((pair) => ({
            ...pair,
            baselineMs: pair.canaryMs,
            canaryMs: pair.baselineMs,
          }))
          const question = { ...typical, margin: 0 }
          const [one, other] = [judgeAgain(there, all, question), judgeAgain(back, all, question)]
          expect(other.lnUp).toBe(one.lnDown)
          expect(other.lnDown).toBe(one.lnUp)
        },
      ),
      { numRuns: 50 },
    )
  })
  it('alarms by chance about as seldom as it says, in 400 runs of equal arms', () => {
    const alarms = Array.from({ length: 400 }, (_, seed) =>
      judgeAgain(pairsOf(300, 1, seed), all, { ...typical, margin: 0 }),
    ).filter(({ lnUp }) => lnUp >= Math.log(20))
    // The end of a run is one look, so this is far below the five per cent of all looks.
    expect(alarms.length / 400).toBeLessThan(0.05)
  })
})

describe('inTime()', () => {
  it('sorts by the moment of sending, ties by the name of the pair', () => {
    const [first, second] = pairsOf(2, 1)
    if (first === undefined || second === undefined) throw new Error('There are two')
    const tie = { ...second, at: first.at }
    expect(inTime([tie, first])).toEqual(inTime([first, tie]))
  })
})

describe('medianOf() and quantileOf()', () => {
  it('are 0 without values and never beyond the largest one', () => {
    expect(medianOf([])).toBe(0)
    expect(medianOf([3, 1, 2])).toBe(2)
    expect(quantileOf([1, 2, 3, 4], 0.95)).toBe(4)
    expect(quantileOf([5], 0)).toBe(5)
  })
})
