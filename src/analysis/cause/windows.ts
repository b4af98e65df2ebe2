/** Where the requests of some actions may have held up others: the time around each of their sends. */

import { quantileOf, type RememberedPair } from './again.ts'

export interface Windows {
  /** Adds the requests of one action. */
  add(action: string, pairs: readonly RememberedPair[]): void
  /** The actions that were added. */
  actions(): string[]
  /** Whether a pair that is sent then met none of these requests, as far as they are remembered. */
  isClean(sentSeconds: number): boolean
}

const SLOW_SHARE = 0.95

/**
 * A pair met a request of g if one was sent within W of its own send, before or after it.
 *
 * W is the 95th percentile of g's latency, of the arm where it is larger: the arm that g slows down
 * keeps its queue for longer, and a window of the other arm's length would leave pairs in that waited
 * behind g. One W for both arms, taken from sends alone, so that which pairs are left out does not
 * depend on the arm (STATISTICS 2: a pair may be left out only by a rule that is symmetric).
 */
export function createWindows(): Windows {
  const added: {
    readonly action: string
    readonly sends: readonly number[]
    readonly seconds: number
  }[] = []
  return {
    actions: () => added.map(({ action }) => action),
    add(action, pairs) {
      const slowest = Math.max(
        quantileOf(
          pairs.map(({ baselineMs }) => baselineMs),
          SLOW_SHARE,
        ),
        quantileOf(
          pairs.map(({ canaryMs }) => canaryMs),
          SLOW_SHARE,
        ),
      )
      const sends = pairs.map(({ at }) => at).toSorted((left, right) => left - right)
      added.push({ action, sends, seconds: slowest / 1000 })
    },
    isClean: (sentSeconds) =>
      added.every(({ sends, seconds }) => {
        // Before the first request that is remembered there may have been others.
        if (sentSeconds - seconds < (sends[0] ?? Infinity)) return false
        const next = firstAtLeast(sends, sentSeconds - seconds)
        return (sends[next] ?? Infinity) > sentSeconds + seconds
      }),
  }
}

/** Index of the first value that is at least `limit`, in ascending values. */
function firstAtLeast(values: readonly number[], limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((values[middle] ?? Infinity) < limit) low = middle + 1
    else high = middle
  }
  return low
}
