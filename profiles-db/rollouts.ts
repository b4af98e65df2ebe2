/**
 * Rollouts, their journals and what belongs to them. The state of a rollout changes only together
 * with lines of its journal, in one transaction that checks the writer's epoch: whoever took the
 * rollout over has a higher one, and who lost it can write nothing any more.
 */

import { policyDocumentSchema } from '../src/core/contract/policy.ts'
import type { Policy } from '../src/core/contract/policy-rules.ts'
import type { RolloutStateName } from '../src/core/contract/rollout.ts'
import { CapacityError, StoreError } from '../src/core/errors.ts'
import { appendLines, damaged, type NewLine } from './journal.ts'
import type { Database } from './open.ts'
import { readPage } from './page.ts'

export interface StoredRollout {
  readonly id: string
  readonly name: string
  readonly version?: string
  readonly target: string
  readonly router: string
  readonly policy: Policy
  /** ISO 8601. */
  readonly startedAt: string
  readonly startedBy: string
  readonly endedAt?: string
  readonly state: RolloutStateName
  /** The state of the policy's machine, as JSON data. */
  readonly document: unknown
  readonly run?: string
  readonly epoch: number
  /** `host:pid` of the controller; left out where nobody controls it. */
  readonly holder?: string
  readonly heartbeatMs: number
}

/** What a transaction changes of the rollout beside its journal. */
export interface RolloutChanges {
  readonly state: RolloutStateName
  readonly document: unknown
  readonly endedAt?: string
  readonly run?: string
}

/** Rollouts that are kept when they are over; the oldest go first, with all that belongs to them. */
const ROLLOUT_LIMIT = 1000
const PAGE_LIMIT = 1000

/**
 * Writes a new rollout down, held by `holder`, with the first lines of its journal.
 * @throws CapacityError `rollout-open` while its router or its target has one that is not over
 */
