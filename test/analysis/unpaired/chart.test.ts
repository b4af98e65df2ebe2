import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartOf, LEAST_RUNS } from '../../../src/analysis/unpaired/chart.ts'
import { createRandom } from '../../../src/core/random.ts'

function noise(seed: number, count: number): number[] {
  const random = createRandom(seed, 'chart')
  return Array.from({ length: count }, () => random.normal())
}

describe('chartOf()', () => {
  it('refuses what is not finite', () => {
    expect(() => chartOf([1, Infinity])).toThrow(RangeError)
  })

  it('says nothing before eight runs', () => {
    const points = chartOf([20, 21, 20, 22, 19, 20, 90, 20, 21])
    expect(points.slice(0, LEAST_RUNS).every(({ low }) => low === undefined)).toBe(true)
    expect(points[6]).toMatchObject({ outside: 'no', runs: 6 })
    expect(points[8]).toHaveProperty('low')
    expect(chartOf([])).toEqual([])
  })

  // Roberts (1959): weight 0.2. Moving ranges 1, 1, 1, 1, 1, 1, 1 have the mean 1.
  it('has the moving average and the deviation of neighbours', () => {
    const last = chartOf([10, 11, 10, 11, 10, 11, 10, 11, 20]).at(-1)
    const average = [11, 10, 11, 10, 11, 10, 11].reduce((sum, x) => 0.2 * x + 0.8 * sum, 10)
    expect(last?.average).toBeCloseTo(0.2 * 20 + 0.8 * average, 12)
    expect(last?.deviation).toBeCloseTo(1 / 1.128, 12)
    expect(((last?.low ?? 0) + (last?.high ?? 0)) / 2).toBeCloseTo(average, 12)
    expect(last?.outside).toBe('value')
  })

  it('calls one run in two hundred of a steady series unusual, at most', () => {
    const points = Array.from({ length: 100 }, (_, seed) => chartOf(noise(seed, 60))).flat()
    const judged = points.filter(({ low }) => low !== undefined)
    const outside = judged.filter(({ outside }) => outside !== 'no').length / judged.length
    expect(outside).toBeLessThan(0.005)
  })

  it('finds one bad run by its value and a creeping level by its average', () => {
    const steady = noise(1, 30)
    expect(chartOf([...steady, 6]).at(-1)?.outside).toBe('value')
    const crept = chartOf([
      ...steady,
      ...noise(2, 20).map((value, run) => value + 0.15 * run),
    ]).slice(30)
    expect(crept.some(({ outside }) => outside === 'average')).toBe(true)
  })

  it('believes a new level after eight runs of it', () => {
    const points = chartOf([...noise(1, 30), ...noise(2, 30).map((value) => value + 10)])
    const told = points.slice(30).map(({ outside }) => outside !== 'no')
    expect(told.slice(0, 8).every(Boolean)).toBe(true)
    expect(told.slice(8).some(Boolean)).toBe(false)
  })

  it('takes differences below the least deviation for none', () => {
    const still = Array.from({ length: 12 }, () => 0)
    expect(chartOf([...still, 0.001]).at(-1)?.outside).not.toBe('no')
    expect(chartOf([...still, 0.001], { leastDeviation: 0.001 }).at(-1)?.outside).toBe('no')
  })

  it('does not depend on unit or origin', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
        const values = noise(seed, 40)
        const words = (of: readonly number[]): string[] => chartOf(of).map((point) => point.outside)
        expect(words(values.map((value) => 1000 + 4 * value))).toEqual(words(values))
      }),
      { numRuns: 30 },
    )
  })
})
