/** A profile: one recorded or synthesised user. The names are those of the source document. */

import * as z from 'zod'

export const DEVICE_TYPES = ['mobile', 'desktop', 'tablet', 'tv', 'bot', 'other'] as const
export type DeviceType = (typeof DEVICE_TYPES)[number]

export const ACTIVITY_LABELS = ['high_activity', 'medium_activity', 'low_activity'] as const

const nonNegative = z.number().min(0)

export const patternSchema = z.strictObject({
  /** Seconds from the start of the session; ISO 8601 and epoch ms are accepted and normalised. */
  timestamp: z.union([z.number().min(0), z.iso.datetime({ offset: true })]),
  action: z.string().min(1),
  data: z.record(z.string(), z.json()).optional(),
})

export const resourceIntensitySchema = z.strictObject({
  cpu_ms: nonNegative,
  memory_mb: nonNegative,
  network_kb: nonNegative,
  period_s: nonNegative,
})

/** What a file or a request may hold; the rest is filled in. */
export const profileInputSchema = z.strictObject({
  user_id: z.string().min(1).max(200),
  behavioral_patterns: z.array(patternSchema).min(1).max(10_000),
  resource_intensity: resourceIntensitySchema.optional(),
  geo_location: z
    .string()
    .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'must be an ISO 3166 country or subdivision, like US-CA')
    .optional(),
  device_type: z.enum(DEVICE_TYPES).optional(),
  labels: z.array(z.string().min(1).max(100)).max(50).optional(),
  source: z.enum(['synthetic', 'derived']).optional(),
})
export type ProfileInput = z.output<typeof profileInputSchema>

export type JsonValue = z.output<ReturnType<typeof z.json>>

export interface BehaviorEntry {
  /** Seconds from the start of the session, ascending. */
  readonly timestamp: number
  readonly action: string
  readonly data: Readonly<Record<string, JsonValue>>
}

export interface ResourceIntensity {
  readonly cpu_ms: number
  readonly memory_mb: number
  readonly network_kb: number
  readonly period_s: number
}

export interface Profile {
  readonly user_id: string
  readonly behavioral_patterns: readonly BehaviorEntry[]
  readonly resource_intensity: ResourceIntensity
  readonly geo_location: string
  readonly device_type: DeviceType
  readonly labels: readonly string[]
  readonly source: 'synthetic' | 'derived'
}

export const exampleProfile: Profile = {
  user_id: 'u1',
  geo_location: 'US-CA',
  device_type: 'mobile',
  labels: ['buyer'],
  source: 'synthetic',
  resource_intensity: { cpu_ms: 12, memory_mb: 1, network_kb: 40, period_s: 60 },
  behavioral_patterns: [
    { timestamp: 0, action: 'search', data: { q: 'chair' } },
    { timestamp: 2.3, action: 'checkout', data: { sku: 'S1' } },
  ],
}
