import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import type { Profile } from '../../src/core/contract/profile.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { isMatch } from '../../src/profiles/match.ts'
import { createProfileStore, type ProfileStore } from '../../src/profiles/store.ts'
import { caught } from '../profiles-db/caught.ts'
import { temporaryFolder } from '../support/folders.ts'
import { profileOf, someCriteria, somePeople } from './people.ts'

function withStore(work: (store: ProfileStore, db: Database) => void): void {
  const db = openDatabase(':memory:')
  try {
    work(createProfileStore(db), db)
  } finally {
    db.close()
  }
}

function idsOf(profiles: Iterable<Profile>): string[] {
  return [...profiles].map(({ user_id }) => user_id).toSorted()
}

function allPages(store: ProfileStore, criteria: Criteria, limit: number): Profile[] {
  const all: Profile[] = []
  let cursor: string | undefined
  do {
    const page = store.page(criteria, cursor === undefined ? { limit } : { limit, cursor })
    all.push(...page.profiles)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return all
}

const crowd = Array.from({ length: 500 }, (_, index) =>
  profileOf(`user-${index}`, {
    geo_location: index % 2 === 0 ? 'US' : 'DE',
    labels: index % 5 === 0 ? ['buyer'] : [],
  }),
)

describe('createProfileStore', () => {
  it('insert() refuses a user_id that exists, and stores none of the others', () => {
    withStore((store) => {
      store.insert([profileOf('a')])
      const error = caught(() => store.insert([profileOf('b'), profileOf('a'), profileOf('c')]))
      expect(error).toMatchObject({ code: 'duplicate-profile' })
      expect(error.message).toContain('"a"')
      expect(caught(() => store.insert([profileOf('d'), profileOf('d')]))).toMatchObject({
        code: 'duplicate-profile',
      })
      expect(store.count({})).toBe(1)
    })
  })
  it('page() and draw() refuse numbers that make no sense', () => {
    withStore((store) => {
      for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
        expect(caught(() => store.page({}, { limit }))).toMatchObject({ code: 'bad-limit' })
      }
      expect(caught(() => store.draw({}, 0, 1))).toMatchObject({ code: 'bad-draw' })
    })
  })
  it('page() refuses a cursor that is made up or belongs to other criteria', () => {
    withStore((store) => {
      store.insert(crowd)
      const { nextCursor = '' } = store.page({}, { limit: 10 })
      expect(nextCursor).not.toBe('')
      for (const cursor of ['', 'x', 'r5', `${nextCursor}A`, nextCursor.slice(1)]) {
        expect(caught(() => store.page({}, { limit: 10, cursor }))).toMatchObject({
          code: 'bad-cursor',
          where: '/cursor',
        })
      }
      const other = caught(() =>
        store.page({ geo_location: 'US' }, { limit: 10, cursor: nextCursor }),
      )
      expect(other.message).toContain('belongs to other criteria')
    })
  })
  it('get() names a damaged profile', () => {
    withStore((store, db) => {
      store.insert([profileOf('a')])
      db.prepare("UPDATE profile_documents SET document = '{}'").run()
      expect(caught(() => store.get('a'))).toMatchObject({ code: 'damaged-profile' })
    })
  })
  it('gives back what was stored, also from a file that was closed', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const profile = profileOf('Ünï/☃', {
      behavioral_patterns: [{ timestamp: 1.5, action: 'search', data: { q: ['a', { b: null }] } }],
    })
    const first = openDatabase(file)
    expect(createProfileStore(first).insert([profile])).toBe(1)
    first.close()
    const second = openDatabase(file)
    expect(createProfileStore(second).get('Ünï/☃')).toEqual(profile)
    expect(createProfileStore(second).get('u')).toBeUndefined()
    second.close()
  })
  it('put() replaces the profile and what finds it', () => {
    withStore((store) => {
      store.put(profileOf('a', { labels: ['buyer'], geo_location: 'US' }))
      store.put(profileOf('a', { labels: ['bouncer'], geo_location: 'DE' }))
      expect(store.count({})).toBe(1)
      expect(store.count({ label: 'buyer' })).toBe(0)
      expect(store.count({ label: 'bouncer', geo_location: 'DE' })).toBe(1)
    })
  })
  it('delete() leaves nothing behind', () => {
    withStore((store, db) => {
      store.insert([profileOf('a', { labels: ['buyer'] })])
      expect(store.delete('a')).toBe(true)
      expect(store.delete('a')).toBe(false)
      for (const table of ['profiles', 'profile_documents', 'profile_slots', 'terms']) {
        expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0)
      }
    })
  })
  it('page() shows each profile once while others come and go between the pages', () => {
    withStore((store) => {
      store.insert(crowd)
      const first = store.page({}, { limit: 250 })
      for (const { user_id } of first.profiles.slice(0, 100)) store.delete(user_id)
      const second = store.page({}, { limit: 250, cursor: first.nextCursor ?? '' })
      expect(idsOf([...first.profiles, ...second.profiles])).toEqual(idsOf(crowd))
    })
  })
  it('stream() goes on while profiles are deleted', () => {
    withStore((store) => {
      store.insert(Array.from({ length: 1200 }, (_, index) => profileOf(`user-${index}`)))
      let seen = 0
      for (const { user_id } of store.stream({})) {
        store.delete(user_id)
        seen += 1
      }
      expect(seen).toBe(1200)
      expect(store.count({})).toBe(0)
    })
  })
  it('count(), page() and stream() choose what a plain filter chooses', () => {
    fc.assert(
      fc.property(
        somePeople,
        someCriteria,
        fc.integer({ min: 1, max: 20 }),
        (people, criteria, limit) => {
          withStore((store) => {
            store.insert(people)
            const expected = idsOf(people.filter((profile) => isMatch(profile, criteria)))
            expect(store.count(criteria)).toBe(expected.length)
            expect(idsOf(store.stream(criteria))).toEqual(expected)
            const paged = allPages(store, criteria, limit)
            expect(idsOf(paged)).toEqual(expected)
            expect(paged).toEqual([...store.stream(criteria)])
          })
        },
      ),
      { numRuns: 150 },
    )
  })
  it('draw() takes from what the criteria choose, each profile at most once', () => {
    fc.assert(
      fc.property(
        somePeople,
        someCriteria,
        fc.integer({ min: 1, max: 70 }),
        (people, criteria, count) => {
          withStore((store) => {
            store.insert(people)
            const expected = people.filter((profile) => isMatch(profile, criteria))
            const drawn = idsOf(store.draw(criteria, count, 1))
            expect(new Set(drawn).size).toBe(Math.min(count, expected.length))
            expect(idsOf(expected)).toEqual(expect.arrayContaining(drawn))
          })
        },
      ),
      { numRuns: 60 },
    )
  })
  it('draw() is the same for a seed in whatever order the profiles were stored', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.shuffledSubarray(crowd, { minLength: 500 }),
        (seed, shuffled) => {
          withStore((one) => {
            withStore((other) => {
              one.insert(crowd)
              for (const profile of shuffled) other.put(profile)
              const criteria = { geo_location: 'US' }
              expect(other.draw(criteria, 20, seed)).toEqual(one.draw(criteria, 20, seed))
            })
          })
        },
      ),
      { numRuns: 5 },
    )
  })
  it('draw() draws everybody equally often over many seeds', () => {
    withStore((store) => {
      store.insert(crowd.slice(0, 50))
      const counts = new Map<string, number>()
      for (let seed = 0; seed < 2000; seed += 1) {
        for (const { user_id } of store.draw({}, 5, seed)) {
          counts.set(user_id, (counts.get(user_id) ?? 0) + 1)
        }
      }
      // 2000 draws of 5 from 50: 200 each, with a standard deviation of 13.4.
      expect(counts.size).toBe(50)
      expect(Math.min(...counts.values())).toBeGreaterThan(200 - 5 * 13.4)
      expect(Math.max(...counts.values())).toBeLessThan(200 + 5 * 13.4)
    })
  })
})

