import { describe, expect, it } from 'vitest'
import { checkResponse } from '../../../src/actions/expect.ts'
import { createRouteMatcher } from '../../../src/actions/routes.ts'
import { actionOf, givenOntology, givenResponse, refusalOf } from '../given.ts'

describe('captures by pattern', () => {
  const capture = (captures: unknown): ReturnType<typeof actionOf> =>
    actionOf(givenOntology({ request: { path: '/' }, capture: { id: captures } }))

  it('refuses what is no pattern', () => {
    expect(refusalOf(() => capture({ body: '(' })).code).toBe('bad-regex')
    expect(refusalOf(() => capture({ header: 'location', match: '[' })).code).toBe('bad-regex')
  })
  it('takes the first group, or the whole match where there is none', () => {
    const headers = { location: 'https://shop.test/orders/81f0?a=1' }
    const answer = givenResponse({ headers, body: '<a href="/bills/77">' })
    const found = (captures: unknown): unknown =>
      checkResponse(capture(captures), answer).captured['id']
    expect(found({ header: 'location', match: '/orders/([^/?#]+)' })).toBe('81f0')
    expect(found({ body: '/bills/([^"]+)' })).toBe('77')
    expect(found({ body: '/bills/[^"]+' })).toBe('/bills/77')
  })
  it('fails the step where nothing matches', () => {
    const answer = givenResponse({ headers: { location: '/x' }, body: 'y' })
    expect(checkResponse(capture({ header: 'location', match: '/orders/(.+)' }), answer)).toEqual({
      outcome: 'assertion_failed',
      reason: 'capture "id" failed: header "location" does not match /orders/(.+)',
      captured: {},
    })
    expect(checkResponse(capture({ body: 'z' }), answer).outcome).toBe('assertion_failed')
  })
  it('looks no further than a limit, so that a page cannot stall the generator', () => {
    const answer = givenResponse({ body: `${'a'.repeat(70_000)}id=7` })
    expect(checkResponse(capture({ body: 'id=(.)' }), answer).outcome).toBe('assertion_failed')
  })
})

describe('routes with a field', () => {
  const request = { method: 'POST', path: '/graphql', json: {} }
  const ontology = givenOntology(
    { request, routes: ['POST /graphql'] },
    {
      get: { request, routes: ['POST /graphql operationName=Get'] },
      put: { request, routes: ['POST /graphql operationName=Put%20it'] },
    },
  )

  it('refuses a field without a value', () => {
    const wrong = { request, routes: ['POST /graphql Get'] }
    expect(refusalOf(() => givenOntology(wrong)).code).toBe('bad-route')
  })
  it('wins over the route without one, from the query or the body', () => {
    const match = createRouteMatcher(ontology)
    const of = (path: string, name?: string): string | undefined =>
      match('POST', path, () => name)?.action
    expect(of('/graphql', 'Get')).toBe('get')
    expect(of('/graphql?operationName=Put+it', 'Get')).toBe('put')
    expect(of('/graphql', 'Other')).toBe('it')
    expect(match('POST', '/graphql')?.action).toBe('it')
  })
})
