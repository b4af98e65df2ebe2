/** From what was measured to what the report says of it. Pure. */

import type { Capacity, Reason, Sustained } from '../../core/contract/report.ts'
import { NEAR, type Climb, type LimitedBy, type OperatingPoints } from './climb.ts'
import type { Level, LimitGroup } from './limits.ts'
import type { Mix } from './mix.ts'
import { estimateOf } from './ratio.ts'

export type TwoArms = 'baseline' | 'canary'

export interface Measured {
  readonly mix: Mix
  /** At least one. */
  readonly groups: readonly LimitGroup[]
  readonly seconds: number
  readonly climbs: Readonly<Record<TwoArms, Pick<Climb, 'levels' | 'limitedBy'>>>
  readonly points: OperatingPoints
  readonly rounds: readonly Readonly<Record<TwoArms, Level>>[]
}

/** Fewer rounds give an interval that says nothing. */
const FEWEST_ROUNDS = 2

const BOUNDS: ReadonlySet<LimitedBy> = new Set(['generator', 'cap', 'time'])

export function capacityOf(measured: Measured): {
  readonly capacity: Capacity
  readonly reasons: readonly Reason[]
} {
  const { mix, groups, points, rounds } = measured
  const arms = { baseline: sustained('baseline', measured), canary: sustained('canary', measured) }
  const reasons = (['baseline', 'canary'] as const).flatMap((arm) =>
    remarksOf(arm, arms[arm], rounds.length),
  )
  const isBound = Object.values(arms).some((arm) => arm !== undefined && BOUNDS.has(arm.limitedBy))
  const areApart = points.baseline?.connections !== points.canary?.connections
  // At levels of their own each may lie a little below its best, and no round shows how much.
  const ratio =
    isBound || rounds.length < FEWEST_ROUNDS
      ? undefined
      : estimateOf(
          rounds.map(
            ({ baseline, canary }) => canary.requestsPerSecond / baseline.requestsPerSecond,
          ),
          areApart ? 1 - NEAR : 0,
        )
  const widest = widestOf(groups, mix)
  return {
    reasons,
    capacity: {
      sloP95Ms: widest.p95Ms,
      sloFrom: widest.from,
      errorShare: widest.errorShare,
      seconds: measured.seconds,
      rounds: rounds.length,
      arms: {
        ...(arms.baseline === undefined ? {} : { baseline: arms.baseline }),
        ...(arms.canary === undefined ? {} : { canary: arms.canary }),
      },
      ...(ratio === undefined ? {} : { ratio: { kind: 'ratio', ...ratio } }),
      actions: mix.actions.map(({ action, share }, index) => ({
        action,
        share,
        p95LimitMs: groupOf(groups, index)?.p95Ms ?? widest.p95Ms,
      })),
      leftOut: [...mix.leftOut],
    },
  }
}

/** Undefined where the arm was never measured. */
function sustained(arm: TwoArms, { climbs, points, rounds }: Measured): Sustained | undefined {
  const climb = climbs[arm]
  const levels = rounds.map((round) => round[arm])
  const limitedBy = levels.some(({ isStrained }) => isStrained)
    ? 'generator'
    : (climb.limitedBy() ?? 'time')
  const point = points[arm]
  const worst = climb.levels()[0]
  if (point === undefined) {
    if (worst === undefined) return undefined
    const { connections, p95Ms, errorShare: errors } = worst
    return { requestsPerSecond: 0, connections, p95Ms, errors, limitedBy, roundsHeld: 0 }
  }
  const { connections } = point
  const rate = estimateOf(levels.map(({ requestsPerSecond }) => requestsPerSecond))
  const told = levels.length === 0 ? [point] : levels
  return {
    requestsPerSecond: rate?.estimate ?? point.requestsPerSecond,
    ...(rate === undefined ? {} : { low: rate.low, high: rate.high }),
    connections,
    p95Ms: medianOf(told.map(({ p95Ms }) => p95Ms)),
    errors: told.reduce((sum, { errorShare }) => sum + errorShare, 0) / told.length,
    limitedBy,
    roundsHeld: levels.filter(({ broke }) => broke === undefined).length,
  }
}

function remarksOf(arm: TwoArms, measured: Sustained | undefined, rounds: number): Reason[] {
  if (measured === undefined) return []
  const { requestsPerSecond, limitedBy, low, roundsHeld } = measured
  if (requestsPerSecond === 0) {
    return say(`the ${arm} does not hold the limit at one connection (${limitedBy})`)
  }
  switch (limitedBy) {
    case 'generator':
      return say(`the ${arm} sustains at least its rate: our own generator was the limit`)
    case 'cap':
      return say(`the ${arm} sustains at least its rate: more connections were not tried`)
    case 'time':
      return say(`the ${arm} sustains at least its rate: there was no time to try more`)
    case 'latency':
    case 'errors':
    case 'full':
      if (rounds > 0 && 2 * roundsHeld < rounds) {
        return say(`the ${arm} was within its limit in ${roundsHeld} of ${rounds} rounds only`)
      }
      return low === undefined
        ? say(`the rate of the ${arm} was seen in the search only, so it has no interval`)
        : []
  }
}

function say(message: string): Reason[] {
  return [{ code: 'capacity', message }]
}

/** The limit that holds for the largest share of the requests. */
function widestOf(groups: readonly LimitGroup[], mix: Mix): LimitGroup {
  const shareOf = ({ actions }: LimitGroup): number =>
    actions.reduce((sum, index) => sum + (mix.actions[index]?.share ?? 0), 0)
  const [first] = groups.toSorted((left, right) => shareOf(right) - shareOf(left))
  if (first === undefined) throw new RangeError('there is no limit')
  return first
}

function groupOf(groups: readonly LimitGroup[], action: number): LimitGroup | undefined {
  return groups.find((group) => group.actions.includes(action))
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
