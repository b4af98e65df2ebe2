/**
 * Confidence sequences: how often the truth ever lies outside of an interval that is looked at after
 * every block, and how wide the intervals are (STATISTICS 5).
 */

import { findEstimate } from '../../../src/analysis/interval.ts'
import { createEngine, planOf, WARM_UP_SECONDS } from '../simulation/engine.ts'
import { createWorld, REGIMES, type Change } from '../simulation/world.ts'
import { formatShare, quantileOf, shareOf } from './figures.ts'
import { defineStudy, jobsOf, partOf, type Outcome, type Table } from './study.ts'

const NAME = 'coverage'
const RATE = 20
const SECONDS = 1200
const PART = 0.2
const ALPHA = 0.05
const SHOWN_SECONDS = [30, 60, 120, 300, 1200] as const
const ERRORS = 0.001

interface Case {
  readonly change: Change
  /** What is true of each effect: ln of a ratio, or a difference of shares. */
  readonly truth: Readonly<Record<string, number>>
}

/** Truths that lie on the grid, where an interval misses soonest. */
const CASES: Readonly<Record<string, Case>> = {
  'equal arms': { change: {}, truth: { typical: 0, tail: 0, share: 0, errors: 0 } },
  'all latency × 1.105': {
    change: { wholeFactor: Math.exp(0.1) },
    truth: { typical: 0.1, tail: 0.1, errors: 0 },
  },
  'errors +1 pp': {
    change: { errors: 1 - (1 - ERRORS) * (1 - 0.01) },
    truth: { typical: 0, errors: 0.01 },
  },
}

interface Ends {
  readonly low?: number
  readonly high?: number
}
interface CoverageRun {
  /** Effects whose interval missed the truth at some time. */
  readonly missed: readonly string[]
  /** Of the typical ratio, at `SHOWN_SECONDS`. */
  readonly ends: readonly Ends[]
}

export const coverage = defineStudy<CoverageRun>({
  name: NAME,
  jobs: (runs) => Object.keys(CASES).flatMap((name) => jobsOf(NAME, name, partOf(runs, PART))),
  run: ({ case: name, seed }) => runCase(caseOf(name), 400_000 + seed),
  summarise: (outcomes) => ({
    title: 'Confidence sequences',
    text:
      `One action at ${RATE} pairs/s, ${SECONDS / 60} min, stalls std, α ${ALPHA}: share of runs in ` +
      'which the interval ever missed the truth, looked at after every block.',
    tables: [missTable(outcomes), widthTable(outcomes)],
    charts: [
      {
        kind: 'bars',
        title: 'Runs whose interval ever missed the truth',
        limit: ALPHA,
        bars: cellsOf(outcomes).map(({ name, effect, share, se }) => ({
          name: `${name}, ${effect}`,
          share,
          se,
        })),
      },
    ],
  }),
})

function runCase({ change, truth }: Case, seed: number): CoverageRun {
  const actions = [{ action: 'a1', share: 1, medianMs: 20 }]
  const plan = planOf({
    actions,
    rate: RATE,
    seconds: SECONDS,
    blockSeconds: 1,
    alpha: ALPHA,
    margin: 0,
  })
  const missed = new Set<string>()
  const ends: Ends[] = []
  const engine = createEngine(
    plan,
    seed,
    ({ intervals }, at) => {
      const isShown = at >= (SHOWN_SECONDS[ends.length] ?? Infinity)
      for (const { scope, effect, interval } of intervals) {
        const right = truth[effect]
        if (scope.kind !== 'action' || right === undefined) continue
        const { low, high } = findEstimate(interval, ALPHA) ?? {}
        if ((low ?? -Infinity) >= right || (high ?? Infinity) <= right) missed.add(effect)
        if (!isShown || effect !== 'typical') continue
        ends.push({
          ...(low === undefined ? {} : { low }),
          ...(high === undefined ? {} : { high }),
        })
      }
    },
    { intervals: true },
  )
  const world = createWorld({ seed, rate: RATE, actions, regime: REGIMES.std, change })
  for (let pair = world.next(); pair.at <= WARM_UP_SECONDS + SECONDS + 2; pair = world.next()) {
    engine.pair(pair)
  }
  return { missed: [...missed], ends }
}

function missTable(outcomes: readonly Outcome<CoverageRun>[]): Table {
  const effects = ['typical', 'tail', 'share', 'errors']
  const cells = cellsOf(outcomes)
  return {
    caption: 'Runs whose interval ever missed the truth',
    columns: ['', ...effects],
    rows: Object.keys(CASES).map((name) => [
      `${name} (${runsOf(outcomes, name).length})`,
      ...effects.map((effect) => {
        const cell = cells.find((one) => one.name === name && one.effect === effect)
        return cell === undefined ? '' : formatShare(cell)
      }),
    ]),
  }
}

function cellsOf(outcomes: readonly Outcome<CoverageRun>[]): {
  readonly name: string
  readonly effect: string
  readonly share: number
  readonly se: number
}[] {
  return Object.entries(CASES).flatMap(([name, { truth }]) => {
    const runs = runsOf(outcomes, name)
    if (runs.length === 0) return []
    return Object.keys(truth).map((effect) => {
      const missed = runs.filter((run) => run.missed.includes(effect)).length
      return { name, effect, ...shareOf(missed, runs.length) }
    })
  })
}

function widthTable(outcomes: readonly Outcome<CoverageRun>[]): Table {
  return {
    caption: 'Median interval of the typical ratio',
    columns: ['', ...SHOWN_SECONDS.map((at) => `${at} s`)],
    rows: Object.keys(CASES).map((name) => [
      name,
      ...SHOWN_SECONDS.map((_, index) => {
        const ends = runsOf(outcomes, name).map((run) => run.ends[index] ?? {})
        const low = quantileOf(
          ends.map((end) => end.low ?? -Infinity),
          0.5,
        )
        const high = quantileOf(
          ends.map((end) => end.high ?? Infinity),
          0.5,
        )
        return `${percentOf(low)} … ${percentOf(high)}`
      }),
    ]),
  }
}

function percentOf(ln: number): string {
  if (!Number.isFinite(ln)) return '?'
  const percent = 100 * Math.expm1(ln)
  return `${percent > 0 ? '+' : ''}${percent.toFixed(0)} %`
}

function runsOf(outcomes: readonly Outcome<CoverageRun>[], name: string): CoverageRun[] {
  return outcomes.filter(({ job }) => job.case === name).map(({ result }) => result)
}

function caseOf(name: string): Case {
  const found = CASES[name]
  if (found === undefined) throw new RangeError(`No case "${name}"`)
  return found
}
