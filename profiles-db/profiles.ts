/** The statements for profiles. What a profile is, and which ones are meant, is not known here. */

import { hash53 } from '../src/core/random.ts'
import { POSITIONS } from './blocks/layout.ts'
import { clearPosition, type Amounts, type BlockWriter } from './blocks/write.ts'
import type { Database } from './open.ts'

/** What a profile can be asked for by value. */
export type TermKind = 'label' | 'action' | 'country' | 'geo_location' | 'device_type' | 'source'

export interface Term {
  readonly kind: TermKind
  readonly value: string
}

/** What is stored of a profile: what criteria name, and the whole as text. */
export interface ProfileRow {
  readonly userId: string
  readonly amounts: Amounts
  /** Different ones. */
  readonly terms: readonly Term[]
  readonly document: string
}

/** How far behind its own place a user may stand whose place was taken. */
export const REACH = 15

/** Where in the fixed random order of all users this one belongs. */
export function positionOf(userId: string): number {
  return Math.min(hash53(0, userId), POSITIONS - 1 - REACH)
}

/** False when the user_id is there already; must run in a transaction, before `blocks` is written. */
export function addProfile(db: Database, row: ProfileRow, blocks: BlockWriter): boolean {
  if (findPosition(db, row.userId) !== undefined) return false
  const position = freePosition(db, positionOf(row.userId))
  db.prepare('INSERT INTO profiles VALUES (?, ?)').run(position, row.userId)
  db.prepare('INSERT INTO profile_documents VALUES (?, ?)').run(position, row.document)
  const terms = row.terms.map((term) => idOfTerm(db, term))
  blocks.add(position, row.amounts, terms)
  return true
}

/**
 * False when there is none; must run in a transaction.
 * @param terms those it was stored with
 */
export function removeProfile(db: Database, userId: string, terms: readonly Term[]): boolean {
  const position = findPosition(db, userId)
  if (position === undefined) return false
  const ids = terms.map((term) => findTerm(db, term)).filter((id) => id !== undefined)
  const forget = db.prepare('DELETE FROM terms WHERE id = ?')
  for (const id of clearPosition(db, position, ids)) forget.run(id)
  db.prepare('DELETE FROM profile_documents WHERE position = ?').run(position)
  db.prepare('DELETE FROM profiles WHERE position = ?').run(position)
  return true
}

/** The number of the term, or undefined where no profile has it. */
export function findTerm(db: Database, { kind, value }: Term): number | undefined {
  const found = db
    .prepare('SELECT id FROM terms WHERE kind = ? AND value = ?')
    .pluck()
    .get(kind, value)
  return found === undefined ? undefined : Number(found)
}

/** The number of the term, a new one where no profile had it; must run in a transaction. */
export function idOfTerm(db: Database, term: Term): number {
  const known = findTerm(db, term)
  if (known !== undefined) return known
  const added = db
    .prepare('INSERT INTO terms (kind, value) VALUES (?, ?)')
    .run(term.kind, term.value)
  return Number(added.lastInsertRowid)
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

/** Where this user stands: at the place of its name, or behind those who took it first. */
export function findPosition(db: Database, userId: string): number | undefined {
  const position = positionOf(userId)
  const found = db
    .prepare('SELECT position FROM profiles WHERE user_id = ? AND position BETWEEN ? AND ?')
    .pluck()
    .get(userId, position, position + REACH)
  return found === undefined ? undefined : Number(found)
}

/**
 * Of a million users two hashes are equal once in 18 000 databases; the later moves on by one.
 * @throws RangeError if sixteen users share a hash, which does not happen
 */
function freePosition(db: Database, wanted: number): number {
  const taken = db
    .prepare('SELECT position FROM profiles WHERE position BETWEEN ? AND ? ORDER BY position')
    .pluck()
    .all(wanted, wanted + REACH)
    .map(Number)
  const free = taken.findIndex((position, index) => position !== wanted + index)
  const position = wanted + (free === -1 ? taken.length : free)
  if (position > wanted + REACH) throw new RangeError(`No place is free behind ${wanted}`)
  return position
}
