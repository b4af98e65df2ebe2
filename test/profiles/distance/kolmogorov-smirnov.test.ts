import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kolmogorovSmirnov } from '../../../src/profiles/distance/kolmogorov-smirnov.ts'

const sample = fc
  .array(fc.integer({ min: 0, max: 12 }), { maxLength: 30 })
  .map((values) => Float64Array.from(values).toSorted())

/** The definition: at every value that occurs, how far are the shares below or at it apart. */
function plain(one: Float64Array, other: Float64Array): number {
  if (one.length === 0 || other.length === 0) return one.length === other.length ? 0 : 1
  const below = (values: Float64Array, at: number): number =>
    values.filter((value) => value <= at).length / values.length
  return Math.max(...[...one, ...other].map((at) => Math.abs(below(one, at) - below(other, at))))
}

describe('kolmogorovSmirnov', () => {
  it('kolmogorovSmirnov() is 1 where one side is empty or wholly above the other', () => {
    expect(kolmogorovSmirnov([], [1])).toBe(1)
    expect(kolmogorovSmirnov([], [])).toBe(0)
    expect(kolmogorovSmirnov([1, 2], [3, 4, 5])).toBe(1)
  })
  it('kolmogorovSmirnov() takes ties as one jump', () => {
    expect(kolmogorovSmirnov([1, 1, 1, 2], [1, 2, 2, 2])).toBe(0.5)
  })
  it('kolmogorovSmirnov() is the largest gap, symmetric, within 0 to 1, 0 for equal samples', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        expect(kolmogorovSmirnov(a, b)).toBeCloseTo(plain(a, b), 12)
        expect(kolmogorovSmirnov(b, a)).toBe(kolmogorovSmirnov(a, b))
        const twice = Float64Array.from([...a, ...a]).toSorted()
        expect(kolmogorovSmirnov(a, twice)).toBe(0)
      }),
    )
  })
})
