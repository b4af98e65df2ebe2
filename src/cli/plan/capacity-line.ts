/** The progress of a measurement of capacity: one line for each level. */

import type { CapacityProgress } from '../../outrider.ts'
import { formatCount } from '../../report/numbers.ts'

/** `capacity: baseline at 16 connections, 2 310 requests/s`, or `capacity, round 3: …` */
export function capacityLine(level: CapacityProgress): string {
  const { arm, connections, requestsPerSecond, round } = level
  const at = connections === 1 ? '1 connection' : `${formatCount(connections)} connections`
  const part = round === undefined ? 'capacity' : `capacity, round ${round}`
  return `${part}: ${arm} at ${at}, ${formatCount(requestsPerSecond)} requests/s`
}
