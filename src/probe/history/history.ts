/**
 * The history of a baseline: each run's figures are kept under its target and held against those of
 * earlier runs, so that a baseline that left its own history is noticed before a canary is believed
 * that was compared with it.
 *
 * Latencies are charted as logarithms: a target that is twice as slow moved as far as one that is
 * twice as fast. Runs that were invalid are not kept, or an illness would become the usual.
 * Limits: a hint without a guarantee. Runs of one target with another rate, other users or another
 * prober are held against each other all the same.
 */

import {
  figureSeriesOf,
  figuresOf,
  saveFigures,
  type DatedFigure,
} from '../../../profiles-db/baseline-figures.ts'
import type { Database } from '../../../profiles-db/open.ts'
import type { BaselineFigure } from '../../analysis/judge.ts'
import { chartOf, type ChartPoint } from '../../analysis/unpaired/chart.ts'
import type { BaselineChart, BaselineHistory } from '../../core/contract/http.ts'
import type { Drift, Report } from '../../core/contract/report.ts'
import { StoreError } from '../../core/errors.ts'
import type { Metric } from '../../core/verdict.ts'
import { driftWords } from './words.ts'

/** Changes below these are never told: 2 % of a latency, 0.1 pp of failures. */
const LEAST_LN_RATIO = 0.02
const LEAST_SHARE = 0.001
const DEVIATIONS = 3
/** Charts in one document. */
const MOST_CHARTS = 60

/**
 * The report with what the history says of its baseline; its own figures are kept after that.
 * @param target name of the target, or the address of the baseline where it has none
 */
export function withHistory(
  database: Database,
  target: string,
  report: Report,
  figures: readonly BaselineFigure[],
): Report {
  try {
    const drifts = driftsOf(database, target, figures)
    if (report.verdict !== 'invalid') {
      saveFigures(database, { target, run: report.run, at: report.startedAt }, figures)
    }
    if (drifts.length === 0) return report
    const reason = { code: 'baseline-moved', message: driftWords(drifts) }
    return { ...report, drifts, reasons: [...report.reasons, reason] }
  } catch (thrown) {
    // What was measured is worth more than its history.
    if (!(thrown instanceof StoreError)) throw thrown
    const reason = { code: 'history-not-kept', message: thrown.message }
    return { ...report, reasons: [...report.reasons, reason] }
  }
}

/**
 * Figures that do not belong to their history, the strangest first; none before eight runs.
 * @throws StoreError
 */
export function driftsOf(
  database: Database,
  target: string,
  figures: readonly BaselineFigure[],
): Drift[] {
  const drifts = figures.flatMap((figure) => {
    const { action, metric, value } = figure
    const earlier = figuresOf(database, target, action, metric).map((one) => one.value)
    const point = pointsOf(metric, [...earlier, value]).at(-1)
    const drift = point === undefined ? undefined : findDrift(figure, point)
    return drift === undefined || point === undefined ? [] : [{ drift, size: sizeOf(point) }]
  })
  return drifts.toSorted((one, other) => other.size - one.size).map(({ drift }) => drift)
}

/**
 * The charts of a target, or of one action or metric of it, each with its last runs.
 * @param wanted `runs` = how many of the last are drawn, all that are kept are counted
 * @throws StoreError
 */
export function historyOf(
  database: Database,
  target: string,
  wanted: { readonly action?: string; readonly metric?: Metric; readonly runs: number },
): BaselineHistory {
  const series = figureSeriesOf(database, target).filter(
    ({ action, metric }) =>
      (wanted.action ?? action) === action && (wanted.metric ?? metric) === metric,
  )
  const charts = series.slice(0, MOST_CHARTS).map(({ action, metric }): BaselineChart => {
    const figures = figuresOf(database, target, action, metric)
    const points = pointsOf(
      metric,
      figures.map(({ value }) => value),
    )
    const drawn = figures.map((figure, index) => drawnPoint(metric, figure, points[index]))
    return { action, metric, points: drawn.slice(-wanted.runs) }
  })
  return { target, charts, leftOut: Math.max(0, series.length - MOST_CHARTS) }
}

function pointsOf(metric: Metric, values: readonly number[]): ChartPoint[] {
  return isShare(metric)
    ? chartOf(values, { leastDeviation: LEAST_SHARE / DEVIATIONS })
    : chartOf(
        values.map((value) => Math.log(Math.max(value, Number.MIN_VALUE))),
        { leastDeviation: LEAST_LN_RATIO / DEVIATIONS },
      )
}

function findDrift(
  { action, metric, value }: BaselineFigure,
  point: ChartPoint,
): Drift | undefined {
  const { outside, low, high, level, average, runs } = point
  if (outside === 'no' || low === undefined || high === undefined || level === undefined) return
  const limits = outside === 'average' ? level : { low, high }
  const told = (of: number): number => toldValue(metric, of)
  return {
    action,
    metric,
    value,
    average: told(average),
    low: told(limits.low),
    high: told(limits.high),
    runs,
  }
}

/** How many deviations the figure lies from where it was expected. */
function sizeOf({ value, low = 0, high = 0, deviation }: ChartPoint): number {
  return deviation === 0 ? Infinity : Math.abs(value - (low + high) / 2) / deviation
}

function drawnPoint(
  metric: Metric,
  { run, at, value, pairs }: DatedFigure,
  point: ChartPoint | undefined,
): BaselineChart['points'][number] {
  const { average = 0, low, high, outside = 'no' } = point ?? {}
  const told = (of: number): number => toldValue(metric, of)
  return {
    run,
    at,
    value,
    pairs,
    average: told(average),
    ...(low === undefined || high === undefined ? {} : { low: told(low), high: told(high) }),
    outside,
  }
}

function toldValue(metric: Metric, charted: number): number {
  return isShare(metric) ? Math.max(0, charted) : Math.exp(charted)
}

function isShare(metric: Metric): boolean {
  return metric === 'errors' || metric === 'responses'
}
