/** Alerts: one row for each key, whether it fires, and how often it has. */

import { alertSchema, type Alert } from '../src/core/contract/investigation.ts'
import { StoreError, messageOf } from '../src/core/errors.ts'
import type { Database } from './open.ts'
import { readPage } from './page.ts'

/** Alerts that are kept; resolved ones go first, the oldest before all. */
const ALERT_LIMIT = 5000
const PAGE_LIMIT = 1000

export type AlertDraft = Omit<Alert, 'id'>
export interface ChangedAlert {
  readonly alert: Alert
  /** How often it has fired, this time included. */
  readonly firings: number
}

/**
 * Writes an alert down; undefined if there is nothing new: its key fires already, or it is a
 * finished fact (a draft that is `resolved`) that is known. A resolved one fires again as itself.
 */
export function addAlert(db: Database, draft: AlertDraft): ChangedAlert | undefined {
  return db.attempt('store an alert', () =>
    db.transaction(() => {
      const known = findBy(db, 'key', draft.key)
      if (known !== undefined && (known.state === 'firing' || draft.state === 'resolved')) return
      if (known !== undefined) return fireAgain(db, known, draft)
      const alert = { ...draft, id: `a${countUp(db, 'alert')}` }
      insertAlert(db, alert)
      forgetOldAlerts(db)
      return { alert, firings: 1 }
    }),
  )
}

/** Undefined if it was not firing. */
export function resolveAlert(db: Database, key: string, at: string): ChangedAlert | undefined {
  return db.attempt('resolve an alert', () =>
    db.transaction(() => {
      const known = findBy(db, 'key', key)
      if (known?.state !== 'firing') return undefined
      db.prepare("UPDATE alerts SET state = 'resolved', resolved_at = ? WHERE key = ?").run(at, key)
      const alert: Alert = { ...known, state: 'resolved', resolvedAt: at }
      return { alert, firings: firingsOf(db, alert.id) }
    }),
  )
}

/** Keys of the alerts of a rollout that fire, oldest first. */
export function firingKeys(db: Database, rollout: string): string[] {
  return db.attempt('read alerts', () =>
    db
      .prepare(
        "SELECT key FROM alerts WHERE rollout = ? AND state = 'firing' ORDER BY number LIMIT ?",
      )
      .pluck()
      .all(rollout, ALERT_LIMIT)
      .map(String),
  )
}

/** @throws StoreError with code `damaged-alert` if what is stored cannot be read */
export function findAlert(db: Database, id: string): Alert | undefined {
  return db.attempt('read an alert', () => findBy(db, 'id', id))
}

/**
 * A page of alerts, those that fired last first.
 * @throws UsageError with code `bad-limit` or `bad-cursor`; StoreError `damaged-alert`
 */
export function listAlerts(
  db: Database,
  page: { limit: number; cursor?: string },
): { alerts: Alert[]; nextCursor?: string } {
  const { before, limit } = readPage('alerts', page, PAGE_LIMIT)
  return db.attempt('list alerts', () => {
    const rows = db
      .prepare('SELECT * FROM alerts WHERE number < ? ORDER BY number DESC LIMIT ?')
      .all(before, limit + 1)
    const shown = rows.slice(0, limit)
    const alerts = shown.map((row) => alertOf(db, row))
    if (rows.length <= limit) return { alerts }
    return { alerts, nextCursor: `n${String(columnOf(shown.at(-1), 'number'))}` }
  })
}

/** A new row number, so that what fires now stands first in the list. */
function fireAgain(db: Database, known: Alert, draft: AlertDraft): ChangedAlert {
  db.prepare('DELETE FROM alerts WHERE id = ?').run(known.id)
  const alert = { ...draft, id: known.id }
  insertAlert(db, alert)
  countUp(db, refiringCounter(known.id))
  return { alert, firings: firingsOf(db, known.id) }
}

function insertAlert(db: Database, alert: Alert): void {
  db.prepare(
    `INSERT INTO alerts (number, id, key, rollout, kind, state, severity, since, resolved_at, title,
       runbook, investigation)
     VALUES ((SELECT coalesce(max(number), 0) + 1 FROM alerts), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    alert.id,
    alert.key,
    alert.rollout,
    alert.kind,
    alert.state,
    alert.severity,
    alert.since,
    alert.resolvedAt ?? null,
    alert.title,
    alert.runbook ?? null,
    alert.investigation ?? null,
  )
}

function forgetOldAlerts(db: Database): void {
  const gone = db
    .prepare(
      `DELETE FROM alerts WHERE number IN (
         SELECT number FROM alerts ORDER BY state = 'firing', number
         LIMIT max(0, (SELECT count(*) FROM alerts) - ?)) RETURNING id`,
    )
    .pluck()
    .all(ALERT_LIMIT)
  for (const id of gone) {
    db.prepare('DELETE FROM counters WHERE name = ?').run(refiringCounter(String(id)))
  }
}

/** Only an alert that fired more than once has a counter. */
function refiringCounter(id: string): string {
  return `refirings of ${id}`
}

function firingsOf(db: Database, id: string): number {
  const refirings = db
    .prepare('SELECT value FROM counters WHERE name = ?')
    .pluck()
    .get(refiringCounter(id))
  return 1 + Number(refirings ?? 0)
}

function countUp(db: Database, name: string): number {
  const next = db
    .prepare(
      `INSERT INTO counters VALUES (?, 1)
       ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
    )
    .pluck()
    .get(name)
  return Number(next)
}

function findBy(db: Database, column: 'id' | 'key', value: string): Alert | undefined {
  const row = db.prepare(`SELECT * FROM alerts WHERE ${column} = ?`).get(value)
  return row === undefined ? undefined : alertOf(db, row)
}

function alertOf(db: Database, row: unknown): Alert {
  const optional = (name: string, column = name): Record<string, unknown> => {
    const value = columnOf(row, column)
    return value === null ? {} : { [name]: value }
  }
  const names = ['id', 'key', 'kind', 'state', 'severity', 'since', 'rollout', 'title'] as const
  const parsed = alertSchema.safeParse({
    ...Object.fromEntries(names.map((name) => [name, columnOf(row, name)])),
    ...optional('resolvedAt', 'resolved_at'),
    ...optional('runbook'),
    ...optional('investigation'),
  })
  if (parsed.success) return parsed.data
  throw new StoreError(`Cannot read an alert: "${db.file}" holds a damaged one`, {
    code: 'damaged-alert',
    where: db.file,
    mend: `delete it or use another file (${messageOf(parsed.error).slice(0, 200)})`,
    cause: parsed.error,
  })
}

function columnOf(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined
}
