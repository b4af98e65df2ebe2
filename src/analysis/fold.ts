/**
 * Folding: the pairs of one block become sums, and only sums travel. All scores are integers of
 * 2⁻³², so the sums are exact: any split over workers, in any order, merges to the same bits.
 */

import { isFailure, type Outcome } from '../core/contract/sample.ts'
import type { AlarmMargins, HealthMargins, Plan, PlannedAction } from '../core/contract/plan.ts'
import { invariant } from '../core/invariant.ts'
import { coin, failureScore, spoilsLatency, throwOf } from './failures.ts'
import { shareScore, soundLatency, tailScore, toUnits, typicalScore } from './latency.ts'
import type { ActionParameters, Parameters } from './parameters.ts'
import { countInto, mergeBins, type Bins } from './sketch.ts'

export interface PairRecord {
  readonly pair: string
  /** Index into `plan.actions`. */
  readonly action: number
  /** From the intended moment to the end: `latencyMs` of the samples. */
  readonly baselineMs: number
  readonly canaryMs: number
  readonly baseline: Outcome
  readonly canary: Outcome
  /** Seconds from the start of the run. */
  readonly at: number
}

/** What a score is compared with: the margins of an alarm or of a proof, of an action or a group. */
export const CLAIMS = ['alarm', 'serviceAlarm', 'proof', 'serviceProof', 'poolProof'] as const
export type Claim = (typeof CLAIMS)[number]
const ALARMS = ['alarm', 'serviceAlarm'] as const

/** Margins of the confidence sequence, as ratios below and above 1 in logarithms, ascending. */
export const GRID: readonly number[] = gridOf(
  [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3],
  0.1,
  4,
)

/** Where each sum stands in `ActionSums.scores`. */
export const SLOTS = {
  typical: (claim: Claim): number => CLAIMS.indexOf(claim),
  tail95: (claim: (typeof ALARMS)[number]): number => CLAIMS.length + ALARMS.indexOf(claim),
  tail99: (claim: (typeof ALARMS)[number]): number => CLAIMS.length + 2 + ALARMS.indexOf(claim),
  errors: (claim: Claim): number => CLAIMS.length + 4 + CLAIMS.indexOf(claim),
  share: (claim: Claim): number => 2 * CLAIMS.length + 4 + CLAIMS.indexOf(claim),
  grid: (index: number): number => 3 * CLAIMS.length + 4 + index,
} as const
const SLOT_COUNT = SLOTS.grid(GRID.length)

/** Above this many pairs a block keeps no order of its pairs: counts decide long before. */
const MOST_TURNS = 256

/** One pair in the order of sending: did the canary answer, or only the canary time out? */
export interface Turn {
  readonly at: number
  readonly canaryTimedOut: boolean
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
  /** One integer for each of `SLOTS`, latency slots in units of 2⁻³². */
  readonly scores: Float64Array
  /** Latencies of scored pairs. */
  baselineBins: Bins
  canaryBins: Bins
  /** Latencies of the pairs that a failure kept out of the latency scores. */
  baselineOtherBins: Bins
  canaryOtherBins: Bins
  /** |d| in thousandths, for the planner's spread. */
  spreadBins: Bins
}

/** Plain data that crosses a worker boundary by structured clone. */
export interface BlockSums {
  /** In the order of `plan.actions`. */
  readonly actions: readonly ActionSums[]
  /** Pairs of the block; `turns` is empty where these are too many. */
  readonly pairs: number
  readonly turns: readonly Turn[]
}

const LARGEST_DEVIATION = 3
/** |d| is sketched in thousandths, which fits the sketch's range. */
export const SPREAD_SCALE = 1000

/** The sums of some pairs of one block; the order of the pairs does not matter. */
export function foldPairs(
  plan: Plan,
  seed: number,
  parameters: Parameters,
  pairs: readonly PairRecord[],
): BlockSums {
  const sums = plan.actions.map(() => emptySums())
  const scorers = plan.actions.map((planned, index) => {
    const known = parameters.actions[index]
    invariant(known !== undefined, 'parameters cover every action of the plan')
    return createScorer(plan, planned, known)
  })
  const turns: Turn[] = []
  for (const pair of pairs) {
    if (pair.baseline === 'aborted' || pair.canary === 'aborted') continue
    const into = sums[pair.action]
    const scorer = scorers[pair.action]
    invariant(into !== undefined && scorer !== undefined, 'a pair names an action of the plan')
    addPair(into, scorer, seed, pair)
    turns.push({
      at: pair.at,
      canaryTimedOut: pair.canary === 'timeout' && !isFailure(pair.baseline),
    })
  }
  return { actions: sums, pairs: turns.length, turns: inOrder(turns) }
}

