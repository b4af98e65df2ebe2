/**
 * The search for the most that one arm sustains: which number of connections comes next, and when
 * enough is known. Pure: whoever climbs measures.
 *
 * A level that takes too long, or all of our own threads, is measured once more, because a single
 * stall of the machine would end the search otherwise; one that fails is not.
 *
 * Connections double until a limit breaks, until two doublings in a row bring no more (the target is
 * full; more connections only wait), until our own threads are full, or to the cap. If the limit
 * broke while the rate still grew, the gap is narrowed by at most three levels in between.
 */

import type { Level } from './limits.ts'

/** `full`: more connections bring no more. `generator`, `cap`, `time`: it sustains at least this. */
export type LimitedBy = 'latency' | 'errors' | 'full' | 'generator' | 'cap' | 'time'

/** In a closed loop each connection is a user who never thinks; more was never needed here. */
export const MOST_CONNECTIONS = 256
/** A doubling that brings less than this brings nothing. */
const GROWTH = 1.03
const FLAT_DOUBLINGS = 2
/** A gap between good and bad that is not worth another level. */
const NARROW_GAP = 1.2
const MOST_BETWEEN = 3

export interface Climb {
  /** Undefined once it is over. */
  next(): number | undefined
  add(level: Level): void
  /** No further level is measured. */
  stop(why: 'time'): void
  levels(): readonly Level[]
  /** Undefined until it is over. */
  limitedBy(): LimitedBy | undefined
}

export function createClimb(mostConnections = MOST_CONNECTIONS): Climb {
  const levels: Level[] = []
  let good: Level | undefined
  let bad: Level | undefined
  let best = 0
  let flat = 0
  let between = 0
  let isGrowing = true
  /** Measured once, and taking too long or too much of us: it comes next once more. */
  let doubted: number | undefined
  let over: LimitedBy | undefined

  const isFirstDoubt = ({ broke, connections, isStrained }: Level): boolean =>
    (broke === 'latency' || (broke === undefined && isStrained)) && doubted !== connections
  const climbOn = (level: Level): void => {
    const grew = level.requestsPerSecond >= GROWTH * best
    // At one connection there is nothing to compare with.
    flat = grew ? 0 : flat + 1
    isGrowing = grew
    best = Math.max(best, level.requestsPerSecond)
    good = level
    if (level.isStrained) over = 'generator'
    else if (flat >= FLAT_DOUBLINGS) over = 'full'
    else if (level.connections >= mostConnections) over = 'cap'
  }
  const narrow = (level: Level): void => {
    between += 1
    if (level.broke === undefined) good = level
    else bad = level
    if (between >= MOST_BETWEEN) over = bad?.broke
  }
  return {
    next() {
      if (over !== undefined) return undefined
      if (doubted !== undefined) return doubted
      if (bad === undefined) {
        return good === undefined ? 1 : Math.min(mostConnections, 2 * good.connections)
      }
      if (good === undefined) return undefined
      return Math.round(Math.sqrt(good.connections * bad.connections))
    },
    add(level) {
      doubted = isFirstDoubt(level) ? level.connections : undefined
      if (doubted !== undefined) return
      levels.push(level)
      if (bad !== undefined) narrow(level)
      else if (level.broke === undefined) climbOn(level)
      else bad = level
      if (over !== undefined || bad === undefined) return
      const gap = good === undefined ? 1 : bad.connections / good.connections
      const isNarrow = gap <= NARROW_GAP || bad.connections - (good?.connections ?? 0) <= 1
      if (good === undefined || !isGrowing || isNarrow) over = bad.broke
    },
    stop(why) {
      // One doubling has brought nothing already: another would only have made it certain.
      over ??= bad === undefined && flat > 0 ? 'full' : why
    },
    levels: () => levels,
    limitedBy: () => over,
  }
}

/** What of the best rate counts as the best rate: less cannot be told apart in a short level. */
export const NEAR = 0.97

export interface OperatingPoints {
  readonly baseline: Level | undefined
  readonly canary: Level | undefined
}

/**
 * Where each arm stood best in the search. One number of connections for both, if there is one at
 * which each is within three per cent of its best; else each its own. Always the fewest connections,
 * which is farthest from the limit.
 */
export function operatingPoints(
  baseline: readonly Level[],
  canary: readonly Level[],
): OperatingPoints {
  const [ofBaseline, ofCanary] = [nearBest(baseline), nearBest(canary)]
  const common = ofBaseline.find(({ connections }) =>
    ofCanary.some((level) => level.connections === connections),
  )
  const at = (levels: readonly Level[]): Level | undefined =>
    levels.find(({ connections }) => connections === common?.connections) ?? levels[0]
  return { baseline: at(ofBaseline), canary: at(ofCanary) }
}

/** Levels that held, near the best of them, fewest connections first. */
function nearBest(levels: readonly Level[]): Level[] {
  const held = levels.filter(({ broke }) => broke === undefined)
  const best = Math.max(...held.map(({ requestsPerSecond }) => requestsPerSecond))
  return held
    .filter(({ requestsPerSecond }) => requestsPerSecond >= NEAR * best)
    .toSorted((left, right) => left.connections - right.connections)
}
