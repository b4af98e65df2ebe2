import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildRequest } from '../../../src/actions/request.ts'
import type { BuiltRequest } from '../../../src/actions/request.ts'
import { actionOf, built, givenBuilder, givenContext, givenOntology, refusalOf } from '../given.ts'

const pathOf = (request: BuiltRequest): string =>
  request.kind === 'request' ? request.path : `blocked: ${request.missing}`

describe('the request target', () => {
  it.each([
    ['/a\nb', 'control character'],
    ['//host/a', 'names a host'],
    ['/a#b', 'fragment'],
  ])('compileTarget() refuses %j', (path, why) => {
    const refusal = refusalOf(() => built({ path }))
    expect(refusal.code).toBe('bad-path')
    expect(refusal.message).toContain('"actions.it.request.path" in a.yaml:1')
    expect(refusal.message).toContain(why)
  })

  it('compileTarget() refuses templates in names of fields', () => {
    const refusal = refusalOf(() => built({ path: '/', query: { '{{data.x}}': 1 } }))
    expect(refusal.mend).toBe('use templates in values only')
  })

  it('buildRequest() leaves a written path as it is, but for what no request line may hold', () => {
    expect(pathOf(built({ path: "/a%20b/é c/;x=1,2?y='z'&q=ü" }))).toBe(
      "/a%20b/%C3%A9%20c/;x=1,2?y='z'&q=%C3%BC",
    )
  })

  it('buildRequest() percent-encodes values in the path', () => {
    const data = { x: 'a/b?c#d e%2F', n: 7 }
    expect(pathOf(built({ path: '/p/{{data.x}}/v{{data.n}}' }, { data }))).toBe(
      '/p/a%2Fb%3Fc%23d%20e%252F/v7',
    )
  })

  it.each([[undefined], [null], [''], ['.'], ['..']])(
    'buildRequest() blocks a path segment of %j',
    (x) => {
      const data = x === undefined ? {} : { x }
      expect(built({ path: '/p/{{data.x}}/q' }, { data })).toMatchObject({
        kind: 'blocked',
        missing: 'data.x',
      })
    },
  )

  it('buildRequest() blocks dots that only the whole segment makes', () => {
    expect(pathOf(built({ path: '/p/.{{data.x}}' }, { data: { x: '.' } }))).toBe('blocked: data.x')
    expect(pathOf(built({ path: '/p/%2e{{data.x}}' }, { data: { x: '.' } }))).toBe(
      'blocked: data.x',
    )
    expect(pathOf(built({ path: '/p/v{{data.x}}' }, { data: { x: '..' } }))).toBe('/p/v..')
  })

  it('buildRequest() leaves out missing query fields and repeats lists', () => {
    const query = { v: 2, on: true, q: '{{data.q}}', tag: '{{data.tags}}', both: ['a', '{{arm}}'] }
    const data = { tags: ['x y', 1, null, 'z&w'] }
    expect(pathOf(built({ path: '/p', query }, { data }))).toBe(
      '/p?v=2&on=true&tag=x%20y&tag=1&tag=z%26w&both=a&both=canary',
    )
    expect(pathOf(built({ path: '/p', query: { q: '{{data.q}}' } }))).toBe('/p')
    expect(pathOf(built({ path: '/p', query: { q: 'x-{{data.q}}' } }))).toBe('/p')
  })

  it('buildRequest() joins a query in the path with the fields', () => {
    expect(pathOf(built({ path: '/p?a=1', query: { b: '{{arm}}' } }))).toBe('/p?a=1&b=canary')
    expect(pathOf(built({ path: '/p?a=1', query: { 'b c': 2 } }))).toBe('/p?a=1&b%20c=2')
    expect(pathOf(built({ path: '/p?a={{data.x}}' }, { data: { x: '..&b=1' } }))).toBe(
      '/p?a=..%26b%3D1',
    )
    expect(pathOf(built({ path: '/p?a={{data.x}}' }))).toBe('blocked: data.x')
  })

  it('buildRequest() keeps the slashes of a tail that a route names, and nothing else', () => {
    const ontology = givenOntology({
      request: { path: '/files/{{data.path}}' },
      routes: ['GET /files/*path'],
    })
    const path = (value: string): string =>
      pathOf(buildRequest(ontology, actionOf(ontology), givenContext({ data: { path: value } })))
    expect(path('a b/c?d')).toBe('/files/a%20b/c%3Fd')
    expect(path('a/../b')).toBe('blocked: data.path')
    expect(path('/a')).toBe('blocked: data.path')
  })

  it('no value breaks out of its path segment or query field', () => {
    const build = givenBuilder({ path: '/shop/{{data.a}}/end', query: { q: '{{data.b}}' } })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (inPath, inQuery) => {
        const request = build({ data: { a: inPath, b: inQuery } })
        if (request.kind === 'blocked') {
          expect(['', '.', '..']).toContain(inPath)
          return
        }
        expect(request.path).toMatch(/^[\x21-\x7e]+$/)
        const url = new URL(`http://host.test${request.path}`)
        const segments = url.pathname.split('/')
        expect(segments.length).toBe(4)
        expect([segments[1], segments[3]]).toEqual(['shop', 'end'])
        expect(decodeURIComponent(segments[2] ?? '')).toBe(inPath.toWellFormed())
        expect([...url.searchParams]).toEqual([['q', inQuery.toWellFormed()]])
        expect(url.hash).toBe('')
      }),
      { numRuns: 1000 },
    )
  })

  it('no value goes above its tail', () => {
    const ontology = givenOntology({
      request: { path: '/files/{{data.path}}' },
      routes: ['GET /files/*path'],
    })
    const unit = fc.constantFrom('/', '.', '..', '%2e', 'a', '\\', '?', '#')
    fc.assert(
      fc.property(fc.string({ unit }), (path) => {
        const request = buildRequest(ontology, actionOf(ontology), givenContext({ data: { path } }))
        if (request.kind === 'blocked') return
        expect(new URL(`http://host.test${request.path}`).pathname).toMatch(/^\/files\/./)
      }),
    )
  })
})