describe('many profiles', () => {
  it('are drawn and paged the same way along every kind of index', () => {
    withStore((store) => {
      const many = Array.from({ length: 12_000 }, (_, index) =>
        profileOf(`user-${index}`, {
          geo_location: ['US', 'US-CA', 'DE'][index % 3] ?? 'ZZ',
          device_type: index % 2 === 0 ? 'mobile' : 'desktop',
          labels: index % 100 === 0 ? ['rare'] : ['common'],
          resource_intensity: { cpu_ms: index, memory_mb: 1, network_kb: 1, period_s: 1 },
        }),
      )
      store.insert(many)
      const cases: Criteria[] = [
        {},
        { geo_location: ['US', 'DE'], device_type: 'mobile' },
        { geo_location: 'US', label: ['common', 'rare'] },
        { label: 'rare', device_type: 'desktop' },
        { label: 'rare', device_type: 'mobile' },
        { 'resource_intensity.cpu_ms': { gte: 11_000 } },
        { 'resource_intensity.cpu_ms': { gte: 1000 }, geo_location: 'US-CA' },
      ]
      for (const criteria of cases) {
        const expected = idsOf(many.filter((profile) => isMatch(profile, criteria)))
        expect(idsOf(allPages(store, criteria, 1000))).toEqual(expected)
        expect(store.count(criteria)).toBe(expected.length)
        const drawn = store.draw(criteria, 300, 4)
        expect(new Set(idsOf(drawn)).size).toBe(Math.min(300, expected.length))
        expect(drawn.every((profile) => isMatch(profile, criteria))).toBe(true)
        expect(idsOf(store.draw(criteria, 12_000, 5))).toEqual(expected)
      }
    })
  })
})
