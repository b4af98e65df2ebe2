/** The sums of some pairs of one block: plain data that crosses a worker boundary. */

import { mergeBins, type Bins } from '../sketch.ts'
import { countSlots } from './slots.ts'

/** One field of the answers, over the pairs with a second baseline answer. */
export interface FieldSums {
  /** Pairs in which the canary's answer differs from the baseline's first one. */
  canary: number
  /** The same of the baseline's second answer. */
  control: number
  /** Of these, the ones whose coin at the alarm's margin fell too. */
  controlAndCoin: number
  /** Second baseline answers with another value, whatever the shape. */
  noise: number
}

export interface ActionSums {
  /** Pairs without an aborted arm. */
  pairs: number
  /** Of these, the ones that entered the latency scores. */
  latencyPairs: number
  baselineFailed: number
  canaryFailed: number
  /** Latencies below 0.01 ms or not finite. */
  odd: number
  /** Σ min(|d|, 3) in units of 2⁻³². */
  deviation: number
  /** One integer for each of `SLOTS`, latency slots in units of 2⁻³²; empty where there is no pair. */
  scores: Float64Array
  /** Latencies of scored pairs. */
  baselineBins: Bins
  canaryBins: Bins
  /** Latencies of the pairs that a failure kept out of the latency scores. */
  baselineOtherBins: Bins
  canaryOtherBins: Bins
  /** |d| in thousandths, for the planner's spread. */
  spreadBins: Bins
  /** Pairs whose answers were compared, and of these the ones with a second baseline answer. */
  answers: number
  seconds: number
  /** Σ [canary differs] − [second baseline answer differs] over these. */
  mismatch: number
  /** Pairs with a second baseline answer whose coin at the alarm's margin fell. */
  coins: number
  /** By path; only those that differ somewhere. */
  fields: Map<string, FieldSums>
}

/** More fields than these of one action in one block are counted as one: memory stays bounded. */
export const MOST_FIELDS = 1000
export const OTHER_FIELDS = 'other'

export function emptySums(): ActionSums {
  return {
    pairs: 0,
    latencyPairs: 0,
    baselineFailed: 0,
    canaryFailed: 0,
    odd: 0,
    deviation: 0,
    scores: new Float64Array(0),
    baselineBins: {},
    canaryBins: {},
    baselineOtherBins: {},
    canaryOtherBins: {},
    spreadBins: {},
    answers: 0,
    seconds: 0,
    mismatch: 0,
    coins: 0,
    fields: new Map(),
  }
}

/** Adds one action's sums to another's. */
export function addSums(into: ActionSums, from: ActionSums): void {
  if (from.pairs === 0) return
  into.pairs += from.pairs
  into.latencyPairs += from.latencyPairs
  into.baselineFailed += from.baselineFailed
  into.canaryFailed += from.canaryFailed
  into.odd += from.odd
  into.deviation += from.deviation
  into.answers += from.answers
  into.seconds += from.seconds
  into.mismatch += from.mismatch
  into.coins += from.coins
  into.scores = addScores(into.scores, from.scores)
  into.baselineBins = mergeBins(into.baselineBins, from.baselineBins)
  into.canaryBins = mergeBins(into.canaryBins, from.canaryBins)
  into.baselineOtherBins = mergeBins(into.baselineOtherBins, from.baselineOtherBins)
  into.canaryOtherBins = mergeBins(into.canaryOtherBins, from.canaryOtherBins)
  into.spreadBins = mergeBins(into.spreadBins, from.spreadBins)
  for (const [path, field] of from.fields) {
    const known = fieldOf(into.fields, path)
    known.canary += field.canary
    known.control += field.control
    known.controlAndCoin += field.controlAndCoin
    known.noise += field.noise
  }
}

/** The sums of a field, made where it is new. */
export function fieldOf(fields: Map<string, FieldSums>, path: string): FieldSums {
  const known = fields.get(path)
  if (known !== undefined) return known
  const made = { canary: 0, control: 0, controlAndCoin: 0, noise: 0 }
  fields.set(path, made)
  return made
}

/** The sums without what their latencies say. */
export function withoutLatencySums(from: ActionSums): ActionSums {
  const scores = new Float64Array(from.scores.length)
  for (const slot of countSlots()) {
    if (slot < scores.length) scores[slot] = from.scores[slot] ?? 0
  }
  const { pairs, baselineFailed, canaryFailed, odd } = from
  const { answers, seconds, mismatch, coins, fields } = from
  const compared = { answers, seconds, mismatch, coins, fields }
  const counts = { pairs, baselineFailed, canaryFailed, odd, ...compared }
  return { ...emptySums(), ...counts, scores }
}

function addScores(into: Float64Array, from: Float64Array): Float64Array {
  if (into.length === 0) return from.slice()
  for (let slot = 0; slot < from.length; slot += 1) {
    into[slot] = (into[slot] ?? 0) + (from[slot] ?? 0)
  }
  return into
}
