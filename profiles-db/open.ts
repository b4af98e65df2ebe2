/** The database: one SQLite file that makes and migrates itself, and errors that say what to do. */

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { StoreError, messageOf } from '../src/core/errors.ts'
import { migrate } from './migrate.ts'

export interface Database {
  readonly file: string
  /** A compiled statement; compiled once per text. */
  prepare(sql: string): Sqlite.Statement
  /** All or nothing; nested calls join the outer one. */
  transaction<Value>(work: () => Value): Value
  /** Reads that belong together: all see one state, and nobody who writes is held up. */
  snapshot<Value>(work: () => Value): Value
  /**
   * Runs `work` and tells SQLite's own errors as ours.
   * @param doing what fails then: `read profiles`
   * @throws StoreError
   */
  attempt<Value>(doing: string, work: () => Value): Value
  close(): void
}

export interface OpenOptions {
  /** How long a statement waits for another process; waiting stops everything in this thread. */
  readonly busyMs?: number
  /** Each transaction survives a power cut, not only the end of the process. */
  readonly isDurable?: boolean
}

/** Compiled statements that are kept: more texts than these come only from unusual criteria. */
const STATEMENT_LIMIT = 200
const BUSY_TIMEOUT_MS = 5000

/**
 * Opens the file, makes it and its folder where they are missing, and brings it to this version's
 * schema. `:memory:` is a database that ends with the process.
 * @throws StoreError with code `not-a-database`, `foreign-database`, `newer-schema`,
 *   `database-not-writable`, `database-busy` or `database-failed`
 */
export function openDatabase(file: string, options: OpenOptions = {}): Database {
  const sqlite = attempt(file, 'open database', () => {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true })
    const opened = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS })
    try {
      prepareFile(opened, file)
      if (options.busyMs !== undefined) opened.pragma(`busy_timeout = ${options.busyMs}`)
      if (options.isDurable === true) opened.pragma('synchronous = FULL')
      return opened
    } catch (error) {
      opened.close()
      throw error
    }
  })
  return databaseOf(sqlite, file)
}

function prepareFile(sqlite: Sqlite.Database, file: string): void {
  // Of a new file only: half as many pages to write to the log and to copy into the file.
  sqlite.pragma('page_size = 8192')
  migrate(sqlite, file)
  sqlite.pragma('journal_mode = WAL')
  // In WAL, NORMAL can lose the last transactions at a power cut, but never damages the file.
  sqlite.pragma('synchronous = NORMAL')
  sqlite.pragma('cache_size = -65536')
}

function databaseOf(sqlite: Sqlite.Database, file: string): Database {
  const statements = new Map<string, Sqlite.Statement>()
  return {
    file,
    prepare(sql) {
      const known = statements.get(sql)
      if (known !== undefined) return known
      if (statements.size >= STATEMENT_LIMIT) statements.clear()
      const statement = sqlite.prepare(sql)
      statements.set(sql, statement)
      return statement
    },
    transaction: (work) => (sqlite.inTransaction ? work() : sqlite.transaction(work).immediate()),
    snapshot: (work) => (sqlite.inTransaction ? work() : sqlite.transaction(work).deferred()),
    attempt: (doing, work) => attempt(file, doing, work),
    close: () => {
      statements.clear()
      sqlite.close()
    },
  }
}

function attempt<Value>(file: string, doing: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    const sqliteCode = error instanceof Error && 'code' in error ? String(error.code) : undefined
    // Errors of ours have a code too, in kebab case; system and SQLite codes are in capitals.
    if (sqliteCode === undefined || !/^[A-Z][A-Z_]+$/.test(sqliteCode)) throw error
    throw explained(file, doing, sqliteCode, error)
  }
}

function explained(file: string, doing: string, sqliteCode: string, cause: unknown): StoreError {
  const say = (code: string, why: string, mend: string): StoreError =>
    new StoreError(`Cannot ${doing}: "${file}" ${why}`, { code, where: file, mend, cause })
  switch (sqliteCode.replace(/^(SQLITE_(?:BUSY|READONLY|CANTOPEN)).*/, '$1')) {
    case 'SQLITE_NOTADB':
      return say('not-a-database', 'is not a SQLite database', 'name another file with --db')
    case 'SQLITE_BUSY':
      return say('database-busy', 'is locked by another process', 'wait for it, then try again')
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'EACCES':
    case 'EROFS':
    case 'EPERM':
    case 'ENOTDIR':
    case 'ENOENT':
    case 'EEXIST':
      return say(
        'database-not-writable',
        `cannot be written (${messageOf(cause)})`,
        'make its folder writable, or name another file with --db',
      )
    case 'SQLITE_FULL':
    case 'ENOSPC':
      return say('disk-full', 'is on a disk that is full', 'make room, then try again')
    default:
      return say('database-failed', `failed (${messageOf(cause)})`, 'check the file and the disk')
  }
}
