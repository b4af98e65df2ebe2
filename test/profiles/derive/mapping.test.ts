import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import type { RecordedExchange } from '../../../src/actions/propose/recorded.ts'
import { createMapper, type Mapped } from '../../../src/profiles/derive/mapping.ts'
import { createPseudonyms } from '../../../src/profiles/derive/pseudonyms.ts'

const ontology = parseOntology(
  `version: 1
actions:
  search: { request: { path: /s, query: { q: "{{data.q}}", page: "{{data.page}}" } }, routes: [GET /s] }
  create: { request: { method: POST, path: /carts }, capture: { cart: { json: $.id } }, routes: [POST /carts] }
  add:
    request:
      method: POST
      path: "/carts/{{captured.cart}}/items/{{data.slot}}"
      json: { item: { sku: "{{data.sku}}" }, note: "{{data.note}}", list: ["{{data.tags}}"] }
    routes: ["POST /carts/:cart/items/:slot"]
  order: { request: { method: POST, path: /orders, form: { sku: "{{data.sku}}" } }, routes: [POST /orders] }
`,
  'a.yaml',
)

function map(
  request: Partial<RecordedExchange>,
  query: readonly string[] = [],
  body: readonly string[] = [],
): Mapped | undefined {
  const allowed = { query: new Set(query), body: new Set(body) }
  const mapper = createMapper(ontology, allowed, createPseudonyms(Buffer.from('key')))
  return mapper({
    client: 'c',
    person: 'p',
    device: 'other',
    geo: 'ZZ',
    timeMs: 0,
    method: 'GET',
    target: '/',
    status: 200,
    ...request,
  })
}

describe('createMapper', () => {
  it('maps nothing that no route takes', () => {
    expect(map({ target: '/nowhere?q=1' })).toBeUndefined()
    expect(map({ target: '/s', method: 'PUT' })).toBeUndefined()
  })
  it('keeps only query values that are allowed, and says that it dropped some', () => {
    const target = '/s?q=chair&page=2&token=x#top'
    expect(map({ target })).toMatchObject({ forms: [{ data: {} }], isWithoutQuery: true })
    const kept = map({ target }, ['q', 'token'])
    expect(kept?.forms.map(({ data }) => data)).toEqual([{ q: 'chair' }, {}])
    expect(kept?.isWithoutQuery).toBe(true)
    expect(map({ target: '/s?q=a' }, ['q'])?.isWithoutQuery).toBe(false)
    expect(map({ target: '/s' }, ['q'])?.isWithoutQuery).toBe(false)
  })
  it('drops what is captured live', () => {
    const add = { method: 'POST', target: '/carts/c-77/items/3' }
    expect(map(add)?.forms.map(({ data }) => data)).toEqual([{ slot: '3' }])
  })
  it('takes from a body what its template names and the list allows', () => {
    const requestBody = '{"item":{"sku":"S1","size":4},"note":"mine","list":["x"]}'
    const add = { method: 'POST', target: '/carts/c/items/3', requestBody }
    expect(map(add)).toMatchObject({ forms: [{ data: { slot: '3' } }], isWithoutBody: true })
    expect(map(add, [], ['sku'])?.forms[0]?.data).toEqual({ slot: '3', sku: 'S1' })
    expect(map(add, [], ['item.sku', 'list'])?.forms[0]?.data).toEqual({
      slot: '3',
      sku: 'S1',
      tags: 'x',
    })
    const order = { method: 'POST', target: '/orders', requestBody: 'sku=S1&name=Anna' }
    expect(map(order, [], ['sku', 'name'])?.forms.map(({ data }) => data)).toEqual([
      { sku: 'S1' },
      {},
    ])
    const strange = { ...add, requestBody: '{"item":{"sku":{"deep":1}}}' }
    expect(map(strange, [], ['sku'])?.forms[0]?.data).toEqual({ slot: '3' })
  })
})
