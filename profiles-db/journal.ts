/** The lines of a rollout's journal: numbered 1, 2, 3, … and never changed. */

import { StoreError, messageOf } from '../src/core/errors.ts'
import type { Database } from './open.ts'

export interface JournalLine {
  readonly seq: number
  readonly epoch: number
  readonly at: string
  readonly kind: string
  readonly actor: string
  readonly document: Readonly<Record<string, unknown>>
}

export type NewLine = Pick<JournalLine, 'kind' | 'actor' | 'document'>

/** Lines after `afterSeq`, oldest first, at most `limit`. */
export function readJournal(
  db: Database,
  id: string,
  afterSeq: number,
  limit: number,
): JournalLine[] {
  return db.attempt('read the journal of a rollout', () =>
    db
      .prepare('SELECT * FROM journal WHERE rollout = ? AND seq > ? ORDER BY seq LIMIT ?')
      .all(id, afterSeq, limit)
      .map((row) => lineOf(db, row)),
  )
}

/** The newest lines of some kinds, oldest of them first. */
export function readLastLines(
  db: Database,
  id: string,
  kinds: readonly string[],
  limit: number,
): JournalLine[] {
  const marks = kinds.map(() => '?').join(', ')
  return db.attempt('read the journal of a rollout', () =>
    db
      .prepare(
        `SELECT * FROM journal WHERE rollout = ? AND kind IN (${marks}) ORDER BY seq DESC LIMIT ?`,
      )
      .all(id, ...kinds, limit)
      .map((row) => lineOf(db, row))
      .toReversed(),
  )
}

/** Within the transaction that checked the epoch. */
export function appendLines(
  db: Database,
  id: string,
  epoch: number,
  at: string,
  lines: readonly NewLine[],
): number[] {
  const last = db.prepare('SELECT max(seq) FROM journal WHERE rollout = ?').pluck().get(id)
  const insert = db.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)')
  return lines.map(({ kind, actor, document }, index) => {
    const seq = Number(last ?? 0) + index + 1
    insert.run(id, seq, epoch, at, kind, actor, JSON.stringify(document))
    return seq
  })
}

function lineOf(db: Database, stored: unknown): JournalLine {
  try {
    const row = stored as Omit<JournalLine, 'document'> & { readonly document: string }
    const document: unknown = JSON.parse(row.document)
    if (typeof document !== 'object' || document === null) throw new TypeError('it is no line')
    const { seq, epoch, at, kind, actor } = row
    return { seq, epoch, at, kind, actor, document: { ...document } }
  } catch (error) {
    throw damaged(db, 'line of a journal', error)
  }
}

export function damaged(db: Database, what: string, error: unknown): StoreError {
  return new StoreError(`Cannot read a ${what}: "${db.file}" holds a damaged one`, {
    code: 'damaged-rollout',
    where: db.file,
    mend: `restore the file or use another (${messageOf(error).slice(0, 200)})`,
    cause: error,
  })
}
