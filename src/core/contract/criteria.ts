/** Criteria that choose profiles: the same object on the command line, in the API and in YAML. */

import * as z from 'zod'
import { DEVICE_TYPES } from './profile.ts'

const range = z.strictObject({ gte: z.number().optional(), lte: z.number().optional() })
const amount = z.union([z.number(), range])
function anyOf<Item extends z.ZodType>(item: Item): z.ZodUnion<[Item, z.ZodArray<Item>]> {
  return z.union([item, z.array(item).min(1).max(100)])
}

export const criteriaSchema = z.strictObject({
  user_id: anyOf(z.string()).optional(),
  geo_location: anyOf(z.string()).optional(),
  device_type: anyOf(z.enum(DEVICE_TYPES)).optional(),
  /** Has the label. */
  label: anyOf(z.string()).optional(),
  /** The source document's name for `label`. */
  behavioral_pattern: anyOf(z.string()).optional(),
  /** Performs the action. */
  action: anyOf(z.string()).optional(),
  source: anyOf(z.enum(['synthetic', 'derived'])).optional(),
  'resource_intensity.cpu_ms': amount.optional(),
  'resource_intensity.memory_mb': amount.optional(),
  'resource_intensity.network_kb': amount.optional(),
  'resource_intensity.period_s': amount.optional(),
})

/** Lists mean "any of"; a country matches its subdivisions; numbers take `{gte, lte}`. */
export type Criteria = z.output<typeof criteriaSchema>

export const exampleCriteria: Criteria = {
  geo_location: ['US', 'DE'],
  action: 'checkout',
  'resource_intensity.cpu_ms': { gte: 5 },
}
