/**
 * Order: what it costs a request to be the second of its pair.
 *
 * The twins leave in one tick, so the second one is written later and its answer is read later. The
 * coin shares that out equally and nobody is blamed for it; how much it is tells how far apart two
 * requests of one moment really are. For each order the median of ln(second ÷ first) has the cost
 * and, with one sign or the other, what the arms differ in; the mean of the two medians has only
 * the cost left. Counts by bin, so that the parts of several threads merge exactly.
 */

import { hash53 } from '../../core/random.ts'
import type { PairRecord } from '../fold.ts'

/** ln(second ÷ first) of every pair that went well in both arms, counted by bin. */
export interface OrderState {
  readonly baselineFirst: Readonly<Record<number, number>>
  readonly canaryFirst: Readonly<Record<number, number>>
}

/** Second ÷ first, with a 95 % interval of its median. */
export interface SecondCost {
  readonly ratio: number
  readonly low: number
  readonly high: number
  readonly pairs: number
}

export interface OrderTally {
  add(seed: number, pair: PairRecord): void
  merge(part: OrderState): void
  state(): OrderState
  /** Undefined while there are fewer than 100 pairs of an order. */
  cost(): SecondCost | undefined
}

/** Width of a bin of ln ratios: the median is exact to a tenth of this within it. */
const BIN = 0.005
/** Ratios beyond e^±4 are counted there. */
const MOST_BIN = 800
const LEAST_PAIRS = 100
/** Of the normal distribution, for 95 %. */
const Z = 1.96

/** Whether the canary is sent before the baseline; the coin of the generator (STATISTICS 6). */
export function isCanaryFirst(seed: number, pair: string): boolean {
  return hash53(seed, `order:${pair}`) % 2 === 1
}

export function createOrderTally(): OrderTally {
  const baselineFirst = new Map<number, number>()
  const canaryFirst = new Map<number, number>()

  return {
    merge(part) {
      for (const [bin, times] of Object.entries(part.baselineFirst)) {
        count(baselineFirst, Number(bin), times)
      }
      for (const [bin, times] of Object.entries(part.canaryFirst)) {
        count(canaryFirst, Number(bin), times)
      }
    },
    add(seed, { pair, baseline, canary, baselineMs, canaryMs }) {
      if (baseline !== 'ok' || canary !== 'ok' || baselineMs <= 0 || canaryMs <= 0) return
      const ln = Math.log(canaryMs / baselineMs)
      if (isCanaryFirst(seed, pair)) count(canaryFirst, binOf(-ln), 1)
      else count(baselineFirst, binOf(ln), 1)
    },
    state: () => ({
      baselineFirst: Object.fromEntries(baselineFirst),
      canaryFirst: Object.fromEntries(canaryFirst),
    }),
    cost() {
      const one = medianOf(baselineFirst)
      const other = medianOf(canaryFirst)
      if (one === undefined || other === undefined) return undefined
      const ln = (one.ln + other.ln) / 2
      const half = Math.hypot(one.half, other.half) / 2
      return {
        ratio: Math.exp(ln),
        low: Math.exp(ln - half),
        high: Math.exp(ln + half),
        pairs: one.pairs + other.pairs,
      }
    },
  }
}

function count(into: Map<number, number>, bin: number, times: number): void {
  into.set(bin, (into.get(bin) ?? 0) + times)
}

function binOf(ln: number): number {
  return Math.max(-MOST_BIN, Math.min(MOST_BIN, Math.floor(ln / BIN)))
}

interface Median {
  readonly ln: number
  /** Half the width of the interval between the order statistics n/2 ± z·√n/2. */
  readonly half: number
  readonly pairs: number
}

function medianOf(counts: ReadonlyMap<number, number>): Median | undefined {
  const bins = [...counts].toSorted(([left], [right]) => left - right)
  const pairs = bins.reduce((sum, [, times]) => sum + times, 0)
  if (pairs < LEAST_PAIRS) return undefined
  const reach = (Z * Math.sqrt(pairs)) / 2
  const half = (valueAt(bins, pairs / 2 + reach) - valueAt(bins, pairs / 2 - reach)) / 2
  return { ln: valueAt(bins, pairs / 2), half, pairs }
}

/** The value of this rank, evenly spread within its bin. */
function valueAt(bins: readonly (readonly [number, number])[], rank: number): number {
  let seen = 0
  for (const [bin, times] of bins) {
    if (seen + times >= rank) return BIN * (bin + (rank - seen) / times)
    seen += times
  }
  return BIN * ((bins.at(-1)?.[0] ?? 0) + 1)
}
