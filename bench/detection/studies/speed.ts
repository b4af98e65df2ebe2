/**
 * The speed of one action's streams by its rate, at the threshold of one stream of thirty, and what
 * the planner says of it before the run (STATISTICS 8, 9.4).
 */

import {
  secondsToAlarm,
  type Regression as PlannedRegression,
} from '../../../src/analysis/power.ts'
import { createEngine, planOf, WARM_UP_SECONDS } from '../simulation/engine.ts'
import { ACTION_REGRESSIONS, afterWarmUp } from '../simulation/regressions.ts'
import { createWorld, REGIMES, type Change } from '../simulation/world.ts'
import { formatTimes, quantileOf, seconds } from './figures.ts'
import { defineStudy, jobsOf, partOf, type Outcome, type Table } from './study.ts'

const NAME = 'speed'
const RATES = [1, 5, 20, 100] as const
const LONGEST_SECONDS = { 1: 1800, 5: 1800, 20: 1800, 100: 1200 } as const
const PART = 0.06
/** α = 0.01, thirty action streams that share half of it. */
const LN_THRESHOLD = Math.log(6000)
const BLOCK_SECONDS = 1
/** Spread of ln c − ln b in these worlds: two arms of noise 0.45. */
const SIGMA = 0.45 * Math.SQRT2
const ERRORS = 0.001

/** The goals: medians in seconds at 1, 5, 20 and 100 pairs/s; undefined where few are detected. */
const GOALS: Readonly<Record<string, readonly (number | undefined)[]>> = {
  '+5 %': [undefined, 837, 256, 60],
  '+10 %': [1216, 236, 68, 25],
  '+20 %': [345, 71, 25, 16],
  '+50 %': [78, 24, 16, 15],
  'slow mode 1 to 2 %': [undefined, undefined, 588, 161],
  'slow mode 1 to 3 %': [undefined, 711, 206, 52],
  'slow mode 1 to 5 %': [1378, 317, 81, 24],
  'slow mode x3': [undefined, 1009, 295, 60],
  'errors 0.1 to 0.5 %': [undefined, 1431, 319, 78],
  'errors 0.1 to 1 %': [undefined, 521, 121, 31],
  'errors 0.1 to 5 %': [319, 70, 26, 16],
  'errors 100 %': [24, 16, 15, 15],
  '+10 % from 600 s': [undefined, 348, 110, 39],
  '+50 % from 600 s': [125, 40, 26, 25],
  'slow 5 % from 600 s': [undefined, 289, 99, 38],
  'errors 1 % from 600 s': [undefined, 541, 165, 47],
}

export interface SpeedRun {
  /** Seconds after the onset; left out = not in time, or before the onset. */
  readonly at?: number
}

export const speed = defineStudy<SpeedRun>({
  name: NAME,
  jobs: (runs) =>
    ACTION_REGRESSIONS.flatMap(({ name }) =>
      RATES.flatMap((rate) => jobsOf(NAME, caseOf(name, rate), partOf(runs, PART))),
    ),
  run: ({ case: name, seed }) => {
    const { change, rate } = parseCase(name)
    return runAction(change, rate, 200_000 + seed)
  },
  summarise: (outcomes) => ({
    title: 'Detection of a regression of one action',
    text:
      `Median seconds after the onset until a stream of the action has evidence of 6000 ` +
      `(α 0.01, 30 action streams), ${BLOCK_SECONDS} s blocks, margin 0, stalls std; the goal ` +
      `behind it. In brackets the share that was detected, where it is below 97 %.`,
    tables: [speedTable(outcomes), planTable(outcomes)],
    charts: [],
  }),
})

