import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom, type Random } from '../../../../src/core/random.ts'
import {
  METRIC_DEFAULTS,
  classifyMetric,
  type MetricConfig,
  type MetricResult,
} from '../../../../src/analysis/rules/kayenta/judge.ts'
import {
  findShift,
  rankSumAt,
  rootBetween,
} from '../../../../src/analysis/rules/kayenta/rank-sum.ts'
import { scoreOf } from '../../../../src/analysis/rules/kayenta/score.ts'

function classify(
  experiment: readonly number[],
  control: readonly number[],
  config: Partial<MetricConfig> = {},
): MetricResult {
  return classifyMetric(
    experiment,
    control,
    { ...METRIC_DEFAULTS, ...config },
    createRandom(1, 'noise'),
  )
}

describe('rankSumAt()', () => {
  it('is NaN where everything ties', () => {
    expect(rankSumAt(0, [1, 1], [1, 1])).toBeNaN()
  })

  it('is the corrected, standardised rank sum', () => {
    // x holds ranks 1, 2, 3 of six: 6 − 6 − 4.5 = −4.5, corrected −4; σ² = 9/12 · 7 = 5.25.
    expect(rankSumAt(0, [1, 2, 3], [4, 5, 6])).toBeCloseTo(-4 / Math.sqrt(5.25), 12)
    // Moved up by 6, x is 7, 8, 9 with ranks 4, 5, 6: the same the other way round.
    expect(rankSumAt(-6, [1, 2, 3], [4, 5, 6])).toBeCloseTo(4 / Math.sqrt(5.25), 12)
  })

  it('gives ties their average rank and takes them out of the variance', () => {
    // Ranks 1 and (2 + 3)/2: 3.5 − 3 − 2 = −1.5, corrected −1; σ² = 4/12 · (5 − 6/12) = 1.5.
    expect(rankSumAt(0, [1, 2], [2, 3])).toBeCloseTo(-1 / Math.sqrt(1.5), 12)
  })
})

describe('rootBetween()', () => {
  it('finds the root of a curve within its tolerance of 1e-4', () => {
    expect(Math.abs(rootBetween((x) => x ** 3 - 2, 0, 4) - 2 ** (1 / 3))).toBeLessThan(1e-4)
    expect(Math.abs(rootBetween((x) => Math.cos(x) - x, 0, 1) - 0.7390851332)).toBeLessThan(1e-4)
  })

  it('finds the jump of a step function', () => {
    const jump = fc.double({ min: -99, max: 99, noNaN: true })
    fc.assert(
      fc.property(jump, (at) => {
        const root = rootBetween((x) => (x < at ? 1 : -1), -100, 100)
        expect(Math.abs(root - at)).toBeLessThan(2e-4)
      }),
    )
  })
})

describe('findShift()', () => {
  it('cannot say anything of one point in each arm', () => {
    expect(findShift([3], [1], -2.326)).toBeUndefined()
  })

  it('clamps the ends to the extreme differences: two points are certain at once', () => {
    // All of x above y gives W = 1.5 / √(4/12 · 5) = 1.16 at most, never 2.326: so the lower end is
    // min x − max y = 9 and the upper one max x − min y = 11. At 10 both ties cancel: W = 0.
    const shift = findShift([11, 12], [1, 2], -2.3263)
    expect(shift?.lower).toBe(9)
    expect(shift?.upper).toBe(11)
    expect(shift?.estimate).toBeCloseTo(10, 3)
  })

  it('encloses its estimate and turns round when the arms are swapped', () => {
    // Steps that lie closer together than the root finder looks are one step to it.
    const values = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 3, maxLength: 12 })
    fc.assert(
      fc.property(values, values, (left, right) => {
        const [x, y] = [left, right].map((list) => list.toSorted((one, other) => one - other))
        const there = findShift(x ?? [], y ?? [], -2.326)
        const back = findShift(y ?? [], x ?? [], -2.326)
        if (there === undefined || back === undefined) return
        expect(there.lower).toBeLessThanOrEqual(there.estimate + 1e-3)
        expect(there.upper).toBeGreaterThanOrEqual(there.estimate - 1e-3)
        expect(Math.abs(there.lower + back.upper)).toBeLessThan(1e-3)
      }),
      { numRuns: 300 },
    )
  })
})

