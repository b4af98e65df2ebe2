/**
 * The end of the warm-up: when neither arm's latency still changes. Both arms are judged by the
 * same rule and both must be settled, so the moment says nothing about which one is slower.
 */

type Twin = 'baseline' | 'canary'

export interface WarmUp {
  /** @param atSeconds since the start of the run, when the answer came */
  add(arm: Twin, action: number, latencyMs: number, atSeconds: number): void
  over(atSeconds: number): boolean
}

/** Both arms are compared over neighbouring slices of this length. */
const SLICE_SECONDS = 5
/** Settled = the mean ln latency changed by less than ten per cent. */
const SETTLED = Math.log(1.1)
const SHORTEST_MS = 0.01

interface Mean {
  sum: number
  count: number
}
type Slice = Record<Twin, Map<number, Mean>>

/** @param options `minSeconds` = `maxSeconds` is a warm-up of fixed length */
export function createWarmUp(options: {
  readonly minSeconds: number
  readonly maxSeconds: number
}): WarmUp {
  const slices = new Map<number, Slice>()
  let settled = false
  let judgedSlice = -1

  function judge(slice: number): void {
    judgedSlice = slice
    const last = slices.get(slice)
    const before = slices.get(slice - 1)
    settled =
      last !== undefined &&
      before !== undefined &&
      changeOf(before.baseline, last.baseline) < SETTLED &&
      changeOf(before.canary, last.canary) < SETTLED
    for (const key of slices.keys()) if (key < slice) slices.delete(key)
  }

  return {
    add(arm, action, latencyMs, atSeconds) {
      const key = Math.floor(atSeconds / SLICE_SECONDS)
      const slice = slices.get(key) ?? { baseline: new Map(), canary: new Map() }
      slices.set(key, slice)
      const mean = slice[arm].get(action) ?? { sum: 0, count: 0 }
      slice[arm].set(action, mean)
      mean.sum += Math.log(Math.max(SHORTEST_MS, latencyMs))
      mean.count += 1
    },
    over(atSeconds) {
      if (atSeconds >= options.maxSeconds) return true
      if (atSeconds < options.minSeconds) return false
      const complete = Math.floor(atSeconds / SLICE_SECONDS) - 1
      if (complete > judgedSlice && complete >= 1) judge(complete)
      return settled
    },
  }
}

/** Mean change of ln latency over the actions both slices have, by count; Infinity with none. */
function changeOf(before: ReadonlyMap<number, Mean>, last: ReadonlyMap<number, Mean>): number {
  let sum = 0
  let weight = 0
  for (const [action, { sum: lastSum, count }] of last) {
    const earlier = before.get(action)
    if (earlier === undefined) continue
    sum += count * (lastSum / count - earlier.sum / earlier.count)
    weight += count
  }
  return weight === 0 ? Infinity : Math.abs(sum / weight)
}
