import { describe, expect, it } from 'vitest'
import { importOpenApi } from '../../../src/actions/openapi/import.ts'
import { requestOf, writtenOf } from './given.ts'

const swagger = (document: object): ReturnType<typeof importOpenApi> => {
  const whole = { swagger: '2.0', info: { title: 'Pets', version: '1' }, ...document }
  return importOpenApi(JSON.stringify(whole), 'swagger.json')
}
const one = (operation: object, others: object = {}, path = '/it', method = 'post') =>
  swagger({ ...others, paths: { [path]: { [method]: { operationId: 'it', ...operation } } } })

describe('importOpenApi() of Swagger 2.0', () => {
  it('ends where what stands in it is no map, or goes in circles', () => {
    const made = swagger({
      parameters: { A: { $ref: '#/parameters/A' } },
      responses: { A: { $ref: '#/responses/A' } },
      securityDefinitions: [1],
      paths: {
        '/a': { $ref: '#/paths/~1b' },
        '/b': { $ref: '#/paths/~1a' },
        '/c': {
          parameters: 'none',
          get: {
            operationId: 'it',
            consumes: [null],
            produces: 5,
            parameters: [{ $ref: '#/parameters/A' }, null, { in: 'body' }, { in: 'formData' }],
            responses: { 200: { $ref: '#/responses/A' }, 201: null },
          },
        },
      },
    })
    expect(requestOf(made)).toMatchObject({ path: '/c' })
  })

  it('takes host and base, parameters of the path and their own lists', () => {
    const made = swagger({
      host: 'pets.test',
      basePath: '/v2',
      schemes: ['http'],
      parameters: {
        Page: { name: 'page', in: 'query', type: 'integer', minimum: 3, required: true },
      },
      paths: {
        '/pets/{petId}': {
          parameters: [{ name: 'petId', in: 'path', type: 'string', required: true }],
          get: {
            operationId: 'it',
            parameters: [
              { $ref: '#/parameters/Page' },
              ...['csv', 'multi', 'pipes'].map((collectionFormat) => ({
                name: collectionFormat,
                in: 'query',
                required: true,
                type: 'array',
                collectionFormat,
                items: { type: 'string' },
                'x-example': ['a', 'b'],
              })),
            ],
          },
        },
      },
    })
    expect(made.summary).toMatchObject({ title: 'Pets 1', openapi: '2.0' })
    expect(requestOf(made)).toMatchObject({
      path: '/v2/pets/string?page=3&csv=a%2Cb&multi=a&multi=b&pipes=a%7Cb',
    })
  })

  it('writes bodies and forms', () => {
    const pet = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }
    const body = { name: 'pet', in: 'body', schema: { $ref: '#/definitions/Pet' } }
    const json = one({ parameters: [body] }, { definitions: { Pet: pet } })
    expect(writtenOf(json).request.json).toEqual({ name: 'string' })
    const name = { name: 'name', in: 'formData', type: 'string', minLength: 8, required: true }
    const photo = { name: 'photo', in: 'formData', type: 'file', required: true }
    expect(writtenOf(one({ parameters: [name] })).request.form).toEqual({ name: 'stringst' })
    expect(writtenOf(one({ parameters: [name, photo] })).request.multipart).toMatchObject({
      name: 'stringst',
      photo: { filename: 'photo.bin' },
    })
  })

  it('finds what is listed and what proves who asks', () => {
    const made = swagger({
      produces: ['application/json'],
      securityDefinitions: {
        who: { type: 'basic' },
        key: { type: 'apiKey', in: 'query', name: 'k' },
      },
      security: [{ who: [], key: [] }],
      definitions: { Pet: { type: 'object', properties: { id: { type: 'integer' } } } },
      responses: { Pets: { schema: { type: 'array', items: { $ref: '#/definitions/Pet' } } } },
      paths: {
        '/pets/': { get: { operationId: 'it', responses: { 200: { $ref: '#/responses/Pets' } } } },
        '/pets/{id}': {
          get: { operationId: 'pet', responses: { 200: { schema: { type: 'file' } } } },
        },
      },
    })
    expect(writtenOf(made).capture).toEqual({
      listed_pet_id: { json: '$[0].id', optional: true },
    })
    expect(writtenOf(made, 'pet').request.headers).toEqual({ accept: 'application/octet-stream' })
    expect(made.summary.secrets).toEqual([
      { name: 'WHO', holds: 'user:password in base64' },
      { name: 'KEY', holds: 'an API key' },
    ])
  })
})
