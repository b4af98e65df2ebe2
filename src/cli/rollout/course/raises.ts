/** Joins raises between which nothing else happened: `(5 raises since 13:57:02)`. */

import type { Move } from './moves.ts'
import { clockOf } from './timing.ts'

const JOINED = 5
/** No raise is kept back for longer than this. */
const WAITS_MS = 5 * 60_000

export interface Raises {
  /** From here on raises are counted, and the first of them is shown by itself. */
  begin(atMs: number): void
  /** What is no raise is put at once, after the raises before it. */
  take(move: Move, nowMs: number): void
  /** To be called about once a second. */
  tick(nowMs: number): void
  flush(): void
}

/** @param put prints a move, with what stands behind its text */
export function createRaises(put: (move: Move, more: string) => void): Raises {
  let countedFromMs = 0
  let count = 0
  let isFirst = true
  let kept: { readonly move: Move; readonly sinceMs: number } | undefined
  const begin = (atMs: number, first = true): void => {
    countedFromMs = atMs
    count = 0
    isFirst = first
  }
  const flush = (): void => {
    if (kept === undefined) return
    const { move } = kept
    kept = undefined
    put(move, count > 1 ? ` (${count} raises since ${clockOf(countedFromMs)})` : '')
    begin(Date.parse(move.at), false)
  }
  return {
    begin: (atMs) => begin(atMs),
    flush,
    take(move, nowMs) {
      if (!isRaise(move)) {
        flush()
        put(move, '')
        begin(Date.parse(move.at))
        return
      }
      count += 1
      if (isFirst) {
        isFirst = false
        put(move, '')
        return
      }
      kept = { move, sinceMs: kept?.sinceMs ?? nowMs }
      if (count >= JOINED) flush()
    },
    tick(nowMs) {
      if (kept !== undefined && nowMs - kept.sinceMs >= WAITS_MS) flush()
    },
  }
}

/** A raise within a state that was read back: routine. */
function isRaise({ isNewState, weight, fromBp, toBp }: Move): boolean {
  return !isNewState && weight === 'read-back' && toBp > fromBp
}
