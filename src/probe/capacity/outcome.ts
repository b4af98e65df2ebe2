/** From what was measured to what the report says of it. Pure. */

import type { Capacity, Reason, Sustained } from '../../core/contract/report.ts'
import { MOST_CONNECTIONS, NEAR, operatingPoints, type Climb, type LimitedBy } from './climb.ts'
import type { Level, LimitGroup } from './limits.ts'
import type { Mix } from './mix.ts'
import { estimateOf, spreadOf, type Estimate } from './ratio.ts'
import { heldBy, type Held, type Round, type TwoArms } from './sustain.ts'

export interface Measured {
  readonly mix: Mix
  /** At least one. */
  readonly groups: readonly LimitGroup[]
  readonly seconds: number
  readonly climbs: Readonly<Record<TwoArms, Pick<Climb, 'levels' | 'limitedBy'>>>
  readonly rounds: readonly Round[]
}

/** Fewer rounds give intervals that say nothing. */
const FEWEST_ROUNDS = 5
/** By so much an arm's own rate may differ between rounds: the standard deviation of its logarithm. */
const MOST_SPREAD = 0.5
/** Rounds that could only be guessed. */
const MOST_BELOW = 1 / 3
/** A ratio that may be half as much again or two thirds of what is told is none. */
const WIDEST = 1.5
/** Of the windows of an arm: of fewer, our own threads being busy was a moment of the machine. */
const MOST_STRAINED = 0.2

const BOUNDS: ReadonlySet<LimitedBy> = new Set(['generator', 'cap', 'time'])

