/** How soon a regression of a given size would be found, and which slowdown stays hidden. */

import type { Plan } from '../../core/contract/plan.ts'
import type { Scope } from '../judging/streams.ts'
import { findSmallestRatio, secondsToAlarm } from '../power.ts'
import { comparedPerSecond, findLnThreshold, loadOf, type Assumptions } from './load.ts'

/** Expected seconds from the start of a phase; left out where it would not be found at all. */
export interface Detection {
  /** 0.2 = 20 % slower, 0.01 = 1 pp more failures, 1 = every answer is wrong. */
  readonly size: number
  readonly seconds?: number
}

export interface Detections {
  /** The smallest slowdown that is found within the expected length of the run. */
  readonly smallestRatio?: number
  readonly slower: readonly Detection[]
  readonly errors: readonly Detection[]
  /** Left out where no answers are compared. */
  readonly responses?: readonly Detection[]
}

const SLOWER = [0.1, 0.2, 0.5]
const FAILING = [0.01, 0.05]
const WRONG = [1, 0.01]
/** The first field of the answers that differs gets half of their share of the level. */
const LN_FIRST_FIELD = Math.LN2

export function detectionsOf(
  plan: Plan,
  scope: Scope,
  known: {
    readonly assumed: Assumptions
    readonly withinSeconds: number
    /** What the run must reach, where a stream has no threshold of its own. */
    readonly lnRun: number
  },
): Detections {
  const { sigma, baselineFailures: baselineShare } = known.assumed
  const { pairsPerSecond: rate } = loadOf(plan, scope)
  const { blockSeconds } = plan
  const pace = { rate, blockSeconds }
  const margin = scope.kind === 'action' ? plan.actions[scope.index]?.margin : plan.service.margin
  const typical = { margin: margin?.latencyTypical ?? 0, sigma }
  const ln = (metric: 'latency_typical' | 'errors' | 'responses'): number =>
    findLnThreshold(plan, scope, metric) ?? known.lnRun
  const smallest = findSmallestRatio(typical, pace, {
    seconds: known.withinSeconds,
    lnThreshold: ln('latency_typical'),
  })
  const failing = (added: number): number =>
    secondsToAlarm(
      { kind: 'errors', added, margin: margin?.errors ?? 0, baselineShare },
      pace,
      ln('errors'),
    )
  const compared = { rate: comparedPerSecond(plan, scope), blockSeconds }
  const wrong = (added: number): number =>
    secondsToAlarm(
      { kind: 'errors', added, margin: margin?.responses ?? 0, baselineShare: 0 },
      compared,
      ln('responses') + LN_FIRST_FIELD,
    )
  return {
    ...(smallest === undefined ? {} : { smallestRatio: Number(smallest.toFixed(4)) }),
    slower: SLOWER.map((size) =>
      detection(
        size,
        secondsToAlarm(
          { kind: 'typical', ratio: 1 + size, ...typical },
          pace,
          ln('latency_typical'),
        ),
      ),
    ),
    errors: FAILING.map((size) => detection(size, failing(size))),
    ...(compared.rate > 0 ? { responses: WRONG.map((size) => detection(size, wrong(size))) } : {}),
  }
}

/** Beyond a day nobody waits. */
const LONGEST_SECONDS = 86_400

function detection(size: number, seconds: number): Detection {
  return seconds > LONGEST_SECONDS ? { size } : { size, seconds: Number(seconds.toFixed(1)) }
}
