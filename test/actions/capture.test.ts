import { describe, expect, it } from 'vitest'
import { checkResponse } from '../../src/actions/expect.ts'
import type { Checked } from '../../src/actions/expect.ts'
import { actionOf, givenOntology, givenResponse, refusalOf } from './given.ts'
import type { GivenResponse } from './given.ts'

const captured = (capture: unknown, response: GivenResponse, expectation: unknown = {}): Checked =>
  checkResponse(
    actionOf(givenOntology({ request: { path: '/' }, capture, expect: expectation })),
    givenResponse(response),
  )

describe('captures', () => {
  it.each([
    [{ id: { jsn: '$.id' } }, 'bad-ontology', 'capture.id'],
    [{ id: { json: 'id' } }, 'bad-json-path', 'capture.id.json" in a.yaml:1'],
    [{ 'a.b': { json: '$' } }, 'bad-capture', 'templates cannot name "a.b"'],
    [{ id: { header: 'a b' } }, 'bad-header', 'capture.id.header'],
  ])('compileCaptures() refuses %j', (capture, code, why) => {
    const refusal = refusalOf(() => captured(capture, {}))
    expect(refusal.code).toBe(code)
    expect(refusal.message).toContain(why)
  })

  it('checkResponse() reads what is encoded, and the form that is meant', () => {
    const capture = {
      token: { body: '"csrf":"([^"]*)', decode: 'json' },
      meta: { body: 'content="([^"]*)', decode: 'html' },
      name: { header: 'location', match: '/n/([^/]*)', decode: 'url' },
      tok: { form_field: 'tok', form: 'password' },
    }
    const body = String.raw`<meta content="a&#43;b"><script>{"csrf":"a\/b\\"}</script>
      <form><input name=tok value=1></form><form><input name=tok value=2><input name=password></form>`
    expect(captured(capture, { headers: { location: '/n/%C3%BC' }, body })).toMatchObject({
      captured: { token: 'a/b\\', meta: 'a+b', name: 'ü', tok: '2' },
    })
  })

  it('checkResponse() captures from JSON, header, cookie and form', () => {
    const capture = {
      order_id: { json: '$.id' },
      cart: { json: '$.cart' },
      next: { header: 'Location' },
      sid: { cookie: 'sid' },
    }
    const response = {
      status: 302,
      headers: { location: '/orders/7' },
      cookies: { sid: 'abc' },
      body: '{"id":7,"cart":{"lines":[1]}}',
    }
    expect(captured(capture, response)).toEqual({
      outcome: 'ok',
      captured: { order_id: 7, cart: { lines: [1] }, next: '/orders/7', sid: 'abc' },
    })
    const body = '<form><input name=_csrf value=t1></form>'
    expect(captured({ csrf: { form_field: '_csrf' } }, { body }).captured).toEqual({ csrf: 't1' })
  })

  it.each([
    [{ json: '$.id' }, '$.id is not in the body'],
    [{ header: 'location' }, 'there is no header "location"'],
    [{ cookie: 'sid' }, 'there is no cookie "sid"'],
    [{ form_field: '_csrf' }, 'there is no form field "_csrf"'],
  ])('checkResponse() fails the assertion where %j finds nothing', (capture, why) => {
    expect(captured({ x: capture }, { body: '{}' })).toEqual({
      outcome: 'assertion_failed',
      reason: `capture "x" failed: ${why}`,
      captured: {},
    })
  })

  it('checkResponse() keeps a captured null, which is a value', () => {
    expect(captured({ x: { json: '$.next' } }, { body: '{"next":null}' })).toEqual({
      outcome: 'ok',
      captured: { x: null },
    })
  })

  it('checkResponse() refuses a value that no later request could write', () => {
    const body = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`
    expect(captured({ x: { json: '$.a' } }, { body }).reason).toBe(
      'capture "x" failed: $.a is too deep',
    )
  })

  it('checkResponse() captures what it can after another expectation failed', () => {
    const checked = captured(
      { id: { json: '$.id' }, no: { header: 'x-no' } },
      { body: '{"id":7}', latencyMs: 20 },
      { max_ms: 10 },
    )
    expect(checked).toEqual({
      outcome: 'assertion_failed',
      reason: 'slower than max_ms 10',
      captured: { id: 7 },
    })
  })

  it('checkResponse() captures nothing from an error', () => {
    expect(captured({ id: { json: '$.id' } }, { status: 500, body: '{"id":7}' }).captured).toEqual(
      {},
    )
  })
})
