/** Investigations: what regressions left behind, one for each finding of a run. */

import { investigationSchema, type Investigation } from '../src/core/contract/investigation.ts'
import { StoreError, messageOf } from '../src/core/errors.ts'
import type { Database } from './open.ts'
import { readPage } from './page.ts'

/** What a list shows of an investigation. */
export type ListedInvestigation = Pick<Investigation, 'id' | 'rollout' | 'run' | 'at' | 'title'>

export interface InvestigationPage {
  readonly limit: number
  readonly cursor?: string
  /** Only those of this rollout. */
  readonly rollout?: string
  /** Only those of this run. */
  readonly run?: string
}

const listedSchema = investigationSchema.pick({
  id: true,
  rollout: true,
  run: true,
  at: true,
  title: true,
})

/** Investigations that are kept; the oldest go first. One is about 30 KB, 200 KB at most. */
const INVESTIGATION_LIMIT = 2000
const PAGE_LIMIT = 1000

/** The next unused id: `i1`, `i2`, … An id is given out once, also to two processes at once. */
export function nextInvestigationId(db: Database): string {
  return db.attempt('number an investigation', () => {
    const next = db
      .prepare(
        `INSERT INTO counters VALUES ('investigation', 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
      )
      .pluck()
      .get()
    return `i${Number(next)}`
  })
}

/** Adds the investigation, or replaces the one with its id. */
export function saveInvestigation(db: Database, investigation: Investigation): void {
  const { id, rollout, run, at, title } = investigation
  const document = JSON.stringify(investigation)
  db.attempt('store an investigation', () =>
    db.transaction(() => {
      db.prepare(
        `INSERT INTO investigations (id, rollout, run, at, title, document)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET rollout = excluded.rollout, run = excluded.run,
           at = excluded.at, title = excluded.title, document = excluded.document`,
      ).run(id, rollout ?? null, run, at, title, document)
      db.prepare(
        'DELETE FROM investigations WHERE number <= (SELECT max(number) FROM investigations) - ?',
      ).run(INVESTIGATION_LIMIT)
    }),
  )
}

/** @throws StoreError with code `damaged-investigation` if what is stored cannot be read */
export function findInvestigation(db: Database, id: string): Investigation | undefined {
  return db.attempt('read an investigation', () => {
    const document = db.prepare('SELECT document FROM investigations WHERE id = ?').pluck().get(id)
    if (typeof document !== 'string') return undefined
    return undamaged(db, () => investigationSchema.parse(JSON.parse(document)))
  })
}

/**
 * A page of investigations, newest first.
 * @throws UsageError with code `bad-limit` or `bad-cursor`; StoreError `damaged-investigation`
 */
export function listInvestigations(
  db: Database,
  page: InvestigationPage,
): { investigations: ListedInvestigation[]; nextCursor?: string } {
  const { before, limit } = readPage('investigations', page, PAGE_LIMIT)
  const { rollout, run } = page
  const only = [
    ...(rollout === undefined ? [] : [{ sql: 'AND rollout = ?', value: rollout }]),
    ...(run === undefined ? [] : [{ sql: 'AND run = ?', value: run }]),
  ]
  return db.attempt('list investigations', () => {
    const rows = db
      .prepare(
        `SELECT number, id, rollout, run, at, title FROM investigations
         WHERE number < ? ${only.map(({ sql }) => sql).join(' ')}
         ORDER BY number DESC LIMIT ?`,
      )
      .all(before, ...only.map(({ value }) => value), limit + 1)
      .map((row) => undamaged(db, () => listedOf(row)))
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    const investigations = shown.map(({ listed }) => listed)
    if (rows.length <= limit || last === undefined) return { investigations }
    return { investigations, nextCursor: `n${last.number}` }
  })
}

function listedOf(row: unknown): { number: number; listed: ListedInvestigation } {
  const { number, rollout, ...rest }: Record<string, unknown> = { ...Object(row) }
  const listed = listedSchema.parse({ ...rest, ...(rollout === null ? {} : { rollout }) })
  return { number: Number(number), listed }
}

function undamaged<Value>(db: Database, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw new StoreError(`Cannot read an investigation: "${db.file}" holds a damaged one`, {
      code: 'damaged-investigation',
      where: db.file,
      mend: `delete it or use another file (${messageOf(error).slice(0, 200)})`,
      cause: error,
    })
  }
}
