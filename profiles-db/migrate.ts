/**
 * Migrations that run by themselves: `migrations/NNN-name.sql` in order, each in one transaction
 * with the `user_version` it leads to. Two processes may open a new file at once: the second waits
 * for the first's transaction and then finds nothing left to do.
 */

import { readdirSync, readFileSync } from 'node:fs'
import type Sqlite from 'better-sqlite3'
import { StoreError } from '../src/core/errors.ts'
import { assetPath } from './assets.ts'
import { fillBlocks } from './blocks/fill.ts'

/** Marks a SQLite file as ours (the `application_id` of its header): "OUTR". */
export const APPLICATION_ID = 0x4f555452

export interface Migration {
  readonly version: number
  readonly sql: string
  /** What follows the SQL, where SQL alone cannot say it. */
  readonly after?: (sqlite: Sqlite.Database) => void
}

const FOLLOWING: ReadonlyMap<number, (sqlite: Sqlite.Database) => void> = new Map([[5, fillBlocks]])

/** The migrations that come with this version, oldest first. */
export function shippedMigrations(): Migration[] {
  const folder = assetPath('migrations')
  return readdirSync(folder)
    .filter((name) => /^\d{3}-.+\.sql$/.test(name))
    .toSorted()
    .map((name) => {
      const version = Number(name.slice(0, 3))
      const after = FOLLOWING.get(version)
      const sql = readFileSync(`${folder}/${name}`, 'utf8')
      return { version, sql, ...(after === undefined ? {} : { after }) }
    })
}

/**
 * Brings the file to the newest schema of `migrations`.
 * @throws StoreError with code `newer-schema` or `foreign-database`
 */
export function migrate(
  sqlite: Sqlite.Database,
  file: string,
  migrations: readonly Migration[] = shippedMigrations(),
): void {
  const newest = migrations.at(-1)?.version ?? 0
  if (versionOf(sqlite, file, newest) === newest) return
  sqlite
    .transaction(() => {
      const from = versionOf(sqlite, file, newest)
      for (const { version, sql, after } of migrations) {
        if (version <= from) continue
        sqlite.exec(sql)
        after?.(sqlite)
      }
      sqlite.pragma(`application_id = ${APPLICATION_ID}`)
      sqlite.pragma(`user_version = ${newest}`)
    })
    .immediate()
}

function versionOf(sqlite: Sqlite.Database, file: string, newest: number): number {
  const version = Number(sqlite.pragma('user_version', { simple: true }))
  const owner = Number(sqlite.pragma('application_id', { simple: true }))
  const isEmpty = sqlite.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (owner !== APPLICATION_ID && !isEmpty) {
    throw new StoreError(`Cannot open database: "${file}" belongs to another program`, {
      code: 'foreign-database',
      where: file,
      mend: 'name another file with --db',
    })
  }
  if (version > newest) {
    throw new StoreError(
      `Cannot open database: "${file}" has schema ${version}, newer than ${newest} of this version`,
      { code: 'newer-schema', where: file, mend: 'use the newer outrider, or another file' },
    )
  }
  return version
}
