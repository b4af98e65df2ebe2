import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { migrate, shippedMigrations } from '../../profiles-db/migrate.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { positionOf } from '../../profiles-db/profiles.ts'
import { isMatch } from '../../src/profiles/match.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import type { Profile } from '../../src/core/contract/profile.ts'
import { profileOf } from '../profiles/people.ts'
import { temporaryFolder } from '../support/folders.ts'
import { caught } from './caught.ts'

/** More than are written one by one. */
const MANY = 2500

function crowd(prefix: string, count = MANY): Profile[] {
  return Array.from({ length: count }, (_, index) =>
    profileOf(`${prefix}-${index}`, {
      labels: index % 3 === 0 ? ['buyer'] : ['looker', 'buyer'],
      geo_location: index % 2 === 0 ? 'US-CA' : 'DE',
      resource_intensity: { cpu_ms: index, memory_mb: 1, network_kb: 2, period_s: 3 },
    }),
  )
}

function indexesOf(db: Database): unknown[] {
  return db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name").all()
}

function idsOf(profiles: Iterable<Profile>): string[] {
  return [...profiles].map(({ user_id }) => user_id).toSorted()
}

const CASES: Criteria[] = [
  {},
  { label: 'looker' },
  { label: ['buyer', 'nobody'], geo_location: 'US' },
  { 'resource_intensity.cpu_ms': { gte: 100, lte: 120 } },
  { user_id: ['a-7', 'b-9', 'nobody'], action: 'home' },
]

describe('addProfiles', () => {
  it('refuses a user_id that comes twice, and stores none of the others', () => {
    const db = openDatabase(':memory:')
    const store = createProfileStore(db)
    const before = indexesOf(db)
    const error = caught(() => store.insert([...crowd('a'), profileOf('a-77')]))
    expect(error).toMatchObject({ code: 'duplicate-profile' })
    expect(error.message).toContain('"a-77"')
    expect(store.count({})).toBe(0)
    expect(indexesOf(db)).toEqual(before)
    expect(db.prepare('SELECT count(*) FROM temp.sqlite_schema').pluck().get()).toBe(0)
    db.close()
  })
  it('refuses a user_id that is stored already', () => {
    const db = openDatabase(':memory:')
    const store = createProfileStore(db)
    store.insert([profileOf('b-2400')])
    const error = caught(() => store.insert(crowd('b')))
    expect(error.message).toContain('"b-2400"')
    expect(store.count({})).toBe(1)
    db.close()
  })
  it('leaves everything as it was where the source of the profiles fails', () => {
    const db = openDatabase(':memory:')
    const store = createProfileStore(db)
    store.insert(crowd('a', 10))
    function* failing(): Generator<Profile> {
      yield* crowd('b')
      throw new TypeError('the file ends here')
    }
    expect(() => store.insert(failing())).toThrow('the file ends here')
    expect(store.count({})).toBe(10)
    expect(store.insert(crowd('b'))).toBe(MANY)
    db.close()
  })
  it('stores what single writes store, into an empty database and a filled one', () => {
    const bulk = openDatabase(':memory:')
    const single = openDatabase(':memory:')
    const people = [...crowd('a', 9000), ...crowd('b')]
    createProfileStore(bulk).insert(people.slice(0, 9000))
    // The indexes are kept for these: they are few beside those that are stored.
    createProfileStore(bulk).insert(people.slice(9000, 11_200))
    createProfileStore(bulk).insert(people.slice(11_200))
    for (let index = 0; index < people.length; index += 1500) {
      createProfileStore(single).insert(people.slice(index, index + 1500))
    }
    for (const table of ['profiles', 'profile_documents']) {
      const all = `SELECT * FROM ${table} ORDER BY position`
      expect(bulk.prepare(all).all(), table).toEqual(single.prepare(all).all())
    }
    const terms = 'SELECT kind, value FROM terms ORDER BY 1, 2'
    expect(bulk.prepare(terms).all()).toEqual(single.prepare(terms).all())
    expect(indexesOf(bulk)).toEqual(indexesOf(single))
    for (const criteria of CASES) {
      const expected = idsOf(people.filter((profile) => isMatch(profile, criteria)))
      expect(idsOf(createProfileStore(bulk).stream(criteria))).toEqual(expected)
    }
    bulk.close()
    single.close()
  })
  it('stores two users of one hash, whether they come together or one after the other', () => {
    // Found among 200 million names: hash53(0, …) of both is 889355813448606.
    const [one, other] = ['unozs7', 'urz9sh']
    expect(positionOf(one ?? '')).toBe(positionOf(other ?? ''))
    const twins = [
      profileOf(one ?? '', { labels: ['one', 'both'] }),
      profileOf(other ?? '', { labels: ['other', 'both'], device_type: 'tv' }),
    ]
    const ways: readonly ((insert: (profiles: Profile[]) => void) => void)[] = [
      (insert) => insert([...crowd('c'), ...twins]),
      (insert) => {
        insert(twins.slice(0, 1))
        insert([...crowd('c'), ...twins.slice(1)])
      },
      (insert) => {
        insert(crowd('c'))
        insert(twins)
      },
    ]
    for (const way of ways) {
      const db = openDatabase(':memory:')
      const store = createProfileStore(db)
      way((profiles) => store.insert(profiles))
      for (const profile of twins) {
        expect(store.get(profile.user_id)).toEqual(profile)
        expect(idsOf(store.stream({ label: profile.labels[0] ?? '' }))).toEqual([profile.user_id])
        expect(store.count({ user_id: profile.user_id })).toBe(1)
      }
      expect(idsOf(store.stream({ label: 'both' }))).toEqual([one, other])
      expect(idsOf(store.stream({ device_type: 'tv' }))).toEqual([other])
      expect(caught(() => store.insert([...crowd('d'), ...twins]))).toMatchObject({
        code: 'duplicate-profile',
      })
      // Whoever stands behind is found also when the place before is free again.
      store.delete(one ?? '')
      expect(store.get(other ?? '')?.user_id).toBe(other)
      expect(caught(() => store.insert([...crowd('e'), ...twins.slice(1)]))).toMatchObject({
        code: 'duplicate-profile',
      })
      db.close()
    }
  })
  it('readers of another connection see the old state, and are not blocked, until it is whole', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const db = openDatabase(file)
    const other = openDatabase(file, { busyMs: 0 })
    const store = createProfileStore(db)
    store.insert(crowd('a', 100))
    const seen: number[] = []
    function* watched(): Generator<Profile> {
      for (const profile of crowd('b')) {
        yield profile
        if (seen.length < 3) seen.push(createProfileStore(other).count({ label: 'buyer' }))
      }
      seen.push(createProfileStore(other).page({}, { limit: 1000 }).profiles.length)
    }
    store.insert(watched())
    expect(seen).toEqual([100, 100, 100, 100])
    expect(createProfileStore(other).count({ label: 'buyer' })).toBe(100 + MANY)
    other.close()
    db.close()
  })
})

