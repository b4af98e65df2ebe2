/** The session of the benchmark: five steps with templates, a capture and, under `/private`, a cookie. */

import { parseOntology } from '../../../src/actions/load.ts'
import type { Ontology } from '../../../src/actions/ontology.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'

export type Area = '/private' | '/open'

export const STEPS = 5

export function ontologyOf(area: Area): Ontology {
  return parseOntology(
    `
version: 1
actions:
  login:
    request: { method: POST, path: ${area}/login, json: { user: "{{data.user}}", of: "{{session.id}}" } }
    expect: { status: 200 }
    capture: { cart: { json: $.cart } }
  list: { request: { path: ${area}/products, query: { q: "{{data.q}}", page: 1 } } }
  view: { request: { path: "${area}/products/{{data.sku}}" } }
  cart:
    request:
      method: POST
      path: "${area}/carts/{{captured.cart}}/items"
      json: { sku: "{{data.sku}}" }
  checkout:
    request: { method: POST, path: "${area}/carts/{{captured.cart}}/pay", json: { by: "card" } }
`,
    'bench.yaml',
  )
}

/** @param gapSeconds between the steps, before the time scale */
export function profileOf(gapSeconds: number): Profile {
  return {
    user_id: 'u1',
    behavioral_patterns: [
      { action: 'login', data: { user: 'ann' } },
      { action: 'list', data: { q: 'oak chair' } },
      { action: 'view', data: { sku: 'S1' } },
      { action: 'cart', data: { sku: 'S1' } },
      { action: 'checkout', data: {} },
    ].map((step, index) => ({ timestamp: index * gapSeconds, ...step })),
    ...PERSON,
  }
}

/** One GET a session. */
export const SINGLE_ONTOLOGY = `
version: 1
actions:
  get: { request: { path: /plain } }
`

export const SINGLE_PROFILE: Profile = {
  user_id: 'u1',
  behavioral_patterns: [{ timestamp: 0, action: 'get', data: {} }],
  resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 0 },
  geo_location: 'US',
  device_type: 'mobile',
  labels: [],
  source: 'synthetic',
}

const PERSON = {
  resource_intensity: SINGLE_PROFILE.resource_intensity,
  geo_location: 'US',
  device_type: 'mobile',
  labels: [],
  source: 'synthetic',
} as const
