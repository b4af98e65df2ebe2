import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { createCounts, lnCountFactor } from '../../../src/analysis/rules/counts.ts'
import { createGrowthbook, halfWidth } from '../../../src/analysis/rules/growthbook.ts'
import { bandHalfWidth, createHowardRamdas } from '../../../src/analysis/rules/howard-ramdas.ts'
import {
  createMannWhitneyBonferroni,
  createMannWhitneyPeeking,
} from '../../../src/analysis/rules/mann-whitney.ts'
import { createWelchPeeking, findWelchP } from '../../../src/analysis/rules/welch.ts'
import { judge, steady, type Request, type Traffic } from './stream.ts'

/** Log-normal latencies around 10 ms; the canary's are multiplied. */
function noisy(seconds: number, slower: number, seed = 3): Traffic {
  const random = createRandom(seed, 'rules')
  const draw = (): Request => ({ latencyMs: 10 * Math.exp(0.4 * random.normal()) })
  return {
    seconds,
    perSecond: 20,
    baseline: draw,
    canary: () => ({ latencyMs: draw().latencyMs * slower }),
  }
}

const RULES = {
  createMannWhitneyPeeking,
  createWelchPeeking,
  createHowardRamdas,
  createCounts,
  createGrowthbook,
  createMannWhitneyBonferroni: () => createMannWhitneyBonferroni(['home']),
}

describe('rules that test', () => {
  it.each(Object.entries(RULES))('%s() says nothing of an arm without requests', (_, create) => {
    const rule = create()
    rule.sample({ at: 1, action: 'home', arm: 'baseline', latencyMs: 5, failed: true })
    expect(rule.finish(60)).toMatchObject({
      verdict: 'inconclusive',
      detail: 'an arm has no requests',
    })
  })

  it.each(Object.entries(RULES).filter(([name]) => name !== 'createCounts'))(
    '%s() finds a canary of twice the latency, and not one that is faster',
    (_, create) => {
      const verdict = judge(create(), noisy(120, 2))
      expect(verdict).toMatchObject({ verdict: 'regressed', metric: 'latency_typical' })
      expect(verdict.detectedAt).toBeLessThanOrEqual(20)
      expect(judge(create(), noisy(120, 0.5)).verdict).not.toBe('regressed')
    },
  )

  it('stop at their first finding', () => {
    const rule = createMannWhitneyPeeking()
    const { detectedAt } = judge(rule, noisy(60, 2))
    expect(rule.decided()?.detectedAt).toBe(detectedAt)
  })
})

describe('createMannWhitneyPeeking()', () => {
  it('looks every ten seconds', () => {
    // One value an arm and second: after ten seconds all ten of the canary lie above all ten of the
    // baseline: U − nm/2 = 50, corrected 49.5. Every arm ties with itself (t = 10 twice, Σ(t³ − t) =
    // 1980): σ² = 100/12 · (21 − 1980/380) = 131.6, z = 4.31 and p = 8e-6.
    const traffic = { seconds: 60, perSecond: 1, baseline: steady(10), canary: steady(20) }
    expect(judge(createMannWhitneyPeeking(), traffic)).toEqual({
      verdict: 'regressed',
      detectedAt: 10,
      actions: [],
      metric: 'latency_typical',
      detail: 'p 0.000008 < 0.01: median 10 ms → 20 ms',
    })
  })

  it('finds something in equal arms if it looks often enough', () => {
    const runs = Array.from({ length: 60 }, (_, seed) =>
      judge(createMannWhitneyPeeking(), { ...noisy(300, 1, seed), perSecond: 5 }),
    )
    const alarms = runs.filter(({ verdict }) => verdict === 'regressed').length
    // A single look would find 0.6 in 60.
    expect(alarms).toBeGreaterThanOrEqual(2)
  })
})

describe('createMannWhitneyBonferroni()', () => {
  it('names the action and the failures', () => {
    // The canary of "pay" fails every second time: 2 tests of each of 2 actions, level 0.0025.
    const traffic: Traffic = {
      seconds: 60,
      perSecond: 10,
      baseline: steady(10),
      canary: (index) => ({ latencyMs: 10, failed: index % 4 === 1 }),
      action: (index) => (index % 2 === 1 ? 'pay' : 'home'),
    }
    const verdict = judge(createMannWhitneyBonferroni(['home', 'pay']), traffic)
    expect(verdict).toMatchObject({
      verdict: 'regressed',
      detectedAt: 10,
      actions: ['pay'],
      metric: 'errors',
    })
    expect(verdict.detail).toContain('< 0.0025: pay failures 0 % → 50 %')
  })
})

