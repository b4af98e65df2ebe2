import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalTail, studentTail } from '../../../../src/analysis/rules/figures/distributions.ts'
import {
  addValue,
  createHistogram,
  findQuantile,
  largestLag,
  rankSumZ,
  type Histogram,
} from '../../../../src/analysis/rules/figures/histogram.ts'
import { createLooks, createNewsLooks } from '../../../../src/analysis/rules/figures/looks.ts'
import {
  Requests,
  joinSlices,
  quantileOf,
} from '../../../../src/analysis/rules/figures/requests.ts'
import { rankSumAt } from '../../../../src/analysis/rules/kayenta/rank-sum.ts'

function histogramOf(values: readonly number[]): Histogram {
  const histogram = createHistogram()
  for (const value of values) addValue(histogram, value)
  return histogram
}

describe('the histogram', () => {
  it('has no quantile without values, and keeps what lies beyond its ends', () => {
    expect(findQuantile(createHistogram(), 0.5)).toBeUndefined()
    expect(histogramOf([0, 1e-9, 1e9]).total).toBe(3)
    expect(rankSumZ(createHistogram(), histogramOf([1]))).toBe(0)
    expect(rankSumZ(histogramOf([1]), histogramOf([1]))).toBe(0)
  })

  it('findQuantile() is within the width of a bin, 0.54 %', () => {
    const values = Array.from({ length: 1000 }, (_, index) => 5 + index / 100)
    for (const q of [0.01, 0.5, 0.99]) {
      const exact = 5 + (q * 1000 - 1) / 100
      expect((findQuantile(histogramOf(values), q) ?? 0) / exact).toBeCloseTo(1, 2)
    }
  })

  it('rankSumZ() is the plain rank sum of values that fall into bins of their own', () => {
    // Powers of two: no two share a bin, equal ones tie as they should.
    const values = fc.array(fc.integer({ min: -3, max: 16 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(values, values, (x, y) => {
        const [left, right] = [x, y].map((list) =>
          list.map((power) => 2 ** power * 1.0001).toSorted((one, other) => one - other),
        )
        const plain = rankSumAt(0, left ?? [], right ?? [])
        const fast = rankSumZ(histogramOf(left ?? []), histogramOf(right ?? []))
        expect(fast).toBeCloseTo(Number.isNaN(plain) ? 0 : plain, 9)
      }),
    )
  })

  it('largestLag() is the largest distance of the distribution functions, one-sided', () => {
    // Below 3: 3 of 4 baseline values, 1 of 4 canary values.
    expect(largestLag(histogramOf([1, 4, 8, 16]), histogramOf([1, 1.5, 2, 20]))).toBeCloseTo(
      0.5,
      12,
    )
    expect(largestLag(histogramOf([1, 1]), histogramOf([9, 9]))).toBe(0)
  })
})

describe('tails', () => {
  it('normalTail() has the values of the tables', () => {
    expect(normalTail(0)).toBeCloseTo(0.5, 7)
    expect(normalTail(1.959964)).toBeCloseTo(0.025, 7)
    expect(normalTail(2.326348)).toBeCloseTo(0.01, 7)
    expect(normalTail(-1.644854)).toBeCloseTo(0.95, 7)
    expect(normalTail(6) / 9.8659e-10).toBeCloseTo(1, 4)
  })

  it('studentTail() has the values of the tables', () => {
    expect(studentTail(6.313752, 1)).toBeCloseTo(0.05, 7)
    expect(studentTail(2.776445, 4)).toBeCloseTo(0.025, 7)
    expect(studentTail(2.462021, 29)).toBeCloseTo(0.01, 7)
    expect(studentTail(-2.776445, 4)).toBeCloseTo(0.975, 7)
    expect(studentTail(2.326348, 1e7)).toBeCloseTo(0.01, 6)
  })
})

describe('quantileOf()', () => {
  it('lies between its neighbours', () => {
    expect(quantileOf([], 0.5)).toBeNaN()
    expect(quantileOf([7], 0.99)).toBe(7)
    // (4 − 1) · 0.95 = 2.85: 3 + 0.85 · (10 − 3).
    expect(quantileOf([1, 2, 3, 10], 0.95)).toBeCloseTo(8.95, 12)
  })
})

describe('Requests', () => {
  it('thins out what is too much, and still counts all', () => {
    const requests = new Requests()
    for (let index = 0; index < 900_000; index += 1) requests.add(index % 1000, index % 10 === 0)
    const slices = joinSlices([requests])
    expect([slices.count, slices.failures]).toEqual([900_000, 90_000])
    expect(requests.latencies.length).toBeLessThan(400_000)
    expect(slices.quantile(0.5)).toBeGreaterThan(490)
    expect(slices.quantile(0.5)).toBeLessThan(510)
  })
})

describe('looks', () => {
  it('createLooks() makes every look until it is over, or skips', () => {
    const made: number[] = []
    const looks = createLooks(
      60,
      (at) => void made.push(at),
      () => made.length >= 4,
    )
    looks.upTo(125)
    looks.skipTo(300)
    looks.upTo(1e9)
    expect(made).toEqual([60, 120, 360, 420])
  })

  it('createNewsLooks() makes one look where several pass without news', () => {
    const made: number[] = []
    const looks = createNewsLooks(10, (at) => void made.push(at))
    for (const at of [9, 10, 11, 55, 60]) looks.upTo(at)
    expect(made).toEqual([10, 20, 60])
  })
})
