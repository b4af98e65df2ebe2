import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { givenBuilder } from './given.ts'

const asJson = (value: unknown): Record<string, never> => JSON.parse(JSON.stringify(value))

describe('buildRequest()', () => {
  const build = givenBuilder({
    method: 'POST',
    path: '/{{data.a}}/x{{data.b.c}}?n={{arm}}',
    query: { a: '{{data.a}}', list: ['{{captured.id}}', '-{{data.b}}-'] },
    headers: { 'x-a': '{{captured.id}}', 'x-b': '{{secret.KEY}}' },
    json: { a: ['{{data.a}}', { b: '{{captured.cart.lines.0}}' }], text: '{{session.id}}{{arm}}' },
  })

  it('is blocked by what is missing first, and names it', () => {
    expect(build()).toEqual({ kind: 'blocked', missing: 'data.a', why: 'has no value' })
    const data = { a: 1, b: { c: 2 } }
    expect(build({ data })).toMatchObject({ missing: 'captured.id' })
    expect(build({ data, captured: { id: 1 } })).toMatchObject({ missing: 'secret.KEY' })
    const secrets = { KEY: 'hush' }
    expect(build({ data, captured: { id: 1 }, secrets })).toMatchObject({
      missing: 'captured.cart.lines.0',
    })
    expect(build({ data, captured: { id: 1, cart: { lines: [3] } }, secrets })).toEqual({
      kind: 'request',
      method: 'POST',
      path: '/1/x2?n=canary&a=1&list=1&list=-%7B%22c%22%3A2%7D-',
      headers: ['x-a', '1', 'x-b', 'hush', 'content-type', 'application/json'],
      body: '{"a":[1,{"b":3}],"text":"s17canary"}',
    })
  })

  it('is the same for the same context and differs for twins only where they are named', () => {
    const context = { data: { a: 1, b: { c: 2 } }, captured: { id: 1, cart: { lines: [3] } } }
    const secrets = { KEY: 'hush' }
    expect(build({ ...context, secrets })).toEqual(build({ ...context, secrets }))
    expect(build({ ...context, secrets, arm: 'baseline' })).toMatchObject({
      path: '/1/x2?n=baseline&a=1&list=1&list=-%7B%22c%22%3A2%7D-',
      body: '{"a":[1,{"b":3}],"text":"s17baseline"}',
    })
  })

  it('never throws, whatever the values', () => {
    const values = fc.dictionary(
      fc.constantFrom('a', 'b', 'id', 'cart', '__proto__'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(values, values, (data, captured) => {
        const secrets = { KEY: 'k' }
        const request = build({ data: asJson(data), captured: asJson(captured), secrets })
        expect(['request', 'blocked']).toContain(request.kind)
      }),
    )
  })
})
