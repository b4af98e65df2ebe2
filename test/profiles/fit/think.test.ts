import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { fitLogNormal, fitThink, quantile } from '../../../src/profiles/fit/think.ts'

function logNormal(count: number, median: number, spread: number): number[] {
  const random = createRandom(3)
  return Array.from({ length: count }, () => median * Math.exp(spread * random.normal()))
}

function tableOf(model: ReturnType<typeof fitThink>): (readonly [number, number])[] {
  if (typeof model.think === 'string') throw new Error('this is no table')
  return [...model.think.table]
}

describe('fitLogNormal', () => {
  it('fitLogNormal() has the mean and the deviation of the logarithms', () => {
    const { mean, deviation } = fitLogNormal([Math.E, Math.E ** 3])
    expect(mean).toBeCloseTo(2, 12)
    expect(deviation).toBeCloseTo(1, 12)
  })
})

describe('fitThink', () => {
  it('fitThink() takes the law where it holds', () => {
    const model = fitThink(logNormal(3000, 8, 0.7), 0.001, 5)
    expect(model.think).toMatch(/^(7\.[6-9]|8\.[0-4])\d*s$/)
    expect(model.spread).toBeCloseTo(0.7, 1)
    // The 99.9 % quantile: 8 e^(3.09 · 0.7) = 69.6, or the measured one.
    expect(Number.parseFloat(model.longest ?? '')).toBeGreaterThan(50)
    expect(Number.parseFloat(model.longest ?? '')).toBeLessThan(75)
  })
  it('fitThink() takes a table where it does not, and the law where too little is known', () => {
    const two = [...logNormal(300, 0.2, 0.2), ...logNormal(300, 60, 0.2)]
    const table = tableOf(fitThink(two, 0.001, 5))
    expect(table[0]?.[0]).toBe(0)
    expect(table.at(-1)?.[0]).toBe(1)
    expect(fitThink(two.slice(250, 350), 0.001, 5).think).toMatch(/s$/)
  })
  it('fitThink() knows zeros: they are half of what the source tells apart', () => {
    expect(fitThink([0, 0, 0], 1, 2)).toEqual({ think: '500ms', spread: 0, longest: '500ms' })
    const many = [...Array.from({ length: 150 }, () => 0), ...logNormal(150, 20, 0.5)]
    expect(
      tableOf(fitThink(many, 1, 5)).filter(([, seconds]) => seconds === 0).length,
    ).toBeGreaterThan(8)
  })
  it('fitThink() shows no time that fewer than k others exceed, and tables ascend', () => {
    const some = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 200, maxLength: 260 })
    fc.assert(
      fc.property(some, fc.integer({ min: 2, max: 20 }), (tenths, k) => {
        const seconds = tenths.map((value) => value / 10)
        const model = fitThink(seconds, 0.1, k)
        if (typeof model.think === 'string') return
        const sorted = seconds.toSorted((left, right) => left - right)
        for (const [index, [share, value]] of model.think.table.entries()) {
          expect(value).toBeGreaterThanOrEqual(sorted[k - 1] ?? 0)
          expect(value).toBeLessThanOrEqual(sorted.at(-k) ?? 0)
          const before = model.think.table[index - 1]
          if (before === undefined) continue
          expect(share).toBeGreaterThan(before[0])
          expect(value).toBeGreaterThanOrEqual(before[1])
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('quantile', () => {
  it('quantile() is between its neighbours', () => {
    expect(quantile([1, 2, 4], 0.75)).toBe(3)
    expect(quantile([7], 0.3)).toBe(7)
  })
})
