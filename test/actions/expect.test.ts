import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkResponse } from '../../src/actions/expect.ts'
import type { Checked } from '../../src/actions/expect.ts'
import { actionOf, givenOntology, givenResponse, refusalOf } from './given.ts'
import type { GivenResponse } from './given.ts'

const checked = (expectation: unknown, response: GivenResponse): Checked =>
  checkResponse(
    actionOf(givenOntology({ request: { path: '/' }, expect: expectation })),
    givenResponse(response),
  )

describe('expectations', () => {
  it.each([
    [{ body: '(' }, 'bad-regex', 'expect.body" in a.yaml:1: "(" is not a regular expression'],
    [{ headers: { etag: '[' } }, 'bad-regex', 'expect.headers.etag"'],
    [{ headers: { 'a b': 'x' } }, 'bad-header', 'cannot be the name of a header'],
    [{ json: { '$.[': 1 } }, 'bad-json-path', '"$.[" is not a JSONPath'],
    [{ json: { '$.a': { b: ['{{data.x}}'] } } }, 'bad-template', 'do not see templates'],
    [{ status: 'ok' }, 'bad-ontology', 'expect.status"'],
  ])('compileExpectation() refuses %j', (expectation, code, why) => {
    const refusal = refusalOf(() => checked(expectation, {}))
    expect(refusal.code).toBe(code)
    expect(refusal.message).toContain(why)
  })

  it('checkResponse() takes 2xx and 3xx by default', () => {
    for (const status of [200, 204, 302, 399]) {
      expect(checked({}, { status })).toEqual({ outcome: 'ok', captured: {} })
    }
    for (const status of [100, 199, 400, 404, 500, 599, 999, 0]) {
      expect(checked({}, { status }).outcome).toBe('http_error')
    }
  })

  it('checkResponse() takes the statuses and classes of the action only', () => {
    const expectation = { status: [201, '4xx'] }
    expect(checked(expectation, { status: 201 }).outcome).toBe('ok')
    expect(checked(expectation, { status: 422 }).outcome).toBe('ok')
    expect(checked(expectation, { status: 200 })).toEqual({
      outcome: 'http_error',
      reason: 'status 200 is not 201 or 4xx',
      captured: {},
    })
  })

  it('checkResponse() holds headers against their patterns', () => {
    const expectation = { headers: { 'Content-Type': '^application/json' } }
    const json = { headers: { 'content-type': 'application/json; charset=utf-8' } }
    expect(checked(expectation, json).outcome).toBe('ok')
    expect(checked(expectation, { headers: { 'content-type': 'text/html' } }).reason).toBe(
      'header "Content-Type" is "text/html", which does not match ^application/json',
    )
    expect(checked(expectation, {}).reason).toBe('header "Content-Type" is missing')
  })

  it('checkResponse() compares every JSON value at the path', () => {
    const expectation = { json: { '$.items[*].state': 'paid', '$.total': { sum: 2, of: [1, 1] } } }
    const total = { of: [1, 1], sum: 2 }
    const body = (states: string[]): string =>
      JSON.stringify({ items: states.map((state) => ({ state })), total })
    expect(checked(expectation, { body: body(['paid', 'paid']) }).outcome).toBe('ok')
    expect(checked(expectation, { body: body(['paid', 'open']) })).toMatchObject({
      outcome: 'assertion_failed',
      reason: '$.items[*].state is "open", not "paid"',
    })
    expect(checked(expectation, { body: body([]) }).reason).toBe(
      '$.items[*].state is not in the body',
    )
    expect(checked({ json: { '$.n': 1 } }, { body: '{"n":"1"}' }).outcome).toBe('assertion_failed')
    expect(checked({ json: { '$.n': null } }, { body: '{"n":null}' }).outcome).toBe('ok')
  })

  it('checkResponse() says why a body is not JSON', () => {
    const expectation = { json: { '$.a': 1 } }
    expect(checked(expectation, {}).reason).toBe('the body is empty')
    expect(checked(expectation, { body: '<html>' }).reason).toContain('the body is not JSON')
    expect(checked(expectation, { body: '\ufeff{"a":1}' }).outcome).toBe('ok')
  })

  it('checkResponse() reads compressed bodies and survives broken ones', () => {
    const expectation = { json: { '$.a': 1 } }
    const read = (encoding: string, body: Buffer): string =>
      checked(expectation, { body, headers: { 'content-encoding': encoding } }).outcome
    const text = Buffer.from('{"a":1}')
    expect(read('gzip', gzipSync(text))).toBe('ok')
    expect(read('BR', brotliCompressSync(text))).toBe('ok')
    expect(read('deflate', deflateSync(text))).toBe('ok')
    // As many servers send it, without the zlib head.
    expect(read('deflate', deflateRawSync(text))).toBe('ok')
    expect(read('gzip', text)).toBe('ok')
    expect(read('gzip', gzipSync(text).subarray(0, 12))).toBe('assertion_failed')
    expect(read('gzip', gzipSync(Buffer.alloc(20_000_000)))).toBe('assertion_failed')
  })

  it('checkResponse() shows a pattern no more than the start of a long body', () => {
    const body = `${'a'.repeat(100_000)}END`
    expect(checked({ body: 'E[N]D' }, { body }).reason).toBe(
      'the body does not match E[N]D in its first 65536 characters',
    )
    expect(checked({ body: 'END' }, { body }).outcome).toBe('ok')
    expect(checked({ body: '^a+' }, { body }).outcome).toBe('ok')
    expect(checked({ body: 'b+' }, { body: 'a' }).reason).toBe('the body does not match b+')
  })

  it('checkResponse() holds the latency against max_ms', () => {
    expect(checked({ max_ms: 10 }, { latencyMs: 10 }).outcome).toBe('ok')
    expect(checked({ max_ms: 10 }, { latencyMs: 10.1 })).toEqual({
      outcome: 'assertion_failed',
      reason: 'slower than max_ms 10',
      captured: {},
    })
  })

  it('checkResponse() shows values of the target cut short', () => {
    const body = JSON.stringify({ a: 'x'.repeat(10_000) })
    expect(checked({ json: { '$.a': 1 } }, { body }).reason?.length).toBeLessThan(120)
  })

  it('checkResponse() does not blame an answer that lacks an optional capture', () => {
    const capture = {
      id: { json: '$[0].id', optional: true },
      next: { header: 'x', optional: true },
    }
    const action = actionOf(givenOntology({ request: { path: '/' }, capture }))
    const checked = (body: string): unknown => checkResponse(action, givenResponse({ body }))
    expect(checked('[{"id":7}]')).toEqual({ outcome: 'ok', captured: { id: 7 } })
    expect(checked('[]')).toEqual({ outcome: 'ok', captured: {} })
    expect(checked('no JSON')).toEqual({ outcome: 'ok', captured: {} })
  })

  it('checkResponse() never throws, whatever the body holds', () => {
    const action = actionOf(
      givenOntology({
        request: { path: '/' },
        expect: { json: { '$..a': 1, '$.b[?@.c > 1].d': {} }, body: '(a+)b' },
        capture: { all: { json: '$' }, deep: { json: '$..z' }, token: { form_field: '_csrf' } },
      }),
    )
    const outcomes = ['ok', 'assertion_failed']
    const tricky = fc.constantFrom(
      '['.repeat(200_000),
      `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
      '{"__proto__":{"a":1},"constructor":1}',
      '<input name="_csrf" value="'.repeat(2000),
      `<select name="_csrf">${'<p>'.repeat(20_000)}`,
      '<!--'.repeat(10_000),
      '\u0000\uffff',
      '"\\ud800"',
      'null',
    )
    const bodies = fc.oneof(
      tricky,
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    )
    fc.assert(
      fc.property(bodies, fc.constantFrom('', 'gzip', 'br', 'zstd', '\u0000'), (body, encoding) => {
        const headers = { 'content-encoding': encoding }
        const result = checkResponse(action, givenResponse({ body, headers }))
        expect(outcomes).toContain(result.outcome)
        expect(() => JSON.stringify(result.captured)).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })
})
