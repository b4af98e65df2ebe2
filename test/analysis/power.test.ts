import { describe, expect, it } from 'vitest'
import { remainingToProof, secondsToProof } from '../../src/analysis/power.ts'
import vectors from '../vectors/planner.json' with { type: 'json' }

const LN_THRESHOLD = Math.log(20)
const pace = { rate: 10, blockSeconds: 0.5 }

describe('planner', () => {
  it.each(vectors.health)(
    'secondsToProof() plans $seconds s for margin $margin at $rate/s',
    (v) => {
      const claim = { kind: 'typical', margin: v.margin, sigma: 0.64 } as const
      const planned = secondsToProof(claim, { rate: v.rate, blockSeconds: 1 }, Math.log(100))
      expect(planned).toBeGreaterThan(v.seconds * 0.98 - 1)
      expect(planned).toBeLessThan(v.seconds * 1.02 + 1)
    },
  )

  it('secondsToProof() needs about 8 ÷ η pairs for a margin of errors', () => {
    const claim = { kind: 'errors', margin: 0.005, baselineShare: 0 } as const
    const pairs = secondsToProof(claim, pace, LN_THRESHOLD) * pace.rate
    expect(pairs).toBeGreaterThan(1300)
    expect(pairs).toBeLessThan(1700)
  })

  it('secondsToProof() takes the measured pairs for a share above p95', () => {
    const pairs = (margin: number): number =>
      secondsToProof({ kind: 'share', margin }, pace, LN_THRESHOLD) * pace.rate
    expect(pairs(0.05)).toBeCloseTo(550)
    expect(pairs(0.025)).toBeCloseTo(1650, -1)
  })

  it('remainingToProof() shrinks with the evidence and never falls below a block', () => {
    const claim = { kind: 'typical', margin: 0.1, sigma: 0.4 } as const
    const left = (lnEvidence: number, seconds: number): number =>
      remainingToProof(claim, pace, { lnThreshold: LN_THRESHOLD, lnEvidence, seconds }).seconds
    expect(left(0, 0)).toBeCloseTo(secondsToProof(claim, pace, LN_THRESHOLD))
    expect(left(1, 20)).toBeLessThan(left(0, 20))
    expect(left(-3, 500)).toBeGreaterThan(left(0, 500))
    expect(left(LN_THRESHOLD, 500)).toBe(pace.blockSeconds)
  })

  it('remainingToProof() gives one run in ten at 0.6 and one in ten at 1.7 of the median', () => {
    const claim = { kind: 'share', margin: 0.05 } as const
    const need = remainingToProof(claim, pace, {
      lnThreshold: LN_THRESHOLD,
      lnEvidence: 0,
      seconds: 0,
    })
    expect(need.p10Seconds / need.seconds).toBeCloseTo(0.6)
    expect(need.p90Seconds / need.seconds).toBeCloseTo(1.7)
  })
})