function runAction(change: Change, rate: (typeof RATES)[number], seed: number): SpeedRun {
  const actions = [{ action: 'a1', share: 1, medianMs: 20 }]
  const longest = LONGEST_SECONDS[rate]
  const alpha = 0.01
  const plan = planOf({
    actions,
    rate,
    seconds: longest,
    blockSeconds: BLOCK_SECONDS,
    alpha,
    margin: 0,
  })
  const world = createWorld({
    seed,
    rate,
    actions,
    regime: REGIMES.std,
    change: afterWarmUp(change, WARM_UP_SECONDS),
  })
  const found: number[] = []
  const engine = createEngine(plan, seed, ({ alarms }, at) => {
    const reached = alarms.some(
      ({ scope, lnSupremum }) => scope.kind === 'action' && lnSupremum >= LN_THRESHOLD,
    )
    if (reached) found.push(at)
  })
  for (let pair = world.next(); found.length === 0; pair = world.next()) {
    if (pair.at > WARM_UP_SECONDS + longest) return {}
    engine.pair(pair)
  }
  const after = Math.min(...found) - (change.fromSeconds ?? 0)
  return after >= 0 ? { at: after } : {}
}

function speedTable(outcomes: readonly Outcome<SpeedRun>[]): Table {
  return {
    caption: `${partSize(outcomes)} runs each; measured (goal)`,
    columns: ['', ...RATES.map((rate) => `${rate}/s`)],
    rows: ACTION_REGRESSIONS.map(({ name }) => [
      name,
      ...RATES.map((rate, index) => {
        const goal = GOALS[name]?.[index]
        const measured = formatTimes(timesOf(outcomes, name, rate))
        return goal === undefined ? measured : `${measured} [${goal}]`
      }),
    ]),
  }
}

/** The measured times beside the goals of their medians. */
export function speedTimes(
  outcomes: readonly Outcome<SpeedRun>[],
): { readonly name: string; readonly goal: number; readonly times: readonly number[] }[] {
  return ACTION_REGRESSIONS.flatMap(({ name }) =>
    RATES.flatMap((rate, index) => {
      const goal = GOALS[name]?.[index]
      const times = timesOf(outcomes, name, rate)
      return goal === undefined ? [] : [{ name: caseOf(name, rate), goal, times }]
    }),
  )
}

function planTable(outcomes: readonly Outcome<SpeedRun>[]): Table {
  const planned = ACTION_REGRESSIONS.flatMap(({ name, change }) => {
    const regression = plannedOf(change)
    return regression === undefined ? [] : [{ name, regression }]
  })
  return {
    caption: 'Planned before the run: simulated 10 / 50 / 90 % in seconds',
    columns: ['', ...RATES.map((rate) => `${rate}/s`)],
    rows: planned.map(({ name, regression }) => [
      name,
      ...RATES.map((rate) => {
        const times = timesOf(outcomes, name, rate)
        if (times.length === 0) return ''
        const pace = { rate, blockSeconds: BLOCK_SECONDS }
        const plan = secondsToAlarm(regression, pace, LN_THRESHOLD)
        const spread = [0.1, 0.5, 0.9].map((q) => seconds(quantileOf(times, q))).join(' / ')
        return `${seconds(plan)}: ${spread}`
      }),
    ]),
  }
}

/** The planner's question for a regression; it knows none about tails and later onsets. */
function plannedOf({ factor, errors, fromSeconds }: Change): PlannedRegression | undefined {
  if (fromSeconds !== undefined) return undefined
  if (factor !== undefined) return { kind: 'typical', ratio: factor, margin: 0, sigma: SIGMA }
  if (errors === undefined) return undefined
  return { kind: 'errors', added: errors - ERRORS, margin: 0, baselineShare: ERRORS }
}

function timesOf(outcomes: readonly Outcome<SpeedRun>[], name: string, rate: number): number[] {
  return outcomes
    .filter(({ job }) => job.case === caseOf(name, rate))
    .map(({ result }) => result.at ?? Infinity)
}

function caseOf(name: string, rate: number): string {
  return `${name} at ${rate}/s`
}

function parseCase(name: string): {
  readonly change: Change
  readonly rate: (typeof RATES)[number]
} {
  for (const { name: regression, change } of ACTION_REGRESSIONS) {
    for (const rate of RATES) if (caseOf(regression, rate) === name) return { change, rate }
  }
  throw new RangeError(`No case "${name}"`)
}

function partSize(outcomes: readonly Outcome<SpeedRun>[]): number {
  const sizes = Map.groupBy(outcomes, ({ job }) => job.case)
  return Math.max(0, ...[...sizes.values()].map((group) => group.length))
}
