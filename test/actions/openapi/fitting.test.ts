/** What is proposed has to be what the document asks for: examples often are not. */

import { describe, expect, it } from 'vitest'
import { imported, importedOne, requestOf, writtenOf } from './given.ts'

const bodyOf = (schema: unknown, media: object = {}, components: object = {}): unknown => {
  const requestBody = { content: { 'application/json': { schema, ...media } } }
  return writtenOf(importedOne({ requestBody }, '/it', 'post', { components })).request.json
}
const pathOf = (...parameters: object[]): unknown => {
  const made = importedOne({ parameters: parameters.map((one) => ({ in: 'query', ...one })) })
  const request = requestOf(made)
  return request.kind === 'request' ? request.path : request
}

describe('importOpenApi() of examples', () => {
  it('does not believe an example that the schema forbids', () => {
    const size = { name: 'size', required: true, example: 'huge', schema: { enum: ['s', 'm'] } }
    expect(pathOf(size)).toBe('/it?size=s')
    const id = {
      name: 'id',
      required: true,
      example: '7',
      schema: { type: 'string', format: 'uuid' },
    }
    expect(pathOf(id)).toMatch(/^\/it\?id=[0-9a-f-]{36}$/)
  })

  it('takes the first of several that fits, and one of another type for what it says', () => {
    const examples = { no: { value: 'x' }, yes: { value: '12' } }
    expect(pathOf({ name: 'n', required: true, examples, schema: { type: 'integer' } })).toBe(
      '/it?n=12',
    )
    const object = { type: 'object', properties: { a: { type: 'integer' } } }
    expect(bodyOf(object, { example: '{"a": 5}' })).toEqual({ a: 5 })
    expect(bodyOf({ type: 'string', example: 5 })).toBe('5')
  })

  it('mends an example, and leaves out what only the service sets', () => {
    const schema = {
      type: 'object',
      required: ['name', 'age'],
      properties: {
        id: { type: 'string', readOnly: true },
        name: { type: 'string' },
        age: { type: 'integer', minimum: 18 },
        old: { type: 'string', deprecated: true },
      },
    }
    expect(bodyOf(schema, { example: { id: 'a1', name: 'Ada', age: 'many' } })).toEqual({
      name: 'Ada',
      age: 18,
    })
    expect(bodyOf({ ...schema, required: ['old'] })).toEqual({ old: 'string' })
  })

  it('keeps an example where nothing better is known', () => {
    expect(bodyOf({ allOf: [{ type: 'string' }, { type: 'integer' }], example: 'a' })).toBe('a')
  })

  it('does not send what an example leaves to the reader, nor a place in another list', () => {
    const filter = {
      name: 'filter',
      content: { 'application/json': { schema: { example: { '<field>': '<value>' } } } },
    }
    const cursor = { name: 'cursor', example: 'b2Zmc2V0', schema: { type: 'string' } }
    const none = {
      name: 'party',
      example: [''],
      schema: { type: 'array', items: { type: 'string' } },
    }
    expect(pathOf(filter, cursor)).toBe('/it')
    expect(pathOf({ ...none, required: true })).toBe('/it?party=string')
  })
})

