/** Timestamps as people record them, to seconds from the start of the session. */

import { UsageError } from '../core/errors.ts'
import type { Door } from '../core/parse.ts'

/** Numbers from here on are epoch milliseconds (1973); nobody's session lasts 3 000 years. */
const EPOCH_MS_FROM = 1e11
/** A session longer than this is a mistake, most likely epoch seconds. */
const SESSION_LIMIT_SECONDS = 30 * 86_400

/**
 * Seconds from the start, ascending. Accepted are seconds as they are, epoch milliseconds and ISO
 * 8601; of the latter two the first is the start.
 * @throws UsageError with the door's code and the first entry that is out of order, of another kind
 *   than the first, or too late
 */
export function toSessionSeconds(stamps: readonly (number | string)[], door: Door): number[] {
  const kind = kindOf(stamps[0] ?? 0)
  const start = kind === 'seconds' ? 0 : millisecondsOf(stamps[0] ?? 0)
  let previous = 0
  return stamps.map((stamp, index) => {
    const refuse = (why: string, mend: string): UsageError => {
      const where = door.locate(['behavioral_patterns', index, 'timestamp'])
      return new UsageError(
        `Cannot read ${door.what}: "behavioral_patterns.${index}.timestamp" in ${where} ${why}`,
        { code: door.code, where, mend },
      )
    }
    if (kindOf(stamp) !== kind) {
      throw refuse(`is ${stamp}, the first one is ${stamps[0]}`, 'write all timestamps alike')
    }
    const seconds =
      kind === 'seconds' ? Number(stamp) : Math.round(millisecondsOf(stamp) - start) / 1000
    if (seconds < previous) {
      throw refuse(`is ${stamp}, earlier than the entry before it`, 'sort the entries by time')
    }
    if (seconds > SESSION_LIMIT_SECONDS) {
      throw refuse(
        `is ${stamp}, more than 30 days after the start`,
        'write seconds from the start of the session, epoch milliseconds or ISO 8601',
      )
    }
    previous = seconds
    return seconds
  })
}

function kindOf(stamp: number | string): 'seconds' | 'epoch-ms' | 'iso' {
  if (typeof stamp === 'string') return 'iso'
  return stamp >= EPOCH_MS_FROM ? 'epoch-ms' : 'seconds'
}

function millisecondsOf(stamp: number | string): number {
  return typeof stamp === 'string' ? Date.parse(stamp) : stamp
}
