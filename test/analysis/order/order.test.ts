import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PairRecord } from '../../../src/analysis/fold.ts'
import { createOrderTally, isCanaryFirst } from '../../../src/analysis/order/order.ts'
import { createRandom } from '../../../src/core/random.ts'
import { orderOfArms } from '../../../src/generator/twins.ts'

const SEED = 7

/** The second of each pair is slower by `second`, the canary by `canary` (both as ratios). */
function pairsOf(count: number, second: number, canary: number): PairRecord[] {
  const random = createRandom(1)
  return Array.from({ length: count }, (_, index) => {
    const pair = `s${index}.1`
    const isFirst = isCanaryFirst(SEED, pair)
    const noise = (): number => Math.exp(0.1 * random.normal())
    return {
      pair,
      action: 0,
      at: index,
      baselineMs: 10 * noise() * (isFirst ? second : 1),
      canaryMs: 10 * canary * noise() * (isFirst ? 1 : second),
      baseline: 'ok',
      canary: 'ok',
    }
  })
}

describe('the cost of being second', () => {
  it('is said to be unknown with too few pairs', () => {
    const tally = createOrderTally()
    for (const pair of pairsOf(50, 1, 1)) tally.add(SEED, pair)
    expect(tally.cost()).toBeUndefined()
  })
  it('is found whatever the arms differ in', () => {
    for (const canary of [1, 1.5, 0.7]) {
      const tally = createOrderTally()
      for (const pair of pairsOf(4000, 1.03, canary)) tally.add(SEED, pair)
      const cost = tally.cost()
      expect(cost?.ratio).toBeCloseTo(1.03, 1)
      expect(cost?.low).toBeLessThan(1.03)
      expect(cost?.high).toBeGreaterThan(1.03)
      expect(cost?.low).toBeGreaterThan(1)
    }
  })
  it('leaves out pairs that did not go well in both arms', () => {
    const tally = createOrderTally()
    for (const pair of pairsOf(500, 1, 1)) tally.add(SEED, { ...pair, canary: 'timeout' })
    expect(tally.state()).toEqual({ baselineFirst: {}, canaryFirst: {} })
  })
  it('merges from parts to the same counts as the whole', () => {
    const pairs = pairsOf(300, 1.02, 1)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 300 }), (places) => {
        const whole = createOrderTally()
        const parts = [createOrderTally(), createOrderTally(), createOrderTally()]
        for (const [index, pair] of pairs.entries()) {
          whole.add(SEED, pair)
          parts[places[index] ?? 0]?.add(SEED, pair)
        }
        const merged = createOrderTally()
        for (const part of parts) merged.merge(part.state())
        expect(merged.state()).toEqual(whole.state())
      }),
      { numRuns: 20 },
    )
  })
  it('knows the order in which the generator sends', () => {
    for (let index = 0; index < 50; index += 1) {
      const pair = `s${index}.2`
      const order = orderOfArms(SEED, pair, [
        { arm: 'baseline' },
        { arm: 'canary' },
        { arm: 'control' },
      ]).filter(({ arm }) => arm !== 'control')
      expect(order[0]?.arm === 'canary').toBe(isCanaryFirst(SEED, pair))
    }
  })
})