/** The sums of the whole from those of its parts. */
export function mergeSums(plan: Plan, parts: readonly BlockSums[]): BlockSums {
  const actions = plan.actions.map(() => emptySums())
  for (const part of parts) {
    for (const [index, from] of part.actions.entries()) {
      const into = actions[index]
      invariant(into !== undefined, 'a part has the actions of the plan')
      addSums(into, from)
    }
  }
  const pairs = parts.reduce((sum, part) => sum + part.pairs, 0)
  return { actions, pairs, turns: pairs > MOST_TURNS ? [] : inOrder(parts.flatMap((p) => p.turns)) }
}

/**
 * The same block without what its latencies say; failures, counts and the order of the pairs stay.
 * For a block in which the latencies of the arms could not be compared.
 */
export function withoutLatency(sums: BlockSums): BlockSums {
  return { ...sums, actions: sums.actions.map(emptyLatency) }
}

function emptyLatency(from: ActionSums): ActionSums {
  const { pairs, baselineFailed, canaryFailed, odd } = from
  const empty = emptySums()
  for (const claim of CLAIMS) {
    const slot = SLOTS.errors(claim)
    empty.scores[slot] = from.scores[slot] ?? 0
  }
  return { ...empty, pairs, baselineFailed, canaryFailed, odd }
}

export function emptySums(): ActionSums {
  return {
    pairs: 0,
    latencyPairs: 0,
    baselineFailed: 0,
    canaryFailed: 0,
    odd: 0,
    deviation: 0,
    scores: new Float64Array(SLOT_COUNT),
    baselineBins: {},
    canaryBins: {},
    baselineOtherBins: {},
    canaryOtherBins: {},
    spreadBins: {},
  }
}

/** Adds one action's sums to another's. */
export function addSums(into: ActionSums, from: ActionSums): void {
  into.pairs += from.pairs
  into.latencyPairs += from.latencyPairs
  into.baselineFailed += from.baselineFailed
  into.canaryFailed += from.canaryFailed
  into.odd += from.odd
  into.deviation += from.deviation
  for (let slot = 0; slot < SLOT_COUNT; slot += 1) {
    into.scores[slot] = (into.scores[slot] ?? 0) + (from.scores[slot] ?? 0)
  }
  into.baselineBins = mergeBins(into.baselineBins, from.baselineBins)
  into.canaryBins = mergeBins(into.canaryBins, from.canaryBins)
  into.baselineOtherBins = mergeBins(into.baselineOtherBins, from.baselineOtherBins)
  into.canaryOtherBins = mergeBins(into.canaryOtherBins, from.canaryOtherBins)
  into.spreadBins = mergeBins(into.spreadBins, from.spreadBins)
}

/** An action's margins and parameters, made ready once a block. */
interface Scorer {
  readonly known: ActionParameters
  /** ln(1 + δ) by claim; undefined where nothing is claimed. */
  readonly lnMargins: readonly (number | undefined)[]
  readonly tailDivisors: readonly number[]
  readonly errorMargins: readonly (number | undefined)[]
  readonly shareMargins: readonly (number | undefined)[]
}

function createScorer(plan: Plan, planned: PlannedAction, known: ActionParameters): Scorer {
  const alarms: readonly AlarmMargins[] = [planned.margin, plan.service.margin]
  const pool = planned.tier === 'rare' && plan.rare.judged ? plan.rare.healthyMargin : {}
  const proofs: readonly HealthMargins[] = [planned.healthyMargin, plan.service.healthyMargin, pool]
  const margins: readonly (AlarmMargins | HealthMargins)[] = [...alarms, ...proofs]
  return {
    known,
    lnMargins: margins.map(({ latencyTypical }) =>
      latencyTypical === undefined
        ? undefined
        : Math.log1p(Math.max(latencyTypical, known.floorRatio)),
    ),
    tailDivisors: alarms.map(({ latencyTail }) => 1 + Math.max(latencyTail, known.floorRatio)),
    errorMargins: margins.map(({ errors }) => errors),
    shareMargins: [undefined, undefined, ...proofs.map((proof) => proof.latencyTailShare)],
  }
}

