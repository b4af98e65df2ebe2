import * as fc from 'fast-check'
import { JSONPathEnvironment } from 'json-p3'
import { describe, expect, it } from 'vitest'
import { differencesOf } from '../../../src/probe/inquiry/differences.ts'

function between(baseline: unknown, canary: unknown): ReturnType<typeof differencesOf> {
  return differencesOf({ body: JSON.stringify(baseline) }, { body: JSON.stringify(canary) })
}

describe('differencesOf()', () => {
  it('says nothing of bodies that are no JSON, or only half of one', () => {
    expect(differencesOf({ body: '<p>' }, { body: '{"a":1}' })).toEqual([])
    expect(differencesOf({ body: '{"a":1' }, { body: '{"a":2}' })).toEqual([])
    expect(differencesOf({}, {})).toEqual([])
  })
  it('names each path that differs, with what only one side has', () => {
    const baseline = { price: 9.5, items: [{ id: 1, 'a b': 'x' }], gone: null, same: [1] }
    const canary = { price: 0, items: [{ id: 1, 'a b': 'y' }, 2], same: [1], "it's": true }
    expect(between(baseline, canary)).toEqual([
      { path: '$.price', baseline: 9.5, canary: 0 },
      { path: "$.items[0]['a b']", baseline: 'x', canary: 'y' },
      { path: '$.items[1]', canary: 2 },
      { path: '$.gone', baseline: null },
      { path: "$['it\\'s']", canary: true },
    ])
  })
  it('shows an array whose elements only moved as a whole', () => {
    const [left, right] = [
      [{ id: 1 }, { id: 2 }, 3],
      [3, { id: 1 }, { id: 2 }],
    ]
    expect(between({ list: left }, { list: right })).toEqual([
      { path: '$.list', baseline: left, canary: right },
    ])
    expect(between([{ a: 1, b: 2 }, {}, {}], [{ b: 2, a: 1 }, {}, {}])).toEqual([])
  })
  it('names a status that differs first', () => {
    const found = differencesOf({ status: 200, body: '{"a":1}' }, { status: 500, body: '[]' })
    expect(found.map(({ path }) => path)).toEqual(['status', '$'])
  })
  it('shows at most 20, and long values as the beginning of their text', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]))
    expect(between(many, {})).toHaveLength(20)
    const [long] = between({ a: ['x'.repeat(1000)] }, { a: 1 })
    expect(long?.baseline).toHaveLength(301)
  })
  it('survives a body that is nothing but brackets', () => {
    const deep = (inner: string): string => `${'['.repeat(2000)}${inner}${']'.repeat(2000)}`
    expect(differencesOf({ body: deep('1') }, { body: deep('2') })).toHaveLength(1)
  })
  it('gives paths that lead to what is shown', () => {
    const environment = new JSONPathEnvironment()
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (left, right) => {
        const [from, to] = [{ at: left }, { at: right }].map((value): unknown =>
          JSON.parse(JSON.stringify(value)),
        )
        for (const { path, baseline, canary } of between(from, to)) {
          for (const [document, value] of [
            [from, baseline],
            [to, canary],
          ]) {
            const found = environment.query(path, JSON.parse(JSON.stringify(document))).values()
            if (typeof value === 'string' && value.endsWith('…')) continue
            expect(found).toEqual(value === undefined ? [] : [value])
          }
        }
      }),
    )
  })
})
