/**
 * What "sustains" means: the 95th percentile and the share of failures that each group of actions
 * may have, the same for both arms.
 *
 * An action with an SLO is held to it by itself. The others share one limit: three times the
 * baseline's own 95th percentile at one connection, and at least 10 ms more, because on a fast
 * target three times nothing is within what the machine itself adds.
 */

import type { ActionCounts, LevelCounts } from '../../generator/capacity/level.ts'
import { Histogram } from '../../generator/pool/histogram.ts'

export interface LimitedAction {
  readonly action: string
  readonly p95Ms?: number
  readonly errorShare?: number
}

export interface LimitGroup {
  /** Indices of actions. */
  readonly actions: readonly number[]
  readonly p95Ms: number
  readonly errorShare: number
  readonly from: 'slo' | 'unloaded'
}

const DEFAULT_ERROR_SHARE = 0.01
const TIMES_UNLOADED = 3
const AT_LEAST_MORE_MS = 10
const QUANTILE = 0.95
/** A group with fewer requests in a level says nothing by itself. */
const FEWEST = 20
/** Of one core, or of the thread's time: above this the level shows our own limit. */
const MOST_BUSY = 0.9

/** @param unloaded the baseline at one connection */
export function limitsOf(
  actions: readonly LimitedAction[],
  unloaded: LevelCounts,
): readonly LimitGroup[] {
  const p95Ms = p95Of(unloaded.actions) ?? 0
  const common = Math.max(TIMES_UNLOADED * p95Ms, p95Ms + AT_LEAST_MORE_MS)
  const own: LimitGroup[] = []
  const others: number[] = []
  for (const [index, action] of actions.entries()) {
    if (action.p95Ms === undefined && action.errorShare === undefined) others.push(index)
    else {
      own.push({
        actions: [index],
        p95Ms: action.p95Ms ?? common,
        errorShare: action.errorShare ?? DEFAULT_ERROR_SHARE,
        from: action.p95Ms === undefined ? 'unloaded' : 'slo',
      })
    }
  }
  const rest = { actions: others, p95Ms: common, errorShare: DEFAULT_ERROR_SHARE }
  return others.length === 0 ? own : [{ ...rest, from: 'unloaded' }, ...own]
}

/** One level of one arm, judged. */
export interface Level {
  readonly connections: number
  /** Good answers only. */
  readonly requestsPerSecond: number
  /** Of all actions together; failures count with their timeout. */
  readonly p95Ms: number
  readonly errorShare: number
  /**
   * How far it was from the limit that is nearest to breaking, as the logarithm of a ratio: above 0
   * it is broken, at -0.7 half of what is allowed was used.
   */
  readonly strain: number
  /** Left out = the limits were held. */
  readonly broke?: 'latency' | 'errors'
  /** Half of its answers failed, so that it was ended: the arm is not asked for as much again. */
  readonly gaveWay?: true
  /** The rate may be ours, not the target's. */
  readonly isStrained: boolean
}

export function judgeLevel(
  counts: LevelCounts,
  connections: number,
  groups: readonly LimitGroup[],
): Level {
  const { late, failing } = strainsOf(counts, groups)
  const broke = failing > 0 ? 'errors' : late > 0 ? 'latency' : undefined
  return {
    connections,
    requestsPerSecond: counts.seconds > 0 ? answersOf(counts.actions) / counts.seconds : 0,
    p95Ms: p95Of(counts.actions) ?? 0,
    errorShare: failureShareOf(counts.actions),
    isStrained: Math.max(counts.cpu, counts.busy) >= MOST_BUSY,
    strain: Math.max(late, failing),
    ...(broke === undefined ? {} : { broke }),
    ...(counts.end === 'breaker' ? { gaveWay: true } : {}),
  }
}

/** The farthest that a level is said to be from its limit, on both sides. */
const MOST_STRAIN = 3
/** Where no failure is allowed, one in a thousand is as far above as twice what is allowed. */
const LEAST_ERROR_SHARE = 0.001

function strainsOf(
  { end, actions }: LevelCounts,
  groups: readonly LimitGroup[],
): { readonly late: number; readonly failing: number } {
  const enough = groups.filter((group) => totalOf(pick(actions, group)) >= FEWEST)
  const judged = (enough.length > 0 ? enough : groups).map((group) => ({
    ...group,
    own: pick(actions, group),
  }))
  const late = judged.map(({ own, p95Ms }) => Math.log((p95Of(own) ?? 0) / p95Ms))
  const failing = judged.map(({ own, errorShare }) => {
    const failed = failureShareOf(own)
    const least = Math.max(errorShare, LEAST_ERROR_SHARE)
    return failed === 0 ? -MOST_STRAIN : Math.log((failed + least) / (errorShare + least))
  })
  const gaveWay = end === 'breaker' || end === 'asked'
  return {
    // Not one answer, and nothing that waited longer than allowed: it was too short to tell.
    late: answersOf(actions) === 0 ? MOST_STRAIN : bounded(Math.max(...late)),
    failing: gaveWay ? MOST_STRAIN : bounded(Math.max(...failing)),
  }
}

function bounded(strain: number): number {
  return Math.max(-MOST_STRAIN, Math.min(MOST_STRAIN, strain))
}

/** By action; what waits longer than this when a level ends can only be late. */
export function lateMsOf(groups: readonly LimitGroup[], actionCount: number): number[] {
  return Array.from(
    { length: actionCount },
    (_, action) => groups.find((group) => group.actions.includes(action))?.p95Ms ?? Infinity,
  )
}

function pick(actions: readonly ActionCounts[], group: LimitGroup): ActionCounts[] {
  return group.actions.flatMap((index) => actions[index] ?? [])
}

function p95Of(actions: readonly ActionCounts[]): number | undefined {
  const all = new Histogram()
  for (const { latencies } of actions) all.merge(latencies)
  return all.quantile(QUANTILE)
}

function answersOf(actions: readonly ActionCounts[]): number {
  return actions.reduce((sum, { answers }) => sum + answers, 0)
}

function totalOf(actions: readonly ActionCounts[]): number {
  return actions.reduce((sum, { answers, failures }) => sum + answers + failures, 0)
}

function failureShareOf(actions: readonly ActionCounts[]): number {
  const total = totalOf(actions)
  return total === 0 ? 0 : actions.reduce((sum, { failures }) => sum + failures, 0) / total
}
