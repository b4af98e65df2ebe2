/** Detection: the regressions of a service of ten actions, by everyone on the same traces. */

import { createOthers, createOurs, judgeTrace, SETTINGS } from '../simulation/contenders.ts'
import { WARM_UP_SECONDS } from '../simulation/engine.ts'
import { afterWarmUp, SERVICE_REGRESSIONS, type Regression } from '../simulation/regressions.ts'
import type { Said, SaidBy } from '../simulation/rules.ts'
import { createWorld, REGIMES, TEN_ACTIONS } from '../simulation/world.ts'
import { formatTimes } from './figures.ts'
import { defineStudy, jobsOf, partOf, type Outcome, type Section } from './study.ts'

const NAME = 'detection'
const RATE = 50
const SECONDS = 1800
const PART = 0.06
/** Regressions whose curves are drawn. */
const DRAWN = ['all +10 %', 'slow mode 1 to 5 %', 'errors 0.1 to 1 %', 'action 1/s +50 %']

export const detection = defineStudy<SaidBy>({
  name: NAME,
  jobs: (runs) => SERVICE_REGRESSIONS.flatMap(({ name }) => jobsOf(NAME, name, partOf(runs, PART))),
  run({ case: name, seed }) {
    const { change } = regressionOf(name)
    const study = { actions: TEN_ACTIONS, rate: RATE, seconds: SECONDS }
    const world = createWorld({
      // Other traces than those of the false alarms.
      seed: 100_000 + seed,
      rate: RATE,
      actions: TEN_ACTIONS,
      regime: REGIMES.std,
      change: afterWarmUp(change, WARM_UP_SECONDS),
    })
    const ours = SETTINGS.map((setting) => createOurs(study, setting, seed))
    return judgeTrace(world, [...ours, createOthers(TEN_ACTIONS, seed)], SECONDS)
  },
  summarise: (outcomes) => sectionOf(outcomes),
})

function sectionOf(outcomes: readonly Outcome<SaidBy>[]): Section {
  const contenders = Object.keys(outcomes[0]?.result ?? {})
  const known = SERVICE_REGRESSIONS.filter(({ name }) => of(outcomes, name).length > 0)
  return {
    title: 'Detection of a regression of a service of ten actions',
    text:
      'Median seconds after the onset to the alarm; in brackets the share that was detected in ' +
      'half an hour, where it is below 97 %. An alarm before the onset counts as never.',
    tables: [
      {
        caption: `Stalls std, ${RATE} pairs/s, ${of(outcomes, known[0]?.name ?? '').length} runs each`,
        columns: ['', ...contenders],
        rows: known.map((regression) => [
          regression.name,
          ...contenders.map((name) => formatTimes(timesOf(outcomes, regression, name))),
        ]),
      },
      namedTable(outcomes, known),
    ],
    charts: known
      .filter(({ name }) => DRAWN.includes(name))
      .map((regression) => ({
        kind: 'curves' as const,
        title: `Detected by then: ${regression.name}`,
        endSeconds: SECONDS,
        curves: contenders.filter(isDrawn).map((name) => ({
          name,
          seconds: timesOf(outcomes, regression, name),
        })),
      })),
  }
}

/** Of ours one level is enough for a picture. */
function isDrawn(contender: string): boolean {
  return !contender.startsWith('ours') || contender.endsWith('α 0.01')
}

/** Seconds from the onset to the alarm of each run; Infinity for none, or one before the onset. */
export function timesOf(
  outcomes: readonly Outcome<SaidBy>[],
  { name, change }: Regression,
  contender: string,
): number[] {
  const onset = change.fromSeconds ?? 0
  return of(outcomes, name).map(({ result }) => {
    const at = result[contender]?.at
    return at === undefined || at < onset ? Infinity : at - onset
  })
}

/** Who blames the right action, and who an innocent one, where one action alone is guilty. */
function namedTable(
  outcomes: readonly Outcome<SaidBy>[],
  known: readonly Regression[],
): Section['tables'][number] {
  const single = known.filter(({ change }) => change.actions?.length === 1)
  const contenders = Object.keys(outcomes[0]?.result ?? {}).filter((name) =>
    outcomes.some(({ result }) => (result[name]?.actions?.length ?? 0) > 0),
  )
  return {
    caption: 'One guilty action: runs that blame it / that blame an innocent one, at the alarm',
    columns: ['', ...contenders],
    rows: single.map(({ name, change }) => {
      const guilty = TEN_ACTIONS[change.actions?.[0] ?? 0]?.action ?? ''
      const runs = of(outcomes, name)
      return [
        name,
        ...contenders.map((contender) => {
          const said = runs.map(({ result }) => result[contender])
          return `${said.filter((one) => blames(one, guilty)).length} / ${
            said.filter((one) => blamesInnocent(one, guilty)).length
          } of ${runs.length}`
        }),
      ]
    }),
  }
}

function blames(said: Said | undefined, action: string): boolean {
  return said?.actions?.includes(action) === true
}

function blamesInnocent(said: Said | undefined, guilty: string): boolean {
  return said?.actions?.some((action) => action !== guilty) === true
}

function of(outcomes: readonly Outcome<SaidBy>[], name: string): readonly Outcome<SaidBy>[] {
  return outcomes.filter(({ job }) => job.case === name)
}

function regressionOf(name: string): Regression {
  const found = SERVICE_REGRESSIONS.find((regression) => regression.name === name)
  if (found === undefined) throw new RangeError(`No regression "${name}"`)
  return found
}