describe('importOpenApi() of schemas', () => {
  it('takes the alternative with which the whole fits', () => {
    const text = { type: 'string', pattern: '^[a-z]{3}:\\d+$' }
    const choice = { oneOf: [{ type: 'integer' }, { type: 'string' }] }
    expect(pathOf({ name: 'id', required: true, schema: choice })).toBe('/it?id=string')
    const nothing = { type: 'string', maxLength: 2, pattern: '^[a-z]{3}$' }
    const either = {
      oneOf: [
        { type: 'object', required: ['a'], properties: { a: nothing } },
        { type: 'object', required: ['b'], properties: { b: text } },
      ],
    }
    expect(bodyOf(either)).toEqual({ b: 'aaa:1' })
    expect(bodyOf({ allOf: [either, { type: 'object' }] })).toEqual({ b: 'aaa:1' })
    expect(
      bodyOf({ allOf: [{ type: 'object', required: ['b'], properties: { b: text } }] }),
    ).toEqual({ b: 'aaa:1' })
  })

  it('names the schema where a discriminator asks for it', () => {
    const schemas = {
      Cat: { type: 'object', properties: { kind: { type: 'string' } } },
      Dog: { type: 'object', required: ['bark'], properties: { bark: { type: 'boolean' } } },
    }
    const oneOf = [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }]
    const discriminator = { propertyName: 'kind', mapping: { feline: '#/components/schemas/Cat' } }
    expect(bodyOf({ oneOf, discriminator }, {}, { schemas })).toEqual({ kind: 'feline' })
    const bare = { oneOf, discriminator: { propertyName: 'kind' } }
    expect(bodyOf(bare, {}, { schemas })).toEqual({ kind: 'Cat' })
  })

  it.each([
    [{ type: 'integer', minimum: 10, exclusiveMinimum: true }, 11],
    [{ type: 'number', exclusiveMinimum: 0, maximum: 0.5 }, 0.5],
    [{ type: 'integer', maximum: -3 }, -3],
    [{ type: 'integer', minimum: 7, multipleOf: 5 }, 10],
    [{ type: 'number', exclusiveMinimum: 2, exclusiveMaximum: 3 }, 2.5],
    [{ type: 'string', format: 'duration' }, 'PT1H'],
    [{ type: 'string', minLength: 3, pattern: '^[a-z ]+$' }, 'aaa'],
    [{ type: ['string', 'null'], enum: [null, 'x'] }, 'x'],
  ])('of %j is %j', (schema, value) => {
    expect(bodyOf(schema)).toBe(value)
  })
})

describe('importOpenApi() of what frameworks write', () => {
  const get = (operationId?: string): object => ({ get: { operationId, responses: { 200: {} } } })

  it('names actions as a person would', () => {
    const made = imported({
      paths: {
        '/api/v1/items/': get('list_items_api_v1_items__get'),
        '/api/v1/items/{id}': get('read_api_v1_items__id__get'),
        '/api/v1/users/{id}/posts/{post}': get(),
        '/api/v1/users': get(),
        '/v2/users': get(),
        '/{any}': get(),
      },
    })
    expect([...made.ontology.actions.keys()]).toEqual([
      'list_items',
      'read',
      'get_user_post',
      'get_users',
      'get_v2_users',
      'get_any',
    ])
  })

  it('finds the list behind a slash, and an identifier where nobody says what a list holds', () => {
    const item = { type: 'object', properties: { id: { type: 'integer' } } }
    const list = {
      responses: {
        200: { content: { 'application/json': { schema: { type: 'array', items: item } } } },
      },
    }
    const made = imported({
      paths: {
        '/items/': { get: { operationId: 'items', ...list } },
        '/items/{item_id}/': get('item'),
        '/orders': get('orders'),
        '/orders/{orderId}': { ...get('order'), delete: { operationId: 'cancel' } },
        '/pages': {
          get: { operationId: 'pages', responses: { 200: { content: { 'text/html': {} } } } },
        },
        '/pages/{id}': get('page'),
      },
    })
    expect(writtenOf(made, 'items').capture).toEqual({
      listed_item_id: { json: '$[0].id', optional: true },
    })
    expect(writtenOf(made, 'orders').capture).toEqual({
      listed_order_id: { json: '$..["orderId","id"]', optional: true },
    })
    // What is only guessed is never deleted.
    expect(writtenOf(made, 'cancel').request.path).toBe('/orders/{{data.order_id}}')
    expect(writtenOf(made, 'pages').capture).toEqual({})
  })

  it('reads a server without a scheme as a host, not as a path', () => {
    const at = (url: string): unknown =>
      writtenOf(imported({ servers: [{ url }], paths: { '/a': get('it') } })).request.path
    expect(at('127.0.0.1:8055')).toBe('/a')
    expect(at('localhost:8055/v1')).toBe('/v1/a')
    expect(at('api.example.com/v1')).toBe('/v1/a')
    expect(at('v1.0')).toBe('/v1.0/a')
    expect(at('./v1')).toBe('/v1/a')
  })

  it('says so where a document defines proofs and asks for none', () => {
    const components = {
      securitySchemes: { Auth: { type: 'apiKey', in: 'header', name: 'Authorization' } },
    }
    const paths = { '/a': get('a'), '/b': get('b') }
    expect(imported({ components, paths }).summary.unasked).toEqual(['Auth'])
    const asking = imported({ components, paths, security: [{ Auth: [] }] }).summary
    expect(asking).toMatchObject({
      unasked: [],
      secrets: [{ name: 'AUTH', holds: 'the whole authorization header, like "Bearer …"' }],
    })
  })
})
