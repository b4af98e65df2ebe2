import { describe, expect, it } from 'vitest'
import { createEvidence, updateEvidence } from '../../src/analysis/evidence.ts'
import {
  findSmallestRatio,
  remainingToProof,
  secondsToAlarm,
  secondsToProof,
} from '../../src/analysis/power.ts'
import { createRandom } from '../../src/core/random.ts'
import vectors from '../vectors/planner.json' with { type: 'json' }

const LN_THRESHOLD = Math.log(20)
/** An action of thirty at alpha 0.01 (STATISTICS 5). */
const LN_ACTION = Math.log(6000)
const SIGMA = 0.64
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

  it.each(vectors.slower)('secondsToAlarm() plans $seconds s for ratio $ratio at $rate/s', (v) => {
    const regression = { kind: 'typical', ratio: v.ratio, margin: 0, sigma: 0.64 } as const
    const planned = secondsToAlarm(regression, { rate: v.rate, blockSeconds: 1 }, LN_ACTION)
    expect(Math.round(planned)).toBe(v.seconds)
  })

  it.each(vectors.failing)(
    'secondsToAlarm() plans $seconds s for $share failures at $rate/s',
    (v) => {
      const added = v.share - 0.001
      const regression = { kind: 'errors', added, margin: 0, baselineShare: 0.001 } as const
      const planned = secondsToAlarm(regression, { rate: v.rate, blockSeconds: 1 }, LN_ACTION)
      expect(Math.round(planned)).toBe(v.seconds)
    },
  )

  it('secondsToAlarm() never finds what the margin allows', () => {
    const slower = { kind: 'typical', ratio: 1.1, margin: 0.1, sigma: 0.64 } as const
    const failing = { kind: 'errors', added: 0.001, margin: 0.001, baselineShare: 0 } as const
    expect(secondsToAlarm(slower, pace, LN_ACTION)).toBe(Infinity)
    expect(secondsToAlarm(failing, pace, LN_ACTION)).toBe(Infinity)
  })

  it.each(vectors.simulated)(
    'secondsToAlarm() is about the median of the real evidence: ratio $ratio at $rate/s',
    (v) => {
      const regression = { kind: 'typical', ratio: v.ratio, margin: 0, sigma: SIGMA } as const
      const planned = secondsToAlarm(regression, { rate: v.rate, blockSeconds: 1 }, LN_ACTION)
      const found = simulate(v.ratio, v.rate)
      const median = found[Math.floor(found.length / 2)] ?? Infinity
      expect(median / planned).toBeGreaterThan(0.75)
      expect(median / planned).toBeLessThan(1.4)
      // The range that is said beside the median holds for four runs in five, roughly.
      const within = found.filter((seconds) => seconds > 0.5 * planned && seconds < 2 * planned)
      expect(within.length / found.length).toBeGreaterThan(0.7)
    },
  )

  it('findSmallestRatio() is the ratio whose alarm takes just the time that there is', () => {
    const known = { margin: 0.1, sigma: 0.64 }
    const within = { seconds: 120, lnThreshold: LN_ACTION }
    const ratio = findSmallestRatio(known, pace, within) ?? 0
    const seconds = secondsToAlarm({ kind: 'typical', ratio, ...known }, pace, LN_ACTION)
    expect(seconds).toBeCloseTo(120, 0)
    expect(findSmallestRatio(known, pace, { ...within, seconds: 1 })).toBeUndefined()
  })

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

/**
 * Seconds until an action is found, of 40 runs in ascending order: Poisson pairs in blocks of one
 * second, normal log ratios, the Huber clip and the evidence as they are.
 */
function simulate(ratio: number, rate: number): number[] {
  const clip = 1.7 * SIGMA * Math.sqrt(2 / Math.PI)
  return Array.from({ length: 40 }, (_, run) => {
    const random = createRandom(run + 1, `planner ${ratio} ${rate}`)
    const evidence = createEvidence(1800)
    for (let second = 1; second <= 1000; second += 1) {
      let score = 0
      for (let at = random.exponential(); at <= rate; at += random.exponential()) {
        const d = Math.log(ratio) + SIGMA * random.normal()
        score += Math.max(-clip, Math.min(clip, d))
      }
      updateEvidence(evidence, score)
      if (evidence.lnUp >= LN_ACTION) return second
    }
    return Infinity
  }).toSorted((left, right) => left - right)
}
