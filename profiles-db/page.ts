/** Pages of lists that are newest first: a limit, and a cursor that names the last row shown. */

import { UsageError } from '../src/core/errors.ts'

/** Reads `limit` and a cursor of ours (`n12`): rows with a smaller number follow. */
export function readPage(
  what: string,
  page: { readonly limit: number; readonly cursor?: string },
  most: number,
): { readonly before: number; readonly limit: number } {
  const { limit, cursor } = page
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw new UsageError(`Cannot list ${what}: limit ${limit} is not within 1 to ${most}`, {
      code: 'bad-limit',
      where: '/limit',
      mend: `give a whole number from 1 to ${most}`,
    })
  }
  if (cursor === undefined) return { before: Number.MAX_SAFE_INTEGER, limit }
  const match = /^n(\d{1,15})$/.exec(cursor)
  if (match !== null) return { before: Number(match[1]), limit }
  throw new UsageError(`Cannot list ${what}: cursor "${cursor.slice(0, 80)}" is not one of ours`, {
    code: 'bad-cursor',
    where: '/cursor',
    mend: 'pass nextCursor of the page before, unchanged',
  })
}
