/**
 * Unequal live load: whether latencies of the twins can be compared now.
 *
 * Problem: in a climb the baseline carries most live requests and the canary few, later the reverse,
 * and a busy process answers synthetic requests later than an idle one: two identical servers showed
 * 0.86 at weight 0 and 1.49 at 90 %. Rule: latencies count only while live requests per instance
 * differ by at most 1.5 times, or while the live load is below 5 % of an instance's CPU. CPU is not
 * known here, but it cannot be more than rate × service time: a request does not use a core for
 * longer than it takes (one that works in several threads at once is the exception).
 */

import type { LiveFigures } from './live-guard.ts'

const MOST_RATIO = 1.5
const LIGHT_SHARE = 0.05

export interface Instances {
  readonly baseline: number
  readonly canary: number
}

export const singleInstances: Instances = { baseline: 1, canary: 1 }

/**
 * @param figures of a short window; undefined = nothing is known, and then nothing speaks against it
 * @param serviceMs mean service time of the baseline; undefined = not known
 */
export function areComparable(
  figures: LiveFigures | undefined,
  instances: Instances,
  serviceMs: number | undefined,
): boolean {
  if (figures === undefined || figures.seconds <= 0) return true
  const perSecond = (requests: number, count: number): number => requests / figures.seconds / count
  const baseline = perSecond(figures.baseline.requests, instances.baseline)
  const canary = perSecond(figures.canary.requests, instances.canary)
  const [less, more] = [Math.min(baseline, canary), Math.max(baseline, canary)]
  if (more <= MOST_RATIO * less) return true
  return serviceMs !== undefined && (more * serviceMs) / 1000 < LIGHT_SHARE
}
