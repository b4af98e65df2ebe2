import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/core/contract/profile.ts'
import { createRandom } from '../../../src/core/random.ts'
import type { FitSession } from '../../../src/profiles/fit/session.ts'
import { fitData as fitDataSliced, type FittedData } from '../../../src/profiles/fit/values.ts'
import { atOnce } from '../../../src/profiles/slices.ts'

type Data = Record<string, JsonValue>

function fitData(sessions: readonly FitSession[], k: number): FittedData {
  return atOnce(fitDataSliced(sessions, k))
}

/** One person a session, each step an action with its data. */
function sessionsOf(all: readonly (readonly (readonly [string, Data])[])[]): FitSession[] {
  return all.map((steps, index) => ({
    person: `p${index}`,
    geo: 'ZZ',
    device: 'desktop',
    steps: steps.map(([action, data]) => ({ action, data, thinkSeconds: 1 })),
  }))
}

function alone(values: readonly Data[]): FitSession[] {
  return sessionsOf(values.map((data) => [['view', data]]))
}

describe('fitData', () => {
  it('fitData() says nothing of actions without data', () => {
    expect(fitData(alone([{}, {}, {}]), 2)).toEqual({ data: {}, records: {}, rareValues: 0 })
    expect(fitData([], 5)).toEqual({ data: {}, records: {}, rareValues: 0 })
  })
  it('fitData() leaves out values of fewer than k people, and counts their steps', () => {
    const values = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c'].map((id) => ({ id }))
    const { data, rareValues } = fitData(alone(values), 3)
    expect(JSON.stringify(data['view']?.['id'])).toMatch(/\["a","b"\]/)
    expect(rareValues).toBe(2)
    const one = sessionsOf([[1, 2, 3, 4].map((): [string, Data] => ['view', { id: 'mine' }])])
    expect(JSON.stringify(fitData(one, 2))).not.toContain('mine')
  })
  it('fitData() invents values where none is common, of the same kind', () => {
    const rare = [1, 2, 3, 4, 5, 6].map((n) => ({
      mail: `person${n}@example.org`,
      id: `0b5c1e6e-8f4a-4d8e-9b1a-00000000000${n}`,
      note: `these are some words of number ${n}`,
      first_name: `Name${n}`,
      count: n,
    }))
    const { data, rareValues } = fitData(alone(rare), 3)
    expect(data['view']).toEqual({
      mail: { faker: 'internet.example_email' },
      id: { faker: 'string.uuid' },
      note: { faker: 'lorem.sentence' },
      first_name: { faker: 'person.first_name' },
      count: { faker: 'word.noun' },
    })
    expect(rareValues).toBe(6)
  })
  it('fitData() keeps combinations together, and what is sometimes not there', () => {
    const rows = Array.from({ length: 60 }, (_, index): Data =>
      index % 3 === 0 ? { section: 'news', name: 'n1' } : { section: 'sport', name: 's1', page: 2 },
    )
    const { data, records } = fitData(alone(rows), 5)
    expect(data).toEqual({})
    expect(records['view']).toMatchObject([
      {
        fields: ['section', 'name', 'page'],
        rows: [
          ['sport', 's1', 2],
          ['news', 'n1', null],
        ],
      },
    ])
  })
  it('fitData() takes fields apart where combinations are rare and they are not', () => {
    const random = createRandom(1)
    const rows = Array.from({ length: 200 }, () => ({
      size: random.int(15),
      colour: `c${random.int(15)}`,
    }))
    const { data } = fitData(alone(rows), 5)
    expect(Object.keys(data['view'] ?? {})).toEqual(['size', 'colour'])
  })
  it('fitData() does not let a message hide what it is about', () => {
    const rows = Array.from({ length: 60 }, (_, index) => ({
      post: `post-${index % 3}`,
      text: `what person ${index} has to say of it`,
    }))
    const { data } = fitData(alone(rows), 5)
    expect(data['view']?.['post']).toHaveProperty('pick')
    expect(data['view']?.['text']).toEqual({ faker: 'lorem.sentence' })
  })
  it('fitData() finds where a value comes from, and how often', () => {
    const random = createRandom(2)
    const sessions = Array.from({ length: 300 }, (_, index): [string, Data][] => {
      const sku = `s${random.int(20)}`
      const bought = index % 10 === 0 ? `s${random.int(20)}` : sku
      return [
        ['view', { sku }],
        ['buy', { sku: bought, count: 1 + random.int(2) }],
      ]
    })
    const { data } = fitData(sessionsOf(sessions), 5)
    expect(data['buy']?.['sku']).toMatchObject({ same_as: 'view.sku' })
    expect(data['view']?.['sku']).not.toHaveProperty('same_as')
    expect(data['buy']?.['sku']).toHaveProperty('reuse', expect.closeTo(0.9, 1))
    expect(data['buy']?.['count']).not.toHaveProperty('same_as')
  })
  it('fitData() tells re-use from popularity', () => {
    const random = createRandom(3)
    const make = (reuse: number): FitSession[] =>
      sessionsOf(
        Array.from({ length: 300 }, () => {
          let id = random.int(4)
          return Array.from({ length: 6 }, (): [string, Data] => {
            if (random.next() >= reuse) id = random.int(4)
            return ['view', { id }]
          })
        }),
      )
    const [none, half] = [0, 0.5].map((reuse) => fitData(make(reuse), 5).data['view']?.['id'])
    expect(none).not.toHaveProperty('reuse')
    expect(half).toHaveProperty('reuse', expect.closeTo(0.5, 1))
  })
  it('fitData() is not misled by names of fields', () => {
    const odd: Data = JSON.parse('{"__proto__": "x", "constructor": "y", "a.b": "z"}')
    const { data, records } = fitData(alone([odd, odd, odd]), 2)
    expect(data).toEqual({})
    expect(records['view']).toMatchObject([{ fields: ['constructor', 'a.b'], rows: [['y', 'z']] }])
  })
})
