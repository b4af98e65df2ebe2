/** The real clock, for the edges of the program that hand time to the rest. */

import type { Clock } from '../core/clock.ts'

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
}
