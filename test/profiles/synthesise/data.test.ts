import { describe, expect, it } from 'vitest'
import { FAKER_NAMES } from '../../../src/core/contract/population.ts'
import { createRandom } from '../../../src/core/random.ts'
import { createDataMaker, createZipf, seedFaker } from '../../../src/profiles/synthesise/data.ts'

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

describe('createDataMaker', () => {
  it('createDataMaker() gives an unknown action no data', () => {
    expect(createDataMaker({})('home', createRandom(1), new Map())).toEqual({})
  })
  it('createDataMaker() keeps the last value of the session for same_as', () => {
    const make = createDataMaker({
      view: { sku: { ids: 'S', count: 500, zipf: 0 } },
      buy: { sku: { same_as: 'view.sku' } },
    })
    const random = createRandom(1)
    const kept = new Map()
    make('view', random, kept)
    const last = make('view', random, kept)
    expect(last['sku']).toMatch(/^S([1-9]|[1-9]\d|[1-4]\d\d|500)$/)
    expect(make('buy', random, kept)).toEqual(last)
    expect(make('buy', random, new Map())['sku']).toMatch(/^S\d+$/)
  })
  it('createDataMaker() knows every generator of faker that a file may name', () => {
    for (const name of FAKER_NAMES) {
      const make = createDataMaker({ a: { x: { faker: name } } })
      const values = [7, 7].map((seed) => {
        seedFaker(createRandom(seed))
        return make('a', createRandom(1), new Map())['x']
      })
      expect(values[0], name).toMatch(/./)
      expect(values[0]).toBe(values[1])
    }
  })
})