describe('migration 004', () => {
  it('keeps the profiles that earlier versions stored, and finds them', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const earlier = new Sqlite(file)
    migrate(
      earlier,
      file,
      shippedMigrations().filter(({ version }) => version < 4),
    )
    const people = crowd('a', 50)
    for (const profile of people) {
      const position = positionOf(profile.user_id)
      const { cpu_ms, memory_mb, network_kb, period_s } = profile.resource_intensity
      earlier
        .prepare('INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          position,
          profile.user_id,
          profile.geo_location.slice(0, 2),
          profile.geo_location,
          profile.device_type,
          profile.source,
          cpu_ms,
          memory_mb,
          network_kb,
          period_s,
        )
      earlier
        .prepare('INSERT INTO profile_documents VALUES (?, ?)')
        .run(position, JSON.stringify(profile))
      for (const label of profile.labels) {
        earlier.prepare('INSERT INTO profile_labels VALUES (?, ?)').run(label, position)
      }
      earlier.prepare("INSERT INTO profile_actions VALUES ('home', ?)").run(position)
    }
    earlier.close()
    const db = openDatabase(file)
    const store = createProfileStore(db)
    for (const criteria of CASES) {
      const expected = people.filter((profile) => isMatch(profile, criteria))
      expect(idsOf(store.stream(criteria)), JSON.stringify(criteria)).toEqual(idsOf(expected))
    }
    expect(store.get('a-7')).toEqual(people[7])
    store.put({ ...profileOf('a-7'), labels: ['changed'] })
    expect(store.get('a-7')?.labels).toEqual(['changed'])
    expect(store.count({ label: 'buyer' })).toBe(49)
    expect(db.prepare('PRAGMA integrity_check').pluck().get()).toBe('ok')
    db.close()
  })
})
