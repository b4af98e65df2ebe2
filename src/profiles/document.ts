/**
 * How a profile is stored: as JSON without names, because the names would be half of it. Profiles
 * that an earlier version stored as whole objects are read too.
 */

import type { BehaviorEntry, Profile, ResourceIntensity } from '../core/contract/profile.ts'

type StoredStep = readonly [
  timestamp: number,
  action: string,
  data: Profile['behavioral_patterns'][number]['data'],
]
type StoredProfile = readonly [
  userId: string,
  geoLocation: string,
  deviceType: Profile['device_type'],
  source: Profile['source'],
  resource: readonly [cpuMs: number, memoryMb: number, networkKb: number, periodSeconds: number],
  labels: readonly string[],
  steps: readonly StoredStep[],
]

export function writeDocument(profile: Profile): string {
  const { resource_intensity: resource } = profile
  const stored: StoredProfile = [
    profile.user_id,
    profile.geo_location,
    profile.device_type,
    profile.source,
    [resource.cpu_ms, resource.memory_mb, resource.network_kb, resource.period_s],
    profile.labels,
    profile.behavioral_patterns.map(({ timestamp, action, data }) => [timestamp, action, data]),
  ]
  return JSON.stringify(stored)
}

/**
 * What we wrote ourselves is not parsed anew, only recognised: a draw of 1 000 must take 50 ms.
 * @throws SyntaxError or TypeError for what is no profile
 */
export function readDocument(document: string): Profile {
  const value: unknown = JSON.parse(document)
  if (isStored(value)) return profileOf(value)
  if (isProfile(value)) return value
  throw new TypeError('it is no profile')
}

function profileOf(stored: StoredProfile): Profile {
  const [user_id, geo_location, device_type, source, resource, labels, steps] = stored
  const [cpu_ms, memory_mb, network_kb, period_s] = resource
  const behavioral_patterns = steps.map(([timestamp, action, data]): BehaviorEntry => {
    return { timestamp, action, data }
  })
  const resource_intensity: ResourceIntensity = { cpu_ms, memory_mb, network_kb, period_s }
  return {
    user_id,
    behavioral_patterns,
    resource_intensity,
    geo_location,
    device_type,
    labels,
    source,
  }
}

function isStored(value: unknown): value is StoredProfile {
  return (
    Array.isArray(value) &&
    value.length === 7 &&
    typeof value[0] === 'string' &&
    Array.isArray(value[4]) &&
    Array.isArray(value[5]) &&
    Array.isArray(value[6]) &&
    value[6].every((step) => Array.isArray(step) && step.length === 3)
  )
}

function isProfile(value: unknown): value is Profile {
  return (
    typeof value === 'object' &&
    value !== null &&
    'user_id' in value &&
    'behavioral_patterns' in value &&
    Array.isArray(value.behavioral_patterns) &&
    'resource_intensity' in value &&
    'labels' in value &&
    Array.isArray(value.labels)
  )
}
