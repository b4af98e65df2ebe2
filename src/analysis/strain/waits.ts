/**
 * Waits: requests that waited because the generator opened no more connections to an arm.
 *
 * Which arm fills its connections depends on how slow it is, so what is left out with such a block
 * may be just the moments in which the canary is bad. Left out for both arms alike it cannot make a
 * regression out of nothing, but it could hide one: a phase with such a block proves no health.
 */

import { ARMS, type Arm } from '../../core/arm.ts'
import type { Reason, Report } from '../../core/contract/report.ts'
import type { BlockWaits } from '../../core/contract/sample.ts'
import { limitWords, type ConnectionLimit } from '../../core/wire/connection-limit.ts'
import { countWords } from '../judging/words.ts'

export interface WaitTotals {
  readonly limit: ConnectionLimit
  readonly firstBlock: number
  readonly lastBlock: number
  readonly blocks: number
  /** Seconds from the start of the run. */
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly arms: Readonly<
    Partial<Record<Arm, { readonly blocks: number; readonly requests: number }>>
  >
}

interface WaitingBlock {
  readonly index: number
  readonly startSeconds: number
  readonly endSeconds: number
  readonly waits?: BlockWaits
}

/** With one more block; undefined while nothing waited. */
export function addBlockWaits(
  before: WaitTotals | undefined,
  { index, startSeconds, endSeconds, waits }: WaitingBlock,
): WaitTotals | undefined {
  if (waits === undefined) return before
  const arms = { ...before?.arms }
  for (const arm of ARMS) {
    const requests = waits.arms[arm] ?? 0
    if (requests === 0) continue
    const { blocks: known = 0, requests: waited = 0 } = arms[arm] ?? {}
    arms[arm] = { blocks: known + 1, requests: waited + requests }
  }
  return {
    limit: waits.limit,
    firstBlock: before?.firstBlock ?? index,
    lastBlock: index,
    blocks: (before?.blocks ?? 0) + 1,
    fromSeconds: before?.fromSeconds ?? startSeconds,
    toSeconds: endSeconds,
    arms,
  }
}

/** What happened, what it means for the figures, and what can be done about it. */
export function waitsReason(waits: WaitTotals | undefined): Reason | undefined {
  if (waits === undefined) return undefined
  const { limit, firstBlock, lastBlock, blocks, fromSeconds, toSeconds } = waits
  const who = ARMS.flatMap((arm) => {
    const { requests } = waits.arms[arm] ?? {}
    return requests === undefined ? [] : [`${countWords(requests)} to the ${arm}`]
  }).join(' and ')
  const when = `from ${fromSeconds.toFixed(1)} s to ${toSeconds.toFixed(1)} s`
  const where =
    blocks === 1
      ? `block ${countWords(firstBlock)}`
      : `${countWords(blocks)} of blocks ${countWords(firstBlock)} to ${countWords(lastBlock)}`
  return {
    code: 'connection-limit',
    message:
      `the limit of connections was reached ${when}: requests waited (${who}), so the latencies ` +
      `of ${where} do not count, and no health is proven; ${limitWords(limit)}`,
  }
}

/** As the report tells it. */
export function waitsOf(waits: WaitTotals | undefined): Pick<Report['generator'], 'waits'> {
  if (waits === undefined) return {}
  const { fromSeconds, toSeconds, arms, ...same } = waits
  return {
    waits: {
      ...same,
      from: Number(fromSeconds.toFixed(1)),
      to: Number(toSeconds.toFixed(1)),
      arms: ARMS.flatMap((arm) => {
        const told = arms[arm]
        return told === undefined ? [] : [{ arm, ...told }]
      }),
    },
  }
}
