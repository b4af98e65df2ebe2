/**
 * At which levels the rounds measure, and how long each of them takes. Pure.
 *
 * Both arms are measured at the same numbers of connections, whichever arm needs them: where the
 * search put two equal arms on different levels by chance, the rounds see both arms at both. The
 * search has seen each level once, so the first rounds may say that its levels were wrong; then
 * others are taken and the rounds begin anew.
 */

import { MOST_CONNECTIONS, operatingPoints } from './climb.ts'
import type { Level } from './limits.ts'
import { heldBy, type Round, type TwoArms } from './sustain.ts'

/** Levels nearer than this to each other say the same twice. */
const APART = 1.25
/** One round in so many below the lowest level asks for one that is lower, by this. */
const OFTEN_BELOW = 4
const BELOW = 1.5
/** The lowest level of the search stands so near to its limit that it will break in some rounds. */
const NEAR_LIMIT = -0.2
const TARGET_SECONDS = 1
const LONGEST_SECONDS = 3
const SHORTEST_SECONDS = 0.25
const WARM_SHARE = 0.2
const TURNS = 3
const LONGEST_WARM_SECONDS = 0.5
/** What ending and starting connections takes, about. */
const CHANGE_SECONDS = 0.1
/** Windows are shortened until as many rounds fit. */
const WANTED_ROUNDS = 12
/** Where fewer would fit, the level above the arms' best is not measured. */
const NEEDED_ROUNDS = 6
/** Below this a 95th percentile is the slowest answer. */
const ENOUGH_ANSWERS = 20

/** Fewest connections first; empty where an arm never held. */
export function firstLevels(
  baseline: readonly Level[],
  canary: readonly Level[],
  leftSeconds: number,
): readonly number[] {
  const points = operatingPoints(baseline, canary)
  if (points.baseline === undefined || points.canary === undefined) return []
  const ends = [points.baseline.connections, points.canary.connections]
  const searched = [...baseline, ...canary].map(({ connections }) => connections)
  const low = Math.min(...ends)
  const high = Math.max(...ends)
  const isNear = [points.baseline, points.canary].some(
    ({ connections, strain }) => connections === low && strain > NEAR_LIMIT,
  )
  const lowest = isNear ? [Math.ceil(low / BELOW), low] : [low]
  const levels = [...new Set(high >= APART * low ? [...lowest, high] : lowest)]
  const above = levelAbove(levels.at(-1) ?? low, searched)
  if (above === undefined) return levels
  const all = [...levels, above]
  const shortest = shortestWindow(all, [...baseline, ...canary])
  return leftSeconds < NEEDED_ROUNDS * roundSeconds(all, shortest) ? levels : all
}

function levelAbove(level: number, known: readonly number[]): number | undefined {
  const higher = known.filter((connections) => connections >= APART * level)
  const next = higher.length > 0 ? Math.min(...higher) : Math.min(MOST_CONNECTIONS, 2 * level)
  return next > level ? next : undefined
}

/**
 * The levels that are needed after these rounds: of each arm the highest that held and the one above
 * it. The same array where these levels have all that. Where the lowest does not hold there is one
 * below it, but only one: a limit that holds nowhere on a bad day says how bad the day is, and two
 * arms with next to nothing to do are equal.
 * @param first the levels of the first round
 * @param refused by arm, the connections at which half of its answers failed
 */
export function laterLevels(
  first: readonly number[],
  levels: readonly number[],
  rounds: readonly Round[],
  refused: Readonly<Record<TwoArms, number>>,
): readonly number[] {
  // One level says nothing of others.
  if (levels.length < 2) return levels
  const fewest = Math.ceil((first[0] ?? 1) / BELOW)
  const needed = new Set<number>()
  for (const arm of ['baseline', 'canary'] as const) {
    const held = heldBy(arm, rounds)
    if (held === undefined) return levels
    const { connections, roundsBelow, isOpen } = held
    needed.add(connections)
    const above = isOpen
      ? Math.min(MOST_CONNECTIONS, 2 * connections)
      : (levels.find((level) => level > connections) ?? connections)
    if (OFTEN_BELOW * roundsBelow >= rounds.length) needed.add(fewest)
    if (2 * roundsBelow < rounds.length && above < refused[arm]) needed.add(above)
  }
  const sorted = [...needed].toSorted((left, right) => left - right)
  return sorted.every((level) => levels.includes(level)) ? levels : sorted
}

export interface RoundWindow {
  readonly warmSeconds: number
  readonly seconds: number
}

/** @param seen what the search saw at levels like these: how fast they answer says how long it takes */
export function windowOf(
  levels: readonly number[],
  leftSeconds: number,
  seen: readonly Level[],
): RoundWindow {
  const { warmSeconds, seconds: shortest } = shortestWindow(levels, seen)
  const each = leftSeconds / (WANTED_ROUNDS * 2 * Math.max(1, levels.length)) - CHANGE_SECONDS
  const rates = nearest(levels, seen).map(({ requestsPerSecond }) => requestsPerSecond)
  const enough = ENOUGH_ANSWERS / Math.min(Infinity, ...rates)
  const wanted = Math.min(LONGEST_SECONDS, Math.max(TARGET_SECONDS, enough, 2 * shortest))
  const seconds = Math.max(shortest, Math.min(wanted, each * (1 - WARM_SHARE)))
  return {
    seconds,
    warmSeconds: Math.max(warmSeconds, Math.min(LONGEST_WARM_SECONDS, seconds * WARM_SHARE)),
  }
}

/** In the warm-up each connection is answered once, and in the window a few times. */
function shortestWindow(levels: readonly number[], seen: readonly Level[]): RoundWindow {
  const latencies = nearest(levels, seen).map(({ p95Ms }) => p95Ms / 1000)
  const latency = latencies.toSorted((left, right) => left - right)[latencies.length >> 1] ?? 0
  return {
    warmSeconds: Math.min(LONGEST_WARM_SECONDS, Math.max(SHORTEST_SECONDS * WARM_SHARE, latency)),
    seconds: Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, TURNS * latency)),
  }
}

/** Levels that held and answered, among or above these. */
function nearest(levels: readonly number[], seen: readonly Level[]): Level[] {
  return seen.filter(
    ({ connections, requestsPerSecond, broke }) =>
      broke === undefined && connections >= (levels[0] ?? 1) && requestsPerSecond > 0,
  )
}

/** What a round at these levels takes. */
export function roundSeconds(levels: readonly number[], window: RoundWindow): number {
  return 2 * levels.length * (window.warmSeconds + window.seconds + CHANGE_SECONDS)
}
