/**
 * What the fifth migration does beside its SQL: it moves terms and amounts into blocks. Memory: the
 * positions of all profiles.
 */

import type Sqlite from 'better-sqlite3'
import { AMOUNTS, BLOCKS, POSITIONS, blockOf, bytesOf, codeOf, placeOf } from './layout.ts'
import { blobOfList } from './slots.ts'

export function fillBlocks(sqlite: Sqlite.Database): void {
  const starts = fillPositions(sqlite)
  fillTerms(sqlite, starts)
  sqlite.exec(`
    DROP TABLE profile_terms;
    CREATE TABLE narrow (position INTEGER PRIMARY KEY, user_id TEXT NOT NULL) STRICT;
    INSERT INTO narrow SELECT position, user_id FROM profiles ORDER BY position;
    DROP TABLE profiles;
    ALTER TABLE narrow RENAME TO profiles;`)
}

/** Slots in order of position. Returns the positions of each block. */
function fillPositions(sqlite: Sqlite.Database): Float64Array[] {
  const select = sqlite
    .prepare(
      `SELECT position, ${AMOUNTS.join(', ')} FROM profiles NOT INDEXED` +
        ' WHERE position >= ? AND position < ? ORDER BY position',
    )
    .raw()
  const block = sqlite.prepare('INSERT INTO profile_blocks VALUES (?, ?)')
  const amount = sqlite.prepare('INSERT INTO profile_amounts VALUES (?, ?, ?)')
  const width = POSITIONS / BLOCKS
  return Array.from({ length: BLOCKS }, (_, number) => {
    const rows = select
      .all(number * width, (number + 1) * width)
      .map((row) => Object.values(Object(row)))
    const column = (index: number): Float64Array =>
      Float64Array.from(rows, (row) => Number(row[index]) + 0)
    const positions = column(0)
    if (rows.length === 0) return positions
    block.run(number, bytesOf(positions))
    for (const index of AMOUNTS.keys()) {
      const exact = column(index + 1)
      amount.run(placeOf(index, number), bytesOf(Uint16Array.from(exact, codeOf)), bytesOf(exact))
    }
    return positions
  })
}

function fillTerms(sqlite: Sqlite.Database, blocks: readonly Float64Array[]): void {
  const rows = sqlite
    .prepare('SELECT term, position FROM profile_terms ORDER BY term, position')
    .raw()
    .iterate()
  // A statement that is being read lets no other run; what it gives is written in between by chunks.
  const insert = sqlite.prepare('INSERT INTO profile_slots VALUES (?, ?)')
  let place = -1
  let slots: number[] = []
  let next = 0
  const ready: [place: number, blob: Uint8Array | undefined][] = []
  const end = (): void => {
    const total = blocks[place % BLOCKS]?.length ?? 0
    if (place >= 0) ready.push([place, blobOfList(slots, total)])
    slots = []
    next = 0
  }
  for (const row of rows) {
    const [term = 0, position = 0] = Object.values(Object(row)).map(Number)
    const block = blockOf(position)
    if (placeOf(term, block) !== place) {
      end()
      place = placeOf(term, block)
    }
    const positions = blocks[block] ?? new Float64Array()
    // Both ascend, so the search goes on from the last one.
    next = search(positions, position, next)
    slots.push(next)
  }
  end()
  for (const [at, blob] of ready) if (blob !== undefined) insert.run(at, blob)
}

/** Where `position` stands, by steps that double and then a search between (Bentley and Yao 1976). */
function search(positions: Float64Array, position: number, from: number): number {
  let step = 1
  let low = from
  while ((positions[low + step] ?? Infinity) <= position) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, positions.length)
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((positions[middle] ?? Infinity) <= position) low = middle
    else high = middle
  }
  return low
}
