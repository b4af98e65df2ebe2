import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRouteMatcher } from '../../src/actions/routes.ts'
import type { RouteMatch } from '../../src/actions/routes.ts'
import { buildRequest } from '../../src/actions/request.ts'
import { actionOf, givenContext, givenOntology, refusalOf } from './given.ts'

type Find = (method: string, path: string) => RouteMatch | undefined

function matcher(routes: Record<string, string[]>, query: Record<string, unknown> = {}): Find {
  const actions = Object.fromEntries(
    Object.entries(routes).map(([name, list]) => [
      name,
      { request: { path: '/', query }, routes: list },
    ]),
  )
  return createRouteMatcher(givenOntology({ request: { path: '/' } }, actions))
}

describe('routes', () => {
  it.each([
    ['FETCH /a', '"FETCH" is not a method'],
    ['GET', 'a path that begins with "/"'],
    ['GET a', 'a path that begins with "/"'],
    ['GET /a b', 'a path that begins with "/"'],
    ['GET /a?b=1', 'has a query'],
    ['GET /:', '":" in "GET /:" is not a name'],
    ['GET /:__proto__', 'is not a name'],
    ['GET /*rest/a', 'is not last'],
    ['GET /:a/:a', 'uses the name "a" twice'],
  ])('compileRoute() refuses %s', (route, why) => {
    const refusal = refusalOf(() => matcher({ a: ['GET /ok', route] }))
    expect(refusal.code).toBe('bad-route')
    expect(refusal.message).toContain('"actions.a.routes.1" in a.yaml:1')
    expect(refusal.message).toContain(why)
  })

  it('compileOntology() refuses a route that is taken, whatever the names in it', () => {
    const refusal = refusalOf(() => matcher({ a: ['GET /x/:id'], b: ['GET /y', 'GET /x/:other'] }))
    expect(refusal).toMatchObject({ code: 'duplicate-route', mend: 'keep one of them' })
    expect(refusal.message).toContain('"GET /x/:other" is a route of "a" already')
  })

  it('createRouteMatcher() finds nothing for what no route takes', () => {
    const find = matcher({ a: ['GET /a/:id'] })
    for (const [method, path] of [
      ['POST', '/a/1'],
      ['GET', '/a'],
      ['GET', '/a/'],
      ['GET', '/a//'],
      ['GET', '/a/1/2'],
      ['GET', ''],
      ['GET', '*'],
      ['GET', 'a/1'],
      ['constructor', '/a/1'],
      ['GET', `/a/${'x'.repeat(10_000)}`],
    ] as const) {
      expect(find(method, path)).toBeUndefined()
    }
  })

  it('createRouteMatcher() decodes values, safely', () => {
    const find = matcher({ a: ['GET /a/:id/b'] })
    expect(find('GET', '/a/x%20%C3%A9%2Fy/b')).toEqual({ action: 'a', data: { id: 'x é/y' } })
    expect(find('GET', '/a/100%/b')).toEqual({ action: 'a', data: { id: '100%' } })
    expect(find('GET', '/a/%ff/b/')).toEqual({ action: 'a', data: { id: '%ff' } })
    expect(find('GET', 'http://shop.test/a/1/b?x#y')?.data).toEqual({ id: '1' })
  })

  it('createRouteMatcher() prefers the most specific route, whatever the order', () => {
    const routes = {
      tail: ['GET /files/*path'],
      any: ['GET /files/:name'],
      one: ['GET /files/index'],
      deep: ['GET /files/:name/versions/:number'],
      home: ['GET /'],
    }
    for (const find of [
      matcher(routes),
      matcher(Object.fromEntries(Object.entries(routes).toReversed())),
    ]) {
      expect(find('GET', '/files/index')).toEqual({ action: 'one', data: {} })
      expect(find('GET', '/files/a')).toEqual({ action: 'any', data: { name: 'a' } })
      expect(find('GET', '/files/a/b%20c')).toEqual({ action: 'tail', data: { path: 'a/b c' } })
      expect(find('GET', '/files/index/versions/3')).toEqual({
        action: 'deep',
        data: { name: 'index', number: '3' },
      })
      expect(find('GET', '/')?.action).toBe('home')
      expect(find('GET', 'https://shop.test')?.action).toBe('home')
    }
  })

  it('createRouteMatcher() takes query values that the request names', () => {
    const query = { q: '{{data.words}}', tag: '{{data.tag}}', v: 2, x: 'a{{data.x}}', s: '{{arm}}' }
    const find = matcher({ a: ['GET /a', 'GET /b/:tag'] }, query)
    expect(find('GET', '/a?q=red+chair%21&tag=1&tag=2&v=3&x=4&s=5&constructor=6')).toEqual({
      action: 'a',
      data: { words: 'red chair!', tag: ['1', '2'] },
    })
    expect(find('GET', '/a?')).toEqual({ action: 'a', data: {} })
    expect(find('GET', '/a?q=%zz')).toEqual({ action: 'a', data: { words: '%zz' } })
  })

  it('createRouteMatcher() gives the data that is an alternative', () => {
    const it = { request: { path: '/', query: { q: '{{captured.q|data.words}}' } } }
    const tail = { path: '/files/{{captured.q|data.path}}' }
    const ontology = givenOntology(
      { ...it, routes: ['GET /a'], capture: { q: { json: '$.q' } } },
      { file: { request: tail, routes: ['GET /files/*path'] } },
    )
    const find = createRouteMatcher(ontology)
    expect(find('GET', '/a?q=x')).toEqual({ action: 'it', data: { words: 'x' } })
    const data = find('GET', '/files/a/b')?.data ?? {}
    const built = buildRequest(ontology, actionOf(ontology, 'file'), givenContext({ data }))
    expect(built).toMatchObject({ path: '/files/a/b' })
  })

  it('createRouteMatcher() never throws, whatever the log holds', () => {
    const find = matcher({ a: ['GET /:a/:b', 'GET /x/*rest'] }, { q: '{{data.q}}' })
    const unit = fc.constantFrom('/', '%', '2', 'f', '?', '#', 'q=', '&', '\\', '\ud800', 'x')
    fc.assert(
      fc.property(fc.string({ unit }), (path) => {
        const match = find('GET', path)
        for (const value of Object.values(match?.data ?? {})) expect(value).toBeDefined()
      }),
    )
  })
})
