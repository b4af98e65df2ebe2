import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import { buildRequest } from '../../../src/actions/request.ts'
import { actionOf, built, givenBuilder, givenContext, refusalOf } from '../given.ts'

describe('request headers', () => {
  it.each([
    ['a b', '1', 'cannot be the name of a header'],
    ['a\r\nb', '1', 'cannot be the name of a header'],
    ['Content-Length', '1', 'is set by Outrider itself'],
    ['X-Synthetic', 'no', 'is set by Outrider itself'],
    ['x-a', 'b\r\nx-c: d', 'control character'],
    ['x-{{arm}}', 'b', 'a name holds a template'],
  ])('compileHeaders() refuses %j: %j', (name, value, why) => {
    const refusal = refusalOf(() => built({ path: '/', headers: { [name]: value } }))
    expect(refusal.message).toContain(`"actions.it.request.headers.${name}" in a.yaml:1`)
    expect(refusal.message).toContain(why)
  })

  it('buildRequest() puts the action over the defaults, whatever the case', () => {
    const ontology = parseOntology(
      [
        'version: 1',
        'defaults: { headers: { Accept: application/json, x-run: "{{session.id}}" } }',
        'actions:',
        '  it: { request: { path: /, headers: { accept: text/html, x-key: "k {{secret.K}}" } } }',
      ].join('\n'),
      'a.yaml',
    )
    const context = givenContext({ secrets: { K: 'hush' } })
    const request = buildRequest(ontology, actionOf(ontology), context)
    expect(request).toMatchObject({
      headers: ['accept', 'text/html', 'x-run', 's17', 'x-key', 'k hush'],
    })
    expect(buildRequest(ontology, actionOf(ontology), givenContext())).toMatchObject({
      kind: 'blocked',
      missing: 'secret.K',
    })
  })

  it('buildRequest() gives each request a list of its own', () => {
    const first = built({ path: '/', headers: { a: 'b' } })
    if (first.kind === 'request') first.headers.push('x', 'y')
    expect(built({ path: '/', headers: { a: 'b' } })).toMatchObject({ headers: ['a', 'b'] })
  })

  it('buildRequest() blocks a value with a line break and does not show it', () => {
    const headers = { 'x-name': '{{data.name}}' }
    const data = { name: 'eve\r\nx-admin: 1' }
    expect(built({ path: '/', headers }, { data })).toEqual({
      kind: 'blocked',
      missing: 'data.name',
      why: 'puts a control character into header "x-name"',
    })
  })

  it('buildRequest() sends characters beyond ASCII as UTF-8 bytes', () => {
    const data = { city: 'Zürich 東京' }
    const request = built({ path: '/', headers: { 'x-city': '{{data.city}}' } }, { data })
    const value = request.kind === 'request' ? (request.headers[1] ?? '') : ''
    expect(Buffer.from(value, 'latin1').toString('utf8')).toBe('Zürich 東京')
  })

  it('no value breaks out of its header line', () => {
    const headers = { 'x-a': 'before {{data.v}} after', 'x-b': 'last' }
    const build = givenBuilder({ path: '/', headers })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const request = build({ data: { v: value } })
        if (request.kind === 'blocked') {
          expect(request.missing).toBe('data.v')
          return
        }
        expect(request.headers.length).toBe(4)
        for (const line of request.headers) expect(line).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
      }),
      { numRuns: 1000 },
    )
  })
})
