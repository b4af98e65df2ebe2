/** What was promised, and whether the runs at hand keep it. */

import { nameOf, SETTINGS } from '../simulation/contenders.ts'
import { SERVICE_REGRESSIONS } from '../simulation/regressions.ts'
import type { SaidBy } from '../simulation/rules.ts'
import { rateOf, REGIME_NAMES, type AlarmRun } from './alarms.ts'
import { timesOf } from './detection.ts'
import { quantileOf, seconds, shareOf } from './figures.ts'
import { speedTimes, type SpeedRun } from './speed.ts'
import type { Outcome, Section, Table } from './study.ts'

const ALPHA = 0.01
const OURS = nameOf(SETTINGS[0].name, ALPHA)
/** Of ours, those that are held against the rules. */
const COMPARED = [OURS, nameOf(SETTINGS[1].name, ALPHA), nameOf(SETTINGS[1].name, 0.05)]
/** Nothing is kept or missed where nothing was run. */
const NO_RUNS = 'not run'
/** Goals are printed in whole seconds. */
const ROUNDING = 0.5

export function findGoals(outcomes: readonly Outcome<unknown>[]): Section[] {
  const alarms = ofStudy<AlarmRun>(outcomes, 'alarms')
  const detections = ofStudy<SaidBy>(outcomes, 'detection')
  const speeds = ofStudy<SpeedRun>(outcomes, 'speed')
  const tables = [
    ...(alarms.length === 0 ? [] : [levelTable(alarms)]),
    ...(detections.length + speeds.length === 0 ? [] : [medianTable(detections, speeds)]),
    ...(alarms.length === 0 || detections.length === 0
      ? []
      : COMPARED.map((ours) => aheadTable(ours, alarms, detections))),
  ]
  if (tables.length === 0) return []
  const text =
    'A rate keeps its level if it is at most α + 2 se. A median is late if the goal lies below its ' +
    '95 % interval by order statistics.'
  return [{ title: 'Goals', text, tables, charts: [] }]
}

function levelTable(alarms: readonly Outcome<AlarmRun>[]): Table {
  const names = SETTINGS.flatMap(({ name }) =>
    [0.01, 0.05].map((alpha) => ({ name: nameOf(name, alpha), alpha })),
  )
  return {
    caption: 'False alarms of ours: rate, most that the goal allows',
    columns: ['', ...REGIME_NAMES],
    rows: names.map(({ name, alpha }) => [
      name,
      ...REGIME_NAMES.map((regime) => {
        const { share, runs } = rateOf(alarms, regime, name)
        if (runs === 0) return NO_RUNS
        const most = alpha + 2 * Math.sqrt((alpha * (1 - alpha)) / Math.max(1, runs))
        return `${share.toFixed(3)} of ${most.toFixed(3)}: ${share <= most ? 'kept' : 'MISSED'}`
      }),
    ]),
  }
}

interface Promised {
  readonly name: string
  readonly goal: number
  readonly times: readonly number[]
}

function medianTable(
  detections: readonly Outcome<SaidBy>[],
  speeds: readonly Outcome<SpeedRun>[],
): Table {
  const service = SERVICE_REGRESSIONS.map((regression) => ({
    name: regression.name,
    goal: regression.goalSeconds,
    times: timesOf(detections, regression, OURS),
  }))
  const promised = [...service, ...speedTimes(speeds)].filter(({ times }) => times.length > 0)
  const late = promised.filter(isLate)
  const inTime = promised.filter(({ goal, times }) => quantileOf(times, 0.5) <= goal + ROUNDING)
  const ratios = promised.map(({ goal, times }) => quantileOf(times, 0.5) / goal)
  return {
    caption: `Medians at margin 0, 1 s blocks, α ${ALPHA} against their goals`,
    columns: ['', ''],
    rows: [
      ['medians with a goal', String(promised.length)],
      ['at the goal or before', String(inTime.length)],
      [
        'later, within the error of the median',
        String(promised.length - inTime.length - late.length),
      ],
      [
        'late beyond it',
        late.map(lateWords).join('; ') || (promised.length === 0 ? NO_RUNS : 'none'),
      ],
      [
        'median of median ÷ goal',
        ratios.length === 0 ? NO_RUNS : quantileOf(ratios, 0.5).toFixed(2),
      ],
    ],
  }
}

function isLate({ goal, times }: Promised): boolean {
  const sorted = times.toSorted((one, other) => one - other)
  const rank = Math.floor(sorted.length / 2 - 0.98 * Math.sqrt(sorted.length))
  // So few runs have no such interval.
  return rank >= 0 && (sorted[rank] ?? Infinity) > goal + ROUNDING
}

function lateWords({ name, goal, times }: Promised): string {
  return `${name} ${seconds(quantileOf(times, 0.5))} s instead of ${goal} s`
}

/** Rules with no more false alarms than ours, and where they are sooner all the same. */
function aheadTable(
  ours: string,
  alarms: readonly Outcome<AlarmRun>[],
  detections: readonly Outcome<SaidBy>[],
): Table {
  const rules = Object.keys(detections[0]?.result ?? {}).filter((name) => !name.startsWith('ours'))
  return {
    caption: `Rules beside "${ours}": false alarms, and regressions found sooner / later`,
    columns: ['', ...REGIME_NAMES, 'compared', 'sooner', 'later'],
    rows: rules.map((rule) => {
      const known = REGIME_NAMES.filter((regime) => rateOf(alarms, regime, rule).runs > 0)
      const isComparable =
        known.length > 0 && known.every((regime) => !hasMore(alarms, regime, rule, ours))
      const difference = SERVICE_REGRESSIONS.map((regression) => {
        const [theirs = Infinity, own = Infinity] = [rule, ours].map((name) =>
          medianOf(detections, regression, name),
        )
        return { name: regression.name, sooner: theirs < own, later: theirs > own }
      })
      const sooner = difference.filter((one) => one.sooner)
      const later = difference.filter((one) => one.later).length
      return [
        rule,
        ...REGIME_NAMES.map((regime) => {
          const { share, runs } = rateOf(alarms, regime, rule)
          return runs === 0 ? NO_RUNS : share.toFixed(3)
        }),
        known.length === 0 ? NO_RUNS : isComparable ? 'yes' : 'more false alarms',
        sooner.map(({ name }) => name).join('; ') || 'none',
        String(later),
      ]
    }),
  }
}

/** Whether the rule's rate is higher than ours by more than both their errors. */
function hasMore(
  alarms: readonly Outcome<AlarmRun>[],
  regime: string,
  rule: string,
  name: string,
): boolean {
  const [theirs, ours] = [rateOf(alarms, regime, rule), rateOf(alarms, regime, name)]
  const se = Math.hypot(shareOf(theirs.share * theirs.runs, theirs.runs).se, ours.se)
  return theirs.share - ours.share > 2 * se
}

function medianOf(
  detections: readonly Outcome<SaidBy>[],
  regression: (typeof SERVICE_REGRESSIONS)[number],
  contender: string,
): number {
  return quantileOf(timesOf(detections, regression, contender), 0.5)
}

function ofStudy<Result>(
  outcomes: readonly Outcome<unknown>[],
  name: string,
): readonly Outcome<Result>[] {
  // What the study of this name wrote.
  return outcomes.filter(({ job }) => job.study === name) as readonly Outcome<Result>[]
}
