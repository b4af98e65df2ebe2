import { describe, expect, it } from 'vitest'
import { importOpenApi } from '../../../src/actions/openapi/import.ts'
import { remarksOf } from '../../../src/actions/check.ts'
import { parseOntology } from '../../../src/actions/load.ts'
import { refusalOf } from '../given.ts'
import { imported, importedOne, requestOf, writtenOf } from './given.ts'

const ok = { responses: { 200: { description: 'ok' } } }
const json = (schema: object): object => ({ content: { 'application/json': { schema } } })
const answers = (status: number, schema: object): object => ({
  responses: { [status]: { description: '', ...json(schema) } },
})

describe('importOpenApi() of what it cannot import', () => {
  it.each([
    ['[]', 'it is not a map', 'give an OpenAPI document'],
    ['{"swagger":"1.2","paths":{}}', 'it is Swagger "1.2"', 'Swagger 2.0 or OpenAPI 3'],
    ['openapi: 4.0.0', 'it is OpenAPI "4.0.0"', '3.0 to 3.2 and Swagger 2.0'],
    ['asyncapi: 3.0.0', 'it has no "openapi" version', 'give an OpenAPI document'],
    ['openapi: 3.0.0', 'it has no operation to import', 'check its paths'],
    ['openapi: 3.1', 'it has no operation to import', 'check its paths'],
  ])('refuses %s', (text, why, mend) => {
    const refusal = refusalOf(() => importOpenApi(text, 'a.yaml'))
    expect(refusal.code).toBe('bad-openapi')
    expect(refusal.message).toContain(`Cannot import OpenAPI document: a.yaml: ${why}`)
    expect(refusal.mend).toContain(mend)
  })

  it('names the line of broken YAML', () => {
    const refusal = refusalOf(() => importOpenApi('openapi: 3.0.0\npaths: [', 'a.yaml'))
    expect(refusal.message).toContain('a.yaml:2')
  })

  it('refuses a reference into another file by its name', () => {
    const parameters = [{ $ref: './common.yaml#/Id' }]
    const refusal = refusalOf(() => importedOne({ parameters, ...ok }))
    expect(refusal.message).toContain('"./common.yaml#/Id" is in another file')
    expect(refusal.mend).toContain('bundle')
  })

  it('names what it left out, and why', () => {
    const { summary } = imported({
      servers: [{ url: 'https://api.test/v1' }],
      paths: {
        '/a': { get: ok, trace: ok, query: ok, post: { deprecated: true, ...ok } },
        '/b#frag': { get: ok },
        '/c/{a}}': { get: ok },
        '/d': { get: { ...ok, servers: [{ url: 'https://files.test' }] } },
        'x-internal': { get: ok },
      },
    })
    expect(summary.actions).toBe(1)
    expect(summary.leftOut).toEqual([
      { operation: 'POST /a', why: 'it is deprecated' },
      { operation: 'TRACE /a', why: 'Outrider does not send TRACE' },
      { operation: 'QUERY /a', why: 'Outrider does not send QUERY' },
      { operation: 'GET /b#frag', why: 'its path has a "#" or a control character' },
      { operation: 'GET /c/{a}}', why: 'its path has braces that name nothing' },
      { operation: 'GET /d', why: 'it has a server of its own, "files.test"' },
    ])
  })

  it('says why, where nothing is left', () => {
    const refusal = refusalOf(() => importedOne({ deprecated: true }))
    expect(refusal.message).toContain('none of its 1 operations can be sent; GET /it: it is dep')
  })
})

