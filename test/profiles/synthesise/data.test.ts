import { describe, expect, it } from 'vitest'
import { FAKER_NAMES, populationSchema } from '../../../src/core/contract/population.ts'
import { createRandom } from '../../../src/core/random.ts'
import {
  createDataMaker,
  createSessionData,
  type DataMaker,
} from '../../../src/profiles/synthesise/data.ts'

/** As a file says it, with its defaults. */
function makerOf(data: object, records: object = {}): DataMaker {
  const document = populationSchema.parse({
    version: 1,
    ontology: 'shop',
    data,
    records,
    personas: {},
  })
  return createDataMaker(document.data, document.records)
}

function shareOf(count: number, of: (index: number) => boolean): number {
  return Array.from({ length: count }, (_, index) => of(index)).filter(Boolean).length / count
}

describe('createDataMaker', () => {
  it('createDataMaker() gives an unknown action no data', () => {
    expect(makerOf({})('home', createRandom(1), createSessionData(1))).toEqual({})
    expect(
      makerOf({ constructor: {} })('constructor', createRandom(1), createSessionData(1)),
    ).toEqual({})
  })
  it('createDataMaker() keeps the last value of the session for same_as', () => {
    const make = makerOf({
      view: { sku: { ids: 'S', count: 500 } },
      buy: { sku: { same_as: 'view.sku' } },
    })
    const random = createRandom(1)
    const session = createSessionData(1)
    make('view', random, session)
    const last = make('view', random, session)
    expect(last['sku']).toMatch(/^S([1-9]|[1-9]\d|[1-4]\d\d|500)$/)
    expect(make('buy', random, session)).toEqual(last)
    expect(make('buy', random, createSessionData(1))['sku']).toMatch(/^S\d+$/)
  })
  it('createDataMaker() takes a value again as often as its reuse says', () => {
    const make = makerOf({
      view: { sku: { ids: 'S', count: 1_000_000, reuse: 0.3 } },
      buy: { sku: { same_as: 'view.sku', reuse: 0.8 } },
    })
    const random = createRandom(3)
    const session = createSessionData(1)
    let before = make('view', random, session)['sku']
    const again = shareOf(4000, () => {
      const sku = make('view', random, session)['sku']
      const isSame = sku === before
      before = sku
      return isSame
    })
    const bought = shareOf(4000, () => make('buy', random, session)['sku'] === before)
    // Binomial with 4000 trials: five standard deviations are below 0.037.
    expect(Math.abs(again - 0.3)).toBeLessThan(0.037)
    expect(Math.abs(bought - 0.8)).toBeLessThan(0.037)
  })
  it('createDataMaker() draws values by their weights', () => {
    const make = makerOf({ view: { kind: { values: ['a', 'b', 3], weights: [5, 3, 2] } } })
    const random = createRandom(4)
    const session = createSessionData(1)
    const a = shareOf(4000, () => make('view', random, session)['kind'] === 'a')
    expect(Math.abs(a - 0.5)).toBeLessThan(0.04)
  })
  it('createDataMaker() keeps values together that belong together, and leaves out null', () => {
    const rows = [
      ['news', 'today', null],
      ['news', 'old', 2],
      ['sport', 'goal', { deep: [1] }],
    ]
    const make = makerOf(
      { comment: { post: { same_as: 'post.name' } } },
      { post: [{ fields: ['section', 'name', 'page'], rows, zipf: 0.5, reuse: 0.4 }] },
    )
    const random = createRandom(5)
    const session = createSessionData(1)
    for (let index = 0; index < 200; index += 1) {
      const data = make('post', random, session)
      const row = rows.find(([, name]) => name === data['name']) ?? []
      const [section, name, page] = row
      expect(data).toEqual(page === null ? { section, name } : { section, name, page })
      expect(make('comment', random, session)).toEqual({ post: name })
    }
  })
  it('createDataMaker() knows every generator of faker that a file may name', () => {
    for (const name of FAKER_NAMES) {
      const make = makerOf({ a: { x: { faker: name } } })
      const values = [7, 7].map((seed) => make('a', createRandom(1), createSessionData(seed))['x'])
      expect(values[0], name).toMatch(/./)
      expect(values[0]).toBe(values[1])
    }
  })
  it('createDataMaker() starts faker anew for each session, not for each value', () => {
    const make = makerOf({ a: { id: { faker: 'string.uuid' } } })
    const session = createSessionData(7)
    const ids = [1, 2].map(() => make('a', createRandom(1), session)['id'])
    expect(ids[0]).not.toBe(ids[1])
  })
})
