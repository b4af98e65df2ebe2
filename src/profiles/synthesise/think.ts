/** Think times: log-normal by median and spread, or drawn from a table of measured quantiles. */

import type { ThinkDocument } from '../../core/contract/population.ts'
import type { Random } from '../../core/random.ts'

/** A think time is at most this many medians: one user who fell asleep must not be a session. */
const LONGEST_THINK = 20

/** Seconds. */
export type Think = (random: Random) => number

/**
 * @param spread sigma of the logarithm; a table has its own
 * @param longest seconds that are never exceeded; default 20 medians
 */
export function createThink(think: ThinkDocument, spread: number, longest?: number): Think {
  if (typeof think !== 'number') return createTableThink(think.table)
  const most = longest ?? LONGEST_THINK * think
  return (random) => Math.min(think * Math.exp(spread * random.normal()), most)
}

/** The inverse of the measured distribution, straight between two quantiles. */
function createTableThink(table: readonly (readonly [number, number])[]): Think {
  return (random) => {
    const share = random.next()
    let low = 0
    let high = table.length - 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((table[middle]?.[0] ?? 1) <= share) low = middle
      else high = middle
    }
    const [fromShare, from] = table[low] ?? [0, 0]
    const [toShare, to] = table[high] ?? [1, from]
    return from + ((to - from) * (share - fromShare)) / (toShare - fromShare)
  }
}
