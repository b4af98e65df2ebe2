/** The statements for profiles. What a profile is, and which ones are meant, is not known here. */

import { hash53 } from '../src/core/random.ts'
import type { Database } from './open.ts'

/** What is stored of a profile: the columns that criteria name, and the whole as text. */
export interface ProfileRow {
  readonly userId: string
  readonly geoLocation: string
  readonly deviceType: string
  readonly source: string
  readonly cpuMs: number
  readonly memoryMb: number
  readonly networkKb: number
  readonly periodSeconds: number
  readonly labels: readonly string[]
  readonly actions: readonly string[]
  readonly document: string
}

export interface Query {
  readonly sql: string
  readonly parameters: readonly (string | number)[]
}

/** Positions are integers in [0, POSITIONS). */
export const POSITIONS = 2 ** 53

/** Where in the fixed random order of all users this one belongs. */
export function positionOf(userId: string): number {
  return hash53(0, userId)
}

/** False when the user_id is there already; must run in a transaction. */
export function addProfile(db: Database, row: ProfileRow): boolean {
  if (findPosition(db, row.userId) !== undefined) return false
  const position = freePosition(db, positionOf(row.userId))
  db.prepare('INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    position,
    row.userId,
    row.geoLocation.slice(0, 2),
    row.geoLocation,
    row.deviceType,
    row.source,
    row.cpuMs,
    row.memoryMb,
    row.networkKb,
    row.periodSeconds,
  )
  db.prepare('INSERT INTO profile_documents VALUES (?, ?)').run(position, row.document)
  const label = db.prepare('INSERT OR IGNORE INTO profile_labels VALUES (?, ?)')
  for (const name of new Set(row.labels)) label.run(name, position)
  const action = db.prepare('INSERT OR IGNORE INTO profile_actions VALUES (?, ?)')
  for (const name of new Set(row.actions)) action.run(name, position)
  return true
}

/**
 * False when there is none; must run in a transaction.
 * @param labels those it was stored with
 * @param actions those it was stored with
 */
export function removeProfile(
  db: Database,
  userId: string,
  labels: readonly string[],
  actions: readonly string[],
): boolean {
  const position = findPosition(db, userId)
  if (position === undefined) return false
  const label = db.prepare('DELETE FROM profile_labels WHERE label = ? AND position = ?')
  for (const name of labels) label.run(name, position)
  const action = db.prepare('DELETE FROM profile_actions WHERE action = ? AND position = ?')
  for (const name of actions) action.run(name, position)
  db.prepare('DELETE FROM profile_documents WHERE position = ?').run(position)
  db.prepare('DELETE FROM profiles WHERE position = ?').run(position)
  return true
}

export function findDocument(db: Database, userId: string): string | undefined {
  const position = findPosition(db, userId)
  return position === undefined ? undefined : documentsAt(db, [position])[0]
}

/** The documents at these positions, in their order; one that was deleted meanwhile is left out. */
export function documentsAt(db: Database, positions: readonly number[]): string[] {
  const statement = db.prepare('SELECT document FROM profile_documents WHERE position = ?').pluck()
  return positions.flatMap((position) => {
    const document = statement.get(position)
    return typeof document === 'string' ? [document] : []
  })
}

/** The first column of each row, as numbers. */
export function selectNumbers(db: Database, query: Query): number[] {
  return db
    .prepare(query.sql)
    .pluck()
    .all(...query.parameters)
    .map(Number)
}

function findPosition(db: Database, userId: string): number | undefined {
  const found = db.prepare('SELECT position FROM profiles WHERE user_id = ?').pluck().get(userId)
  return found === undefined ? undefined : Number(found)
}

/** Of a million users two hashes are equal once in 18 000 databases; the later moves on by one. */
function freePosition(db: Database, wanted: number): number {
  const taken = db.prepare('SELECT 1 FROM profiles WHERE position = ?')
  let position = wanted
  while (taken.get(position) !== undefined) position = (position + 1) % POSITIONS
  return position
}
