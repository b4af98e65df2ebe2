import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import {
  createChoice,
  createWeighted,
  createZipf,
} from '../../../src/profiles/synthesise/weighted.ts'

describe('createWeighted', () => {
  it('createWeighted() never draws what has no weight', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0, 0.001, 1, 1e6), { minLength: 1, maxLength: 20 }),
        fc.integer(),
        (weights, seed) => {
          fc.pre(weights.some((weight) => weight > 0))
          const draw = createWeighted(weights)
          const random = createRandom(seed)
          for (let index = 0; index < 20; index += 1)
            expect(weights[draw(random)]).toBeGreaterThan(0)
        },
      ),
    )
  })
  it('createChoice() chooses names by their weights', () => {
    const choose = createChoice({ a: 3, b: 1 })
    const random = createRandom(1)
    const count = Array.from({ length: 4000 }, () => choose(random)).filter((x) => x === 'a').length
    // Binomial with 4000 trials: five standard deviations are 137.
    expect(Math.abs(count - 3000)).toBeLessThan(137)
  })
})

describe('createZipf', () => {
  it('createZipf() draws ranks in proportion to their power', () => {
    const draw = createZipf(3, 1)
    const random = createRandom(1)
    const counts = [0, 0, 0]
    for (let index = 0; index < 11_000; index += 1) {
      const rank = draw(random)
      counts[rank] = (counts[rank] ?? 0) + 1
    }
    // 1 : 1/2 : 1/3 of 11 000; five standard deviations are below 270.
    for (const [rank, expected] of [6000, 3000, 2000].entries()) {
      expect(Math.abs((counts[rank] ?? 0) - expected)).toBeLessThan(270)
    }
  })
  it('createZipf() with exponent 0 draws all alike, and of one always that', () => {
    const random = createRandom(2)
    const draw = createZipf(4, 0)
    const seen = new Set(Array.from({ length: 200 }, () => draw(random)))
    expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
    expect(createZipf(1, 2)(random)).toBe(0)
  })
})