describe('importOpenApi() of requests', () => {
  it('makes names that are safe and unique', () => {
    const { ontology } = imported({
      paths: {
        '/a': { get: { operationId: 'get things!' }, post: { operationId: 'get things?' } },
        '/b/{id}': { get: {} },
        '/c': { get: { operationId: 'rare' }, put: { operationId: '__proto__' } },
      },
    })
    expect([...ontology.actions.keys()]).toEqual([
      'get_things',
      'get_things_2',
      'get_b',
      'rare_2',
      'proto',
    ])
  })

  it('sends the path of the server, its variables filled, unless --base says otherwise', () => {
    const variables = { region: { default: 'eu' }, version: { default: 'v2' } }
    const servers = [{ url: 'https://{region}.api.test/{version}/', variables }]
    const document = { servers, paths: { '/a': { get: { operationId: 'it' } } } }
    expect(requestOf(imported(document))).toMatchObject({ path: '/v2/a' })
    expect(requestOf(imported(document, { base: '' }))).toMatchObject({ path: '/a' })
    expect(requestOf(imported(document, { base: '/x' }))).toMatchObject({ path: '/x/a' })
    expect(imported(document).ontology.actions.get('it')?.routes[0]?.text).toBe('GET /v2/a')
  })

  it('takes only the methods that are asked for', () => {
    const paths = { '/a': { get: ok, post: ok } }
    expect(imported({ paths }, { only: ['POST'] }).summary).toMatchObject({ actions: 1 })
  })

  it('fills paths and queries from data, and headers with the value of the document', () => {
    const parameters = [
      { name: 'orderId', in: 'path', required: true, schema: { type: 'integer', minimum: 5 } },
      { name: 'q', in: 'query', required: true, schema: { type: 'string' }, example: 'red chair' },
      { name: 'state', in: 'query', schema: { enum: ['open', 'paid'] } },
      { name: 'page', in: 'query', schema: { type: 'integer' } },
      {
        name: 'filter',
        in: 'query',
        style: 'deepObject',
        example: { a: 1, b: 'x' },
        schema: { type: 'object' },
      },
      { name: 'tags', in: 'query', explode: false, example: ['a', 'b'], schema: { type: 'array' } },
      { name: 'ids', in: 'query', example: [1, 2], schema: { type: 'array' } },
      { name: 'x-version', in: 'header', required: true, schema: { default: '2024-01-01' } },
      { name: 'x-other', in: 'header', schema: { type: 'string' } },
      { name: 'Idempotency-Key', in: 'header', required: true, schema: { format: 'uuid' } },
      { name: 'Content-Length', in: 'header', required: true, schema: { type: 'integer' } },
      { name: 'lang', in: 'cookie', required: true, schema: { enum: ['de'] } },
    ]
    const made = importedOne({ parameters, ...ok }, '/orders/{orderId}')
    expect(writtenOf(made).request).toEqual({
      method: 'GET',
      path: '/orders/{{data.order_id}}',
      query: {
        q: '{{data.q}}',
        state: '{{data.state}}',
        'filter[a]': '{{data.filter_a}}',
        'filter[b]': '{{data.filter_b}}',
        tags: '{{data.tags}}',
        ids: '{{data.ids}}',
      },
      headers: {
        'x-version': '2024-01-01',
        'idempotency-key': '{{data.idempotency_key|session.id}}',
        cookie: 'lang=de',
      },
    })
    expect(requestOf(made)).toMatchObject({
      path: '/orders/5?q=red%20chair&filter%5Ba%5D=1&filter%5Bb%5D=x&tags=a%2Cb&ids=1&ids=2',
    })
    expect(made.summary.notes).toEqual([
      { action: 'it', note: expect.stringContaining('header "Content-Length" is left out') },
    ])
  })

  it('takes parameters of the path item, which those of the operation go over', () => {
    const made = imported({
      paths: {
        '/a': {
          parameters: [
            { name: 'a', in: 'query', example: 1 },
            { name: 'b', in: 'query', example: 2 },
          ],
          get: { operationId: 'it', parameters: [{ $ref: '#/components/parameters/B' }] },
        },
      },
      components: { parameters: { B: { name: 'b', in: 'query', example: 3 } } },
    })
    expect(requestOf(made)).toMatchObject({ path: '/a?a=1&b=3' })
  })

  it('names secrets for what proves who asks, and never a value', () => {
    const components = {
      securitySchemes: {
        'my oauth': { type: 'oauth2' },
        basic: { type: 'http', scheme: 'basic' },
        key: { type: 'apiKey', in: 'header', name: 'X-Key' },
        param: { type: 'apiKey', in: 'query', name: 'key' },
        crumb: { type: 'apiKey', in: 'cookie', name: 'sid' },
        tls: { type: 'mutualTLS' },
      },
    }
    const sent = (security: object[]): unknown => {
      const made = importedOne({ security, ...ok }, '/it', 'get', { components })
      return writtenOf(made).request
    }
    const template = { method: 'GET', path: '/it' }
    const headers = (value: object): object => ({ ...template, headers: value })
    expect(sent([{ 'my oauth': [] }])).toEqual(
      headers({ authorization: 'Bearer {{secret.MY_OAUTH}}' }),
    )
    expect(sent([{ tls: [] }, { basic: [] }])).toEqual(
      headers({ authorization: 'Basic {{secret.BASIC}}' }),
    )
    expect(sent([{ key: [], crumb: [] }])).toEqual(
      headers({ 'x-key': '{{secret.KEY}}', cookie: 'sid={{secret.CRUMB}}' }),
    )
    expect(sent([{ param: [] }])).toEqual({ ...template, query: { key: '{{secret.PARAM}}' } })
    expect(sent([{ key: [] }, {}])).toEqual(template)
    const made = importedOne({ security: [{ tls: [] }], ...ok }, '/it', 'get', { components })
    expect(made.summary.notes[0]?.note).toContain('"tls" cannot be given by a request')
  })

  it('writes what all actions share once', () => {
    const made = imported({
      security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      paths: { '/a': { get: answers(200, {}) }, '/b': { get: answers(200, {}) } },
    })
    expect(made.ontology.document.defaults.headers).toEqual({
      accept: 'application/json',
      authorization: 'Bearer {{secret.KEY}}',
    })
    expect(writtenOf(made, 'get_a').request).toEqual({ method: 'GET', path: '/a' })
  })
})