describe('classifyMetric()', () => {
  it('calls missing points Nodata, or a failure where there must be some', () => {
    expect(classify([NaN], [1]).class).toBe('Nodata')
    expect(classify([], [1], { critical: true })).toEqual({ class: 'Nodata', critical: true })
    expect(classify([], [1], { mustHaveData: true }).class).toBe('NodataFailMetric')
    expect(classify([], [1], { mustHaveData: true, critical: true }).class).toBe('Nodata')
    expect(classify([], [1], { missing: 'replace' }).class).toBe('Pass')
  })

  it('puts zeros for what is missing where it is told to', () => {
    // With zeros both arms hold 0, 5, 5: equal, so they pass.
    expect(classify([NaN, 5, 5], [5, 0, 5], { missing: 'replace' }).class).toBe('Pass')
  })

  it('passes equal arms and a single value, and errs on one point an arm', () => {
    expect(classify([3, 1, 2], [1, 2, 3]).class).toBe('Pass')
    expect(classify([7, 7], [7, 7, 7]).class).toBe('Pass')
    expect(classify([12], [10]).class).toBe('Error')
  })

  it('tolerates a quarter of the estimated shift, not of the level', () => {
    // Two points: lower 9 > 0.25 · 10, and the ratio of means 11.5 / 1.5 is above 1.
    expect(classify([11, 12], [1, 2]).class).toBe('High')
    expect(classify([1, 2], [11, 12]).class).toBe('Low')
    // On a level of a thousand the same shift of ten is High just the same.
    expect(classify([1011, 1012], [1001, 1002]).class).toBe('High')
    // Interleaved points: the lower end, 2 − 3 = −1, is not above anything.
    expect(classify([2, 4], [1, 3]).class).toBe('Pass')
  })

  it('looks in its direction only', () => {
    expect(classify([1, 2], [11, 12], { direction: 'increase' }).class).toBe('Pass')
    expect(classify([11, 12], [1, 2], { direction: 'decrease' }).class).toBe('Pass')
  })

  it('allows an effect below the limit: mean ratio or the chance of a larger value', () => {
    expect(classify([11, 12], [10, 10.5], { allowedIncrease: 1.2 }).class).toBe('Pass')
    expect(classify([11, 12], [10, 10.5], { allowedIncrease: 1.1 }).class).toBe('High')
    const cles = { effect: 'cles', allowedIncrease: 0.5 } as const
    expect(classify([11, 12], [1, 2], cles).class).toBe('High')
  })

  it('ignores the limit where a mean is zero', () => {
    const config = { allowedIncrease: 99 }
    expect(classify([3, 4], [0, 0], config).class).toBe('High')
  })

  it('is critical only beyond the critical limit', () => {
    const config = { critical: true, criticalIncrease: 10 }
    expect(classify([11, 12], [1, 2], config)).toMatchObject({ class: 'High', critical: false })
    expect(classify([11, 12], [1, 1.1], config)).toMatchObject({ class: 'High', critical: true })
  })

  it('drops outliers where it is told to', () => {
    // 25 points 1 … 25: Q1 = 7, Q3 = 19, P1 = 1.24, P99 = 24.76 and fences 7 − 36 and 19 + 36 = 55.
    const control = Array.from({ length: 25 }, (_, index) => index + 1)
    const experiment = [...control.slice(0, 24), 1000]
    const config = { outliers: 'remove', outlierFactor: 3 } as const
    const kept = classify([...control, 56], control, config)
    expect(kept.class).toBe('Pass')
    expect(classify(experiment, control.slice(0, 24), config).class).toBe('Pass')
  })

  it('shakes two constant arms a little, so that they can be compared', () => {
    expect(classify([5, 5, 5, 5, 5, 5], [4, 4, 4, 4, 4, 4]).class).toBe('High')
  })
})

