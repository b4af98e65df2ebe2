import { describe, expect, it } from 'vitest'
import { foldPairs } from '../../src/analysis/fold.ts'
import { RATIO_GRID as GRID, SLOTS } from '../../src/analysis/folding/slots.ts'
import {
  createInterval,
  findEstimate,
  updateInterval,
  type IntervalEstimate,
  type Interval,
} from '../../src/analysis/interval.ts'
import { createLearning, parametersOf } from '../../src/analysis/parameters.ts'
import { createWorld, planOf, slower } from './synthetic.ts'

const ALPHA = 0.05
const plan = planOf({ rate: 20 }, [{ action: 'home', share: 1 }])
const parameters = parametersOf(plan, createLearning(plan), 0)

/** @param watch sees every interval on the way */
function intervalOf(
  seed: number,
  blocks: number,
  factor: number,
  options: { fromSeconds?: number; watch?: (found: IntervalEstimate | undefined) => void } = {},
): Interval {
  const { fromSeconds = 0, watch } = options
  const world = createWorld(plan, seed, { canary: slower(factor, 'home', fromSeconds) })
  const interval = createInterval(600, GRID)
  for (let block = 0; block < blocks; block += 1) {
    const pairs = world.pairs(block / 2, (block + 1) / 2, 'load')
    const [sums] = foldPairs(plan, seed, parameters, pairs).actions
    updateInterval(interval, (_, index) => sums?.scores[SLOTS.grid('typical', index)] ?? 0, ALPHA)
    watch?.(findEstimate(interval, ALPHA))
  }
  return interval
}

describe('confidence sequence', () => {
  it('findEstimate() is undefined before the first pair', () => {
    const interval = createInterval(600, GRID)
    expect(findEstimate(interval, ALPHA)).toBeUndefined()
    updateInterval(interval, () => 0, ALPHA)
    expect(findEstimate(interval, ALPHA)).toBeUndefined()
  })

  it('GRID reaches a factor of 50 both ways and is symmetric', () => {
    expect(GRID[0]).toBe(-4)
    expect(GRID.at(-1)).toBe(4)
    expect(GRID.map((margin) => 0 - margin).toReversed()).toEqual([...GRID])
    expect(GRID).toContain(0.01)
    expect(GRID).toContain(0.4)
    expect(new Set(GRID).size).toBe(95)
  })

  it.each([
    { factor: 1, width: 0.35 },
    { factor: 1.5, width: 0.45 },
    { factor: 0.8, width: 0.35 },
    { factor: 10, width: 1 },
  ])('findEstimate() finds a factor of $factor', ({ factor, width }) => {
    const found = findEstimate(intervalOf(5, 120, factor), ALPHA)
    const { estimate, low = -9, high = 9 } = found ?? { estimate: 9 }
    expect(low).toBeLessThanOrEqual(Math.log(factor))
    expect(high).toBeGreaterThanOrEqual(Math.log(factor))
    expect(high - low).toBeLessThan(width)
    expect(Math.abs(estimate - Math.log(factor))).toBeLessThan(0.1)
    expect(estimate).toBeGreaterThanOrEqual(low)
    expect(estimate).toBeLessThanOrEqual(high)
  })

  it('findEstimate() holds the truth at all times in nearly all runs', () => {
    let missed = 0
    for (let seed = 0; seed < 30; seed += 1) {
      let wrong = false
      intervalOf(seed, 80, 1.1, {
        watch: (found) => {
          const truth = Math.log(1.1)
          wrong ||= (found?.low ?? -9) > truth || (found?.high ?? 9) < truth
        },
      })
      missed += Number(wrong)
    }
    expect(missed).toBeLessThanOrEqual(4)
  })

  it('updateInterval() starts anew when the effect changes, and says so', () => {
    const interval = intervalOf(2, 480, 2, { fromSeconds: 120 })
    expect(interval.restarts).toBeGreaterThan(0)
    const found = findEstimate(interval, ALPHA)
    expect(found?.low ?? -9).toBeGreaterThan(0.3)
  })
})