describe('importOpenApi() of bodies', () => {
  const body = (content: object): ReturnType<typeof importedOne> =>
    importedOne({ requestBody: { content } }, '/it', 'post')

  it('takes the example of the document, else what is required by the schema', () => {
    const schema = {
      type: 'object',
      required: ['name', 'size'],
      properties: {
        id: { type: 'integer', readOnly: true },
        name: { type: 'string', minLength: 10 },
        size: { type: 'number', minimum: 2.5 },
        note: { type: 'string' },
        colour: { type: 'string', example: 'red' },
      },
    }
    const made = body({ 'application/json': { schema } })
    expect(writtenOf(made).request.json).toEqual({ name: 'stringstri', size: 2.5, colour: 'red' })
    const chair = { name: 'red armchair', size: 3 }
    const named = { example: undefined, examples: { one: { value: chair } }, schema }
    expect(writtenOf(body({ 'application/json': named })).request.json).toEqual(chair)
  })

  it('joins allOf, takes the first of oneOf, and follows references in circles', () => {
    const node = {
      allOf: [{ $ref: '#/components/schemas/Base' }, { required: ['next'] }],
      properties: { next: { anyOf: [{ $ref: '#/components/schemas/Node' }, { type: 'null' }] } },
    }
    const base = { type: 'object', required: ['kind'], properties: { kind: { const: 'node' } } }
    const made = importedOne(
      { requestBody: json({ oneOf: [{ $ref: '#/components/schemas/Node' }, { type: 'string' }] }) },
      '/it',
      'post',
      { openapi: '3.1.0', components: { schemas: { Node: node, Base: base } } },
    )
    expect(writtenOf(made).request.json).toMatchObject({ kind: 'node', next: { kind: 'node' } })
  })

  it('writes forms, multipart, text, XML and files', () => {
    const schema = {
      type: 'object',
      required: ['title', 'tags', 'photo', 'meta'],
      properties: {
        title: { type: 'string', example: 'Ä' },
        tags: { type: 'array', items: { type: 'string', example: 'a' } },
        photo: { type: 'string', format: 'binary' },
        meta: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } },
      },
    }
    expect(
      writtenOf(body({ 'application/x-www-form-urlencoded': { schema } })).request.form,
    ).toEqual({ title: 'Ä', tags: ['a'], photo: 'string', meta: '{"x":1}' })
    const encoding = { photo: { contentType: 'image/png, image/jpeg' } }
    const made = body({ 'multipart/form-data': { schema, encoding } })
    expect(writtenOf(made)).toMatchObject({
      kind: 'upload',
      request: {
        multipart: {
          title: 'Ä',
          tags: ['a'],
          photo: { filename: 'photo.bin', content_type: 'image/png', size: '1kb' },
          meta: { content: '{"x":1}', content_type: 'application/json' },
        },
      },
    })
    expect(writtenOf(body({ 'text/plain': { example: 'hi {{there}}' } })).request).toMatchObject({
      headers: { 'content-type': 'text/plain' },
      raw: 'hi { {there}}',
    })
    const xml = writtenOf(
      body({ 'application/xml': { schema: { ...schema, xml: { name: 'item' } } } }),
    )
    expect(xml.request.raw).toContain('<title>Ä</title>')
    expect(writtenOf(body({ 'image/png': {} })).request).toMatchObject({
      headers: { 'content-type': 'image/png' },
      raw: { size: '1kb' },
    })
    expect(requestOf(made)).toMatchObject({ kind: 'request', body: expect.any(Buffer) })
  })

  it('prefers JSON, and says the type where it is another', () => {
    const json = { 'text/plain': {}, 'application/vnd.shop+json': { example: { a: 1 } } }
    expect(writtenOf(body(json)).request).toMatchObject({
      headers: { 'content-type': 'application/vnd.shop+json' },
      json: { a: 1 },
    })
  })

  it('makes what must be unique name the twin, and a password a secret', () => {
    const schema = {
      type: 'object',
      required: ['email', 'userName', 'password', 'owner'],
      properties: {
        email: { type: 'string' },
        userName: { type: 'string' },
        password: { type: 'string', example: 'qwerty' },
        owner: { type: 'object', properties: { eMail: { type: 'string', example: 'a@b.c' } } },
      },
    }
    const made = imported({
      paths: {
        '/users': { post: { operationId: 'it', requestBody: json(schema) } },
        '/login': { post: { operationId: 'login', requestBody: json(schema) } },
      },
    })
    expect(writtenOf(made).request.json).toEqual({
      email: '{{arm}}-{{session.id}}@example.test',
      userName: '{{arm}}-{{session.id}}',
      password: 'qwerty',
      owner: { eMail: '{{arm}}-{{session.id}}@example.test' },
    })
    expect(writtenOf(made, 'login')).toMatchObject({
      kind: 'authenticate',
      request: { json: { email: 'string', password: '{{secret.PASSWORD}}' } },
    })
    expect(made.summary.secrets).toEqual([{ name: 'PASSWORD', holds: 'the password of a login' }])
  })
})

