/** Runs and their reports: what was probed, when, and what came of it. */

import { reportSchema, type Report } from '../src/core/contract/report.ts'
import { StoreError, UsageError, messageOf } from '../src/core/errors.ts'
import type { Database } from './open.ts'

export interface StoredRun {
  readonly id: string
  readonly kind: 'probe'
  readonly name: string
  readonly status: 'running' | 'done' | 'failed'
  /** ISO 8601. */
  readonly startedAt: string
  readonly report?: Report
}

/** Runs that are kept; the oldest go first. A report is about 10 KB. */
const RUN_LIMIT = 5000
const PAGE_LIMIT = 1000

interface Row {
  readonly number: number
  readonly id: string
  readonly kind: StoredRun['kind']
  readonly name: string
  readonly status: StoredRun['status']
  readonly started_at: string
  readonly report: string | null
}

/** The next unused id: `p1`, `p2`, … An id is given out once, also to two processes at once. */
export function nextRunId(db: Database): string {
  return db.attempt('number a run', () => {
    const next = db
      .prepare(
        `INSERT INTO counters VALUES ('run', 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
      )
      .pluck()
      .get()
    return `p${Number(next)}`
  })
}

/** Adds the run, or replaces the one with its id. */
export function saveRun(db: Database, run: StoredRun): void {
  const report = run.report === undefined ? null : JSON.stringify(run.report)
  db.attempt('store a run', () =>
    db.transaction(() => {
      db.prepare(
        `INSERT INTO runs (id, kind, name, status, started_at, report) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
           status = excluded.status, started_at = excluded.started_at, report = excluded.report`,
      ).run(run.id, run.kind, run.name, run.status, run.startedAt, report)
      db.prepare('DELETE FROM runs WHERE number <= (SELECT max(number) FROM runs) - ?').run(
        RUN_LIMIT,
      )
    }),
  )
}

/** @throws StoreError with code `damaged-run` if what is stored cannot be read */
export function findRun(db: Database, id: string): StoredRun | undefined {
  return db.attempt('read a run', () => {
    const row = db.prepare('SELECT * FROM runs WHERE id = ?').get(id)
    return row === undefined ? undefined : runOf(db, row).run
  })
}

/** Whether a run that is done, and whose name ends so, has a report with this key. */
export function hasReportOf(db: Database, wanted: { nameEnd: string; key: string }): boolean {
  return db.attempt('look for a run', () => {
    const found = db
      .prepare(
        `SELECT 1 FROM runs WHERE status = 'done' AND substr(name, -length(:nameEnd)) = :nameEnd
           AND json_type(report, '$.' || :key) IS NOT NULL LIMIT 1`,
      )
      .get(wanted)
    return found !== undefined
  })
}

/**
 * A page of runs, newest first.
 * @throws UsageError with code `bad-limit` or `bad-cursor`
 */
export function listRuns(
  db: Database,
  page: { limit: number; cursor?: string },
): { runs: StoredRun[]; nextCursor?: string } {
  if (!Number.isInteger(page.limit) || page.limit < 1 || page.limit > PAGE_LIMIT) {
    throw new UsageError(`Cannot list runs: limit ${page.limit} is not within 1 to ${PAGE_LIMIT}`, {
      code: 'bad-limit',
      where: '/limit',
      mend: `give a whole number from 1 to ${PAGE_LIMIT}`,
    })
  }
  const before = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(page.cursor)
  return db.attempt('list runs', () => {
    const rows = db
      .prepare('SELECT * FROM runs WHERE number < ? ORDER BY number DESC LIMIT ?')
      .all(before, page.limit + 1)
      .map((row) => runOf(db, row))
    const shown = rows.slice(0, page.limit)
    const last = shown.at(-1)
    const runs = shown.map(({ run }) => run)
    if (rows.length <= page.limit || last === undefined) return { runs }
    return { runs, nextCursor: `r${last.number}` }
  })
}

function readCursor(cursor: string): number {
  const match = /^r(\d{1,15})$/.exec(cursor)
  if (match === null) {
    throw new UsageError(`Cannot list runs: cursor "${cursor.slice(0, 80)}" is not one of ours`, {
      code: 'bad-cursor',
      where: '/cursor',
      mend: 'pass nextCursor of the page before, unchanged',
    })
  }
  return Number(match[1])
}

function runOf(db: Database, stored: unknown): { number: number; run: StoredRun } {
  try {
    if (!isRow(stored)) throw new TypeError('it is no run')
    const row = stored
    const report = row.report === null ? undefined : reportSchema.parse(JSON.parse(row.report))
    const { number, id, kind, name, status } = row
    const run = { id, kind, name, status, startedAt: row.started_at }
    return { number, run: report === undefined ? run : { ...run, report } }
  } catch (error) {
    throw new StoreError(`Cannot read a run: "${db.file}" holds a damaged one`, {
      code: 'damaged-run',
      where: db.file,
      mend: `delete it or use another file (${messageOf(error).slice(0, 200)})`,
      cause: error,
    })
  }
}

/** The columns have types (STRICT); what is left to check are the words. */
function isRow(stored: unknown): stored is Row {
  if (typeof stored !== 'object' || stored === null) return false
  const { kind, status } = { kind: undefined, status: undefined, ...stored }
  return kind === 'probe' && ['running', 'done', 'failed'].includes(String(status))
}
