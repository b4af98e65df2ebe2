/** Where the people are and what they hold: shares by session, nothing that fewer than k have. */

import type { DeviceType } from '../../core/contract/profile.ts'
import { weightsOf } from './weights.ts'
import { countPerson, type FitSession, type People } from './session.ts'

/** Nobody knows where. */
const NOWHERE = 'ZZ'

/** A subdivision of fewer than `k` people is its country, a country of fewer than `k` is `ZZ`. */
export function geoShares(
  sessions: readonly FitSession[],
  k: number,
): { shares: Record<string, number>; rare: number } {
  let rare = 0
  const countries = coarser(
    sessions.map(({ geo, person }) => ({ value: geo, person })),
    k,
    (geo) => geo.slice(0, 2),
  )
  const places = coarser(countries, k, () => {
    rare += 1
    return NOWHERE
  })
  return { shares: sharesOf(places.map(({ value }) => value)), rare }
}

/** A device of fewer than `k` people is `other`. */
export function deviceShares(
  sessions: readonly FitSession[],
  k: number,
): { shares: Record<string, number>; rare: number } {
  let rare = 0
  const devices = coarser(
    sessions.map(({ device, person }) => ({ value: device, person })),
    k,
    (): DeviceType => {
      rare += 1
      return 'other'
    },
  )
  return { shares: sharesOf(devices.map(({ value }) => value)), rare }
}

interface Having<Value> {
  readonly value: Value
  readonly person: string
}

function coarser<Value>(
  all: readonly Having<Value>[],
  k: number,
  coarse: (value: Value) => Value,
): Having<Value>[] {
  const counts = new Map<Value, People>()
  for (const { value, person } of all) countPerson(counts, value, person, k)
  return all.map((having) => {
    const persons = counts.get(having.value)?.persons.size ?? 0
    return persons >= k ? having : { ...having, value: coarse(having.value) }
  })
}

function sharesOf(values: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return weightsOf(counts)
}
