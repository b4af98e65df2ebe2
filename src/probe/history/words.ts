/** What a baseline that left its history is told as. */

import type { Drift } from '../../core/contract/report.ts'

const MOST_NAMED = 3

/** `the baseline itself is slower than in its last 12 runs: search 31 ms, usually 18–24 ms`. */
export function driftWords(drifts: readonly Drift[]): string {
  const runs = Math.max(0, ...drifts.map((drift) => drift.runs))
  const named = drifts.slice(0, MOST_NAMED).map(itemOf).join('; ')
  const more = drifts.length - MOST_NAMED
  const rest = more > 0 ? `; and ${more} more` : ''
  return `the baseline itself ${howOf(drifts)} in its last ${runs} runs: ${named}${rest}`
}

function howOf(drifts: readonly Drift[]): string {
  const ways = new Set(drifts.map(wayOf))
  const [only] = ways
  return ways.size === 1 && only !== undefined ? only : 'is not what it was'
}

function wayOf(drift: Drift): string {
  const isMore = figureOf(drift) > (drift.low + drift.high) / 2
  if (drift.metric === 'errors') return isMore ? 'fails more often than' : 'fails less often than'
  return isMore ? 'is slower than' : 'is faster than'
}

/** What left the limits: the run's own figure or, where the level crept, the average. */
function figureOf(drift: Drift): number {
  return isInside(drift) ? drift.average : drift.value
}

function isInside({ value, low, high }: Drift): boolean {
  return value >= low && value <= high
}

function itemOf(drift: Drift): string {
  const { action, metric, value, average, low, high } = drift
  const unit = metric === 'errors' ? '%' : 'ms'
  const limits = `${formatted(metric, low)}–${formatted(metric, high)} ${unit}`
  return isInside(drift)
    ? `${action} crept to ${formatted(metric, average)} ${unit}, before ${limits}`
    : `${action} ${formatted(metric, value)} ${unit}, usually ${limits}`
}

function formatted(metric: Drift['metric'], value: number): string {
  return metric === 'errors'
    ? String(Number((value * 100).toPrecision(2)))
    : String(Number(value.toPrecision(value < 100 ? 2 : 3)))
}
