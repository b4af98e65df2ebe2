/** A database of the fourth schema, as an earlier version left it, is moved into blocks once. */

import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { Criteria } from '../../../src/core/contract/criteria.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import { migrate, shippedMigrations } from '../../../profiles-db/migrate.ts'
import { openDatabase } from '../../../profiles-db/open.ts'
import { positionOf } from '../../../profiles-db/profiles.ts'
import { writeDocument } from '../../../src/profiles/document.ts'
import { isMatch } from '../../../src/profiles/match.ts'
import { createProfileStore } from '../../../src/profiles/store.ts'
import { profileOf } from '../../profiles/people.ts'
import { temporaryFolder } from '../../support/folders.ts'

/** The last two have one hash, so the second stands behind the first. */
const NAMES = [...Array.from({ length: 1500 }, (_, index) => `a-${index}`), 'unozs7', 'urz9sh']

const people = NAMES.map((name, index) =>
  profileOf(name, {
    labels: [index % 3 === 0 ? 'buyer' : 'looker', ...(index % 400 === 0 ? ['rare'] : [])],
    geo_location: index % 2 === 0 ? 'US-CA' : 'DE',
    resource_intensity: { cpu_ms: index / 7, memory_mb: index, network_kb: 0, period_s: 1e9 },
  }),
)

const CASES: Criteria[] = [
  {},
  { label: 'rare' },
  { label: ['buyer', 'nobody'], geo_location: 'US' },
  { label: 'looker', source: 'derived', action: 'home', device_type: 'other' },
  { 'resource_intensity.cpu_ms': { gte: 100, lte: 110 }, geo_location: 'DE' },
  { 'resource_intensity.memory_mb': 77 },
  { user_id: ['urz9sh', 'a-9', 'nobody'] },
]

/** As the fourth schema keeps them. */
function makeOld(file: string, stored: readonly Profile[]): void {
  const sqlite = new Sqlite(file)
  const four = shippedMigrations().filter(({ version }) => version <= 4)
  migrate(sqlite, file, four)
  const add = sqlite.prepare('INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?)')
  const term = sqlite.prepare('INSERT OR IGNORE INTO terms (kind, value) VALUES (?, ?)')
  const has = sqlite.prepare(
    'INSERT INTO profile_terms SELECT id, ? FROM terms WHERE kind = ? AND value = ?',
  )
  const write = (profile: Profile): void => {
    const position = positionOf(profile.user_id) + (profile.user_id === 'urz9sh' ? 1 : 0)
    const { cpu_ms, memory_mb, network_kb, period_s } = profile.resource_intensity
    add.run(position, profile.user_id, cpu_ms, memory_mb, network_kb, period_s)
    sqlite
      .prepare('INSERT INTO profile_documents VALUES (?, ?)')
      .run(position, writeDocument(profile))
    const { geo_location, device_type, source, labels } = profile
    for (const [kind, value] of [
      ['country', geo_location.slice(0, 2)],
      ['geo_location', geo_location],
      ['device_type', device_type],
      ['source', source],
      ['action', 'home'],
      ...labels.map((label) => ['label', label]),
    ]) {
      term.run(kind, value)
      has.run(position, kind, value)
    }
  }
  sqlite.transaction(() => stored.forEach(write)).immediate()
  sqlite.close()
}

function idsOf(profiles: Iterable<Profile>): string[] {
  return [...profiles].map(({ user_id }) => user_id).toSorted()
}

describe('migration 005', () => {
  it('finds and changes what the fourth schema stored', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    makeOld(file, people)
    const db = openDatabase(file)
    const store = createProfileStore(db)
    for (const criteria of CASES) {
      const expected = idsOf(people.filter((profile) => isMatch(profile, criteria)))
      expect(idsOf(store.stream(criteria)), JSON.stringify(criteria)).toEqual(expected)
      expect(store.count(criteria)).toBe(expected.length)
    }
    expect(store.get('urz9sh')).toEqual(people.at(-1))
    store.put(profileOf('a-7', { labels: ['changed'] }))
    store.delete('a-400')
    expect(idsOf(store.stream({ label: 'changed' }))).toEqual(['a-7'])
    expect(store.count({ label: 'rare' })).toBe(3)
    expect(store.count({})).toBe(NAMES.length - 1)
    expect(db.prepare('PRAGMA integrity_check').pluck().get()).toBe('ok')
    db.close()
  })
  it('is done once, and leaves neither the old table nor its indexes', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    makeOld(file, people.slice(0, 40))
    openDatabase(file).close()
    const db = openDatabase(file)
    expect(createProfileStore(db).count({})).toBe(40)
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE '%profile%'")
    expect(names.pluck().all().map(String).toSorted()).toEqual([
      'profile_amounts',
      'profile_blocks',
      'profile_documents',
      'profile_slots',
      'profiles',
    ])
    db.close()
  })
  it('does nothing to an empty database, and leaves an old one as it was where it fails', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    makeOld(file, people.slice(0, 40))
    const sqlite = new Sqlite(file)
    const broken = shippedMigrations().map((migration) => ({
      ...migration,
      after: () => {
        migration.after?.(sqlite)
        if (migration.version === 5) throw new RangeError('no')
      },
    }))
    expect(() => migrate(sqlite, file, broken)).toThrow('no')
    expect(sqlite.pragma('user_version', { simple: true })).toBe(4)
    expect(sqlite.prepare('SELECT count(*) FROM profile_terms').pluck().get()).toBe(40 * 6 + 1)
    sqlite.close()
    const empty = openDatabase(':memory:')
    expect(createProfileStore(empty).count({})).toBe(0)
    empty.close()
  })
})
