import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { proposeOntology } from '../../../src/actions/propose/propose.ts'
import type { RecordedExchange } from '../../../src/actions/propose/recorded.ts'
import { createRouteMatcher } from '../../../src/actions/routes.ts'
import { byPeople, exchange, ontologyOf, routesOf } from './given.ts'

describe('proposeOntology()', () => {
  it('proposes nothing from requests that were only refused, and says so', () => {
    const proposal = proposeOntology([exchange('GET /wp-login.php', { status: 404 })])
    expect(proposal.document.actions).toEqual({})
    expect(proposal.remarks).toEqual([
      '1 request left out: nothing at their paths ever answered well',
    ])
  })
  it('names actions in words and parameters after what stands before them', () => {
    const lines = `GET /|GET /orders|GET /orders/17|GET /orders/18|POST /orders|POST /orders/17/cancel
      |DELETE /orders/17|PUT /orders/17/address|GET /search?q=a|GET /search?q=b|POST /login
      |GET /login|GET /api/v1/users/me|GET /api/v1/users/550e8400-e29b-41d4-a716-446655440000
      |GET /logout|POST /checkout`
    const proposal = proposeOntology(lines.split(/\s*\|/).map((line) => exchange(line)))
    expect(routesOf(proposal)).toEqual({
      view_home: 'GET /',
      list_orders: 'GET /orders',
      view_order: 'GET /orders/:order_id',
      create_order: 'POST /orders',
      cancel_order: 'POST /orders/:order_id/cancel',
      delete_order: 'DELETE /orders/:order_id',
      update_order_address: 'PUT /orders/:order_id/address',
      search: 'GET /search',
      login: 'POST /login',
      view_login: 'GET /login',
      view_user_me: 'GET /api/v1/users/me',
      view_user: 'GET /api/v1/users/:user_id',
      logout: 'GET /logout',
      checkout: 'POST /checkout',
    })
    const { actions } = proposal.document
    expect(actions['search']?.request.query).toEqual({ q: '{{data.q}}' })
    expect(actions['logout']?.mutates).toBe(true)
    expect(
      [actions['search'], actions['login'], actions['checkout']].map((one) => one?.kind),
    ).toEqual(['search', 'authenticate', 'pay'])
  })
  it('takes titles, many different words, and what answers name as ids for values', () => {
    const titles = ['a-quick-start', 'how-we-test', 'the-end-of-it', 'on-small-teams', 'why-not-me']
    const titled = proposeOntology(titles.map((title) => exchange(`GET /blog/${title}`)))
    expect(Object.values(routesOf(titled))).toEqual(['GET /blog/:blog_slug'])
    const people = Array.from({ length: 20 }, (_, index) => `name${'x'.repeat(index)}`)
    const named = proposeOntology([
      ...people.map((name) => exchange(`GET /users/${name}`)),
      ...byPeople(200, 'GET /users/me'),
    ])
    expect(Object.values(routesOf(named))).toEqual(['GET /users/me', 'GET /users/:user_slug'])
    const listed = proposeOntology([
      exchange('GET /products', { responseBody: '{"items":[{"id":"chair"}]}' }),
      exchange('GET /products/chair'),
      exchange('GET /products/offers'),
    ])
    expect(Object.values(routesOf(listed))).toEqual([
      'GET /products',
      'GET /products/:product_slug',
      'GET /products/offers',
    ])
  })
  it('keeps pages of an application apart, and files together', () => {
    const pages = ['/about', '/contact', '/account/orders', '/account/settings', '/account/help']
    const files = [
      '/static/js/a.js',
      '/static/css/b.css',
      '/static/c.png',
      '/img/1.png',
      '/img/x.png',
    ]
    const proposal = proposeOntology([...pages, ...files].map((path) => exchange(`GET ${path}`)))
    expect(Object.values(routesOf(proposal)).toSorted()).toEqual(
      [...pages.map((page) => `GET ${page}`), 'GET /static/*path', 'GET /img/:file'].toSorted(),
    )
  })
  it('tells calls of one GraphQL path apart by their operation, and queries from mutations', () => {
    const call = (operationName: string, query: string): RecordedExchange =>
      exchange('POST /graphql', { requestBody: JSON.stringify({ operationName, query }) })
    const proposal = proposeOntology([
      call('GetCart', 'query GetCart { cart { id } }'),
      call('AddToCart', 'mutation AddToCart { add { id } }'),
    ])
    expect(routesOf(proposal)).toEqual({
      GetCart: 'POST /graphql operationName=GetCart',
      AddToCart: 'POST /graphql operationName=AddToCart',
    })
    expect(proposal.document.actions['GetCart']?.mutates).toBe(false)
    expect(proposal.document.actions['AddToCart']?.mutates).toBeUndefined()
    const match = createRouteMatcher(ontologyOf(proposal))
    expect(match('POST', '/graphql', () => 'AddToCart')?.action).toBe('AddToCart')
    expect(match('POST', '/graphql')).toBeUndefined()
  })
  it('makes data of what varies in a body, and takes what never does as it is', () => {
    const body = (sku: string, lines: number[]): Partial<RecordedExchange> => ({
      requestBody: JSON.stringify({ sku, currency: 'EUR', nested: { gift: true }, lines }),
    })
    const proposal = proposeOntology([
      exchange('POST /carts', body('a', [1])),
      exchange('POST /carts', body('b', [1, 2])),
    ])
    expect(proposal.document.actions['create_cart']?.request.json).toEqual({
      sku: '{{data.sku}}',
      currency: 'EUR',
      nested: { gift: true },
      lines: '{{data.lines}}',
    })
  })
  it('leaves empty objects and lists as they are', () => {
    const body = { requestBody: '{"options":{},"tags":[]}' }
    const nothing = byPeople(9, 'POST /pay', { requestBody: '{}' })
    const { actions } = proposeOntology([...byPeople(9, 'POST /carts', body), ...nothing], {
      k: 5,
    }).document
    expect(actions['create_cart']?.request.json).toEqual({ options: {}, tags: [] })
    expect(actions['pay']?.request.json).toEqual({})
  })
  it('never writes a password, a token or the name beside it', () => {
    const form = { requestBody: 'user=annabel&password=sesame&remember=on&api_key=k123' }
    const proposal = proposeOntology(byPeople(9, 'POST /login?access_token=t456', form), { k: 5 })
    expect(proposal.document.actions['login']?.request).toMatchObject({
      query: { access_token: '{{secret.ACCESS_TOKEN}}' },
      form: {
        user: '{{secret.USER}}',
        password: '{{secret.PASSWORD}}',
        remember: 'on',
        api_key: '{{secret.API_KEY}}',
      },
    })
    expect(proposal.yaml).not.toMatch(/annabel|sesame|k123|t456/)
  })
  it('lets something stand in for what may not be kept, unless enough people sent it alike', () => {
    const made = (person: string, note: string): RecordedExchange => {
      const requestBody = JSON.stringify({ note, mail: `${person}@b.test`, size: 40, unit: 'cm' })
      return exchange('POST /notes', { person, client: person, requestBody })
    }
    const exchanges = ['ann', 'bob', 'cy'].map((person) => made(person, `of ${person}`))
    const proposal = proposeOntology(exchanges, { k: 3, keep: () => false })
    expect(proposal.document.actions['create_note']?.request.json).toEqual({
      note: 'text-{{session.id}}',
      mail: '{{arm}}-{{session.id}}@example.test',
      size: 40,
      unit: 'cm',
    })
    expect(proposeOntology(exchanges, { k: 4, keep: () => false }).yaml).not.toMatch(/ann|bob|cm/)
  })
  it('proposes at most 500 actions and counts the rest', () => {
    const words = Array.from({ length: 510 }, (_, index) => `p${'abcdefghij'[index % 10]}${index}`)
    const exchanges = words.map((word) => exchange(`POST /${word}/x${word}/go`))
    const proposal = proposeOntology(exchanges, { mostActions: 3 })
    expect(Object.keys(proposal.document.actions).length).toBeLessThanOrEqual(3)
  })
  it('reads well', () => {
    const proposal = proposeOntology(byPeople(2, 'GET /orders/17?view=full'), { origin: 'here' })
    expect(proposal.yaml).toBe(`# An ontology proposed by outrider, here.
# Look through it: what changes data, what may fail, which fields of the answers are noise.

version: 1
actions:
  # seen 2 times, by 2 people; answered 200
  view_order:
    kind: view
    request: { path: "/orders/{{data.order_id}}", query: { view: full } }
    expect: { status: 200 }
    routes: [ GET /orders/:order_id ]
`)
  })
  it('maps every exchange that it was made from to its action', () => {
    fc.assert(
      fc.property(fc.array(anyExchange, { minLength: 1, maxLength: 60 }), (exchanges) => {
        const proposal = proposeOntology(exchanges)
        const ontology = ontologyOf(proposal)
        const match = createRouteMatcher(ontology)
        const counts = new Map<string, number>()
        for (const { method, target } of exchanges) {
          const action = match(method, target)?.action ?? 'none'
          counts.set(action, (counts.get(action) ?? 0) + 1)
        }
        const seen = [
          ...proposal.yaml.matchAll(/# seen (once|\d+ times).*\n(?: {2}#.*\n)* {2}(\S+):/g),
        ]
        const written = seen.map(([, times = '', name = '']): [string, number] => [
          name.replaceAll('"', ''),
          times === 'once' ? 1 : Number.parseInt(times, 10),
        ])
        expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(written))
        expect([...ontology.actions.keys()].every((name) => name.length <= 100)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})

const segment = fc.oneof(
  fc.constantFrom('orders', 'users', 'me', 'api', 'v1', 'search', 'a.js', 'b.css', 'Weiß', 'rare'),
  fc.integer({ min: 0, max: 2000 }).map(String),
  fc.uuid(),
  fc.constantFrom(
    ':id',
    '*path',
    '{{x}}',
    '%zz',
    'a%20b',
    '%2F',
    '=1',
    'a+b',
    '@me',
    "it's",
    '~',
    '-1',
  ),
  fc.stringMatching(/^[a-z]{1,6}(?:-[a-z]{1,5}){0,3}$/),
)

const anyExchange = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD'),
    path: fc.array(segment, { maxLength: 5 }),
    slash: fc.constantFrom('', '', '/'),
    query: fc.oneof(
      fc.constant(''),
      fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 3 }),
    ),
    body: fc.option(fc.oneof(fc.json(), fc.webQueryParameters()), { nil: undefined }),
    client: fc.constantFrom('a', 'b', 'c'),
    timeMs: fc.integer({ min: 0, max: 10_000 }),
    answer: fc.option(fc.json(), { nil: undefined }),
  })
  .map(({ method, path, slash, query, body, client, timeMs, answer }): RecordedExchange => {
    const search = query === '' ? '' : `?${new URLSearchParams(query).toString()}`
    const target = `/${path.join('/')}${path.length > 0 ? slash : ''}${search}`
    return exchange('GET /', {
      method,
      target,
      client,
      person: client,
      timeMs,
      ...(body === undefined || method === 'GET' ? {} : { requestBody: body }),
      ...(answer === undefined ? {} : { responseBody: answer }),
    })
  })
