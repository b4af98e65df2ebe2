import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { estimateOf } from '../../../src/probe/capacity/ratio.ts'

describe('estimateOf()', () => {
  it('has none of fewer than two values, and none of a rate that is nothing', () => {
    expect(estimateOf([])).toBeUndefined()
    expect(estimateOf([0.5])).toBeUndefined()
    expect(estimateOf([0.5, 0])).toBeUndefined()
    expect(estimateOf([0.5, NaN])).toBeUndefined()
  })

  it("is Student's interval of the logarithms", () => {
    const found = estimateOf([1, Math.E, 1, Math.E])
    expect(found?.estimate).toBeCloseTo(Math.exp(0.5), 9)
    // t(3) = 3.1824 (Fisher's table), the standard error 0.57735 / 2.
    expect(Math.log(found?.high ?? 0) - 0.5).toBeCloseTo(3.1824 * (0.57735 / 2), 3)
    expect(Math.log(found?.low ?? 0)).toBeCloseTo(1 - Math.log(found?.high ?? 0), 9)
  })

  it('is never narrower than one per cent, and wider for what no round can show', () => {
    expect(estimateOf([0.5, 0.5, 0.5, 0.5])).toEqual({
      estimate: 0.5,
      low: expect.closeTo(0.5 / 1.01, 9),
      high: expect.closeTo(0.5 * 1.01, 9),
    })
    expect(estimateOf([0.5, 0.5], 0.03)?.high).toBeCloseTo(0.5 * 1.01 * 1.03, 9)
  })

  it('is not moved by one round in which an arm stalled', () => {
    const calm = [0.99, 1.01, 1, 1.02, 0.98, 1, 1.01, 0.99, 1, 1]
    const stalled = estimateOf(calm.with(3, 0.01))
    expect(stalled?.estimate).toBeGreaterThan(0.98)
    expect(stalled?.high).toBeLessThan(1.05)
  })

  it('is wider where rounds that follow each other resemble each other', () => {
    const width = (values: readonly number[]): number => {
      const { low = 1, high = 1 } = estimateOf(values) ?? {}
      return high / low
    }
    const apart = [0.9, 1.1, 0.9, 1.1, 0.9, 1.1, 0.9, 1.1]
    expect(width(apart.toSorted((left, right) => left - right))).toBeGreaterThan(width(apart) * 1.2)
  })

  it('covers the true ratio of noisy rounds in 95 of 100 cases', () => {
    const random = createRandom(1, 'rounds')
    let covered = 0
    for (let run = 0; run < 1000; run += 1) {
      const rounds = Array.from({ length: 6 }, () => 0.8 * Math.exp(0.05 * random.normal()))
      const { low = 0, high = 0 } = estimateOf(rounds) ?? {}
      if (low <= 0.8 && high >= 0.8) covered += 1
    }
    expect(covered).toBeGreaterThan(930)
    expect(covered).toBeLessThan(970)
  })
})
