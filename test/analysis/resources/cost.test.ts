import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actionCosts, type CostRow } from '../../../src/analysis/resources/cost.ts'
import { createRandom, type Random } from '../../../src/core/random.ts'

/** Ten actions by Zipf with exponent 2.2 on 50 pairs/s: STATISTICS 7. */
const ACTIONS = Array.from({ length: 10 }, (_, index) => `a${index + 1}`)
const WEIGHTS = ACTIONS.map((_, index) => (index + 1) ** -2.2)
const SHARES = WEIGHTS.map((weight) => weight / WEIGHTS.reduce((sum, other) => sum + other, 0))
const COSTS_MS = [3, 8, 2, 12, 5, 20, 4, 9, 30, 6]

function poisson(random: Random, mean: number): number {
  let count = 0
  for (let time = random.exponential(); time < mean; time += random.exponential()) count += 1
  return count
}

/** 50 % spread of each request, 3 % of each second, garbage collections now and then. */
function scrapes(seed: number, seconds: number, modulated: boolean): CostRow[] {
  const random = createRandom(seed, 'scrapes')
  return Array.from({ length: seconds }, () => {
    const counts = SHARES.map((share) => {
      const by = modulated ? (random.next() < 0.5 ? 1.9 : 0.1) : 1
      return poisson(random, 50 * share * by)
    })
    let cpuSeconds = 0.01
    for (const [action, count] of counts.entries()) {
      for (let request = 0; request < count; request += 1) {
        cpuSeconds += ((COSTS_MS[action] ?? 0) / 1000) * Math.exp(0.5 * random.normal() - 0.125)
      }
    }
    cpuSeconds *= 1 + 0.03 * random.normal()
    if (random.next() < 0.05) cpuSeconds += 0.02
    return { counts, cpuSeconds, seconds: 1 }
  })
}

interface Trial {
  /** Relative rms error of the actions of rank 1, 2 and 4, where they were told. */
  readonly rms: readonly number[]
  readonly told: readonly number[]
  /** Share of all intervals that hold the truth. */
  readonly coverage: number
}

function tryOut(runs: number, seconds: number, modulated: boolean): Trial {
  const errors = new Map<string, number[]>()
  let inside = 0
  let intervals = 0
  for (let seed = 1; seed <= runs; seed += 1) {
    for (const cost of actionCosts(ACTIONS, scrapes(seed, seconds, modulated), 1)) {
      const truth = COSTS_MS[ACTIONS.indexOf(cost.action)] ?? 0
      errors.set(cost.action, [...(errors.get(cost.action) ?? []), cost.cpuMs / truth - 1])
      intervals += 1
      if (cost.low <= truth && truth <= cost.high) inside += 1
    }
  }
  const own = ['a1', 'a2', 'a4'].map((action) => errors.get(action) ?? [])
  return {
    rms: own.map((list) => Math.sqrt(list.reduce((sum, one) => sum + one * one, 0) / list.length)),
    told: own.map((list) => list.length / runs),
    coverage: inside / intervals,
  }
}

