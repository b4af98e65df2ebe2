/**
 * Folding: the pairs of one block become sums, and only sums travel. All scores are integers of
 * 2⁻³², so the sums are exact: any split over workers, in any order, merges to the same bits.
 */

import type { PairAnswers } from '../core/answers.ts'
import { isFailure, type Outcome } from '../core/contract/sample.ts'
import type { Plan } from '../core/contract/plan.ts'
import { invariant } from '../core/invariant.ts'
import { ActionFold } from './folding/action-fold.ts'
import { createScorer, termsOf } from './folding/scorer.ts'
import { addSums, emptySums, withoutLatencySums, type ActionSums } from './folding/sums.ts'
import type { Parameters } from './parameters.ts'

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
  /** Where the answers were compared. */
  readonly answers?: PairAnswers
}

/** Above this many pairs a block keeps no order of its pairs: counts decide long before. */
const MOST_TURNS = 256

/** One pair in the order of sending: did the canary answer, or only the canary time out? */
export interface Turn {
  readonly at: number
  readonly canaryTimedOut: boolean
}

/** Plain data that crosses a worker boundary by structured clone. */
export interface BlockSums {
  /** In the order of `plan.actions`. */
  readonly actions: readonly ActionSums[]
  /** Pairs of the block; `turns` is empty where these are too many. */
  readonly pairs: number
  readonly turns: readonly Turn[]
}

export interface FoldOptions {
  /** Without the sums of the confidence sequences, which cost most; default true. */
  readonly intervals?: boolean
}

/** The sums of some pairs of one block; the order of the pairs does not matter. */
export function foldPairs(
  plan: Plan,
  seed: number,
  parameters: Parameters,
  pairs: readonly PairRecord[],
  { intervals = true }: FoldOptions = {},
): BlockSums {
  const terms = termsOf(plan)
  const folds: (ActionFold | undefined)[] = []
  const turns: Turn[] = []
  let count = 0
  for (const pair of pairs) {
    if (pair.baseline === 'aborted' || pair.canary === 'aborted') continue
    const own = terms[pair.action]
    invariant(own !== undefined, 'a pair names an action of the plan')
    const fold = (folds[pair.action] ??= new ActionFold(
      createScorer(own, parameters.actions[pair.action]),
      seed,
      intervals,
    ))
    fold.add(pair)
    count += 1
    if (count > MOST_TURNS) continue
    const canaryTimedOut = pair.canary === 'timeout' && !isFailure(pair.baseline)
    turns.push({ at: pair.at, canaryTimedOut })
  }
  const actions = plan.actions.map((_, index) => folds[index]?.finish() ?? emptySums())
  return { actions, pairs: count, turns: count > MOST_TURNS ? [] : inOrder(turns) }
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
  return { ...sums, actions: sums.actions.map(withoutLatencySums) }
}

/** Ties of the clock: an answer comes before a timeout, so that the order is the same everywhere. */
function inOrder(turns: readonly Turn[]): Turn[] {
  if (turns.length > MOST_TURNS) return []
  return turns.toSorted(
    (left, right) =>
      left.at - right.at || Number(left.canaryTimedOut) - Number(right.canaryTimedOut),
  )
}
