import { describe, expect, it } from 'vitest'
import { lnChoose, lnGamma, logAddExp } from '../../../src/core/maths/logs.ts'

describe('logAddExp()', () => {
  it('takes −∞ for nothing and does not overflow', () => {
    expect(logAddExp(-Infinity, -Infinity)).toBe(-Infinity)
    expect(logAddExp(-Infinity, 3)).toBe(3)
    expect(logAddExp(Math.log(2), Math.log(3))).toBeCloseTo(Math.log(5), 14)
    expect(logAddExp(1000, 1000)).toBeCloseTo(1000 + Math.LN2, 10)
  })
})

describe('lnGamma()', () => {
  it('is the logarithm of the factorials', () => {
    let factorial = 1
    for (let n = 1; n <= 20; n += 1) {
      expect(lnGamma(n)).toBeCloseTo(Math.log(factorial), 11)
      factorial *= n
    }
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12)
  })
})

describe('lnChoose()', () => {
  it('is −∞ where there is no such choice', () => {
    expect(lnChoose(4, 5)).toBe(-Infinity)
    expect(lnChoose(4, -1)).toBe(-Infinity)
    expect(Math.exp(lnChoose(52, 5))).toBeCloseTo(2_598_960, 3)
  })
})