describe('actionCosts()', () => {
  it('says nothing about no scrapes, too few, and none that makes sense', () => {
    const odd: CostRow[] = [
      { counts: [1], cpuSeconds: Number.NaN, seconds: 1 },
      { counts: [1], cpuSeconds: 0, seconds: 1 },
      { counts: [-1], cpuSeconds: 1, seconds: 1 },
      { counts: [1], cpuSeconds: 1, seconds: 0 },
      { counts: [1, 2], cpuSeconds: 1, seconds: 1 },
    ]
    expect(actionCosts(['a'], [], 1)).toEqual([])
    expect(actionCosts([], scrapes(1, 60, false), 1)).toEqual([])
    expect(actionCosts(['a'], Array.from({ length: 40 }, () => odd).flat(), 1)).toEqual([])
    expect(actionCosts(ACTIONS, scrapes(1, 20, false), 1)).toEqual([])
  })
  it('does not tell apart what always comes together, nor a constant load from idling', () => {
    const together = scrapes(3, 200, false).map(({ counts, ...row }) => ({
      ...row,
      counts: [counts[0] ?? 0, counts[0] ?? 0, counts[1] ?? 0],
    }))
    expect(actionCosts(['x', 'y', 'z'], together, 1).map(({ action }) => action)).toEqual(['z'])
    const random = createRandom(1)
    const constant = Array.from({ length: 100 }, () => ({
      counts: [50],
      cpuSeconds: 0.2 + 0.01 * random.next(),
      seconds: 1,
    }))
    expect(actionCosts(['x'], constant, 1)).toEqual([])
  })
  it('finds the cost of one action beside an idle process', () => {
    const random = createRandom(5)
    const rows = Array.from({ length: 60 }, () => {
      const count = poisson(random, 20)
      return {
        counts: [count],
        cpuSeconds: 0.05 + 0.004 * count + 0.002 * random.next(),
        seconds: 1,
      }
    })
    const [cost] = actionCosts(['only'], rows, 1)
    expect(cost?.cpuMs).toBeCloseTo(4, 1)
    expect(cost?.low).toBeLessThan(4.1)
    expect(cost?.high).toBeGreaterThan(3.9)
  })
  it('errs after 60 s of natural traffic as STATISTICS 7 says: about 17, 15 and 21 %', () => {
    const { rms, told, coverage } = tryOut(25, 60, false)
    for (const [place, most] of [0.22, 0.2, 0.28].entries()) expect(rms[place]).toBeLessThan(most)
    expect(Math.min(...told)).toBeGreaterThan(0.6)
    expect(coverage).toBeGreaterThan(0.8)
  })
  it('errs after 300 s by about 7 %, and with a modulated mix after 60 s by 4 to 15 %', () => {
    const long = tryOut(12, 300, false)
    expect(Math.max(...long.rms)).toBeLessThan(0.12)
    expect(long.told).toEqual([1, 1, 1])
    expect(long.coverage).toBeGreaterThan(0.85)
    const modulated = tryOut(25, 60, true)
    for (const [place, most] of [0.06, 0.09, 0.2].entries()) {
      expect(modulated.rms[place]).toBeLessThan(most)
    }
  })
  it('is never negative, lies in its interval, and is the same for the same seed', () => {
    const row = fc.record({
      counts: fc.array(fc.nat(30), { minLength: 3, maxLength: 3 }),
      cpuSeconds: fc.double({ min: 1e-6, max: 10, noNaN: true }),
      seconds: fc.double({ min: 0.1, max: 5, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 20, maxLength: 60 }), fc.nat(), (rows, seed) => {
        const costs = actionCosts(['a', 'b', 'c'], rows, seed)
        expect(actionCosts(['a', 'b', 'c'], rows, seed)).toEqual(costs)
        for (const { cpuMs, low, high } of costs) {
          expect(cpuMs).toBeGreaterThan(0)
          expect(low).toBeGreaterThan(0)
          expect(high).toBeGreaterThanOrEqual(low)
          expect(Number.isFinite(high)).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })
  it('scales with the CPU', () => {
    const rows = scrapes(7, 120, false)
    const costs = actionCosts(ACTIONS, rows, 1)
    const slower = rows.map((row) => ({ ...row, cpuSeconds: row.cpuSeconds * 4 }))
    expect(costs.length).toBeGreaterThan(0)
    for (const [index, cost] of actionCosts(ACTIONS, slower, 1).entries()) {
      expect(cost.cpuMs).toBeCloseTo((costs[index]?.cpuMs ?? 0) * 4, 8)
      expect(cost.high).toBeCloseTo((costs[index]?.high ?? 0) * 4, 8)
    }
  })
  it('takes an hour of a hundred actions in its stride', () => {
    const random = createRandom(9)
    const names = Array.from({ length: 100 }, (_, index) => `a${index}`)
    const rows = Array.from({ length: 3600 }, () => {
      const counts = names.map((_, index) => poisson(random, index === 0 ? 20 : 0.3))
      const requests = counts.reduce((sum, count) => sum + count, 0)
      return { counts, cpuSeconds: 0.003 * requests + 0.01 * random.next(), seconds: 1 }
    })
    expect(actionCosts(names, rows, 1)[0]).toMatchObject({ action: 'a0' })
  })
})
