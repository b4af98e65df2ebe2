/** Waits: which requests of a block waited because the generator opened no more connections. Pure. */

import type { Arm } from '../../../core/arm.ts'
import type { BlockWaits } from '../../../core/contract/sample.ts'
import type { Exchange } from '../../../generator/traffic.ts'

type Waiting = Pick<Exchange, 'arm' | 'waitedFor'>

/** With those of one more step; undefined while nothing waited. */
export function addWaits(
  before: BlockWaits | undefined,
  exchanges: readonly Waiting[],
): BlockWaits | undefined {
  let waits = before
  for (const { arm, waitedFor } of exchanges) {
    if (waitedFor === undefined) continue
    waits = joinWaits([waits, { limit: waitedFor, arms: { [arm]: 1 } }])
  }
  return waits
}

/** Of the limits the last one is told. */
export function joinWaits(parts: readonly (BlockWaits | undefined)[]): BlockWaits | undefined {
  const arms: Partial<Record<Arm, number>> = {}
  let limit: BlockWaits['limit'] | undefined
  for (const part of parts) {
    if (part === undefined) continue
    limit = part.limit
    for (const arm of ['baseline', 'canary', 'control'] as const) {
      const requests = part.arms[arm]
      if (requests !== undefined) arms[arm] = (arms[arm] ?? 0) + requests
    }
  }
  return limit === undefined ? undefined : { limit, arms }
}
