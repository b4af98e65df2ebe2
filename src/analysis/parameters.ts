/**
 * What earlier blocks teach about an action: clip, tail thresholds, medians, stall limit, floor.
 * Block t is scored with the state after block t−2, so the parameters never depend on what they
 * score, and every worker can have them in time.
 */

import type { Plan } from '../core/contract/plan.ts'
import { invariant } from '../core/invariant.ts'
import type { BlockSums } from './fold.ts'
import { SPREAD_SCALE } from './folding/action-fold.ts'
import type { ActionSums } from './folding/sums.ts'
import { censorOf, clipOf, UNIT } from './latency.ts'
import { addBins, createSketch, fade, findQuantile, type Sketch } from './sketch.ts'

export interface ActionParameters {
  /** Clip of a pair's log ratio: 1.7 μ. */
  readonly clip: number
  /** Baseline quantiles; Infinity until there are 100 baseline samples, so nothing exceeds them. */
  readonly tau95Ms: number
  readonly tau99Ms: number
  /** Running median; 0 while there is nothing to take one of. */
  readonly baselineMedianMs: number
  readonly censorMs: number
  /** The least margin of a ratio: `floor_ms` in units of the baseline median. */
  readonly floorRatio: number
  /** Fields in which two baseline answers differ so often that only their shape is compared. */
  readonly noisyFields: readonly string[]
  /** Fields in which two baseline answers differ at all often: nothing is proven about them. */
  readonly loudFields: readonly string[]
}

/** Plain data that crosses a worker boundary by structured clone. */
export interface Parameters {
  /** The block after which these were the state; 0 = after the warm-up, −1 = before it. */
  readonly after: number
  /** In the order of `plan.actions`. */
  readonly actions: readonly ActionParameters[]
  /** A request older than this counts as stalled, by action; the same for both arms. */
  readonly limMs: readonly number[]
}

/** μ begins as if ten pairs had differed by 0.4. */
const PRIOR_PAIRS = 10
const PRIOR_DEVIATION = 4
const TAU_SAMPLES = 16_384
const TAU_FIRST = 100
const TAU_GROWTH = 1.05
const MEDIAN_SAMPLES = 4096
const MEDIAN_FIRST = 30
const LIM_MEDIANS = 4
const LEAST_LIM_MS = 50
const FIRST_LIM_MS = 200
/** A field is noisy above this share of baseline pairs, and loud above the lower one. */
const NOISY_SHARE = 0.2
const LOUD_SHARE = 0.00125
/** Once may be chance. */
const LEAST_NOISE = 2
/** Fields of one action that are remembered. */
const MOST_NOISE_FIELDS = 1000
/** 1.4826 × the median absolute deviation is the standard deviation of a normal. */
const MAD_TO_SIGMA = 1.4826
/** Spread of d before anything was measured (STATISTICS 8). */
const UNKNOWN_SIGMA = 0.64

/** The mutable state of one action. */
export interface ActionLearning {
  /** Σ min(|d|, 3) over the run in units of 2⁻³²: passes 2⁵³ in a long run. */
  deviation: bigint
  pairs: number
  readonly tau: Sketch
  /** How many samples `tau` had when the thresholds were last taken. */
  tauTakenAt: number
  tau95Ms: number
  tau99Ms: number
  readonly baseline: Sketch
  readonly canary: Sketch
  readonly spread: Sketch
  /** Pairs with a second baseline answer, and in how many of them each field differed. */
  seconds: number
  readonly noise: Map<string, number>
}

export type Learning = readonly ActionLearning[]

export function createLearning(plan: Plan): Learning {
  return plan.actions.map(() => ({
    deviation: 0n,
    pairs: 0,
    tau: createSketch(),
    tauTakenAt: 0,
    tau95Ms: Infinity,
    tau99Ms: Infinity,
    baseline: createSketch(),
    canary: createSketch(),
    spread: createSketch(),
    seconds: 0,
    noise: new Map(),
  }))
}

