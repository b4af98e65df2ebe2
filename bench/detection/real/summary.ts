/** The tables of the recorded study. */

import { formatShare, formatTimes, shareOf } from '../studies/figures.ts'
import type { Section, Table } from '../studies/study.ts'
import { VERSIONS, type Version } from './defects.ts'
import type { RecordedRun } from './probe-shop.ts'

const OURS = 'ours'

interface Heard {
  /** Seconds from the start of the traffic to the alarm, warm-up included. */
  readonly at: number
  readonly actions: readonly string[]
}

export function summariseRecorded(runs: readonly RecordedRun[]): Section[] {
  if (runs.length === 0) return []
  return [
    {
      title: 'Recorded traces',
      text:
        'Real servers on this machine, probed at the default margins and levels, each run once and ' +
        'the same samples for everyone. Seconds count from the start of the traffic, warm-up ' +
        'included; what was sent in it is shown to nobody.',
      tables: [equalTable(runs), defectTable(runs), blameTable(runs), verdictTable(runs)],
      charts: [],
    },
  ]
}

function equalTable(runs: readonly RecordedRun[]): Table {
  const equal = runs.filter(({ version }) => version === 'same')
  return {
    caption: `False alarms of two equal shops, ${equal.length} runs`,
    columns: ['', 'alarms', 'rate'],
    rows: contendersOf(runs).map((name) => {
      const alarms = equal.filter((run) => findHeard(run, name) !== undefined).length
      return [name, String(alarms), formatShare(shareOf(alarms, equal.length))]
    }),
  }
}

function defectTable(runs: readonly RecordedRun[]): Table {
  const contenders = contendersOf(runs)
  return {
    caption: 'Median seconds to the alarm; in brackets the share of runs with one',
    columns: ['', 'runs', ...contenders],
    rows: defectsOf(runs).map(({ name, what }) => {
      const own = runs.filter(({ version }) => version === name)
      return [
        what,
        String(own.length),
        ...contenders.map((contender) =>
          formatTimes(own.map((run) => findHeard(run, contender)?.at ?? Infinity)),
        ),
      ]
    }),
  }
}

/** Of the runs with a defect: how many blame what is guilty, and how many somebody else too. */
function blameTable(runs: readonly RecordedRun[]): Table {
  const contenders = contendersOf(runs)
  return {
    caption: 'Runs that name a guilty action / an innocent one',
    columns: ['', ...contenders],
    rows: defectsOf(runs)
      .filter(({ guilty }) => !guilty.includes('*'))
      .map(({ name, what, guilty }) => {
        const own = runs.filter(({ version }) => version === name)
        return [
          what,
          ...contenders.map((contender) => {
            const blamed = own.map((run) => findHeard(run, contender)?.actions ?? [])
            const right = blamed.filter((actions) => actions.some((one) => guilty.includes(one)))
            const wrong = blamed.filter((actions) => actions.some((one) => !guilty.includes(one)))
            return `${right.length} / ${wrong.length} of ${own.length}`
          }),
        ]
      }),
  }
}

function verdictTable(runs: readonly RecordedRun[]): Table {
  const verdicts = ['healthy', 'regressed', 'inconclusive', 'invalid']
  return {
    caption: 'Verdicts of ours',
    columns: ['', ...verdicts],
    rows: VERSIONS.map(({ name, what }) => [
      what,
      ...verdicts.map((verdict) =>
        String(runs.filter((run) => run.version === name && run.verdict === verdict).length),
      ),
    ]),
  }
}

function defectsOf(runs: readonly RecordedRun[]): readonly Version[] {
  return VERSIONS.filter(
    ({ name, kind }) => kind !== 'equal' && runs.some(({ version }) => version === name),
  )
}

function contendersOf(runs: readonly RecordedRun[]): string[] {
  return [OURS, ...Object.keys(runs[0]?.rules ?? {})]
}

/** Ours blames causes; what is only under load because of them is a victim, not blamed. */
function findHeard(
  { findings, rules, warmupSeconds }: RecordedRun,
  contender: string,
): Heard | undefined {
  if (contender !== OURS) {
    const said = rules[contender]
    return said?.at === undefined
      ? undefined
      : { at: warmupSeconds + said.at, actions: said.actions ?? [] }
  }
  const blamed = findings.filter(({ role }) => role !== 'victim')
  if (blamed.length === 0) return undefined
  return {
    at: warmupSeconds + Math.min(...blamed.map(({ detectedAt }) => detectedAt)),
    actions: blamed.map(({ action }) => action).filter((action) => action !== '*'),
  }
}
