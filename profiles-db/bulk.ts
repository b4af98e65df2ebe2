/**
 * Many new profiles at once.
 *
 * Positions are random, so profiles that are written in the order they come touch a random page of
 * every tree, and a large import writes each page many times over. Here they are set aside first, in
 * temporary tables by the leading bits of their position; then each of these is sorted and written,
 * and every tree grows at its end. Terms are collected as lists of positions and written in order,
 * many to a statement. Indexes of amounts are dropped and built anew where the import is not small
 * beside what is stored.
 *
 * All of it is one transaction: a reader sees everything or nothing, and so does whoever opens the
 * file after a crash. Memory stays within fixed bounds, but for the terms that differ.
 */

import type { Database } from './open.ts'
import {
  REACH,
  POSITIONS,
  addProfile,
  documentsAt,
  idOfTerm,
  positionOf,
  selectNumbers,
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
/** Positions of one statement, and how many are held until they are written. */
const POSITIONS_TOGETHER = 500
const POSITIONS_HELD = 12_000_000
/** Indexes are built anew when as many profiles come as this share of those that are stored. */
const REBUILD_SHARE = 1 / 4

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
  for (const { row } of sorted) {
    if (!addProfile(db, row)) return { kind: 'duplicate', userId: row.userId }
  }
  return { kind: 'added', count: rows.length }
}

type Value = string | number

class Staged {
  readonly #db: Database
  readonly #parts: Part[]
  readonly #memberships: Memberships

  constructor(db: Database) {
    this.#db = db
    this.#parts = Array.from({ length: PARTS }, (_, index) => new Part(db, `incoming_${index}`))
    this.#memberships = new Memberships(db)
  }

  add(row: ProfileRow): void {
    const position = positionOf(row.userId)
    this.#parts[Math.floor(position / (POSITIONS / PARTS))]?.add(position, row)
    for (const term of row.terms) this.#memberships.add(term, position)
  }

  write(rowOf: (document: string) => ProfileRow): Added {
    const db = this.#db
    const [stored = 0] = selectNumbers(db, {
      sql: 'SELECT count(*) FROM profiles',
      parameters: [],
    })
    const count = this.#parts.reduce((sum, part) => sum + part.count, 0)
    const indexes = count >= REBUILD_SHARE * stored ? dropIndexes(db) : []
    const displaced: string[] = []
    for (const part of this.#parts) {
      part.flush()
      const written = part.write(stored > 0)
      if (written.kind === 'duplicate') return written
      displaced.push(...written.displaced)
    }
    this.#memberships.write()
    for (const sql of indexes) db.prepare(sql).run()
    for (const document of displaced) addDisplaced(db, rowOf(document), rowOf)
    return { kind: 'added', count }
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
    db.prepare(
      `CREATE TEMP TABLE ${name} (position INTEGER, user_id TEXT, cpu_ms REAL, memory_mb REAL, ` +
        'network_kb REAL, period_s REAL, document TEXT)',
    ).run()
  }

  add(position: number, row: ProfileRow): void {
    const { userId, cpuMs, memoryMb, networkKb, periodSeconds, document } = row
    this.count += 1
    this.#waiting.push(position, userId, cpuMs, memoryMb, networkKb, periodSeconds, document)
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
        `INSERT OR IGNORE INTO profiles SELECT position, user_id, cpu_ms, memory_mb, network_kb,` +
          ` period_s FROM ${table} ORDER BY position`,
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

const COLUMNS = 7

/** Which profiles have which term: lists of positions that are written in order. */
class Memberships {
  readonly #db: Database
  readonly #lists = new Map<Term['kind'], Map<string, number[]>>()
  #held = 0

  constructor(db: Database) {
    this.#db = db
  }

  add({ kind, value }: Term, position: number): void {
    let ofKind = this.#lists.get(kind)
    if (ofKind === undefined) this.#lists.set(kind, (ofKind = new Map()))
    const list = ofKind.get(value)
    if (list === undefined) ofKind.set(value, [position])
    else list.push(position)
    this.#held += 1
    if (this.#held >= POSITIONS_HELD) this.write()
  }

  /** Writes what is held. */
  write(): void {
    const one = this.#db.prepare('INSERT OR IGNORE INTO profile_terms VALUES (?, ?)')
    const many = this.#db.prepare(
      'INSERT OR IGNORE INTO profile_terms SELECT ?, column1 FROM (VALUES ' +
        `${Array.from({ length: POSITIONS_TOGETHER }, () => '(?)').join(', ')})`,
    )
    const terms = [...this.#lists].flatMap(([kind, lists]) =>
      [...lists].map(([value, list]) => ({ id: idOfTerm(this.#db, { kind, value }), list })),
    )
    this.#lists.clear()
    this.#held = 0
    for (const { id, list } of terms.toSorted((left, right) => left.id - right.id)) {
      const positions = Float64Array.from(list).toSorted()
      let index = 0
      for (; index + POSITIONS_TOGETHER <= positions.length; index += POSITIONS_TOGETHER) {
        many.run(id, ...positions.subarray(index, index + POSITIONS_TOGETHER))
      }
      for (; index < positions.length; index += 1) one.run(id, positions[index])
    }
  }
}

/** Puts a user whose place was taken behind it, and takes the terms back that stand at that place. */
function addDisplaced(
  db: Database,
  row: ProfileRow,
  rowOf: (document: string) => ProfileRow,
): void {
  const position = positionOf(row.userId)
  const owned = new Set(
    documentsAt(db, [position]).flatMap((document) =>
      rowOf(document).terms.map((term) => idOfTerm(db, term)),
    ),
  )
  const remove = db.prepare('DELETE FROM profile_terms WHERE term = ? AND position = ?')
  for (const term of row.terms) {
    const id = idOfTerm(db, term)
    if (!owned.has(id)) remove.run(id, position)
  }
  addProfile(db, row)
}

/** Returns the statements that make them again. */
function dropIndexes(db: Database): string[] {
  const rows = db
    .prepare(
      "SELECT name || char(10) || sql FROM sqlite_schema WHERE type = 'index'" +
        " AND tbl_name = 'profiles' AND sql IS NOT NULL",
    )
    .pluck()
    .all()
  return rows.map((row) => {
    const [name = '', ...sql] = String(row).split('\n')
    db.prepare(`DROP INDEX ${name}`).run()
    return sql.join('\n')
  })
}