describe('classifyMetric() has the known weaknesses of its rule', () => {
  it('fails equal arms of two points in a quarter of the cases, of three in one of twenty', () => {
    // Published for 4000 runs of normal points: 24 % with two, 4.7 % with three, ≤ 0.4 % from five on.
    expect(falseShare(2, 1500)).toBeCloseTo(0.24, 1)
    expect(falseShare(3, 1500)).toBeGreaterThan(0.03)
    expect(falseShare(3, 1500)).toBeLessThan(0.065)
    expect(falseShare(8, 500)).toBeLessThan(0.012)
  })

  it('takes neighbouring points to be independent', () => {
    // AR(1) with ρ = 0.8 and 50 points: published as 29.6 %; ρ = 0: 0.1 %.
    const random = createRandom(5, 'ar')
    const share = shareOf(150, () => classify(series(random, 50, 0.8), series(random, 50, 0.8)))
    expect(share).toBeGreaterThan(0.2)
    expect(share).toBeLessThan(0.4)
  })

  it('finds +10 % in 50 points that scatter by 10 %, seldom +2 %', () => {
    // Published: 95 % and 2 %.
    const random = createRandom(6, 'power')
    const points = (level: number): number[] =>
      Array.from({ length: 50 }, () => level * (1 + 0.1 * random.normal()))
    expect(shareOf(100, () => classify(points(1.1), points(1)))).toBeGreaterThan(0.88)
    expect(shareOf(100, () => classify(points(1.02), points(1)))).toBeLessThan(0.1)
  })

  it('does not see small numbers: its tolerance is absolute', () => {
    // Published for +20 % at a level of 1e-5: never found; at a level of 1: always.
    const random = createRandom(7, 'small')
    const points = (level: number): number[] =>
      Array.from({ length: 50 }, () => level * (1 + 0.1 * random.normal()))
    expect(shareOf(50, () => classify(points(1.2e-5), points(1e-5)))).toBe(0)
    expect(shareOf(50, () => classify(points(1.2), points(1)))).toBe(1)
  })
})

function falseShare(points: number, runs: number): number {
  const random = createRandom(4, `a/a ${points}`)
  const arm = (): number[] => Array.from({ length: points }, () => 100 + 10 * random.normal())
  return shareOf(runs, () => classify(arm(), arm()))
}

function shareOf(runs: number, judge: () => MetricResult): number {
  let failed = 0
  for (let run = 0; run < runs; run += 1) failed += Number(judge().class !== 'Pass')
  return failed / runs
}

function series(random: Random, length: number, rho: number): number[] {
  let state = random.normal()
  return Array.from({ length }, () => {
    state = rho * state + Math.sqrt(1 - rho * rho) * random.normal()
    return 100 + 10 * state
  })
}

describe('scoreOf()', () => {
  const metric = (name: MetricResult['class'], group = 'all', critical = false) => ({
    class: name,
    critical,
    group,
  })

  it('is 0 of nothing, of too little data and of a critical failure', () => {
    expect(scoreOf([])).toBe(0)
    expect(scoreOf([metric('Pass'), metric('Nodata')])).toBe(0)
    expect(scoreOf([metric('Pass'), metric('Pass'), metric('High', 'all', true)])).toBe(0)
  })

  it('is the share that passes, to two decimals', () => {
    expect(scoreOf([metric('Pass'), metric('Pass'), metric('High')])).toBe(66.67)
    expect(scoreOf([metric('Pass'), metric('NodataFailMetric')])).toBe(50)
  })

  it('leaves out missing data, muted metrics and errors, so nothing but errors scores 100', () => {
    expect(scoreOf([metric('Pass'), metric('High'), metric('Nodata')])).toBe(50)
    expect(scoreOf([metric('Pass'), { ...metric('High'), muted: true }])).toBe(100)
    expect(scoreOf([metric('Error'), metric('Error')])).toBe(100)
  })

  it('weighs groups; what is not listed shares the rest', () => {
    // 60 % · 50 + 20 % · 100 + 20 % · 0 = 50.
    const metrics = [
      metric('Pass', 'latency'),
      metric('High', 'latency'),
      metric('Pass', 'errors'),
      metric('Low', 'cpu'),
    ]
    expect(scoreOf(metrics, { latency: 60 })).toBe(50)
  })
})
