import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lnOddsLikelihoodRatio } from '../../../src/core/maths/hypergeometric.ts'
import { lnChoose } from '../../../src/core/maths/logs.ts'

/** Mean of the likelihood ratio where both sides have the odds ratio `truth`, term by term. */
function meanRatio(size: number, other: number, all: number, theta: number, truth = 1): number {
  let [mean, total] = [0, 0]
  for (let k = Math.max(0, all - other); k <= Math.min(size, all); k += 1) {
    const chance = Math.exp(lnChoose(size, k) + lnChoose(other, all - k) + k * Math.log(truth))
    const table = { size, failed: k, otherSize: other, otherFailed: all - k }
    mean += chance * Math.exp(lnOddsLikelihoodRatio(table, theta))
    total += chance
  }
  return mean / total
}

const size = fc.integer({ min: 1, max: 40 })
const odds = fc.constantFrom(1.25, 2, 16, 256)

describe('lnOddsLikelihoodRatio()', () => {
  it.each([
    { size: 0, failed: 0, otherSize: 10, otherFailed: 3 },
    { size: 10, failed: 3, otherSize: 0, otherFailed: 0 },
    { size: 10, failed: 0, otherSize: 10, otherFailed: 0 },
    { size: 10, failed: 10, otherSize: 7, otherFailed: 7 },
  ])('is 0 where the totals leave no choice: %o', (table) => {
    expect(lnOddsLikelihoodRatio(table, 8)).toBe(0)
  })

  // Four cups of eight: the terms C(4, k)² are 1, 16, 36, 16, 1. With odds of 2, all four right
  // have 16 of 1 + 32 + 144 + 128 + 16 = 321, and 1 of 70 by chance (Fisher 1935).
  it('is that of the lady tasting tea', () => {
    const table = { size: 4, failed: 4, otherSize: 4, otherFailed: 0 }
    expect(Math.exp(lnOddsLikelihoodRatio(table, 2))).toBeCloseTo((16 / 321) * 70, 10)
  })

  it('has mean 1 under equal odds, and at most 1 where they are lower', () => {
    fc.assert(
      fc.property(size, size, fc.double({ min: 0, max: 1, noNaN: true }), odds, (a, b, part, o) => {
        const all = Math.round(part * (a + b))
        expect(meanRatio(a, b, all, o)).toBeCloseTo(1, 9)
        expect(meanRatio(a, b, all, o, 0.5)).toBeLessThanOrEqual(1 + 1e-9)
      }),
    )
  })

  it('rises with the failures of the side', () => {
    fc.assert(
      fc.property(size, size, odds, (a, b, theta) => {
        const all = Math.min(a, b)
        const at = (k: number): number =>
          lnOddsLikelihoodRatio({ size: a, failed: k, otherSize: b, otherFailed: all - k }, theta)
        for (let k = 1; k <= all; k += 1) expect(at(k)).toBeGreaterThan(at(k - 1))
      }),
    )
  })

  it('is quick and finite for a hundred million requests', () => {
    const table = { size: 4e7, failed: 2e7, otherSize: 6e7, otherFailed: 3e7 }
    const ln = lnOddsLikelihoodRatio(table, 1.25)
    // Equal shares of half: every θ loses, by about N q (1 − q) (ln θ)² / 8.
    expect(ln).toBeLessThan(-1e4)
    expect(Number.isFinite(ln)).toBe(true)
  })
})
