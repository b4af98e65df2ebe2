/**
 * Writing into blocks. What comes is collected and written block by block, so that many profiles cost
 * each blob one reading and one writing; free slots are taken first.
 */

import type { Database } from '../open.ts'
import {
  AMOUNTS,
  BLOCKS,
  FREE,
  blockOf,
  bytesOf,
  codeOf,
  codesOf,
  numbersOf,
  placeOf,
} from './layout.ts'
import { addTo, blobOf, blobOfList, clearBit, setBit, wordCount } from './slots.ts'

/** Doubles of one profile, in the order of AMOUNTS. */
export type Amounts = readonly [number, number, number, number]

/** What comes into one block. */
interface Coming {
  /** Free slots that are not taken yet, the smallest last. */
  readonly free: number[]
  /** Slots there are, those that come included. */
  slots: number
  readonly taken: number[]
  readonly positions: number[]
  readonly amounts: number[][]
}

/** Memberships that are held until they are written. */
const MOST_HELD = 6_000_000

export class BlockWriter {
  readonly #db: Database
  readonly #coming = new Map<number, Coming>()
  /** By term and block, slots as they come. */
  readonly #terms = new Map<number, (number[] | undefined)[]>()
  #held = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** @param terms numbers of its terms, different ones */
  add(position: number, amounts: Amounts, terms: readonly number[]): void {
    const block = blockOf(position)
    const coming = this.#comingInto(block)
    const slot = coming.free.pop() ?? coming.slots++
    coming.taken.push(slot)
    coming.positions.push(position)
    // An amount of -0 would have a code of its own.
    for (const [index, list] of coming.amounts.entries()) list.push((amounts[index] ?? 0) + 0)
    for (const term of terms) {
      let blocks = this.#terms.get(term)
      if (blocks === undefined) this.#terms.set(term, (blocks = []))
      const slots = blocks[block]
      if (slots === undefined) blocks[block] = [slot]
      else slots.push(slot)
    }
    this.#held += terms.length
    if (this.#held >= MOST_HELD) this.write()
  }

  /** Writes what is held; must run in a transaction, as everything here. */
  write(): void {
    const totals = new Map<number, number>()
    for (const [block, coming] of [...this.#coming].toSorted(([one], [other]) => one - other)) {
      this.#writeBlock(block, coming)
      totals.set(block, coming.slots)
    }
    for (const [term, blocks] of [...this.#terms].toSorted(([one], [other]) => one - other)) {
      for (let block = 0; block < blocks.length; block += 1) {
        const slots = blocks[block]
        if (slots !== undefined) this.#writeTerm(term, block, slots, totals.get(block) ?? 0)
      }
    }
    this.#coming.clear()
    this.#terms.clear()
    this.#held = 0
  }

  #comingInto(block: number): Coming {
    const known = this.#coming.get(block)
    if (known !== undefined) return known
    const positions = readPositions(this.#db, block)
    const free: number[] = []
    for (let slot = positions.length - 1; slot >= 0; slot -= 1) {
      if (positions[slot] === FREE) free.push(slot)
    }
    const coming: Coming = {
      free,
      slots: positions.length,
      taken: [],
      positions: [],
      amounts: AMOUNTS.map(() => []),
    }
    this.#coming.set(block, coming)
    return coming
  }

  #writeBlock(block: number, { slots, taken, positions, amounts }: Coming): void {
    const all = new Float64Array(slots)
    all.set(readPositions(this.#db, block))
    put(all, taken, positions)
    writePositions(this.#db, block, all)
    for (const [index, values] of amounts.entries()) {
      const place = placeOf(index, block)
      const stored = this.#db
        .prepare('SELECT coarse, exact FROM profile_amounts WHERE place = ?')
        .get(place)
      const [oldCoarse, oldExact] = Object.values(Object(stored))
      const [coarse, exact] = [new Uint16Array(slots), new Float64Array(slots)]
      coarse.set(codesOf(oldCoarse))
      exact.set(numbersOf(oldExact))
      put(coarse, taken, values.map(codeOf))
      put(exact, taken, values)
      this.#db
        .prepare('INSERT OR REPLACE INTO profile_amounts VALUES (?, ?, ?)')
        .run(place, bytesOf(coarse), bytesOf(exact))
    }
  }

  #writeTerm(term: number, block: number, slots: readonly number[], total: number): void {
    const place = placeOf(term, block)
    const stored = readSlots(this.#db, place)
    if (stored === undefined) return writeSlots(this.#db, place, blobOfList(slots, total))
    const bits = new Uint32Array(wordCount(total))
    addTo(bits, stored)
    for (const slot of slots) setBit(bits, slot)
    writeSlots(this.#db, place, blobOf(bits))
  }
}

/**
 * Frees every slot with this position, and takes the terms off it; returns the terms that no profile
 * has any more.
 */
export function clearPosition(db: Database, position: number, terms: readonly number[]): number[] {
  const block = blockOf(position)
  const positions = readPositions(db, block).slice()
  const cleared: number[] = []
  for (let slot = positions.indexOf(position); slot !== -1; slot = positions.indexOf(position)) {
    positions[slot] = FREE
    cleared.push(slot)
  }
  writePositions(db, block, positions)
  return terms.filter((term) => {
    const place = placeOf(term, block)
    const bits = new Uint32Array(wordCount(positions.length))
    addTo(bits, readSlots(db, place))
    for (const slot of cleared) clearBit(bits, slot)
    const blob = blobOf(bits)
    writeSlots(db, place, blob)
    return blob === undefined && !isUsed(db, term)
  })
}

function isUsed(db: Database, term: number): boolean {
  const any = db.prepare('SELECT 1 FROM profile_slots WHERE place BETWEEN ? AND ? LIMIT 1')
  return any.get(placeOf(term, 0), placeOf(term, BLOCKS - 1)) !== undefined
}

function readPositions(db: Database, block: number): Float64Array {
  const statement = db.prepare('SELECT positions FROM profile_blocks WHERE block = ?')
  return numbersOf(statement.pluck().get(block))
}

function writePositions(db: Database, block: number, positions: Float64Array): void {
  db.prepare('INSERT OR REPLACE INTO profile_blocks VALUES (?, ?)').run(block, bytesOf(positions))
}

function readSlots(db: Database, place: number): unknown {
  return db.prepare('SELECT slots FROM profile_slots WHERE place = ?').pluck().get(place)
}

function writeSlots(db: Database, place: number, blob: Uint8Array | undefined): void {
  if (blob === undefined) db.prepare('DELETE FROM profile_slots WHERE place = ?').run(place)
  else db.prepare('INSERT OR REPLACE INTO profile_slots VALUES (?, ?)').run(place, blob)
}

function put(
  all: Uint16Array | Float64Array,
  slots: readonly number[],
  values: readonly number[],
): void {
  for (let at = 0; at < slots.length; at += 1) all[slots[at] ?? 0] = values[at] ?? 0
}
