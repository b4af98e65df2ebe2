/** False alarms: both arms the same, half an hour, watched all the time (STATISTICS 9.1, 9.6). */

import { createOthers, createOurs, judgeTrace, SETTINGS } from '../simulation/contenders.ts'
import type { StreamCounts } from '../simulation/contenders.ts'
import type { SaidBy } from '../simulation/rules.ts'
import { createWorld, REGIMES, TEN_ACTIONS } from '../simulation/world.ts'
import { formatShare, shareOf } from './figures.ts'
import { defineStudy, jobsOf, partOf, type Outcome, type Table } from './study.ts'

const NAME = 'alarms'
const RATE = 50
const SECONDS = 1800
export const REGIME_NAMES = ['std', 'gc', 'hard', 'failing'] as const
type RegimeName = (typeof REGIME_NAMES)[number]
/** Cases: stalls, part of the runs, and whether everybody judges them or ours at margin 0 alone. */
const CASES: Readonly<
  Record<string, { readonly regime: RegimeName; readonly part: number; readonly alone?: true }>
> = {
  std: { regime: 'std', part: 0.3 },
  'std, ours alone': { regime: 'std', part: 0.7, alone: true },
  gc: { regime: 'gc', part: 0.3 },
  hard: { regime: 'hard', part: 0.3 },
  failing: { regime: 'failing', part: 0.3 },
}
/** So that no trace is judged twice. */
const SEEDS_ALONE = 10_000

export interface AlarmRun {
  readonly said: SaidBy
  /** By setting of ours. */
  readonly streams: Readonly<Record<string, StreamCounts>>
  readonly blocks: Readonly<Record<string, { readonly all: number; readonly capped: number }>>
}

export const alarms = defineStudy<AlarmRun>({
  name: NAME,
  jobs: (runs) =>
    Object.entries(CASES).flatMap(([name, { part }]) => jobsOf(NAME, name, partOf(runs, part))),
  run: ({ case: name, seed }) => runCase(name, seed),
  summarise(outcomes) {
    const contenders = Object.keys(outcomes[0]?.result.said ?? {})
    return {
      title: 'False alarms of two equal arms',
      text:
        `Share of runs of ${SECONDS / 60} min with an alarm, each with its standard error. ` +
        'Everyone may look at any time; the levels are those of the whole run. Stalls per arm: std 150 ms ' +
        'every 20 s, gc 50–500 ms every 5 s, hard 1 s every 30 s; failing = std, and 30 % of the ' +
        'requests that wait longer than 50 ms fail.',
      tables: [rateTable(outcomes, contenders), streamTable(outcomes)],
      charts: REGIME_NAMES.filter((regime) => of(outcomes, regime).length > 0).map((regime) => ({
        kind: 'bars' as const,
        title: `False alarms, stalls ${regime}, ${of(outcomes, regime).length} runs`,
        limit: 0.01,
        bars: contenders.map((name) => ({ name, ...rateOf(outcomes, regime, name) })),
      })),
    }
  },
})

function runCase(name: string, seed: number): AlarmRun {
  const { regime, alone } = caseOf(name)
  const study = { actions: TEN_ACTIONS, rate: RATE, seconds: SECONDS }
  const traceSeed = seed + (alone === true ? SEEDS_ALONE : 0)
  const settings = SETTINGS.filter(({ margin }) => alone !== true || margin === 0)
  const ours = settings.map((setting) => ({ setting, engine: createOurs(study, setting, seed) }))
  const others = alone === true ? [] : [createOthers(TEN_ACTIONS, seed)]
  const world = createWorld({
    seed: traceSeed,
    rate: RATE,
    actions: TEN_ACTIONS,
    regime: REGIMES[regime],
  })
  const said = judgeTrace(world, [...ours.map(({ engine }) => engine), ...others], SECONDS)
  return {
    said,
    streams: Object.fromEntries(
      ours.map(({ setting, engine }) => [setting.name, engine.streamCounts()]),
    ),
    blocks: Object.fromEntries(ours.map(({ setting, engine }) => [setting.name, engine.blocks()])),
  }
}

/** The false alarm rate of a contender, for those that compare at an equal rate. */
export function rateOf(
  outcomes: readonly Outcome<AlarmRun>[],
  regime: string,
  contender: string,
): { readonly share: number; readonly se: number; readonly runs: number } {
  const runs = of(outcomes, regime).filter(({ result }) => contender in result.said)
  const hits = runs.filter(({ result }) => result.said[contender]?.at !== undefined).length
  return { ...shareOf(hits, runs.length), runs: runs.length }
}

function rateTable(outcomes: readonly Outcome<AlarmRun>[], contenders: readonly string[]): Table {
  const regimes = REGIME_NAMES.filter((regime) => of(outcomes, regime).length > 0)
  return {
    caption: 'False alarms in a run',
    columns: ['', ...regimes.map((regime) => `${regime} (${of(outcomes, regime).length})`)],
    rows: contenders.map((name) => [
      name,
      ...regimes.map((regime) => formatShare(rateOf(outcomes, regime, name))),
    ]),
  }
}

/** One stream alone, which no correction for the number of streams protects. */
function streamTable(outcomes: readonly Outcome<AlarmRun>[]): Table {
  const regimes = REGIME_NAMES.filter((regime) => of(outcomes, regime).length > 0)
  return {
    caption: 'One stream: share that ever had evidence of 20 / of 100; blocks that a cap closed',
    columns: ['', ...regimes],
    rows: SETTINGS.map(({ name }) => [
      name,
      ...regimes.map((regime) => {
        const runs = of(outcomes, regime).map(({ result }) => result)
        const sum = (pick: (run: AlarmRun) => number): number =>
          runs.reduce((total, run) => total + pick(run), 0)
        const streams = sum((run) => run.streams[name]?.streams ?? 0)
        const above20 = sum((run) => run.streams[name]?.above20 ?? 0) / streams
        const above100 = sum((run) => run.streams[name]?.above100 ?? 0) / streams
        const blocks = sum((run) => run.blocks[name]?.all ?? 0)
        const capped = sum((run) => run.blocks[name]?.capped ?? 0) / blocks
        return `${above20.toFixed(4)} / ${above100.toFixed(4)}; ${(100 * capped).toFixed(2)} %`
      }),
    ]),
  }
}

/** The runs of one regime. */
export function of(
  outcomes: readonly Outcome<AlarmRun>[],
  regime: string,
): readonly Outcome<AlarmRun>[] {
  return outcomes.filter(({ job }) => CASES[job.case]?.regime === regime)
}

function caseOf(name: string): (typeof CASES)[string] {
  const found = CASES[name]
  if (found === undefined) throw new RangeError(`No case "${name}"`)
  return found
}
