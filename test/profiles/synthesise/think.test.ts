import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { createThink } from '../../../src/profiles/synthesise/think.ts'

function draws(think: (random: ReturnType<typeof createRandom>) => number): number[] {
  const random = createRandom(1)
  return Array.from({ length: 4000 }, () => think(random)).toSorted((left, right) => left - right)
}

describe('createThink', () => {
  it('createThink() never exceeds the longest, by default twenty medians', () => {
    expect(draws(createThink(5, 3)).at(-1)).toBe(100)
    expect(draws(createThink(5, 3, 30)).at(-1)).toBe(30)
  })
  it('createThink() has the median and spread of the file', () => {
    const sorted = draws(createThink(5, 0.5))
    expect(sorted[2000]).toBeCloseTo(5, 0)
    // A standard deviation above the median: 5 * e^0.5.
    expect(sorted[Math.floor(4000 * 0.8413)]).toBeCloseTo(8.24, 0)
  })
  it('createThink() draws from a table, evenly between its quantiles', () => {
    const sorted = draws(
      createThink(
        {
          table: [
            [0, 0],
            [0.25, 0],
            [0.5, 10],
            [1, 110],
          ],
        },
        1,
      ),
    )
    expect(sorted.filter((seconds) => seconds === 0).length / 4000).toBeCloseTo(0.25, 1)
    expect(sorted[2000]).toBeGreaterThan(8)
    expect(sorted[2000]).toBeLessThan(12)
    expect(sorted[3000]).toBeGreaterThan(54)
    expect(sorted[3000]).toBeLessThan(66)
    expect(sorted.at(-1)).toBeLessThanOrEqual(110)
  })
})
