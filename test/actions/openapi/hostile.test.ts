/** Documents that were made to harm: each ends as a bounded ontology or as one clear error. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { importOpenApi } from '../../../src/actions/openapi/import.ts'
import { OutriderError } from '../../../src/core/errors.ts'
import { refusalOf } from '../given.ts'
import { imported, importedOne, requestOf, writtenOf } from './given.ts'

const bodyOf = (schema: unknown, components: object = {}): unknown => {
  const requestBody = { content: { 'application/json': { schema } } }
  return writtenOf(importedOne({ requestBody }, '/it', 'post', { components })).request.json
}
const sizeOf = (value: unknown): number => JSON.stringify(value).length

describe('importOpenApi() of hostile documents', () => {
  it('refuses what is too large, JSON and YAML', () => {
    const json = `{"openapi":"3.0.0","info":"${'x'.repeat(33 * 2 ** 20)}"}`
    expect(refusalOf(() => importOpenApi(json, 'a.json')).message).toContain('larger than 32 MiB')
    const yaml = `openapi: 3.0.0\ninfo: ${'x'.repeat(9 * 2 ** 20)}`
    expect(refusalOf(() => importOpenApi(yaml, 'a.yaml'))).toMatchObject({
      message: expect.stringContaining('larger than 8 MiB of YAML'),
      mend: expect.stringContaining('JSON'),
    })
  })

  it('refuses a YAML bomb', () => {
    const lines = ['openapi: 3.0.0', 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 12; level += 1) {
      const aliases = Array(10).fill(`*a${level - 1}`)
      lines.push(`a${level}: &a${level} [${aliases.join(', ')}]`)
    }
    expect(refusalOf(() => importOpenApi(lines.join('\n'), 'a.yaml'))).toMatchObject({
      code: 'bad-yaml',
      message: expect.stringContaining('a.yaml'),
    })
  })

  it('refuses more operations than anybody can read, and takes a part of them', () => {
    const paths = Object.fromEntries(
      Array.from({ length: 2501 }, (_, index) => [`/p${index}`, { get: {}, post: {} }]),
    )
    const refusal = refusalOf(() => imported({ paths }))
    expect(refusal.message).toContain('more than 5000 operations')
    expect(refusal.mend).toContain('--only GET')
  })

  it.each(['[', '{"a":'])('refuses %s, a hundred thousand times', (open) => {
    const text = `{"openapi":"3.0.0","paths":${open.repeat(100_000)}`
    expect(refusalOf(() => importOpenApi(text, 'a.json')).code).toMatch(/^bad-(openapi|yaml)$/)
  })

  it('ends where references go in circles', () => {
    const made = imported({
      paths: {
        '/a': { $ref: '#/paths/~1b' },
        '/b': { $ref: '#/paths/~1a' },
        '/c': {
          get: {
            operationId: 'it',
            parameters: [{ $ref: '#/components/parameters/A' }],
            requestBody: { $ref: '#/components/requestBodies/A' },
            responses: { 200: { $ref: '#/nowhere' } },
          },
        },
      },
      components: {
        parameters: { A: { $ref: '#/components/parameters/A' } },
        requestBodies: { A: { $ref: '#' } },
      },
    })
    expect(made.summary.actions).toBe(1)
    expect(requestOf(made)).toMatchObject({ path: '/c' })
  })

  it('ends where a schema holds itself, by reference or by an anchor of YAML', () => {
    const schema = {
      type: 'object',
      required: ['a', 'b'],
      properties: { a: { $ref: '#/components/schemas/A' }, b: { $ref: '#/components/schemas/A' } },
    }
    const json = bodyOf({ $ref: '#/components/schemas/A' }, { schemas: { A: schema } })
    expect(sizeOf(json)).toBeLessThan(20_000)
    const yaml = `
openapi: 3.1.0
paths:
  /it:
    post:
      operationId: it
      requestBody: { content: { application/json: { schema: &s { type: object, required: [a], properties: { a: *s }, example: &e { e: *e } } } } }
`
    expect(sizeOf(writtenOf(importOpenApi(yaml, 'a.yaml')).request.json)).toBeLessThan(1000)
  })

  it('ends where each schema needs ten of the next', () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 30 }, (_, level) => {
        const names = Array.from({ length: 10 }, (_unused, index) => `p${index}`)
        const next = { $ref: `#/components/schemas/S${level + 1}` }
        const properties = Object.fromEntries(names.map((name) => [name, next]))
        return [`S${level}`, { type: 'object', required: names, properties }]
      }),
    )
    const json = bodyOf({ $ref: '#/components/schemas/S0' }, { schemas })
    expect(sizeOf(json)).toBeLessThan(20_000)
    const choice = (level: number): object => ({
      allOf: Array.from({ length: 10 }, () => ({ $ref: `#/components/schemas/C${level}` })),
    })
    const choices = Object.fromEntries(
      Array.from({ length: 30 }, (_, level) => [`C${level}`, choice(level + 1)]),
    )
    expect(sizeOf(bodyOf(choice(0), { schemas: choices }))).toBeLessThan(20_000)
  })

  it('bounds what a schema asks for', () => {
    const huge = { type: 'array', minItems: 1e9, items: { type: 'string', minLength: 1e9 } }
    expect(sizeOf(bodyOf(huge))).toBeLessThan(10_000)
    const values = Array.from({ length: 200_000 }, (_, index) => index + 1)
    expect(bodyOf({ enum: values })).toBe(1)
    expect(bodyOf({ type: 'string', pattern: '^(a+)+$' })).toBe('a')
    expect(bodyOf({ type: 'string', pattern: `^${'[a-z]{999}'.repeat(19)}$` })).toBe('string')
    expect(bodyOf({ type: 'string', pattern: '^\\d{4}-[A-F]{2}$' })).toBe('1111-AA')
    expect(bodyOf({ type: 'integer', minimum: 1e300, multipleOf: 1e-300 })).toEqual(
      expect.any(Number),
    )
    expect(bodyOf({ type: 'object', example: { long: 'x'.repeat(1e6) } })).not.toHaveProperty(
      'long',
    )
  })

  it('takes names like __proto__ for names', () => {
    const text = `{"openapi":"3.0.0","__proto__":{"polluted":1},
      "paths":{"/{__proto__}":{"post":{"operationId":"constructor",
        "parameters":[{"name":"__proto__","in":"query","required":true,"example":"x"}],
        "requestBody":{"content":{"application/json":{"example":{"__proto__":{"polluted":1}},
          "schema":{"type":"object","required":["__proto__"],"properties":{"__proto__":{"type":"object"}}}}}}}},
        "__proto__":{"get":{}}}}`
    const made = importOpenApi(text, 'a.json')
    expect([...made.ontology.actions.keys()]).toEqual(['constructor'])
    expect(requestOf(made, 'constructor')).toMatchObject({ kind: 'request' })
    expect(Reflect.get({}, 'polluted')).toBe(undefined)
  })

  it('never writes a template that the document holds', () => {
    const made = importedOne(
      {
        summary: '{{secret.KEY}}\n  evil: { request: { path: / } }',
        parameters: [
          { name: '{{secret.A}}', in: 'query', required: true, example: 'x' },
          { name: 'q', in: 'query', required: true, example: '{{secret.B}}' },
          { name: 'x-a', in: 'header', required: true, example: 'a\r\nx-evil: {{secret.C}}' },
        ],
        requestBody: {
          content: { 'application/json': { example: { '{{arm}}': ['{{{secret.D}}}'] } } },
        },
      },
      '/it',
      'post',
    )
    const action = made.ontology.actions.get('it')
    expect([...made.ontology.actions.keys()]).toEqual(['it'])
    expect(action?.secrets).toEqual([])
    expect(action?.namesTwin).toBe(false)
    expect(writtenOf(made).request.json).toEqual({ '{ {arm}}': ['{ { {secret.D}}}'] })
  })

  it('any change of a document is an ontology or one clear error, and never anything else', () => {
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue({ maxDepth: 2 }), fc.nat(), (where, value, kind) => {
        const document: unknown = JSON.parse(JSON.stringify(WHOLE))
        mutate(document, where, [value, { $ref: '#' }, null, [], {}, '{{'][kind % 6])
        try {
          const made = importOpenApi(JSON.stringify(document), 'a.json')
          for (const name of made.ontology.actions.keys()) requestOf(made, name)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(OutriderError)
        }
      }),
      { numRuns: 200 },
    )
  })
})

/** A bit of everything that is read. */
const WHOLE = {
  openapi: '3.1.0',
  info: { title: 'All', version: '1' },
  servers: [{ url: 'https://{a}.test/v1', variables: { a: { default: 'x' } } }],
  security: [{ key: [] }],
  paths: {
    '/orders': {
      get: {
        operationId: 'list',
        parameters: [{ $ref: '#/components/parameters/Page' }],
        responses: {
          200: {
            content: {
              'application/json': {
                schema: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
              },
            },
            links: { one: { operationId: 'get', parameters: { id: '$response.body#/0/id' } } },
          },
        },
      },
      post: {
        operationId: 'create',
        requestBody: {
          content: {
            'application/json': { schema: { allOf: [{ $ref: '#/components/schemas/Order' }] } },
          },
        },
        responses: {
          201: {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } },
          },
        },
      },
    },
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
      get: { operationId: 'get', responses: { '2XX': {} } },
      put: {
        operationId: 'upload',
        requestBody: {
          content: {
            'multipart/form-data': {
              schema: {
                type: 'object',
                required: ['f', 'm'],
                properties: { f: { type: 'string', format: 'binary' }, m: { type: 'object' } },
              },
              encoding: { f: { contentType: 'image/png' } },
            },
          },
        },
      },
    },
  },
  components: {
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } },
    parameters: { Page: { name: 'page', in: 'query', example: 1, schema: { type: 'integer' } } },
    schemas: {
      Order: {
        type: ['object', 'null'],
        required: ['id', 'lines'],
        properties: {
          id: { type: 'string', pattern: '^[a-z]{3}$' },
          lines: { type: 'array', items: { oneOf: [{ type: 'null' }, { enum: ['a'] }] } },
        },
      },
    },
  },
}

/** Puts a value at the place of that number, counted through the document. */
function mutate(document: unknown, where: number, value: unknown): void {
  const places: { holder: object; key: string }[] = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, inner] of Object.entries(node)) {
      places.push({ holder: node, key })
      walk(inner)
    }
  }
  walk(document)
  const place = places[where % places.length]
  if (place) Reflect.set(place.holder, place.key, value)
}
