import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jensenShannon, transitionDistance } from '../../../src/profiles/distance/divergence.ts'

const SIZE = 6
const counts = fc
  .array(fc.nat({ max: 50 }), { minLength: SIZE, maxLength: SIZE })
  .map((values) => Float64Array.from(values))
const rows = fc.array(fc.nat({ max: 2 }), { minLength: SIZE, maxLength: SIZE })

describe('jensenShannon', () => {
  it('jensenShannon() is 1 where nothing is shared or one side is empty, 0 of two empty ones', () => {
    const nothing = new Float64Array(2)
    expect(jensenShannon(Float64Array.of(3, 0), Float64Array.of(0, 9))).toBe(1)
    expect(jensenShannon(Float64Array.of(3, 0), nothing)).toBe(1)
    expect(jensenShannon(nothing, nothing)).toBe(0)
  })
  it('jensenShannon() is the root of the divergence to base 2', () => {
    // scipy.spatial.distance.jensenshannon([1, 0, 0], [0.5, 0.5, 0], 2) and ([9, 12, 4], [10, 12, 6], 2)
    const half = jensenShannon(Float64Array.of(1, 0, 0), Float64Array.of(1, 1, 0))
    expect(half).toBeCloseTo(0.5579230452841438, 12)
    // By hand: 9/25, 12/25, 4/25 and 10/28, 12/28, 6/28.
    const shares = [
      [9 / 25, 10 / 28],
      [12 / 25, 12 / 28],
      [4 / 25, 6 / 28],
    ]
    const divergence = shares.reduce((sum, [p = 0, q = 0]) => {
      const m = (p + q) / 2
      return sum + (p * Math.log2(p / m) + q * Math.log2(q / m)) / 2
    }, 0)
    const found = jensenShannon(Float64Array.of(9, 12, 4), Float64Array.of(10, 12, 6))
    expect(found).toBeCloseTo(Math.sqrt(divergence), 12)
  })
  it('jensenShannon() is symmetric, within 0 to 1, 0 for equal shares, and a metric', () => {
    fc.assert(
      fc.property(counts, counts, counts, fc.integer({ min: 1, max: 9 }), (a, b, c, times) => {
        const distance = jensenShannon(a, b)
        expect(distance).toBeGreaterThanOrEqual(0)
        expect(distance).toBeLessThanOrEqual(1)
        expect(jensenShannon(b, a)).toBeCloseTo(distance, 12)
        expect(
          jensenShannon(
            a,
            a.map((value) => times * value),
          ),
        ).toBeLessThan(1e-7)
        expect(distance).toBeLessThanOrEqual(jensenShannon(a, c) + jensenShannon(c, b) + 1e-7)
      }),
    )
  })
})

describe('transitionDistance', () => {
  it('transitionDistance() does not see how often a row is visited, but where it leads', () => {
    const where = [0, 0, 1, 1]
    const one = Float64Array.of(5, 5, 40, 10)
    expect(transitionDistance(one, Float64Array.of(50, 50, 4, 1), where)).toBeLessThan(1e-7)
    expect(transitionDistance(one, Float64Array.of(5, 5, 10, 40), where)).toBeGreaterThan(0.3)
  })
  it('transitionDistance() counts a row that one side never visits by its visits', () => {
    const where = [0, 1]
    const found = transitionDistance(Float64Array.of(10, 0), Float64Array.of(9, 1), where)
    // Row 1 has a mean share of (0 + 0.1) / 2.
    expect(found).toBeCloseTo(Math.sqrt(0.05), 12)
  })
  it('transitionDistance() is symmetric, within 0 to 1, and 0 for equal rows', () => {
    fc.assert(
      fc.property(counts, counts, rows, (a, b, where) => {
        const distance = transitionDistance(a, b, where)
        expect(distance).toBeGreaterThanOrEqual(0)
        expect(distance).toBeLessThanOrEqual(1)
        expect(transitionDistance(b, a, where)).toBeCloseTo(distance, 12)
        expect(transitionDistance(a, a, where)).toBe(0)
      }),
    )
  })
})