export function insertRollout(
  db: Database,
  rollout: Omit<StoredRollout, 'id' | 'epoch' | 'endedAt'> & { readonly holder: string },
  lines: readonly NewLine[],
): { readonly id: string; readonly epoch: number } {
  return db.attempt('store a rollout', () =>
    db.transaction(() => {
      const open = db
        .prepare(
          'SELECT id, router FROM rollouts WHERE ended_at IS NULL AND (router = ? OR target = ?)',
        )
        .get(rollout.router, rollout.target)
      if (isOpen(open)) throw alreadyOpen(open, rollout)
      const number = db
        .prepare(
          `INSERT INTO counters VALUES ('rollout', 1)
           ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
        )
        .pluck()
        .get()
      const id = `r${Number(number)}`
      db.prepare(
        `INSERT INTO rollouts (id, name, version, target, router, policy, started_at, started_by,
           state, document, run, epoch, holder, heartbeat_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 1, ?, ?)`,
      ).run(
        id,
        rollout.name,
        rollout.version ?? null,
        rollout.target,
        rollout.router,
        JSON.stringify(rollout.policy),
        rollout.startedAt,
        rollout.startedBy,
        rollout.state,
        JSON.stringify(rollout.document),
        rollout.holder,
        rollout.heartbeatMs,
      )
      appendLines(db, id, 1, rollout.startedAt, lines)
      forgetOld(db)
      return { id, epoch: 1 }
    }),
  )
}

/**
 * Lines for the journal and the state that they lead to, all or nothing.
 * @returns the numbers of the lines
 * @throws StoreError `rollout-fenced` if another controller took the rollout over
 */
export function recordRollout(
  db: Database,
  rollout: { readonly id: string; readonly epoch: number },
  at: string,
  lines: readonly NewLine[],
  changes?: RolloutChanges,
): number[] {
  return db.attempt('write the journal of a rollout', () =>
    db.transaction(() => {
      checkEpoch(db, rollout)
      if (changes !== undefined) {
        db.prepare(
          `UPDATE rollouts SET state = ?, document = ?, ended_at = ?, run = coalesce(?, run)
           WHERE id = ?`,
        ).run(
          changes.state,
          JSON.stringify(changes.document),
          changes.endedAt ?? null,
          changes.run ?? null,
          rollout.id,
        )
      }
      return appendLines(db, rollout.id, rollout.epoch, at, lines)
    }),
  )
}

/** Says that the controller lives. @throws StoreError `rollout-fenced` */
export function beat(
  db: Database,
  rollout: { readonly id: string; readonly epoch: number },
  nowMs: number,
): void {
  db.attempt('hold a rollout', () =>
    db.transaction(() => {
      checkEpoch(db, rollout)
      db.prepare('UPDATE rollouts SET heartbeat_ms = ? WHERE id = ?').run(nowMs, rollout.id)
    }),
  )
}

/**
 * Takes a rollout over if nobody holds it, or if who held it is gone.
 * @param isGone whether this holder, who was heard last at that time, is gone
 * @returns the new epoch; undefined while another holds it
 */
export function takeRollout(
  db: Database,
  id: string,
  holder: string,
  nowMs: number,
  isGone: (holder: string, heartbeatMs: number) => boolean,
): number | undefined {
  return db.attempt('take over a rollout', () =>
    db.transaction(() => {
      const before = findRollout(db, id)
      if (before === undefined || before.endedAt !== undefined) return undefined
      if (before.holder !== undefined && !isGone(before.holder, before.heartbeatMs)) {
        return undefined
      }
      const epoch = before.epoch + 1
      db.prepare('UPDATE rollouts SET epoch = ?, holder = ?, heartbeat_ms = ? WHERE id = ?').run(
        epoch,
        holder,
        nowMs,
        id,
      )
      return epoch
    }),
  )
}

/** Lets go; one that was taken over already is left alone. */
export function letGo(
  db: Database,
  { id, epoch }: { readonly id: string; readonly epoch: number },
): void {
  db.attempt('let go of a rollout', () => {
    db.prepare('UPDATE rollouts SET holder = NULL WHERE id = ? AND epoch = ?').run(id, epoch)
  })
}

/** @throws StoreError `damaged-rollout` if what is stored cannot be read */
export function findRollout(db: Database, id: string): StoredRollout | undefined {
  return db.attempt('read a rollout', () => {
    const row = db.prepare('SELECT * FROM rollouts WHERE id = ?').get(id)
    return row === undefined ? undefined : rolloutOf(db, row).rollout
  })
}

/** Those that are not over, oldest first. */
export function openRollouts(db: Database): StoredRollout[] {
  return db.attempt('list rollouts', () =>
    db
      .prepare('SELECT * FROM rollouts WHERE ended_at IS NULL ORDER BY number')
      .all()
      .map((row) => rolloutOf(db, row).rollout),
  )
}

/** Newest first. @throws UsageError `bad-limit` or `bad-cursor` */
export function listRollouts(
  db: Database,
  page: { readonly limit: number; readonly cursor?: string },
): { rollouts: StoredRollout[]; nextCursor?: string } {
  const { before, limit } = readPage('rollouts', page, PAGE_LIMIT)
  return db.attempt('list rollouts', () => {
    const rows = db
      .prepare('SELECT * FROM rollouts WHERE number < ? ORDER BY number DESC LIMIT ?')
      .all(before, limit + 1)
      .map((row) => rolloutOf(db, row))
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    const rollouts = shown.map(({ rollout }) => rollout)
    if (rows.length <= limit || last === undefined) return { rollouts }
    return { rollouts, nextCursor: `n${last.number}` }
  })
}

function checkEpoch(
  db: Database,
  { id, epoch }: { readonly id: string; readonly epoch: number },
): void {
  const now = db.prepare('SELECT epoch FROM rollouts WHERE id = ?').pluck().get(id)
  if (now === epoch) return
  throw new StoreError(`Cannot control rollout ${id}: another controller took it over`, {
    code: 'rollout-fenced',
    where: db.file,
    mend: 'nothing is to be done: the other one goes on with it',
  })
}

const BELONGINGS = ['journal', 'words', 'readings', 'evidence'] as const

function forgetOld(db: Database): void {
  const old = db
    .prepare(
      `SELECT id FROM rollouts WHERE ended_at IS NOT NULL
       AND number <= (SELECT max(number) FROM rollouts) - ?`,
    )
    .pluck()
    .all(ROLLOUT_LIMIT)
  for (const id of old) {
    for (const table of BELONGINGS) {
      db.prepare(`DELETE FROM ${table} WHERE rollout = ?`).run(id)
    }
    db.prepare('DELETE FROM rollouts WHERE id = ?').run(id)
  }
}

interface Row {
  readonly number: number
  readonly id: string
  readonly name: string
  readonly version: string | null
  readonly target: string
  readonly router: string
  readonly policy: string
  readonly started_at: string
  readonly started_by: string
  readonly ended_at: string | null
  readonly state: RolloutStateName
  readonly document: string
  readonly run: string | null
  readonly epoch: number
  readonly holder: string | null
  readonly heartbeat_ms: number
}

function rolloutOf(db: Database, stored: unknown): { number: number; rollout: StoredRollout } {
  try {
    // The columns have types (STRICT) and only this module writes them.
    const row = stored as Row
    const rollout = {
      id: row.id,
      name: row.name,
      ...(row.version === null ? {} : { version: row.version }),
      target: row.target,
      router: row.router,
      policy: policyDocumentSchema.parse(JSON.parse(row.policy)),
      startedAt: row.started_at,
      startedBy: row.started_by,
      ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
      state: row.state,
      document: JSON.parse(row.document) as unknown,
      ...(row.run === null ? {} : { run: row.run }),
      epoch: row.epoch,
      ...(row.holder === null ? {} : { holder: row.holder }),
      heartbeatMs: row.heartbeat_ms,
    }
    return { number: row.number, rollout }
  } catch (error) {
    throw damaged(db, 'rollout', error)
  }
}

function isOpen(row: unknown): row is { readonly id: string; readonly router: string } {
  return typeof row === 'object' && row !== null
}

function alreadyOpen(
  open: { readonly id: string; readonly router: string },
  rollout: { readonly router: string; readonly target: string },
): CapacityError {
  const what =
    open.router === rollout.router ? `router "${rollout.router}"` : `target "${rollout.target}"`
  return new CapacityError(`Cannot start the rollout: ${open.id} on ${what} is not over`, {
    code: 'rollout-open',
    where: what,
    mend: `outrider rollout status ${open.id} shows it; wait for its end, or abort it`,
  })
}
