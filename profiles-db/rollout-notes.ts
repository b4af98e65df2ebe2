/** What gathers beside a rollout's journal: words of people, readings, evidence, the audit log. */

import { auditListSchema, type AuditEntry } from '../src/core/contract/investigation.ts'
import { ROLLOUT_ACTS, type RolloutAct } from '../src/core/contract/rollout.ts'
import type { Database } from './open.ts'
import { readPage } from './page.ts'

export interface StoredWord {
  readonly number: number
  readonly act: RolloutAct
  readonly by: string
  readonly reason?: string
}

/** Words that may wait for one rollout: a stuck controller must not fill the disk. */
const MOST_WORDS = 100
/** A day at one reading in ten seconds. */
const MOST_READINGS = 8640
const AUDIT_LIMIT = 100_000
const PAGE_LIMIT = 1000

/** False where too many words wait already. */
export function addWord(
  db: Database,
  rollout: string,
  word: Omit<StoredWord, 'number'>,
  at: string,
): boolean {
  return db.attempt('keep the word of a person', () =>
    db.transaction(() => {
      if (waitingWords(db, rollout).length >= MOST_WORDS) return false
      db.prepare('INSERT INTO words (rollout, at, act, by, reason) VALUES (?, ?, ?, ?, ?)').run(
        rollout,
        at,
        word.act,
        word.by,
        word.reason ?? null,
      )
      return true
    }),
  )
}

/** Words that nobody answered yet, oldest first. */
export function waitingWords(db: Database, rollout: string): StoredWord[] {
  return db.attempt('read the words of people', () =>
    db
      .prepare(
        'SELECT number, act, by, reason FROM words WHERE rollout = ? AND answer IS NULL ORDER BY number',
      )
      .all(rollout)
      .flatMap((row) => wordOf(row)),
  )
}

export function answerWord(db: Database, number: number, answer: string): void {
  db.attempt('answer the word of a person', () => {
    db.prepare('UPDATE words SET answer = ? WHERE number = ?').run(answer, number)
  })
}

/** Adds a reading; the oldest beyond the limit go. */
export function saveReading(db: Database, rollout: string, atMs: number, document: unknown): void {
  db.attempt('store a reading', () =>
    db.transaction(() => {
      db.prepare('INSERT OR REPLACE INTO readings VALUES (?, ?, ?)').run(
        rollout,
        atMs,
        JSON.stringify(document),
      )
      db.prepare(
        `DELETE FROM readings WHERE rollout = ? AND at_ms < (SELECT at_ms FROM readings
           WHERE rollout = ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?)`,
      ).run(rollout, rollout, MOST_READINGS)
    }),
  )
}

/** Oldest first, thinned to at most `most`. */
export function readReadings(db: Database, rollout: string, most: number): unknown[] {
  return db.attempt('read the readings of a rollout', () => {
    const rows = db
      .prepare('SELECT document FROM readings WHERE rollout = ? ORDER BY at_ms')
      .pluck()
      .all(rollout)
    const every = Math.ceil(rows.length / most)
    return rows
      .filter((_, index) => (rows.length - 1 - index) % Math.max(1, every) === 0)
      .map((row): unknown => JSON.parse(String(row)))
  })
}

/** The newest one; undefined where there is none. */
export function readLastReading(db: Database, rollout: string): unknown {
  return db.attempt('read the readings of a rollout', () => {
    const row = db
      .prepare('SELECT document FROM readings WHERE rollout = ? ORDER BY at_ms DESC LIMIT 1')
      .pluck()
      .get(rollout)
    return typeof row === 'string' ? (JSON.parse(row) as unknown) : undefined
  })
}

export function saveEvidence(db: Database, rollout: string, document: string): void {
  db.attempt('store the evidence of a rollout', () => {
    db.prepare('INSERT OR REPLACE INTO evidence VALUES (?, ?)').run(rollout, document)
  })
}

export function readEvidence(db: Database, rollout: string): string | undefined {
  return db.attempt('read the evidence of a rollout', () => {
    const row = db.prepare('SELECT document FROM evidence WHERE rollout = ?').pluck().get(rollout)
    return typeof row === 'string' ? row : undefined
  })
}

export function forgetEvidence(db: Database, rollout: string): void {
  db.attempt('forget the evidence of a rollout', () => {
    db.prepare('DELETE FROM evidence WHERE rollout = ?').run(rollout)
  })
}

export function addAudit(db: Database, entry: Omit<AuditEntry, 'number'>): void {
  db.attempt('write the audit log', () =>
    db.transaction(() => {
      const { at, who, what, subject, status, detail } = entry
      const { lastInsertRowid } = db
        .prepare(
          'INSERT INTO audit (at, who, what, subject, status, detail) VALUES (?, ?, ?, ?, ?, ?)',
        )
        .run(at, who, what, subject, status, detail ?? null)
      db.prepare('DELETE FROM audit WHERE number <= ?').run(Number(lastInsertRowid) - AUDIT_LIMIT)
    }),
  )
}

/** Newest first. @throws UsageError `bad-limit` or `bad-cursor` */
export function listAudit(
  db: Database,
  page: { readonly limit: number; readonly cursor?: string },
): { entries: AuditEntry[]; nextCursor?: string } {
  const { before, limit } = readPage('the audit log', page, PAGE_LIMIT)
  return db.attempt('read the audit log', () => {
    const rows = db
      .prepare('SELECT * FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?')
      .all(before, limit + 1)
      .map((row) => withoutNulls(row))
    const { entries } = auditListSchema.parse({ entries: rows.slice(0, limit) })
    const last = entries.at(-1)
    return rows.length <= limit || last === undefined
      ? { entries }
      : { entries, nextCursor: `n${last.number}` }
  })
}

function withoutNulls(row: unknown): Record<string, unknown> {
  const isRow = typeof row === 'object' && row !== null
  return Object.fromEntries(Object.entries(isRow ? row : {}).filter(([, value]) => value !== null))
}

function wordOf(row: unknown): StoredWord[] {
  const { number, act, by, reason } = withoutNulls(row)
  const known = ROLLOUT_ACTS.find((name) => name === act)
  if (known === undefined) return []
  return [
    {
      number: Number(number),
      act: known,
      by: String(by),
      ...(typeof reason === 'string' ? { reason } : {}),
    },
  ]
}
