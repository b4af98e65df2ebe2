import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../src/actions/load.ts'
import { compileOntology } from '../../src/actions/ontology.ts'
import { exampleOntology, ontologySchema } from '../../src/core/contract/ontology.ts'
import { actionOf, givenOntology, refusalOf } from './given.ts'

/** The example of the contract, with the actions that its captures and cleanup need. */
const CONTRACT = `
version: 1
defaults: { timeout_ms: 10000, headers: { accept: application/json } }
identity: { user_agent: by_device, accept_language: by_geo, geo_header: x-country }
actions:
  cart:
    request: { method: POST, path: /cart }
    capture: { cart_id: { json: $.id } }
  cancel_order: { request: { method: DELETE, path: "/orders/{{captured.order_id}}" } }
  checkout:
    kind: pay
    mutates: true
    shared_state: ok
    request:
      method: POST
      path: "/cart/{{captured.cart_id}}/pay"
      query: { v: 2 }
      headers: { authorization: "Bearer {{secret.SHOP}}" }
      json: { sku: "{{data.sku}}", mail: "{{arm}}-{{session.id}}@example.test" }
    follow_redirects: 0
    expect:
      status: [200, 201]
      headers: { content-type: "^application/json" }
      json: { "$.state": paid }
      body: "regex"
      max_ms: 2000
    capture:
      order_id: { json: "$.id" }
      csrf: { form_field: _csrf }
      sid: { cookie: sid }
      next: { header: location }
    ignore: ["$.id", "$..created_at", "header:date"]
    slo: { p95_ms: 300, error_rate: 0.01 }
    margin: { latency_typical: 0.1, latency_tail: 0.2, errors: 0.001, responses: 0.001 }
    healthy_margin: { latency_typical: 0.1, latency_tail_share: 0.05, errors: 0.02 }
    routes: ["POST /cart/:cart_id/pay"]
    cost: { cpu_ms: 2, memory_mb: 0, network_kb: 4 }
    require: true
    cleanup: cancel_order
`

const mutates = (action: Record<string, unknown>): boolean =>
  actionOf(givenOntology(action)).mutates

const needsBody = (action: Record<string, unknown>): boolean =>
  actionOf(givenOntology({ request: { path: '/' }, ...action })).needsBody

describe('compileOntology()', () => {
  it('refuses a capture that nobody makes, with the nearest one', () => {
    const text = CONTRACT.replace('{{captured.cart_id}}', '{{captured.card_id}}')
    expect(refusalOf(() => parseOntology(text, 'shop.yaml'))).toEqual({
      code: 'unknown-capture',
      message:
        'Cannot read ontology: "actions.checkout.request.path" in shop.yaml:16: ' +
        'no action captures what "{{captured.card_id}}" needs',
      mend: 'did you mean "cart_id"?',
    })
  })

  it('refuses the name that reports use for the pool of rare actions', () => {
    const refusal = refusalOf(() =>
      givenOntology({ request: { path: '/' } }, { rare: { request: { path: '/' } } }),
    )
    expect(refusal.message).toContain('the pool of rare actions')
  })

  it('compiles the example of the contract', () => {
    const ontology = parseOntology(CONTRACT, 'shop.yaml')
    expect(actionOf(ontology, 'checkout')).toMatchObject({
      name: 'checkout',
      mutates: true,
      timeoutMs: 10_000,
      namesTwin: true,
      needs: ['cart_id'],
      captures: ['order_id', 'csrf', 'sid', 'next'],
      secrets: ['SHOP'],
      needsBody: true,
      followRedirects: 0,
    })
    expect(actionOf(ontology, 'cancel_order')).toMatchObject({
      mutates: true,
      namesTwin: false,
      needs: ['order_id'],
      needsBody: false,
    })
  })

  it('compiles a document that came without a file', () => {
    const document = ontologySchema.parse({
      ...exampleOntology,
      actions: { search: exampleOntology.actions['search'] },
    })
    const ontology = compileOntology(document, { value: document, locate: () => 'here' }, 'here')
    expect(ontology.document).toBe(document)
  })

  it('says by method or by word whether an action mutates', () => {
    expect(mutates({ request: { path: '/' } })).toBe(false)
    expect(mutates({ request: { path: '/', method: 'OPTIONS' } })).toBe(false)
    expect(mutates({ request: { path: '/', method: 'PATCH' } })).toBe(true)
    expect(mutates({ request: { path: '/', method: 'POST' }, mutates: false })).toBe(false)
    expect(mutates({ request: { path: '/logout' }, mutates: true })).toBe(true)
  })

  it('does not count default headers as naming the twin', () => {
    const text = [
      'version: 1',
      'defaults: { headers: { x-s: "{{session.id}}" } }',
      'actions: { a: { request: { method: POST, path: / } } }',
    ].join('\n')
    expect(actionOf(parseOntology(text, 'a.yaml'), 'a').namesTwin).toBe(false)
    const headers = { 'x-s': '{{session.id}}' }
    expect(actionOf(givenOntology({ request: { path: '/', headers } })).namesTwin).toBe(true)
  })

  it('does not need a captured value or a secret that has an alternative', () => {
    const before = { request: { path: '/' }, capture: { order_id: { json: '$.id' } } }
    const request = {
      path: '/orders/{{captured.order_id|data.order_id}}',
      headers: { authorization: '{{secret.SHOP|data.token}}' },
    }
    const action = actionOf(givenOntology({ request }, { before }))
    expect(action).toMatchObject({ needs: [], uses: ['order_id'], secrets: [] })
    const alone = { path: '/{{captured.order_id}}/{{captured.order_id|data.order_id}}' }
    expect(actionOf(givenOntology({ request: alone }, { before })).needs).toEqual(['order_id'])
  })

  it('refuses a capture that nobody makes, also where it has an alternative', () => {
    const request = { path: '/{{data.x|captured.order_id}}' }
    const others = { a: { request: { path: '/' }, capture: { order_ids: { json: '$.ids' } } } }
    expect(refusalOf(() => givenOntology({ request }, others))).toMatchObject({
      code: 'unknown-capture',
      message: expect.stringContaining('"{{data.x|captured.order_id}}" asks for ("order_id")'),
      mend: 'did you mean "order_ids"?',
    })
  })

  it('counts a twin as named only where its name is sure to be sent', () => {
    const namesTwin = (mail: string): boolean =>
      actionOf(givenOntology({ request: { method: 'POST', path: '/', json: { mail } } })).namesTwin
    expect(namesTwin('{{data.mail|session.id}}')).toBe(false)
    expect(namesTwin('{{data.mail|session.id}}-{{arm}}')).toBe(true)
  })

  it('keeps the body only for those who read it', () => {
    expect(needsBody({ expect: { max_ms: 5, headers: { a: 'b' }, status: 200 } })).toBe(false)
    expect(needsBody({ capture: { a: { header: 'a' }, b: { cookie: 'b' } } })).toBe(false)
    expect(needsBody({ capture: { a: { form_field: 'a' } } })).toBe(true)
    expect(needsBody({ expect: { json: { '$.a': 1 } } })).toBe(true)
    expect(needsBody({ expect: { body: '' } })).toBe(true)
  })
})
