/** Profiles and criteria for the tests: few different values, so that criteria meet them. */

import * as fc from 'fast-check'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import { DEVICE_TYPES, type Profile } from '../../src/core/contract/profile.ts'

const GEOS = ['US', 'US-CA', 'US-NY', 'DE', 'DE-BE', 'ZZ']
const LABELS = ['buyer', 'high_activity', 'bouncer', "o'brien"]
const ACTIONS = ['home', 'search', 'checkout']

/** A profile with the given id and otherwise the given or plain values. */
export function profileOf(user_id: string, more: Partial<Profile> = {}): Profile {
  return {
    user_id,
    behavioral_patterns: [{ timestamp: 0, action: 'home', data: {} }],
    resource_intensity: { cpu_ms: 1, memory_mb: 1, network_kb: 1, period_s: 1 },
    geo_location: 'ZZ',
    device_type: 'other',
    labels: [],
    source: 'derived',
    ...more,
  }
}

const amount = fc.integer({ min: 0, max: 6 })

const bodies = fc.record({
  behavioral_patterns: fc
    .array(fc.constantFrom(...ACTIONS), { minLength: 1, maxLength: 4 })
    .map((actions) => actions.map((action, timestamp) => ({ timestamp, action, data: {} }))),
  resource_intensity: fc.record({
    cpu_ms: amount,
    memory_mb: amount,
    network_kb: amount,
    period_s: amount,
  }),
  geo_location: fc.constantFrom(...GEOS),
  device_type: fc.constantFrom(...DEVICE_TYPES),
  labels: fc.uniqueArray(fc.constantFrom(...LABELS), { maxLength: 3 }),
  source: fc.constantFrom('synthetic' as const, 'derived' as const),
})

/** Up to 60 profiles `u0`, `u1`, …. */
export const somePeople: fc.Arbitrary<Profile[]> = fc
  .array(bodies, { maxLength: 60 })
  .map((list) => list.map((body, index) => ({ user_id: `u${index}`, ...body })))

function oneOrMany<Value>(values: readonly Value[]): fc.Arbitrary<Value | Value[]> {
  const one = fc.constantFrom(...values)
  return fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 3 }))
}

const range = fc.oneof(
  amount,
  amount.map((gte) => ({ gte })),
  amount.map((lte) => ({ lte })),
  fc.tuple(amount, amount).map(([gte, more]) => ({ gte, lte: gte + more })),
)

export const someCriteria: fc.Arbitrary<Criteria> = fc
  .record(
    {
      user_id: oneOrMany(['u0', 'u1', 'u7', 'nobody']),
      geo_location: oneOrMany(GEOS),
      device_type: oneOrMany(DEVICE_TYPES),
      label: oneOrMany(LABELS),
      behavioral_pattern: oneOrMany(LABELS),
      action: oneOrMany(ACTIONS),
      source: oneOrMany(['synthetic', 'derived'] as const),
      'resource_intensity.cpu_ms': range,
      'resource_intensity.memory_mb': range,
      'resource_intensity.network_kb': range,
      'resource_intensity.period_s': range,
    },
    { requiredKeys: [] },
  )
  .map((criteria) => JSON.parse(JSON.stringify(criteria)))
