/** Kayenta's score of a canary, 0 to 100: the share of its metrics that pass, by weighted groups. */

import type { MetricResult } from './judge.ts'

export interface ScoredMetric extends MetricResult {
  readonly group: string
  /** Shown, never counted. */
  readonly muted?: boolean
}

/**
 * The score, rounded to two decimals.
 * @param weights of groups in per cent; what is left of 100 is shared equally by the others
 */
export function scoreOf(
  metrics: readonly ScoredMetric[],
  weights: Readonly<Record<string, number>> = {},
): number {
  const counted = metrics.filter(({ muted }) => muted !== true)
  if (counted.some((metric) => metric.critical && metric.class !== 'Pass')) return 0
  const empty = counted.filter((metric) => metric.class === 'Nodata').length
  if (counted.length === 0 || empty >= counted.length / 2) return 0
  const groups = Map.groupBy(counted, ({ group }) => group)
  const listed = [...groups.keys()].filter((group) => weights[group] !== undefined)
  const taken = listed.reduce((sum, group) => sum + (weights[group] ?? 0), 0)
  const rest = (100 - taken) / Math.max(1, groups.size - listed.length)
  let score = 0
  for (const [group, inside] of groups) {
    score += (groupScore(inside) * (weights[group] ?? rest)) / 100
  }
  return Math.round(score * 100) / 100
}

/** Errors and missing data are left out of the share, so a group of nothing else has 100. */
function groupScore(metrics: readonly ScoredMetric[]): number {
  const judged = metrics.filter(({ class: name }) => name !== 'Nodata' && name !== 'Error')
  if (judged.length === 0) return 100
  return (100 * judged.filter((metric) => metric.class === 'Pass').length) / judged.length
}
