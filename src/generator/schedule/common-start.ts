/** Common start: the moment at which the threads of one traffic begin together. */

import type { Clock } from '../../core/clock.ts'

/** By then all have heard of it. */
const LEAD_MS = 20

/** @param clock one that the threads share: `performance.now()` has one origin for all of a process */
export function commonStartMs(clock: Clock, threads: number): number {
  return clock.nowMs() + (threads === 1 ? 0 : LEAD_MS)
}
