/**
 * What an arm sustains, by what the rounds saw. Pure.
 *
 * Each round repeats the whole measurement in small: both arms at the same few levels around their
 * knees. Where the limit breaks between two levels the rate is read off between them, by the
 * distance of each from the limit, so that an arm that stands right at its limit is worth about the
 * same whether a level just held or just broke. A choice of one level for all rounds would not do:
 * two equal arms then end at different levels by chance, and no round shows that. Here chance is in
 * every round, and so in what the rounds differ by (replicated estimates, Mahalanobis 1946).
 */

import { NEAR } from './climb.ts'
import type { Level } from './limits.ts'
import { meanOf } from './ratio.ts'

export type TwoArms = 'baseline' | 'canary'

/** The levels of one round, fewest connections first; an arm may lack one it must not be asked for. */
export type Round = Readonly<Record<TwoArms, readonly Level[]>>

/** What brings less at the next level is not growing any more. */
const GROWING = 1.1
/** How far below its lowest level an arm is guessed; in distances from the limit, `log 2`. */
const MOST_BELOW = Math.LN2
/** Between two levels the curve may leave the straight line by so much of what lies between them. */
const CURVED = 0.25

export interface Held {
  /**
   * The fewest connections at which most rounds held and that are near what it sustained, else the
   * most at which they held; the fewest measured where none did.
   */
  readonly connections: number
  /** What the arm sustained, round by round. */
  readonly rates: readonly number[]
  readonly roundsHeld: number
  /** Most rounds held at the highest level, and it brought more than the one before it. */
  readonly isOpen: boolean
  /** Rounds in which not even the lowest level held: what they say is guessed. */
  readonly roundsBelow: number
  /** Share by which the rates may be wrong in all rounds alike, being read off between levels. */
  readonly unknown: number
}

/** @returns undefined without rounds, or where the arm was not measured in all of them */
export function heldBy(arm: TwoArms, rounds: readonly Round[]): Held | undefined {
  const series = rounds.map((round) => round[arm])
  const count = Math.min(...series.map((levels) => levels.length))
  if (series.length === 0 || count === 0) return undefined
  // More connections may bring less; then the arm is worth what it does with fewer.
  const caps = Array.from({ length: count }, (_, cap) =>
    series.map((levels) => sustainedIn(levels, cap)),
  )
  const worth = caps.map((readings) => meanOf(readings.map(({ log }) => log)))
  const cap = worth.indexOf(Math.max(...worth))
  const held = series[0]?.map((_, at) => series.filter((levels) => isHeld(levels[at])).length) ?? []
  const at = toldLevel(series, held, cap, worth[cap] ?? 0)
  const readings = caps[cap] ?? []
  const growth = meanLogOf(series, at) - meanLogOf(series, at - 1)
  return {
    connections: series[0]?.[at]?.connections ?? 0,
    rates: readings.map(({ log }) => Math.exp(log)),
    roundsHeld: held[at] ?? 0,
    isOpen: at > 0 && at === count - 1 && growth >= Math.log(GROWING),
    roundsBelow: series.filter((levels) => !isHeld(levels[0])).length,
    unknown: Math.expm1(meanOf(readings.map(({ unknown }) => unknown))),
  }
}

function toldLevel(
  series: readonly (readonly Level[])[],
  held: readonly number[],
  cap: number,
  worth: number,
): number {
  const holding = held.flatMap((count, at) => (at <= cap && 2 * count > series.length ? [at] : []))
  const near = holding.find((at) => meanLogOf(series, at) >= Math.log(NEAR) + worth)
  return near ?? holding.at(-1) ?? 0
}

/** A stall above the limit says nothing of what holds below it. */
const MOST_FALL = -Math.LN2
/** Requests per second; of an arm that answered nothing the logarithm shall be finite. */
const LEAST_RATE = 0.01

interface Reading {
  /** The logarithm of the rate. */
  readonly log: number
  readonly unknown: number
}

/** With no more connections than those of the level `cap`. */
function sustainedIn(levels: readonly Level[], cap: number): Reading {
  const broken = levels.findIndex(({ strain }, index) => index <= cap && strain > 0)
  const logRate = (at: number): number => logRateOf(levels[at])
  const strain = (at: number): number => levels[at]?.strain ?? 0
  if (broken === -1) return { log: logRate(Math.min(cap, levels.length - 1)), unknown: 0 }
  if (broken > 0) {
    const below = broken - 1
    const share = strain(below) / (strain(below) - strain(broken))
    const growth = Math.max(MOST_FALL, logRate(broken) - logRate(below))
    const unknown = CURVED * 4 * share * (1 - share) * Math.abs(growth)
    return { log: logRate(below) + share * growth, unknown }
  }
  const wider = strain(1) - strain(0)
  // In a closed loop a rate falls at most as fast as the number of those who ask.
  const slope = wider > 0 ? (logRate(1) - logRate(0)) / wider : 0
  const bounded = levels.length > 1 ? Math.min(1, Math.max(0, slope)) : 0
  return { log: logRate(0) - bounded * Math.min(MOST_BELOW, strain(0)), unknown: 0 }
}

function meanLogOf(series: readonly (readonly Level[])[], at: number): number {
  return meanOf(series.map((levels) => logRateOf(levels[at])))
}

function logRateOf(level: Level | undefined): number {
  return Math.log(Math.max(LEAST_RATE, level?.requestsPerSecond ?? 0))
}

function isHeld(level: Level | undefined): boolean {
  return level !== undefined && level.strain <= 0
}