export function capacityOf(measured: Measured): {
  readonly capacity: Capacity
  readonly reasons: readonly Reason[]
} {
  const { mix, groups, rounds } = measured
  const held = { baseline: heldBy('baseline', rounds), canary: heldBy('canary', rounds) }
  const arms = {
    baseline: sustained('baseline', measured, held.baseline),
    canary: sustained('canary', measured, held.canary),
  }
  const remarks = (['baseline', 'canary'] as const).flatMap((arm) =>
    remarksOf(arm, arms[arm], rounds.length),
  )
  const isBound = Object.values(arms).some((arm) => arm !== undefined && BOUNDS.has(arm.limitedBy))
  const levels = new Set(rounds.flatMap((round) => Object.values(round).flatMap(connectionsOf)))
  const compared = isBound ? undefined : ratioOf(held, rounds.length, levels.size)
  const widest = widestOf(groups, mix)
  const ratio = compared?.ratio
  return {
    reasons: [...remarks, ...(compared?.reasons ?? [])],
    capacity: {
      sloP95Ms: widest.p95Ms,
      sloFrom: widest.from,
      errorShare: widest.errorShare,
      seconds: measured.seconds,
      rounds: rounds.length,
      levels: [...levels].toSorted((left, right) => left - right),
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

/** Canary by baseline, or why it cannot be told. */
function ratioOf(
  { baseline, canary }: Readonly<Record<TwoArms, Held | undefined>>,
  rounds: number,
  levels: number,
): { readonly ratio?: Estimate; readonly reasons: readonly Reason[] } {
  if (baseline === undefined || canary === undefined || rounds < FEWEST_ROUNDS) {
    return {
      reasons:
        rounds === 0
          ? []
          : say(
              `no ratio: ${rounds === 1 ? '1 round is' : `${rounds} rounds are`} too few; ` +
                'give it more time with --capacity-duration',
            ),
    }
  }
  const below = Math.max(baseline.roundsBelow, canary.roundsBelow)
  if (below > MOST_BELOW * rounds) {
    const arm = below === canary.roundsBelow ? 'canary' : 'baseline'
    return {
      reasons: say(
        `no ratio: in ${below} of ${rounds} rounds the ${arm} did not hold its limit with the fewest ` +
          'connections; something else keeps the machine busy, or the limit is too near to its latency',
      ),
    }
  }
  const ratios = canary.rates.map((rate, round) => rate / (baseline.rates[round] ?? NaN))
  // At levels of their own, or at one, each may lie a little below its best: no round shows by how much.
  const isLevel = baseline.connections === canary.connections && levels > 1
  const near = isLevel ? 0 : 1 - NEAR
  const ratio = estimateOf(ratios, Math.max(near, baseline.unknown, canary.unknown))
  if (ratio === undefined) return { reasons: say('no ratio: an arm answered nothing in a round') }
  const spread = Math.max(spreadOf(baseline.rates), spreadOf(canary.rates))
  if (ratio.high <= WIDEST * ratio.estimate && spread <= MOST_SPREAD) return { ratio, reasons: [] }
  const [low, high] = [ratio.low, ratio.high].map((end) => end.toFixed(2))
  return {
    reasons: say(
      `no ratio: the rounds differ too much, it may lie anywhere between ${low} and ${high}; ` +
        'something else keeps the machine busy, or the limit is too near to the latency',
    ),
  }
}

/** Undefined where the arm was never measured. */
function sustained(
  arm: TwoArms,
  { climbs, rounds }: Measured,
  held: Held | undefined,
): Sustained | undefined {
  const climb = climbs[arm]
  const [first] = climb.levels()
  if (first === undefined) return undefined
  const series = rounds.map((round) => round[arm])
  const point = operatingPoints(climbs.baseline.levels(), climbs.canary.levels())[arm]
  if (point === undefined || held === undefined) {
    const { connections, requestsPerSecond, p95Ms, errorShare: errors } = point ?? first
    const rate = point === undefined ? 0 : requestsPerSecond
    const limitedBy = climb.limitedBy() ?? 'time'
    return { requestsPerSecond: rate, connections, p95Ms, errors, limitedBy, roundsHeld: 0 }
  }
  const told = series.flatMap((levels) => levels.find(isAt(held.connections)) ?? [])
  const above = aboveOf(held.connections, series, climb.levels())
  const rate = rounds.length < FEWEST_ROUNDS ? undefined : estimateOf(held.rates)
  return {
    requestsPerSecond: rate?.estimate ?? medianOf(held.rates),
    ...(rate === undefined ? {} : { low: rate.low, high: rate.high }),
    ...summaryOf(told),
    connections: held.connections,
    limitedBy: limitedBy(climb.limitedBy(), series, held, above),
    roundsHeld: held.roundsHeld,
    ...(above === undefined ? {} : { above }),
  }
}

type Above = NonNullable<Sustained['above']>

/** The next level that was tried: in the rounds, else in the search. */
function aboveOf(
  connections: number,
  series: readonly (readonly Level[])[],
  searched: readonly Level[],
): Above | undefined {
  for (const levels of [series.flat(), searched]) {
    const higher = levels.filter((level) => level.connections > connections)
    if (higher.length === 0) continue
    const next = Math.min(...higher.map((level) => level.connections))
    const seen = higher.filter(isAt(next))
    const broken = seen.flatMap(({ broke }) => broke ?? [])
    const failed = 2 * broken.filter((why) => why === 'errors').length > broken.length
    return {
      connections: next,
      ...summaryOf(seen),
      requestsPerSecond: medianOf(seen.map(({ requestsPerSecond }) => requestsPerSecond)),
      ...(2 * broken.length >= seen.length ? { broke: failed ? 'errors' : 'latency' } : {}),
    }
  }
  return undefined
}

/** What the rounds saw comes before what the search saw once. */
function limitedBy(
  searched: LimitedBy | undefined,
  series: readonly (readonly Level[])[],
  { connections, isOpen }: Held,
  above: Above | undefined,
): LimitedBy {
  const windows = series.flatMap((levels) => levels.filter(isAt(connections)))
  const strained = windows.filter(({ isStrained }) => isStrained).length
  if (strained > MOST_STRAINED * windows.length) return 'generator'
  const isTop = series.every((levels) => connections === levels.at(-1)?.connections)
  if (!isTop) return above?.broke ?? 'full'
  if (isOpen && above?.broke !== 'errors') return connections >= MOST_CONNECTIONS ? 'cap' : 'time'
  if (searched !== undefined && BOUNDS.has(searched)) return searched
  return above?.broke ?? 'full'
}

function summaryOf(levels: readonly Level[]): { readonly p95Ms: number; readonly errors: number } {
  return {
    p95Ms: medianOf(levels.map(({ p95Ms }) => p95Ms)),
    errors:
      levels.reduce((sum, { errorShare }) => sum + errorShare, 0) / Math.max(1, levels.length),
  }
}

function connectionsOf(levels: readonly Level[]): number[] {
  return levels.map(({ connections }) => connections)
}

function isAt(connections: number): (level: Level) => boolean {
  return (level) => level.connections === connections
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
      return low === undefined && rounds === 0
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
