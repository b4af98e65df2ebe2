/**
 * The smallest honest margins of an environment, from a run of the baseline against itself: how far
 * equal arms may still be apart by their confidence sequences, and what the slow wobble of the arms
 * adds. A smaller margin could blame a canary for the machine it happens to run on.
 */

import type { ActionReport, Effect, MetricReport, Report } from '../../core/contract/report.ts'
import { METRICS, WHOLE_SERVICE, type Metric } from '../../core/verdict.ts'

export type Margins = NonNullable<Report['aa']>['margins']

/** A margin should be at least so many sd of slow wobble (STATISTICS 9.2). */
const WOBBLES = 2.5

/** @param wobble sd of the slow log ratio of the arms; 0 where their noise has no memory */
export function honestMargins(report: Report, wobble: number): NonNullable<Report['aa']> {
  const rows = report.actions.map((entry) => ({
    action: entry.action,
    margins: marginsOf(entry, wobble),
  }))
  const service = rows.find(({ action }) => action === WHOLE_SERVICE)?.margins ?? {}
  const best = bestKnown(report.actions.filter(({ action }) => action !== WHOLE_SERVICE))
  const own = best === undefined ? {} : marginsOf(best, wobble)
  return {
    margins: { ...own, ...service },
    actions: rows.filter(
      ({ action, margins }) => action !== WHOLE_SERVICE && Object.keys(margins).length > 0,
    ),
  }
}

/** What is not known of the whole service, the action with the most pairs knows best. */
function bestKnown(entries: readonly ActionReport[]): ActionReport | undefined {
  return entries.toSorted((left, right) => right.pairs - left.pairs)[0]
}

function marginsOf({ metrics }: ActionReport, wobble: number): Margins {
  const margins: Partial<Record<Metric, number>> = {}
  for (const metric of METRICS) {
    const row = metrics.find((candidate) => candidate.metric === metric)
    const margin = row && findMargin(row, wobble)
    if (margin !== undefined) margins[metric] = margin
  }
  return margins
}

/** Undefined where an end of the interval is not known: then nothing is certain. */
function findMargin({ metric, effect }: MetricReport, wobble: number): number | undefined {
  if (effect?.low === undefined || effect.high === undefined) return undefined
  if (effect.kind === 'difference') return points(Math.max(-effect.low, effect.high, 0))
  const away = lnAwayOf(effect)
  if (away === undefined) return undefined
  const isLatency = metric === 'latency_typical' || metric === 'latency_tail'
  return percent(Math.expm1(away + (isLatency ? WOBBLES * wobble : 0)))
}

/** How far the farther end is from 1, as a logarithm: twice as slow is as far as twice as fast. */
function lnAwayOf({ low = 0, high = Infinity }: Effect): number | undefined {
  return low > 0 && Number.isFinite(high) ? Math.max(-Math.log(low), Math.log(high), 0) : undefined
}

/** From here on nobody cares for a single per cent, nor for a tenth of a percentage point. */
const COARSE = { ratio: 0.3, points: 0.01 }

/** Up to whole per cent, above 30 % in steps of five; never 0, which no machine can keep. */
function percent(ratio: number): number {
  return roundUp(ratio, ratio > COARSE.ratio ? 0.05 : 0.01)
}

/** Up to tenths of a percentage point, above one in steps of a half. */
function points(share: number): number {
  return roundUp(share, share > COARSE.points ? 0.005 : 0.001)
}

function roundUp(value: number, step: number): number {
  const steps = Math.max(1, Math.ceil(value / step - 1e-9))
  return Number((steps * step).toFixed(4))
}