describe('findWelchP()', () => {
  it('cannot be had of single values, nor of arms that do not vary', () => {
    const one = { count: 1, mean: 3, squares: 0 }
    const flat = { count: 5, mean: 3, squares: 0 }
    expect(findWelchP(one, flat)).toBeUndefined()
    expect(findWelchP(flat, flat)).toBeUndefined()
  })

  it('is the upper tail of Student at Welch’s degrees of freedom', () => {
    // 1, 2, 3 and 3, 4, 5: variance 1 each, t = −2/√(2/3) = −2.449, df 4: two-sided p 0.0705.
    const low = { count: 3, mean: 2, squares: 2 }
    const high = { count: 3, mean: 4, squares: 2 }
    expect(findWelchP(high, low)).toBeCloseTo(0.0352, 4)
    expect(findWelchP(low, high)).toBeCloseTo(1 - 0.0352, 4)
  })
})

describe('bandHalfWidth()', () => {
  it('has the published widths', () => {
    const widths = [50, 100, 500, 1000, 10_000].map((count) => bandHalfWidth(count, 0.025))
    const published = [0.389, 0.277, 0.125, 0.089, 0.028]
    widths.forEach((width, index) => expect(width).toBeCloseTo(published[index] ?? NaN, 3))
  })

  it('lets two arms without any overlap come apart at the thirtieth value', () => {
    expect(2 * bandHalfWidth(29, 0.025)).toBeGreaterThan(1)
    expect(2 * bandHalfWidth(30, 0.025)).toBeLessThan(1)
    const traffic = { seconds: 60, perSecond: 1, baseline: steady(10), canary: steady(20) }
    expect(judge(createHowardRamdas(), traffic).detectedAt).toBe(30)
  })
})

describe('createHowardRamdas()', () => {
  it('never calls a canary healthy: it would watch on', () => {
    expect(judge(createHowardRamdas(), noisy(60, 1))).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringContaining('it would watch on'),
    })
  })
})

describe('lnCountFactor()', () => {
  it('has the published p-values', () => {
    const p = (canary: number, baseline: number, k: number): number =>
      Math.exp(-lnCountFactor(canary, baseline, k))
    // 20 against 5 and 60 against 30 failures at concentrations 2, 10 and 100.
    expect(p(20, 5, 2)).toBeCloseTo(0.04, 2)
    expect(p(20, 5, 10)).toBeCloseTo(0.06, 2)
    expect(p(20, 5, 100)).toBeCloseTo(0.45, 2)
    expect(p(60, 30, 2)).toBeCloseTo(0.0495, 3)
    expect(p(60, 30, 10)).toBeCloseTo(0.032, 3)
    expect(p(60, 30, 100)).toBeCloseTo(0.126, 3)
  })

  it('needs 8, 12 and 29 failures of the canary alone', () => {
    const needed = [2, 10, 100].map((k) => {
      let failures = 1
      while (Math.exp(-lnCountFactor(failures, 0, k)) > 0.05) failures += 1
      return failures
    })
    expect(needed).toEqual([8, 12, 29])
  })
})

describe('createCounts()', () => {
  const failing = (seconds: number, arm: 'baseline' | 'canary'): Traffic => ({
    seconds,
    perSecond: 1,
    baseline: () => ({ latencyMs: 1, failed: arm === 'baseline' }),
    canary: () => ({ latencyMs: 1, failed: arm === 'canary' }),
  })

  it('alarms at the twelfth failure that only the canary has', () => {
    expect(judge(createCounts(), failing(30, 'canary'))).toMatchObject({
      verdict: 'regressed',
      detectedAt: 11.5,
      metric: 'errors',
    })
    expect(judge(createCounts(), failing(11, 'canary')).verdict).toBe('inconclusive')
  })

  it('does not blame the canary for failures of the baseline', () => {
    expect(judge(createCounts(), failing(60, 'baseline')).verdict).toBe('inconclusive')
  })
})

describe('halfWidth()', () => {
  it('is as much wider than a fixed-sample interval as published', () => {
    const wider = [100, 500, 1000, 5000, 100_000].map(
      (count) => halfWidth(1, count, 'two-sided') / 1.96,
    )
    const published = [3.4, 2, 1.7, 1.5, 1.7]
    wider.forEach((ratio, index) => expect(ratio).toBeCloseTo(published[index] ?? NaN, 1))
  })

  it('is narrower with one side only', () => {
    expect(halfWidth(1, 5000, 'one-sided')).toBeLessThan(halfWidth(1, 5000, 'two-sided'))
  })
})

describe('createGrowthbook()', () => {
  it('fails the guardrail of failures too', () => {
    const traffic: Traffic = {
      ...noisy(120, 1),
      canary: (index) => ({ latencyMs: 10, failed: index % 5 === 0 }),
    }
    expect(judge(createGrowthbook(), traffic)).toMatchObject({
      verdict: 'regressed',
      metric: 'errors',
      detail: expect.stringContaining('failures 0 % → 20 %'),
    })
  })

  it('ships what did not fail', () => {
    expect(judge(createGrowthbook(), noisy(60, 1)).verdict).toBe('healthy')
  })
})
