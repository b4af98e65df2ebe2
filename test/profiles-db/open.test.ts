import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getuid } from 'node:process'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import { migrate, shippedMigrations } from '../../profiles-db/migrate.ts'
import { openDatabase } from '../../profiles-db/open.ts'
import { temporaryFolder } from '../support/folders.ts'
import { caught } from './caught.ts'

describe('openDatabase', () => {
  it('openDatabase() refuses a file that is no database, and leaves it as it is', () => {
    const file = join(temporaryFolder(), 'notes.txt')
    const text = 'these are notes, and they are longer than one header of SQLite would be\n'.repeat(
      9,
    )
    writeFileSync(file, text)
    const error = caught(() => openDatabase(file))
    expect(error).toBeInstanceOf(StoreError)
    expect(error).toMatchObject({ code: 'not-a-database', where: file })
    expect(error.message).toBe(`Cannot open database: "${file}" is not a SQLite database`)
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
  it('openDatabase() refuses the database of another program, and leaves it as it is', () => {
    const file = join(temporaryFolder(), 'browser.db')
    const other = new Sqlite(file)
    other.exec('CREATE TABLE bookmarks (url TEXT)')
    other.close()
    const before = readFileSync(file)
    expect(caught(() => openDatabase(file))).toMatchObject({ code: 'foreign-database' })
    expect(readFileSync(file).equals(before)).toBe(true)
  })
  it('openDatabase() refuses a database of a newer schema', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    openDatabase(file).close()
    const newer = new Sqlite(file)
    newer.pragma('user_version = 99')
    newer.close()
    const error = caught(() => openDatabase(file))
    expect(error).toMatchObject({ code: 'newer-schema', where: file })
    expect(error.message).toContain('schema 99')
  })
  it('openDatabase() says that a folder cannot be made where a file stands', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'taken'), '')
    const error = caught(() => openDatabase(join(folder, 'taken', 'outrider.db')))
    expect(error).toMatchObject({ code: 'database-not-writable' })
  })
  it('openDatabase() says that a folder is read-only', () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o500)
    // No mode is read-only for the superuser, but the kernel's own file system is.
    const readOnly = getuid?.() === 0 ? '/sys' : folder
    const error = caught(() => openDatabase(join(readOnly, 'outrider.db')))
    chmodSync(folder, 0o700)
    expect(error).toMatchObject({ code: 'database-not-writable' })
  })
  it('openDatabase() makes a missing folder and the schema', () => {
    const file = join(temporaryFolder(), 'a', 'b', 'outrider.db')
    const db = openDatabase(file)
    expect(db.prepare('PRAGMA journal_mode').pluck().get()).toBe('wal')
    expect(db.prepare('SELECT count(*) FROM profiles').pluck().get()).toBe(0)
    db.close()
    expect(existsSync(file)).toBe(true)
  })
  it('openDatabase() opens again, and twice at once', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const first = openDatabase(file)
    first.prepare("INSERT INTO counters VALUES ('run', 7)").run()
    const second = openDatabase(file)
    expect(second.prepare('SELECT value FROM counters').pluck().get()).toBe(7)
    first.close()
    second.close()
  })
  it('transaction() undoes everything when the work throws', () => {
    const db = openDatabase(':memory:')
    const work = (): void => {
      db.prepare("INSERT INTO counters VALUES ('run', 1)").run()
      db.transaction(() => db.prepare("INSERT INTO counters VALUES ('other', 1)").run())
      throw new RangeError('no')
    }
    expect(() => db.transaction(work)).toThrow(RangeError)
    expect(db.prepare('SELECT count(*) FROM counters').pluck().get()).toBe(0)
    db.close()
  })
  it('attempt() says whose fault a failing statement is', () => {
    const db = openDatabase(':memory:')
    const error = caught(() =>
      db.attempt('read profiles', () => db.prepare('SELECT * FROM nothing')),
    )
    expect(error).toMatchObject({ code: 'database-failed' })
    expect(error.message).toContain('Cannot read profiles')
    db.close()
  })
})

describe('migrate', () => {
  it('migrate() does nothing to a database half migrated by a failing file', () => {
    const sqlite = new Sqlite(':memory:')
    const broken = [
      { version: 1, sql: 'CREATE TABLE good (a INTEGER)' },
      { version: 2, sql: 'CREATE TABLE bad (' },
    ]
    expect(() => migrate(sqlite, 'x', broken)).toThrow()
    expect(sqlite.pragma('user_version', { simple: true })).toBe(0)
    expect(sqlite.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()).toBe(0)
    sqlite.close()
  })
  it('migrate() runs only what is missing', () => {
    const sqlite = new Sqlite(':memory:')
    const first = { version: 1, sql: 'CREATE TABLE one (a INTEGER)' }
    migrate(sqlite, 'x', [first])
    migrate(sqlite, 'x', [first, { version: 2, sql: 'ALTER TABLE one ADD COLUMN b INTEGER' }])
    expect(sqlite.pragma('user_version', { simple: true })).toBe(2)
    expect(sqlite.prepare('SELECT a, b FROM one').all()).toEqual([])
    sqlite.close()
  })
  it('shippedMigrations() are numbered without a gap', () => {
    const versions = shippedMigrations().map(({ version }) => version)
    expect(versions).toEqual(versions.map((_, index) => index + 1))
    expect(versions.length).toBeGreaterThan(0)
  })
})
