/**
 * Cursors of pages: the next position, and a mark of the criteria they belong to, so that a cursor
 * of another list is refused instead of silently answering something else.
 */

import type { Criteria } from '../core/contract/criteria.ts'
import { UsageError } from '../core/errors.ts'
import { hash53 } from '../core/random.ts'
import { POSITIONS } from '../../profiles-db/blocks/layout.ts'

/** Opaque to the caller. */
export function writeCursor(position: number, criteria: Criteria): string {
  return Buffer.from(`${position.toString(36)}.${markOf(criteria)}`).toString('base64url')
}

/** @throws UsageError with code `bad-cursor` */
export function readCursor(cursor: string, criteria: Criteria): number {
  const decoded = Buffer.from(cursor.slice(0, 100), 'base64url').toString()
  const [, digits = '', mark] = /^([0-9a-z]{1,11})\.([0-9a-z]{1,11})$/.exec(decoded) ?? []
  const position = Number.parseInt(digits, 36)
  const isOurs = position < POSITIONS && writeCursor(position, criteria) === cursor
  if (isOurs) return position
  const why = mark === undefined ? 'is not one of ours' : 'belongs to other criteria'
  throw new UsageError(`Cannot read profiles: cursor "${cursor.slice(0, 80)}" ${why}`, {
    code: 'bad-cursor',
    where: '/cursor',
    mend: 'pass nextCursor of the page before, unchanged, with the same criteria',
  })
}

/** The same for the same criteria in any order of keys. */
function markOf(criteria: Criteria): string {
  const sorted = Object.entries(criteria).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return hash53(0, JSON.stringify(sorted)).toString(36)
}
