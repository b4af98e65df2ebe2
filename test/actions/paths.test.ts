import { describe, expect, it } from 'vitest'
import { ontologyOfPaths } from '../../src/actions/paths.ts'
import { buildRequest } from '../../src/actions/request.ts'
import { actionOf, givenContext, refusalOf } from './given.ts'

describe('ontologyOfPaths()', () => {
  it.each([
    [[], 'there is no path', '--paths "/,/products"'],
    [['a'], '"a" does not begin with one "/"', '/products?q=chair'],
    [['/', ''], '"" does not begin with one "/"', '/products?q=chair'],
    [['//host/a'], 'does not begin with one "/"', '/products?q=chair'],
    [['http://h.test/a?b'], 'is an address', 'write the path only, like "/a"'],
    [['/a b'], 'has a space', '%20'],
    [['/a\r\nx: y'], 'has a space or a control character', '%20'],
    [['/a#b'], 'has a fragment', 'never sent'],
    [['/{{data.x}}'], 'has a template', '--actions'],
    [[`/${'a'.repeat(5000)}`], 'is longer than 4096', 'shorten'],
    [Array.from({ length: 201 }, (_, index) => `/${index}`), 'more than 200', 'actions file'],
  ])('refuses %j', (paths, why, mend) => {
    const refusal = refusalOf(() => ontologyOfPaths(paths))
    expect(refusal.code).toBe('bad-paths')
    expect(refusal.message).toContain(why)
    expect(refusal.mend).toContain(mend)
  })

  it('makes one GET action per path and one profile that visits all in order', () => {
    const { ontology, profile } = ontologyOfPaths(['/', '/products?q=chair', '/'])
    expect([...ontology.actions.keys()]).toEqual(['home', 'products'])
    expect(profile.behavioral_patterns).toEqual([
      { timestamp: 0, action: 'home', data: {} },
      { timestamp: 1, action: 'products', data: {} },
      { timestamp: 2, action: 'home', data: {} },
    ])
    expect(buildRequest(ontology, actionOf(ontology, 'products'), givenContext())).toEqual({
      kind: 'request',
      method: 'GET',
      path: '/products?q=chair',
      headers: [],
      body: undefined,
    })
    expect(actionOf(ontology, 'home')).toMatchObject({ mutates: false, needsBody: false })
  })

  it('keeps names readable, unique and off the reserved ones', () => {
    const paths = [
      '/a/b.c',
      '/a/b.c?q=1',
      '/a/b.c?q=2',
      '/a-b.c',
      '/rare',
      '/%E2%98%83',
      '/?',
      '/é',
    ]
    expect([...ontologyOfPaths(paths).ontology.actions.keys()]).toEqual([
      'a-b.c',
      'a-b.c-q-1',
      'a-b.c-q-2',
      'a-b.c-2',
      'rare-2',
      'E2-98-83',
      'home',
      'path',
    ])
    const long = ontologyOfPaths([`/${'a'.repeat(300)}`, `/${'a'.repeat(301)}`])
    expect([...long.ontology.actions.keys()]).toEqual(['a'.repeat(60), `${'a'.repeat(60)}-2`])
  })
})
