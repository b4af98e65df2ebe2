/** Wait span: from when to when requests of a generation waited for a connection, and how many. Pure. */

import type { Waits } from './tally.ts'

export interface WaitSpan extends Waits {
  /** Seconds from the start, to about a quarter of a second. */
  readonly fromSeconds: number
  readonly toSeconds: number
}

/**
 * With what is known by now.
 * @param waits totals; undefined while nothing waited
 * @param changed whether they grew since the last call
 */
export function extendSpan(
  before: WaitSpan | undefined,
  waits: Waits | undefined,
  changed: boolean,
  seconds: number,
): WaitSpan | undefined {
  if (waits === undefined) return undefined
  if (!changed && before !== undefined) return before
  return { ...waits, fromSeconds: before?.fromSeconds ?? seconds, toSeconds: seconds }
}