function addPair(into: ActionSums, scorer: Scorer, seed: number, pair: PairRecord): void {
  const baselineFailed = isFailure(pair.baseline)
  const canaryFailed = isFailure(pair.canary)
  const thrown = throwOf(seed, pair.pair)
  into.pairs += 1
  into.baselineFailed += Number(baselineFailed)
  into.canaryFailed += Number(canaryFailed)
  for (const [claim, margin] of scorer.errorMargins.entries()) {
    if (margin === undefined) continue
    const score = failureScore(baselineFailed, canaryFailed, coin(thrown, margin))
    add(into.scores, SLOTS.errors('alarm') + claim, score)
  }
  if (spoilsLatency(pair.baseline) || spoilsLatency(pair.canary)) {
    if (pair.baseline !== 'blocked') countInto(into.baselineOtherBins, sound(into, pair.baselineMs))
    if (pair.canary !== 'blocked') countInto(into.canaryOtherBins, sound(into, pair.canaryMs))
    return
  }
  const baselineMs = Math.min(sound(into, pair.baselineMs), scorer.known.censorMs)
  const canaryMs = Math.min(sound(into, pair.canaryMs), scorer.known.censorMs)
  addLatency(into, scorer, thrown, baselineMs, canaryMs)
}

function addLatency(
  into: ActionSums,
  { known, lnMargins, tailDivisors, shareMargins }: Scorer,
  thrown: number,
  baselineMs: number,
  canaryMs: number,
): void {
  const lnBaseline = Math.log(baselineMs)
  const lnCanary = Math.log(canaryMs)
  const deviation = Math.min(LARGEST_DEVIATION, Math.abs(lnCanary - lnBaseline))
  const { scores } = into
  into.latencyPairs += 1
  into.deviation += toUnits(deviation)
  countInto(into.baselineBins, baselineMs)
  countInto(into.canaryBins, canaryMs)
  countInto(into.spreadBins, deviation * SPREAD_SCALE)
  for (let claim = 0; claim < CLAIMS.length; claim += 1) {
    const lnMargin = lnMargins[claim]
    if (lnMargin !== undefined) {
      add(scores, claim, toUnits(typicalScore(lnBaseline, lnCanary, lnMargin, known.clip)))
    }
    const share = shareMargins[claim]
    if (share !== undefined) {
      const above = shareScore(baselineMs, canaryMs, known.tau95Ms, coin(thrown, share))
      add(scores, SLOTS.share('alarm') + claim, above)
    }
  }
  for (const [claim, divisor] of tailDivisors.entries()) {
    const above95 = tailScore(baselineMs, canaryMs, divisor, known.tau95Ms)
    const above99 = tailScore(baselineMs, canaryMs, divisor, known.tau99Ms)
    add(scores, SLOTS.tail95('alarm') + claim, toUnits(above95))
    add(scores, SLOTS.tail99('alarm') + claim, toUnits(above99))
  }
  const firstGrid = SLOTS.grid(0)
  for (let index = 0; index < GRID.length; index += 1) {
    const score = typicalScore(lnBaseline, lnCanary, GRID[index] ?? 0, known.clip)
    add(scores, firstGrid + index, toUnits(score))
  }
}

function sound(into: ActionSums, latencyMs: number): number {
  const { latencyMs: made, odd } = soundLatency(latencyMs)
  into.odd += Number(odd)
  return made
}

function add(scores: Float64Array, slot: number, score: number): void {
  scores[slot] = (scores[slot] ?? 0) + score
}

/** Ties of the clock: an answer comes before a timeout, so that the order is the same everywhere. */
function inOrder(turns: readonly Turn[]): Turn[] {
  if (turns.length > MOST_TURNS) return []
  return turns.toSorted(
    (left, right) =>
      left.at - right.at || Number(left.canaryTimedOut) - Number(right.canaryTimedOut),
  )
}

function gridOf(fine: readonly number[], step: number, end: number): number[] {
  const positive = [...fine]
  const steps = Math.round((end - (fine.at(-1) ?? 0)) / step)
  for (let index = 1; index <= steps; index += 1) {
    positive.push(Number(((fine.at(-1) ?? 0) + index * step).toFixed(3)))
  }
  return [...positive.toReversed().map((margin) => -margin), 0, ...positive]
}
