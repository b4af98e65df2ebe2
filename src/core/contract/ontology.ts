/** The action ontology (actions.yaml): what each action is as an HTTP request, and what to expect. */

import * as z from 'zod'
import { exampleProfile } from './profile.ts'

export const ACTION_KINDS = [
  'navigate',
  'search',
  'view',
  'create',
  'update',
  'delete',
  'authenticate',
  'pay',
  'upload',
  'call',
] as const

export const HTTP_METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type HttpMethod = (typeof HTTP_METHODS)[number]

const share = z.number().min(0).max(100)
const jsonValue = z.json()
const scalar = z.union([z.string(), z.number(), z.boolean()])
const headerMap = z.record(z.string().min(1), scalar)

const partSchema = z.union([
  scalar,
  z.strictObject({
    filename: z.string(),
    content: z.string(),
    content_type: z.string().optional(),
  }),
])

const requestSchema = z.strictObject({
  method: z.enum(HTTP_METHODS).default('GET'),
  path: z.string().startsWith('/', 'must start with "/"'),
  query: z.record(z.string(), z.union([scalar, z.array(scalar)])).optional(),
  headers: headerMap.optional(),
  json: jsonValue.optional(),
  form: z.record(z.string(), z.union([scalar, z.array(scalar)])).optional(),
  multipart: z.record(z.string(), partSchema).optional(),
  raw: z.string().optional(),
})

const statusSchema = z.union([
  z.int().min(100).max(599),
  z.string().regex(/^[1-5]xx$/, 'must be a status like 200 or a class like "2xx"'),
])

const expectSchema = z.strictObject({
  status: z.union([statusSchema, z.array(statusSchema).min(1)]).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  json: z.record(z.string(), jsonValue).optional(),
  body: z.string().optional(),
  max_ms: z.number().positive().optional(),
})

const captureSchema = z.union([
  z.strictObject({ json: z.string() }),
  z.strictObject({ header: z.string() }),
  z.strictObject({ cookie: z.string() }),
  z.strictObject({ form_field: z.string() }),
])

const marginSchema = z.strictObject({
  latency_typical: share.optional(),
  latency_tail: share.optional(),
  errors: share.optional(),
  responses: share.optional(),
})

const healthyMarginSchema = z.strictObject({
  latency_typical: share.optional(),
  latency_tail_share: share.optional(),
  errors: share.optional(),
  responses: share.optional(),
})

export const actionSchema = z.strictObject({
  kind: z.enum(ACTION_KINDS).default('call'),
  mutates: z.boolean().optional(),
  shared_state: z.literal('ok').optional(),
  request: requestSchema,
  follow_redirects: z.int().min(0).max(10).default(0),
  expect: expectSchema.default({}),
  capture: z.record(z.string(), captureSchema).default({}),
  ignore: z.array(z.string()).default([]),
  slo: z
    .strictObject({
      p95_ms: z.number().positive().optional(),
      error_rate: z.number().min(0).max(1).optional(),
    })
    .default({}),
  margin: marginSchema.default({}),
  healthy_margin: healthyMarginSchema.default({}),
  routes: z.array(z.string()).default([]),
  cost: z
    .strictObject({
      cpu_ms: z.number().min(0).default(0),
      memory_mb: z.number().min(0).default(0),
      network_kb: z.number().min(0).default(0),
    })
    .optional(),
  require: z.boolean().default(false),
  cleanup: z.string().optional(),
})

const onOff = z.enum(['by_device', 'by_geo', 'off'])

export const ontologySchema = z.strictObject({
  version: z.literal(1),
  defaults: z
    .strictObject({
      timeout_ms: z.number().positive().max(600_000).default(10_000),
      headers: headerMap.default({}),
    })
    .prefault({}),
  identity: z
    .strictObject({
      user_agent: onOff.default('by_device'),
      accept_language: onOff.default('by_geo'),
      geo_header: z.string().min(1).default('off'),
    })
    .prefault({}),
  actions: z.record(
    z.string().regex(/^[A-Za-z0-9_.:-]{1,100}$/, 'must be letters, digits, "_", ".", ":" or "-"'),
    actionSchema,
  ),
})

/** Keys stay as they are in the file: the ontology is written by people and read by name. */
export type OntologyDocument = z.output<typeof ontologySchema>
export type ActionDocument = z.output<typeof actionSchema>

export const exampleOntology: z.input<typeof ontologySchema> = {
  version: 1,
  actions: {
    search: { kind: 'search', request: { path: '/products', query: { q: '{{data.q}}' } } },
    checkout: {
      kind: 'pay',
      request: {
        method: 'POST',
        path: '/cart/{{captured.cart_id}}/pay',
        json: { sku: '{{data.sku}}', mail: '{{arm}}-{{session.id}}@example.test' },
      },
      expect: { status: [200, 201] },
      cost: { cpu_ms: exampleProfile.resource_intensity.cpu_ms },
    },
  },
}
