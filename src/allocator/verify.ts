/**
 * The observed split: does the traffic follow the weight that the router reads back?
 *
 * A configured weight is not a split: balancing algorithms, sticky sessions and health checks bend
 * it while the reading stays right. So what was counted is compared with what was set. The unit is
 * the user where the router knows users. Where it knows only requests, those of one user go the same
 * way, so their number says more than it knows: the interval is taken three times as wide.
 *
 * The interval is Wilson's (1927), Journal of the American Statistical Association 22, 209–212: it
 * stays within 0 to 1 and holds at a few users and at weights near 0. Level 99.9 %, because it is
 * looked at once a tick over a whole rollout.
 */

import { FULL_BP } from '../core/weight.ts'
import type { RouterCounts } from './routers/counts.ts'

export type ObservedSplit =
  | {
      readonly kind: 'observed'
      readonly observedBp: number
      readonly lowBp: number
      readonly highBp: number
      /** What the interval counts. */
      readonly unit: 'user' | 'request'
      readonly users?: number
      readonly requests: number
      /** The weight lies within the interval. */
      readonly agrees: boolean
    }
  | { readonly kind: 'unknown'; readonly code: 'no-traffic' | 'router-restarted' }

/** Two-sided 99.9 % of the normal distribution. */
const LEVEL_Z = 3.2905
/** Requests of one user go the same way. */
const REQUEST_WIDENING = 3

/**
 * What the traffic since `before` says about the weight.
 * @param before counts of the moment the weight was set
 */
export function observeSplit(
  before: RouterCounts,
  after: RouterCounts,
  weightBp: number,
): ObservedSplit {
  const baseline = after.baseline.requests - before.baseline.requests
  const canary = after.canary.requests - before.canary.requests
  // Counters that someone set to zero are as good as a restart.
  if (before.incarnation !== after.incarnation || baseline < 0 || canary < 0) {
    return { kind: 'unknown', code: 'router-restarted' }
  }
  const requests = baseline + canary
  const { users } = after
  const userCount = users === undefined ? 0 : users.baseline + users.canary
  if (requests === 0 || (users !== undefined && userCount === 0)) {
    return { kind: 'unknown', code: 'no-traffic' }
  }
  const counted =
    users === undefined
      ? ({ unit: 'request', canary, all: requests, z: LEVEL_Z * REQUEST_WIDENING } as const)
      : ({ unit: 'user', canary: users.canary, all: userCount, z: LEVEL_Z } as const)
  const { low, high } = wilson(counted.canary, counted.all, counted.z)
  const share = weightBp / FULL_BP
  return {
    kind: 'observed',
    observedBp: Math.round((FULL_BP * counted.canary) / counted.all),
    lowBp: Math.round(FULL_BP * low),
    highBp: Math.round(FULL_BP * high),
    unit: counted.unit,
    ...(users === undefined ? {} : { users: userCount }),
    requests,
    agrees: low <= share && share <= high,
  }
}

function wilson(hits: number, all: number, z: number): { low: number; high: number } {
  const share = hits / all
  const scale = 1 + (z * z) / all
  const centre = (share + (z * z) / (2 * all)) / scale
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all))
  // At none or all the end is exact; the root may miss it by a rounding.
  return {
    low: hits === 0 ? 0 : Math.max(0, centre - half),
    high: hits === all ? 1 : Math.min(1, centre + half),
  }
}
