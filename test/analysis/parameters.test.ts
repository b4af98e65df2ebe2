import { describe, expect, it } from 'vitest'
import { foldPairs, type PairRecord } from '../../src/analysis/fold.ts'
import {
  createLearning,
  learn,
  parametersOf,
  sigmaOf,
  type ActionParameters,
  type Learning,
} from '../../src/analysis/parameters.ts'
import { binOf, createSketch, fade, findQuantile } from '../../src/analysis/sketch.ts'
import { createRandom } from '../../src/core/random.ts'
import { planOf } from './synthetic.ts'

const plan = planOf({}, [{ action: 'home', share: 1 }])

function teach(learning: Learning, latencies: readonly (readonly [number, number])[]): void {
  const pairs = latencies.map(([baselineMs, canaryMs], index): PairRecord => ({
    pair: `s${index}`,
    action: 0,
    baselineMs,
    canaryMs,
    baseline: 'ok',
    canary: 'ok',
    at: index,
  }))
  learn(learning, foldPairs(plan, 1, parametersOf(plan, learning, 0), pairs))
}

function known(learning: Learning): ActionParameters & { limMs: number } {
  const { actions, limMs } = parametersOf(plan, learning, 0)
  const [action] = actions
  if (action === undefined) throw new Error('no action')
  return { ...action, limMs: limMs[0] ?? 0 }
}

function repeat(count: number, pair: readonly [number, number]): (readonly [number, number])[] {
  return Array.from({ length: count }, () => pair)
}

describe('parameters', () => {
  it('parametersOf() starts from priors that score nothing in the tail', () => {
    const start = known(createLearning(plan))
    expect(start.clip).toBeCloseTo(1.7 * 0.4)
    expect(start.tau95Ms).toBe(Infinity)
    expect(start.limMs).toBe(200)
    expect(start.censorMs).toBe(2000)
    expect(start.floorRatio).toBe(0)
  })

  it('learn() moves μ from ten pairs of 0.4 to what was measured', () => {
    const learning = createLearning(plan)
    teach(learning, repeat(10, [10, 10 * Math.exp(0.2)]))
    expect(known(learning).clip).toBeCloseTo((1.7 * (4 + 10 * 0.2)) / 20, 6)
  })

  it('learn() sums deviations beyond 2⁵³ without loss', () => {
    const learning = createLearning(plan)
    for (let block = 0; block < 3000; block += 1) teach(learning, repeat(250, [0.02, 20_000]))
    const [action] = learning
    expect(action?.deviation).toBe(BigInt(3000 * 250) * BigInt(3 * 2 ** 32))
    expect(known(learning).clip).toBeCloseTo(1.7 * 3, 3)
  })

  it('learn() knows the tail from 100 baseline samples on', () => {
    const learning = createLearning(plan)
    teach(learning, repeat(99, [10, 10]))
    expect(known(learning).tau95Ms).toBe(Infinity)
    teach(learning, repeat(1, [10, 10]))
    expect(known(learning).tau95Ms).toBeGreaterThanOrEqual(10)
    expect(known(learning).tau95Ms).toBeLessThan(10.3)
  })

  it('learn() takes the tail anew only when the samples grew by five per cent', () => {
    const learning = createLearning(plan)
    teach(learning, repeat(1000, [10, 10]))
    const before = known(learning).tau95Ms
    teach(learning, repeat(49, [500, 10]))
    expect(known(learning).tau95Ms).toBe(before)
    teach(learning, repeat(40, [500, 10]))
    expect(known(learning).tau95Ms).toBeGreaterThan(400)
  })

  it('learn() waits for 30 samples of each arm, then allows four medians of the slower', () => {
    const learning = createLearning(plan)
    teach(learning, repeat(29, [100, 300]))
    expect(known(learning).limMs).toBe(200)
    teach(learning, repeat(1, [100, 300]))
    expect(known(learning).limMs).toBeGreaterThan(4 * 300)
    expect(known(learning).limMs).toBeLessThan(4 * 300 * 1.03)
    const quick = createLearning(plan)
    teach(quick, repeat(40, [2, 3]))
    expect(known(quick).limMs).toBe(50)
  })

  it('learn() lifts the margin of a fast action to the floor', () => {
    const learning = createLearning(plan)
    teach(learning, repeat(40, [1, 1]))
    expect(known(learning).floorRatio).toBeGreaterThan(0.48)
    expect(known(learning).floorRatio).toBeLessThanOrEqual(0.5)
  })

  it('learn() allows a slow action forty medians before it censors', () => {
    const learning = createLearning(plan)
    teach(learning, repeat(40, [100, 100]))
    expect(known(learning).censorMs).toBeGreaterThanOrEqual(4000)
  })

  it('sigmaOf() finds the spread of log ratios, and that of the study while nothing is known', () => {
    expect(sigmaOf(createSketch())).toBe(0.64)
    const learning = createLearning(plan)
    const random = createRandom(4)
    teach(
      learning,
      Array.from({ length: 4000 }, () => [20, 20 * Math.exp(0.3 * random.normal())] as const),
    )
    expect(sigmaOf(learning[0]?.spread ?? createSketch())).toBeCloseTo(0.3, 1)
  })
})

describe('sketch', () => {
  it('binOf() puts what is outside into the outermost bins', () => {
    expect(binOf(0.001)).toBe(0)
    expect(binOf(0.25)).toBe(0)
    expect(binOf(1e9)).toBe(511)
    expect(binOf(8)).toBe(32 * 5)
  })

  it('findQuantile() is the upper edge of the bin: at most 2.2 % too high', () => {
    const sketch = createSketch()
    expect(findQuantile(sketch, 0.5)).toBeUndefined()
    for (let value = 1; value <= 1000; value += 1) {
      const bin = binOf(value)
      sketch.counts[bin] = (sketch.counts[bin] ?? 0) + 1
      sketch.total += 1
    }
    for (const q of [0.1, 0.5, 0.95, 0.99]) {
      const found = (findQuantile(sketch, q) ?? 0) / (q * 1000)
      expect(found).toBeGreaterThanOrEqual(1)
      expect(found).toBeLessThan(1.03)
    }
  })

  it('fade() halves until the limit holds', () => {
    const sketch = createSketch({ 10: 600, 11: 401 })
    expect(fade(sketch, 1000)).toBe(true)
    expect(sketch.total).toBe(500)
    expect(fade(sketch, 1000)).toBe(false)
  })
})
