/** Criteria on profiles in memory: says of one profile what the database's query says of all. */

import type { Criteria } from '../core/contract/criteria.ts'
import type { Profile } from '../core/contract/profile.ts'

type Amount = NonNullable<Criteria['resource_intensity.cpu_ms']>

export function isMatch(profile: Profile, criteria: Criteria): boolean {
  const { resource_intensity: resource, geo_location: geo } = profile
  const actions = new Set(profile.behavioral_patterns.map(({ action }) => action))
  const hasLabel = (label: string): boolean => profile.labels.includes(label)
  return (
    any(criteria.user_id, (id) => id === profile.user_id) &&
    any(criteria.geo_location, (place) => place === geo || geo.startsWith(`${place}-`)) &&
    any(criteria.device_type, (device) => device === profile.device_type) &&
    any(criteria.source, (source) => source === profile.source) &&
    any(criteria.label, hasLabel) &&
    any(criteria.behavioral_pattern, hasLabel) &&
    any(criteria.action, (action) => actions.has(action)) &&
    within(resource.cpu_ms, criteria['resource_intensity.cpu_ms']) &&
    within(resource.memory_mb, criteria['resource_intensity.memory_mb']) &&
    within(resource.network_kb, criteria['resource_intensity.network_kb']) &&
    within(resource.period_s, criteria['resource_intensity.period_s'])
  )
}

function any<Value>(
  wanted: Value | readonly Value[] | undefined,
  matches: (value: Value) => boolean,
): boolean {
  if (wanted === undefined) return true
  return isList(wanted) ? wanted.some(matches) : matches(wanted)
}

function isList<Value>(wanted: Value | readonly Value[]): wanted is readonly Value[] {
  return Array.isArray(wanted)
}

function within(value: number, amount: Amount | undefined): boolean {
  if (amount === undefined) return true
  if (typeof amount === 'number') return value === amount
  return value >= (amount.gte ?? -Infinity) && value <= (amount.lte ?? Infinity)
}
