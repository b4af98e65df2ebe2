/**
 * Many new profiles at once.
 *
 * Positions are random, so profiles that are written in the order they come touch a random page of
 * the table, and a large import writes each page many times over. Here they are set aside first, in
 * temporary tables by the leading bits of their position; then each of these is sorted and written,
 * and the tables grow at their end. Terms and amounts are collected by block (blocks/write.ts).
 *
 * All of it is one transaction: a reader sees everything or nothing, and so does whoever opens the
 * file after a crash. Memory stays within fixed bounds, but for the terms that differ.
 */

import { POSITIONS } from './blocks/layout.ts'
import { BlockWriter, clearPosition } from './blocks/write.ts'
import type { Database } from './open.ts'
import {
  REACH,
  addProfile,
  documentsAt,
  idOfTerm,
  positionOf,
  type ProfileRow,
  type Term,
} from './profiles.ts'

export type Added =
  | { readonly kind: 'added'; readonly count: number }
  | { readonly kind: 'duplicate'; readonly userId: string }

/** Fewer rows, and fewer characters of documents, than these are written one by one. */
const FEW_ROWS = 2000
const FEW_CHARACTERS = 16 * 2 ** 20
const PARTS = 32
/** Rows of one statement, and the length of a document that goes alone. */
const STAGED_TOGETHER = 40
const LONG_DOCUMENT = 2 ** 16
/**
 * Adds all rows, or says which user_id is there already or comes twice; then the transaction it runs
 * in must be given up.
 * @param rowOf the row of a stored document
 */
export function addProfiles(
  db: Database,
  rows: Iterable<ProfileRow>,
  rowOf: (document: string) => ProfileRow,
): Added {
  const first: ProfileRow[] = []
  let characters = 0
  let staged: Staged | undefined
  try {
    for (const row of rows) {
      if (staged !== undefined) {
        staged.add(row)
        continue
      }
      first.push(row)
      characters += row.document.length
      if (first.length < FEW_ROWS && characters < FEW_CHARACTERS) continue
      staged = new Staged(db)
      for (const earlier of first) staged.add(earlier)
      first.length = 0
    }
    return staged === undefined ? addSorted(db, first) : staged.write(rowOf)
  } finally {
    staged?.drop()
  }
}

/** Neighbours share pages. */
function addSorted(db: Database, rows: readonly ProfileRow[]): Added {
  const sorted = rows
    .map((row) => ({ row, position: positionOf(row.userId) }))
    .toSorted((left, right) => left.position - right.position)
  const blocks = new BlockWriter(db)
  for (const { row } of sorted) {
    if (!addProfile(db, row, blocks)) return { kind: 'duplicate', userId: row.userId }
  }
  blocks.write()
  return { kind: 'added', count: rows.length }
}

type Value = string | number

class Staged {
  readonly #db: Database
  readonly #parts: Part[]
  readonly #blocks: BlockWriter
  readonly #terms = new Map<Term['kind'], Map<string, number>>()

  constructor(db: Database) {
    this.#db = db
    this.#parts = Array.from({ length: PARTS }, (_, index) => new Part(db, `incoming_${index}`))
    this.#blocks = new BlockWriter(db)
  }

