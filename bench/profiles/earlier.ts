/**
 * How profiles were written until migration 004, kept to compare with: sorted in chunks of 5 000,
 * each with its entries in nine indexes and two tables of texts. Only the writing; nothing reads it.
 */

import Sqlite from 'better-sqlite3'
import type { Profile } from '../../src/core/contract/profile.ts'
import { hash53 } from '../../src/core/random.ts'
import { migrate, shippedMigrations } from '../../profiles-db/migrate.ts'

const CHUNK = 5000

/** Returns how long it took, in ms. */
export function importAsBefore(file: string, profiles: Iterable<Profile>): number {
  const sqlite = new Sqlite(file)
  const migrations = shippedMigrations().filter(({ version }) => version < 4)
  migrate(sqlite, file, migrations)
  sqlite.pragma('journal_mode = WAL')
  sqlite.pragma('synchronous = NORMAL')
  sqlite.pragma('cache_size = -65536')
  const startedMs = performance.now()
  sqlite.transaction(() => insertAll(sqlite, profiles)).immediate()
  const elapsedMs = performance.now() - startedMs
  sqlite.close()
  return elapsedMs
}

function insertAll(sqlite: Sqlite.Database, profiles: Iterable<Profile>): void {
  const add = rowWriter(sqlite)
  let chunk: Profile[] = []
  const write = (): void => {
    const sorted = chunk
      .map((profile) => ({ profile, position: hash53(0, profile.user_id) }))
      .toSorted((left, right) => left.position - right.position)
    for (const { profile, position } of sorted) add(profile, position)
    chunk = []
  }
  for (const profile of profiles) {
    chunk.push(profile)
    if (chunk.length === CHUNK) write()
  }
  write()
}

function rowWriter(sqlite: Sqlite.Database): (profile: Profile, position: number) => void {
  const find = sqlite.prepare('SELECT position FROM profiles WHERE user_id = ?')
  const taken = sqlite.prepare('SELECT 1 FROM profiles WHERE position = ?')
  const row = sqlite.prepare('INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const document = sqlite.prepare('INSERT INTO profile_documents VALUES (?, ?)')
  const label = sqlite.prepare('INSERT OR IGNORE INTO profile_labels VALUES (?, ?)')
  const action = sqlite.prepare('INSERT OR IGNORE INTO profile_actions VALUES (?, ?)')
  return (profile, position) => {
    const { user_id, geo_location, device_type, source, resource_intensity } = profile
    if (find.get(user_id) !== undefined || taken.get(position) !== undefined) {
      throw new RangeError(`"${user_id}" is there already`)
    }
    const { cpu_ms, memory_mb, network_kb, period_s } = resource_intensity
    const place = [geo_location.slice(0, 2), geo_location]
    row.run(
      position,
      user_id,
      ...place,
      device_type,
      source,
      cpu_ms,
      memory_mb,
      network_kb,
      period_s,
    )
    document.run(position, JSON.stringify(profile))
    for (const name of new Set(profile.labels)) label.run(name, position)
    for (const name of new Set(profile.behavioral_patterns.map((step) => step.action))) {
      action.run(name, position)
    }
  }
}
