/** What stands in blocks, read. Several reads belong into one `Database.snapshot`. */

import type { Database } from '../open.ts'
import { AMOUNTS, codesOf, numbersOf, placeOf, type Amount } from './layout.ts'
import { addTo } from './slots.ts'

/** By slot; those of free slots are `FREE`. */
export function positionsIn(db: Database, block: number): Float64Array {
  return numbersOf(one(db, 'SELECT positions FROM profile_blocks WHERE block = ?', block))
}

/** How many slots there are. */
export function slotsIn(db: Database, block: number): number {
  return Number(
    one(db, 'SELECT length(positions) / 8 FROM profile_blocks WHERE block = ?', block) ?? 0,
  )
}

/** Sets the bits of the slots that have the term; false where none has. */
export function addTerm(db: Database, bits: Uint32Array, term: number, block: number): boolean {
  const sql = 'SELECT slots FROM profile_slots WHERE place = ?'
  const blob = one(db, sql, placeOf(term, block))
  if (blob === undefined) return false
  addTo(bits, blob)
  return true
}

/** By slot: codes in the order of the amounts (see `codeOf`). */
export function codesIn(db: Database, amount: Amount, block: number): Uint16Array {
  const place = placeOf(AMOUNTS.indexOf(amount), block)
  return codesOf(one(db, 'SELECT coarse FROM profile_amounts WHERE place = ?', place))
}

/** By slot. */
export function amountsIn(db: Database, amount: Amount, block: number): Float64Array {
  const place = placeOf(AMOUNTS.indexOf(amount), block)
  return numbersOf(one(db, 'SELECT exact FROM profile_amounts WHERE place = ?', place))
}

function one(db: Database, sql: string, key: number): unknown {
  return db.prepare(sql).pluck().get(key)
}