/** Takes in the sums of a block that was scored, or of the warm-up. */
export function learn(learning: Learning, sums: BlockSums): void {
  for (const [index, action] of learning.entries()) {
    const from = sums.actions[index]
    invariant(from !== undefined, 'sums cover every action of the plan')
    if (from.pairs > 0) learnAction(action, from)
  }
}

/** The parameters that this state gives. */
export function parametersOf(plan: Plan, learning: Learning, after: number): Parameters {
  return {
    after,
    actions: learning.map((action) => actionParameters(plan, action)),
    limMs: learning.map(limOf),
  }
}

/** The planner's σ of d: 1.4826 × the median |d|; that of the study while nothing is known. */
export function sigmaOf(spread: Sketch): number {
  const median = findQuantile(spread, 0.5)
  return median === undefined ? UNKNOWN_SIGMA : (MAD_TO_SIGMA * median) / SPREAD_SCALE
}

function learnAction(action: ActionLearning, sums: ActionSums): void {
  action.deviation += BigInt(sums.deviation)
  action.pairs += sums.latencyPairs
  addBins(action.spread, sums.spreadBins)
  learnNoise(action, sums)
  for (const bins of [sums.baselineBins, sums.baselineOtherBins]) addBins(action.baseline, bins)
  for (const bins of [sums.canaryBins, sums.canaryOtherBins]) addBins(action.canary, bins)
  fade(action.baseline, MEDIAN_SAMPLES)
  fade(action.canary, MEDIAN_SAMPLES)
  addBins(action.tau, sums.baselineBins)
  const faded = fade(action.tau, TAU_SAMPLES)
  const grown = action.tau.total >= TAU_GROWTH * action.tauTakenAt
  if (action.tau.total >= TAU_FIRST && (faded || grown)) {
    action.tauTakenAt = action.tau.total
    action.tau95Ms = findQuantile(action.tau, 0.95) ?? Infinity
    action.tau99Ms = findQuantile(action.tau, 0.99) ?? Infinity
  }
}

function learnNoise(action: ActionLearning, { seconds, fields }: ActionSums): void {
  action.seconds += seconds
  for (const [path, { noise }] of fields) {
    const known = action.noise.get(path)
    if (noise === 0 || (known === undefined && action.noise.size >= MOST_NOISE_FIELDS)) continue
    action.noise.set(path, (known ?? 0) + noise)
  }
}

/** Fields that differed in more than this share of the pairs with two baseline answers. */
function fieldsAbove({ seconds, noise }: ActionLearning, share: number): string[] {
  return [...noise]
    .filter(([, count]) => count >= LEAST_NOISE && count > share * seconds)
    .map(([path]) => path)
}

function actionParameters(plan: Plan, action: ActionLearning): ActionParameters {
  const baselineMedianMs = findQuantile(action.baseline, 0.5) ?? 0
  const deviation = PRIOR_DEVIATION + Number(action.deviation) / UNIT
  return {
    clip: clipOf(deviation / (PRIOR_PAIRS + action.pairs)),
    tau95Ms: action.tau95Ms,
    tau99Ms: action.tau99Ms,
    baselineMedianMs,
    censorMs: censorOf(baselineMedianMs),
    floorRatio: baselineMedianMs > 0 ? plan.floorMs / baselineMedianMs : 0,
    noisyFields: fieldsAbove(action, NOISY_SHARE),
    loudFields: fieldsAbove(action, LOUD_SHARE),
  }
}

function limOf({ baseline, canary }: ActionLearning): number {
  if (Math.min(baseline.total, canary.total) < MEDIAN_FIRST) return FIRST_LIM_MS
  const medians = [baseline, canary].map((sketch) => findQuantile(sketch, 0.5) ?? 0)
  return Math.max(LEAST_LIM_MS, LIM_MEDIANS * Math.max(...medians))
}
