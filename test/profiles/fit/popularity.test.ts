import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { fitPopularity, fitZipf } from '../../../src/profiles/fit/popularity.ts'
import { createZipf } from '../../../src/profiles/synthesise/weighted.ts'

function drawn(count: number, exponent: number, draws: number): number[] {
  const draw = createZipf(count, exponent)
  const random = createRandom(5)
  const counts = Array.from({ length: count }, () => 0)
  for (let index = 0; index < draws; index += 1) {
    const rank = draw(random)
    counts[rank] = (counts[rank] ?? 0) + 1
  }
  return counts.filter((times) => times > 0).toSorted((left, right) => right - left)
}

describe('fitZipf', () => {
  it('fitZipf() finds the exponent that values were drawn with', () => {
    for (const exponent of [0.4, 0.9, 1.7]) {
      expect(Math.abs(fitZipf(drawn(40, exponent, 20_000)) - exponent), `${exponent}`).toBeLessThan(
        0.05,
      )
    }
    expect(fitZipf([10, 10, 10])).toBeLessThan(0.001)
    expect(fitZipf([1e6, 1])).toBeCloseTo(5, 2)
  })
})

describe('fitPopularity', () => {
  it('fitPopularity() of one value is no law', () => {
    expect(fitPopularity([7])).toEqual({ kind: 'zipf', exponent: 0 })
    expect(fitPopularity([])).toEqual({ kind: 'zipf', exponent: 0 })
  })
  it('fitPopularity() keeps counts where they say more, and takes the law where it says as much', () => {
    expect(fitPopularity([500, 480, 20])).toEqual({ kind: 'weights', weights: [500, 480, 20] })
    expect(fitPopularity(drawn(300, 0.8, 3000)).kind).toBe('zipf')
  })
})
