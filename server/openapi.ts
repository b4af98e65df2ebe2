/** /openapi.json: OpenAPI 3.1, made from the table of endpoints and the schemas that validate. */

import { problemSchema } from '../src/core/contract/http.ts'
import { fieldsOf, jsonSchemaOf } from '../src/core/json-schema.ts'
import { COOKIE } from './access/access.ts'
import type { Answer, Endpoint } from './endpoint.ts'

type Json = Record<string, unknown>

const SCHEMES: Json = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token of server.tokens. Without any there, which loopback allows, none is needed.',
  },
  session: { type: 'apiKey', in: 'cookie', name: COOKIE, description: 'From POST /session.' },
}

/** The whole description. */
export function describeApi(endpoints: readonly Endpoint[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}')
    const operations = paths[path] ?? {}
    operations[endpoint.method] = operationOf(endpoint)
    paths[path] = operations
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Outrider',
      version,
      description: 'Sends synthetic twin users ahead of a rollout. Errors are RFC 9457 documents.',
    },
    components: { securitySchemes: SCHEMES },
    paths,
  }
}

function operationOf(endpoint: Endpoint): Json {
  const body = bodyOf(endpoint)
  const parameters = parametersOf(endpoint)
  return {
    summary: endpoint.summary,
    // Of these schemes OpenAPI 3.1 reads the list as the roles that are needed.
    security:
      endpoint.role === 'anyone' ? [] : [{ token: [endpoint.role] }, { session: [endpoint.role] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: responsesOf(endpoint.answers),
  }
}

function bodyOf(endpoint: Endpoint): Json | undefined {
  if (endpoint.body === undefined) return undefined
  const schema = jsonSchemaOf(endpoint.body, 'input')
  const ndjson = { 'application/x-ndjson': { schema: { type: 'string' } } }
  return { 'application/json': { schema }, ...(endpoint.ndjson === true ? ndjson : {}) }
}

function parametersOf(endpoint: Endpoint): Json[] {
  const inPath = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const fields = [endpoint.query, endpoint.freeQuery].flatMap((schema) =>
    schema === undefined ? [] : fieldsOf(schema),
  )
  const inQuery = fields.map(({ name, schema, isRequired }) => ({
    name,
    in: 'query',
    required: isRequired,
    // A parameter is text on the wire; its description is that of the value it stands for.
    schema: jsonSchemaOf(schema, 'output'),
  }))
  const isStream = Object.values(endpoint.answers).some(
    (answer) => answer.contentType === 'text/event-stream',
  )
  const headers = [
    ...(isStream ? ['Last-Event-ID'] : []),
    ...(endpoint.method === 'post' ? ['Idempotency-Key'] : []),
  ].map((name) => ({ name, in: 'header', required: false, schema: { type: 'string' } }))
  return [...inPath, ...inQuery, ...headers]
}

function responsesOf(answers: Readonly<Record<number, Answer>>): Json {
  const responses: Json = {}
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] = { description: answer.description, ...contentOf(answer) }
  }
  responses['default'] = {
    description: 'A problem document',
    ...contentOf({ description: '', schema: problemSchema }),
  }
  return responses
}

function contentOf(answer: Answer): Json {
  if (answer.schema === undefined) {
    return answer.contentType === undefined ? {} : { content: { [answer.contentType]: {} } }
  }
  const isProblem = answer.schema === problemSchema
  const type = answer.contentType ?? `application/${isProblem ? 'problem+json' : 'json'}`
  return { content: { [type]: { schema: jsonSchemaOf(answer.schema, 'output') } } }
}