describe('importOpenApi() of kinds, answers and links', () => {
  it.each([
    ['get', '/orders/{id}', {}, 'view', false],
    ['get', '/orders/search', {}, 'search', false],
    ['post', '/orders', {}, 'create', true],
    ['post', '/orders/{id}', {}, 'update', true],
    ['patch', '/orders/{id}', {}, 'update', true],
    ['delete', '/orders/{id}', {}, 'delete', true],
    ['post', '/oauth/token', {}, 'authenticate', true],
    ['post', '/orders/{id}/payment', {}, 'pay', true],
    ['get', '/account/logout', {}, 'view', true],
    ['get', '/items/{id}', { operationId: 'removeItem' }, 'view', true],
    ['get', '/undeleted', {}, 'view', false],
    ['head', '/orders', {}, 'call', false],
    ['get', '/', { responses: { 200: { content: { 'text/html': {} } } } }, 'navigate', false],
  ])('%s %s %j is %s, mutates: %s', (method, path, operation, kind, mutates) => {
    const made = imported({ paths: { [path]: { [method]: operation } } })
    const [action] = made.ontology.actions.values()
    expect([action?.document.kind, action?.mutates]).toEqual([kind, mutates])
  })

  it('expects the documented statuses of success', () => {
    const status = (...codes: string[]): unknown =>
      writtenOf(importedOne({ responses: Object.fromEntries(codes.map((code) => [code, {}])) }))
        .expect.status
    expect(status('200')).toBe(200)
    expect(status('201', '202', '400', 'default')).toEqual([201, 202])
    expect(status('2XX', '204', '303')).toEqual([303, '2xx'])
    expect(status('default')).toBe(undefined)
  })

  const item = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } }
  const id = { parameters: [{ name: 'orderId', in: 'path', required: true }] }
  const shop = {
    paths: {
      '/orders': {
        get: { operationId: 'list', ...answers(200, { properties: { orders: { items: item } } }) },
        post: { operationId: 'create', ...answers(201, item) },
      },
      '/orders/{orderId}': {
        get: { operationId: 'get', ...id, ...ok },
        delete: { operationId: 'delete', ...id, ...ok },
      },
      '/orders/{id}/lines': { get: { operationId: 'lines', ...ok } },
    },
  }

  it('captures what was created or listed, and changes only what was created', () => {
    const made = imported(shop)
    expect(writtenOf(made, 'create').capture).toEqual({ order_id: { json: '$.id' } })
    expect(writtenOf(made, 'list').capture).toEqual({
      listed_order_id: { json: '$.orders[0].id', optional: true },
    })
    const path = (name: string): string => writtenOf(made, name).request.path
    const read = '{{captured.order_id|data.order_id|captured.listed_order_id}}'
    expect(path('get')).toBe(`/orders/${read}`)
    expect(path('lines')).toBe(`/orders/${read}/lines`)
    expect(path('delete')).toBe('/orders/{{captured.order_id|data.order_id}}')
    expect(remarksOf(made.ontology).every(({ mend }) => mend.includes('shared_state'))).toBe(true)
  })

  it('makes a sample user who lists first and then looks at what is there', () => {
    const made = imported(shop)
    expect(made.profiles).toHaveLength(1)
    expect(made.profiles[0]?.behavioral_patterns).toEqual([
      { timestamp: 0, action: 'list', data: {} },
      { timestamp: 2, action: 'get', data: {} },
      { timestamp: 4, action: 'lines', data: {} },
    ])
    expect(made.summary.needData).toEqual([])
  })

  it('takes the links that the document writes', () => {
    const links = {
      user: {
        operationId: 'user',
        parameters: { 'path.name': '$response.body#/owner/login', page: '$response.header.X-Page' },
      },
    }
    const made = imported({
      paths: {
        '/repos': { get: { operationId: 'it', responses: { 200: { links } } } },
        '/users/{name}': {
          get: { operationId: 'user', parameters: [{ name: 'page', in: 'query', required: true }] },
        },
      },
    })
    expect(writtenOf(made).capture).toEqual({
      listed_user_name: { json: '$.owner.login', optional: true },
      listed_page: { header: 'X-Page', optional: true },
    })
    expect(writtenOf(made, 'user').request).toMatchObject({
      path: '/users/{{data.user_name|captured.listed_user_name}}',
      query: { page: '{{captured.listed_page|data.page}}' },
    })
  })

  it('gives a route to one of several actions that logs cannot tell apart', () => {
    const made = imported({
      paths: { '/a/{x}': { get: {} }, '/a/{y}': { get: {} }, '/b/{x}.json': { get: {} } },
    })
    const routes = [...made.ontology.actions.values()].map((action) => action.document.routes)
    expect(routes).toEqual([['GET /a/:x'], [], []])
    expect(made.text).toContain('# No route: another action has the same.')
    expect(made.text).toContain('# No route: logs cannot be mapped to such a path.')
  })

  it('says in a comment what each action is and lacks', () => {
    const summary = 'One order\nsecret: {{x'
    const made = importedOne({ summary, ...ok }, '/orders/{id}')
    expect(made.text).toContain('# One order\n  # Needs data: order_id.\n  it:\n')
    expect(parseOntology(made.text, 'a.yaml').actions.size).toBe(1)
  })
})
