import { describe, expect, it } from 'vitest'
import { figuresOf } from '../../../profiles-db/baseline-figures.ts'
import { openDatabase, type Database } from '../../../profiles-db/open.ts'
import type { BaselineFigure } from '../../../src/analysis/judge.ts'
import { historySchema } from '../../../src/core/contract/http.ts'
import type { Report } from '../../../src/core/contract/report.ts'
import { createRandom } from '../../../src/core/random.ts'
import { driftsOf, historyOf, withHistory } from '../../../src/probe/history/history.ts'
import { driftWords } from '../../../src/probe/history/words.ts'
import { exampleReport } from '../../report/example-report.ts'

const figure = (value: number, action = 'search'): BaselineFigure => ({
  action,
  metric: 'latency_typical',
  value,
  pairs: 500,
})
const errors = (value: number): BaselineFigure => ({
  action: 'search',
  metric: 'errors',
  value,
  pairs: 500,
})

function reportOf(run: string, verdict: Report['verdict'] = 'healthy'): Report {
  return { ...exampleReport, run, verdict, reasons: [] }
}

/** Twelve runs at about 20 ms and 0.2 % of failures. */
function openWithRuns(count = 12): Database {
  const database = openDatabase(':memory:')
  const random = createRandom(1, 'history')
  for (let run = 0; run < count; run += 1) {
    const figures = [
      figure(20 * Math.exp(0.05 * random.normal())),
      figure(50, 'checkout'),
      errors(0.002),
    ]
    withHistory(database, 'shop', reportOf(`p${run}`), figures)
  }
  return database
}

describe('withHistory()', () => {
  it('tells a store that fails and keeps the report', () => {
    const database = openDatabase(':memory:')
    database.prepare('DROP TABLE baseline_figures').run()
    const report = withHistory(database, 'shop', reportOf('p1'), [figure(20)])
    expect(report.reasons).toEqual([
      { code: 'history-not-kept', message: expect.stringContaining('Cannot read figures') },
    ])
    expect(report).toMatchObject({ run: 'p1', verdict: 'healthy' })
  })

  it('says nothing before eight runs, and nothing of another target', () => {
    const seven = openWithRuns(7)
    expect(withHistory(seven, 'shop', reportOf('p8'), [figure(90)]).drifts).toBeUndefined()
    const twelve = openWithRuns()
    expect(driftsOf(twelve, 'other', [figure(90)])).toEqual([])
  })

  it('notices a baseline that left its history, in figures and in words', () => {
    const database = openWithRuns()
    const report = withHistory(database, 'shop', reportOf('p20'), [
      figure(31),
      figure(50, 'checkout'),
      errors(0.002),
    ])
    expect(report.verdict).toBe('healthy')
    expect(report.drifts).toHaveLength(1)
    expect(report.drifts?.[0]).toMatchObject({
      action: 'search',
      metric: 'latency_typical',
      value: 31,
      runs: 12,
    })
    expect(report.reasons).toEqual([
      {
        code: 'baseline-moved',
        message: expect.stringMatching(
          /^the baseline itself is slower than in its last 12 runs: search 31 ms, usually 1\d–2\d ms$/,
        ),
      },
    ])
  })

  it('takes two per cent and a tenth of a point for nothing, however still the history is', () => {
    const database = openWithRuns()
    expect(driftsOf(database, 'shop', [figure(50.9, 'checkout'), errors(0.0028)])).toEqual([])
    expect(driftsOf(database, 'shop', [figure(60, 'checkout'), errors(0.02)])).toHaveLength(2)
  })

  it('keeps no figures of a run that was invalid', () => {
    const database = openWithRuns()
    withHistory(database, 'shop', reportOf('p20', 'invalid'), [figure(90)])
    const kept = figuresOf(database, 'shop', 'search', 'latency_typical')
    expect(kept.map(({ run }) => run)).not.toContain('p20')
    expect(kept).toHaveLength(12)
  })
})

describe('historyOf()', () => {
  it('gives a chart for each action and metric, as the contract has it', () => {
    const database = openWithRuns()
    const history = historyOf(database, 'shop', { runs: 5 })
    expect(historySchema.parse(history)).toEqual(history)
    expect(history.charts.map(({ action, metric }) => `${action} ${metric}`)).toEqual([
      'checkout latency_typical',
      'search errors',
      'search latency_typical',
    ])
    expect(history.charts[2]?.points).toHaveLength(5)
    const last = history.charts[2]?.points.at(-1)
    expect(last).toMatchObject({ run: 'p11', outside: 'no' })
    expect(last?.low).toBeGreaterThan(10)
    expect(last?.low).toBeLessThan(last?.average ?? 0)
    expect(last?.high).toBeLessThan(40)
    const one = historyOf(database, 'shop', { runs: 60, action: 'search', metric: 'errors' })
    expect(one.charts).toHaveLength(1)
    expect(one.charts[0]?.points.every(({ low = 0 }) => low >= 0)).toBe(true)
  })

  it('is empty for a target that never ran', () => {
    const history = historyOf(openWithRuns(0), 'shop', { runs: 60 })
    expect(history).toEqual({ target: 'shop', charts: [], leftOut: 0 })
  })
})

describe('driftWords()', () => {
  const drift = { action: 'search', value: 31, average: 22, low: 18, high: 24, runs: 12 }

  it('names three at most, and says what all of them did', () => {
    const errors = { ...drift, metric: 'errors', value: 0.031, low: 0, high: 0.01 } as const
    const slow = { ...drift, metric: 'latency_typical' } as const
    expect(driftWords([errors])).toBe(
      'the baseline itself fails more often than in its last 12 runs: search 3.1 %, usually 0–1 %',
    )
    expect(driftWords([slow, { ...slow, value: 9 }])).toContain('is not what it was in its last 12')
    expect(driftWords([slow, slow, slow, slow])).toMatch(/; and 1 more$/)
  })

  it('says where a level crept to', () => {
    const crept = {
      ...drift,
      metric: 'latency_typical',
      value: 20,
      average: 22.4,
      low: 19,
      high: 21,
    }
    expect(driftWords([{ ...crept, metric: 'latency_typical' }])).toBe(
      'the baseline itself is slower than in its last 12 runs: search crept to 22 ms, before 19–21 ms',
    )
  })
})