  add(row: ProfileRow): void {
    const position = positionOf(row.userId)
    this.#parts[Math.floor(position / (POSITIONS / PARTS))]?.add(position, row)
    const terms = row.terms.map((term) => this.#idOf(term))
    this.#blocks.add(position, row.amounts, terms)
  }

  write(rowOf: (document: string) => ProfileRow): Added {
    const db = this.#db
    const isEmpty = db.prepare('SELECT 1 FROM profiles LIMIT 1').get() === undefined
    const count = this.#parts.reduce((sum, part) => sum + part.count, 0)
    const displaced: string[] = []
    for (const part of this.#parts) {
      part.flush()
      const written = part.write(!isEmpty)
      if (written.kind === 'duplicate') return written
      displaced.push(...written.displaced)
    }
    this.#blocks.write()
    if (displaced.length > 0) addDisplaced(db, displaced.map(rowOf), rowOf)
    return { kind: 'added', count }
  }

  /** Names stay known for the import: they are looked up for every profile. */
  #idOf(term: Term): number {
    let ofKind = this.#terms.get(term.kind)
    if (ofKind === undefined) this.#terms.set(term.kind, (ofKind = new Map()))
    let id = ofKind.get(term.value)
    if (id === undefined) ofKind.set(term.value, (id = idOfTerm(this.#db, term)))
    return id
  }

  drop(): void {
    for (const part of this.#parts) part.drop()
  }
}

type Written =
  | { readonly kind: 'written'; readonly displaced: readonly string[] }
  | { readonly kind: 'duplicate'; readonly userId: string }

/** The rows of one stretch of positions, set aside. */
class Part {
  count = 0
  readonly #db: Database
  readonly #table: string
  #waiting: Value[] = []

  constructor(db: Database, name: string) {
    this.#db = db
    this.#table = `temp.${name}`
    db.prepare(`CREATE TEMP TABLE ${name} (position INTEGER, user_id TEXT, document TEXT)`).run()
  }

  add(position: number, row: ProfileRow): void {
    const { userId, document } = row
    this.count += 1
    this.#waiting.push(position, userId, document)
    const isFull = this.#waiting.length === STAGED_TOGETHER * COLUMNS
    if (isFull || document.length > LONG_DOCUMENT) this.flush()
  }

  flush(): void {
    const rows = this.#waiting.length / COLUMNS
    if (rows === 0) return
    if (rows === STAGED_TOGETHER) this.#insert(STAGED_TOGETHER).run(...this.#waiting)
    else {
      const insert = this.#insert(1)
      for (let index = 0; index < rows; index += 1) {
        insert.run(...this.#waiting.slice(index * COLUMNS, (index + 1) * COLUMNS))
      }
    }
    this.#waiting = []
  }

  /**
   * Writes the rows in order of position, but for those whose place another user has.
   * @param mayExist some of them may be stored already
   */
  write(mayExist: boolean): Written {
    const table = this.#table
    const stored = mayExist ? this.#findStored() : undefined
    if (stored !== undefined) return { kind: 'duplicate', userId: stored }
    const { changes } = this.#db
      .prepare(
        `INSERT OR IGNORE INTO profiles SELECT position, user_id FROM ${table} ORDER BY position`,
      )
      .run()
    const displaced: string[] = []
    if (changes < this.count) {
      const twice = this.#findText(
        `SELECT user_id FROM ${table} GROUP BY user_id HAVING count(*) > 1 LIMIT 1`,
      )
      if (twice !== undefined) return { kind: 'duplicate', userId: twice }
      displaced.push(...this.#takeDisplaced())
    }
    this.#db
      .prepare(
        `INSERT INTO profile_documents SELECT position, document FROM ${table} ORDER BY position`,
      )
      .run()
    return { kind: 'written', displaced }
  }

  drop(): void {
    this.#db.prepare(`DROP TABLE IF EXISTS ${this.#table}`).run()
  }

  #findStored(): string | undefined {
    return this.#findText(
      `SELECT i.user_id FROM ${this.#table} i CROSS JOIN profiles p` +
        ` WHERE p.position BETWEEN i.position AND i.position + ${REACH}` +
        ' AND p.user_id = i.user_id LIMIT 1',
    )
  }

  #takeDisplaced(): string[] {
    const table = this.#table
    return this.#db
      .prepare(
        `DELETE FROM ${table} AS i WHERE NOT EXISTS (SELECT 1 FROM profiles p` +
          ' WHERE p.position = i.position AND p.user_id = i.user_id) RETURNING document',
      )
      .pluck()
      .all()
      .map(String)
  }

  #findText(sql: string): string | undefined {
    const found = this.#db.prepare(sql).pluck().get()
    return typeof found === 'string' ? found : undefined
  }

  #insert(rows: number): ReturnType<Database['prepare']> {
    const row = `(${Array.from({ length: COLUMNS }, () => '?').join(', ')})`
    const values = Array.from({ length: rows }, () => row).join(', ')
    return this.#db.prepare(`INSERT INTO ${this.#table} VALUES ${values}`)
  }
}

const COLUMNS = 3

/**
 * Puts users whose place was taken behind it. Nobody can tell their slots from those of who stands
 * there, so all of them are written anew.
 */
function addDisplaced(
  db: Database,
  rows: readonly ProfileRow[],
  rowOf: (document: string) => ProfileRow,
): void {
  for (const [position, own] of Map.groupBy(rows, ({ userId }) => positionOf(userId))) {
    const owners = documentsAt(db, [position]).map(rowOf)
    const terms = new Map<string, Term>()
    for (const row of [...owners, ...own]) {
      for (const term of row.terms) terms.set(`${term.kind} ${term.value}`, term)
    }
    const ids = [...terms.values()].map((term) => idOfTerm(db, term))
    clearPosition(db, position, ids)
    const blocks = new BlockWriter(db)
    for (const owner of owners) {
      const own = owner.terms.map((term) => idOfTerm(db, term))
      blocks.add(position, owner.amounts, own)
    }
    for (const row of own) addProfile(db, row, blocks)
    blocks.write()
  }
}
