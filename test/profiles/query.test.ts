import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import type { Profile } from '../../src/core/contract/profile.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { positionOf } from '../../profiles-db/profiles.ts'
import { isMatch } from '../../src/profiles/match.ts'
import { selectionOf } from '../../src/profiles/query.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { profileOf } from './people.ts'

const people = Array.from({ length: 6000 }, (_, index) =>
  profileOf(`user-${index}`, {
    geo_location: index % 2 === 0 ? 'US' : 'DE-BE',
    device_type: index % 3 === 0 ? 'mobile' : 'desktop',
    labels: index % 500 === 0 ? ['rare'] : ['common'],
    // Some lie on each side of a bound by less than the resolution of a code.
    resource_intensity: {
      cpu_ms: index,
      memory_mb: 4096 + (index % 7) / 1000,
      network_kb: index % 11 === 0 ? 0 : 1e-9 * index,
      period_s: 1e15 + index,
    },
  }),
)

/** Positions of those that match, ascending: what a walk must be. */
function expected(criteria: Criteria, of: readonly Profile[] = people): number[] {
  return of
    .filter((profile) => isMatch(profile, criteria))
    .map(({ user_id }) => positionOf(user_id))
    .toSorted((left, right) => left - right)
}

const CASES: Criteria[] = [
  {},
  { geo_location: 'US', label: 'rare', device_type: 'mobile' },
  { geo_location: ['US', 'DE-BE'], device_type: ['mobile', 'tv'] },
  { label: ['rare', 'common'], geo_location: 'DE' },
  { label: 'nobody' },
  { user_id: ['user-1', 'nobody', 'user-5999'], geo_location: 'DE' },
  { 'resource_intensity.cpu_ms': { gte: 5990 }, geo_location: 'US' },
  { 'resource_intensity.cpu_ms': { lte: 0 } },
  { 'resource_intensity.cpu_ms': { gte: -1, lte: 3 } },
  { 'resource_intensity.cpu_ms': { lte: -1 } },
  { 'resource_intensity.cpu_ms': 4099 },
  { 'resource_intensity.memory_mb': { gte: 4096.002, lte: 4096.004 }, device_type: 'mobile' },
  { 'resource_intensity.network_kb': 0 },
  { 'resource_intensity.network_kb': { gte: 1e-9, lte: 3.5e-6 } },
  { 'resource_intensity.period_s': { gte: 1e15 + 5, lte: 1e15 + 70 } },
  { 'resource_intensity.period_s': { gte: 1e300 } },
]

describe('selectionOf', () => {
  let db: Database
  beforeAll(() => {
    db = openDatabase(':memory:')
    createProfileStore(db).insert(people)
  })
  afterAll(() => db.close())

  it('takes whatever criteria hold as a value', () => {
    for (const label of ["'; DROP TABLE profiles; --", '"', '?', '%', '\0']) {
      expect(selectionOf(db, { label }).count()).toBe(0)
    }
    expect(selectionOf(db, {}).count()).toBe(6000)
  })
  it('walk() and count() choose what a plain filter chooses, in the order of positions', () => {
    for (const criteria of CASES) {
      const all = expected(criteria)
      const selection = selectionOf(db, criteria)
      expect(selection.walk(0, 10_000), JSON.stringify(criteria)).toEqual(all)
      expect(selection.count()).toBe(all.length)
    }
  })
  it('walk() is taken up anywhere and ends at its limit', () => {
    for (const criteria of CASES) {
      const all = expected(criteria)
      for (const at of [0, 1, Math.floor(all.length / 2), all.length - 1]) {
        const from = all[at] ?? 0
        const walked = selectionOf(db, criteria).walk(from, 7)
        expect(walked).toEqual(all.filter((position) => position >= from).slice(0, 7))
        const behind = selectionOf(db, criteria).walk(from + 1, 7)
        expect(behind).toEqual(all.filter((position) => position > from).slice(0, 7))
      }
    }
  })
  it('count() stops where enough are found', () => {
    const some = selectionOf(db, { geo_location: 'US' }).count(100)
    expect(some).toBeGreaterThan(100)
    expect(some).toBeLessThan(3000)
    expect(selectionOf(db, { label: 'rare' }).count(100)).toBe(12)
  })
  it('chooses the same among those who stay while others go, come and change', () => {
    const own = openDatabase(':memory:')
    const store = createProfileStore(own)
    store.insert(people)
    for (const { user_id } of people.slice(0, 3000)) store.delete(user_id)
    const changed = people.slice(3000, 3200).map((profile) => ({ ...profile, labels: ['rare'] }))
    for (const profile of changed) store.put(profile)
    // These take the slots that are free now, with other terms and amounts.
    const fresh = people.slice(0, 2500).map((profile, index) => ({
      ...profile,
      user_id: `fresh-${index}`,
      labels: ['new'],
      device_type: 'tv' as const,
    }))
    store.insert(fresh)
    const now = [...changed, ...people.slice(3200), ...fresh]
    for (const criteria of [...CASES, { label: 'new' }, { device_type: 'tv' as const }]) {
      const walked = selectionOf(own, criteria).walk(0, 10_000)
      expect(walked, JSON.stringify(criteria)).toEqual(expected(criteria, now))
      expect(selectionOf(own, criteria).count()).toBe(walked.length)
    }
    const slots = own.prepare('SELECT sum(length(positions)) / 8 FROM profile_blocks').pluck().get()
    expect(slots).toBeLessThan(6500)
    own.close()
  })
})
