/**
 * The rate of each arm and their ratio, from rounds in which both were measured one after the other.
 *
 * Both arms of a round met the same minute, so the logarithm of their ratio is taken round by round,
 * and Student's interval of these (1908) is the interval of the ratio: whatever both share, such as
 * a machine that grows slower, cancels. The order turns with each round (A B, B A, …), so that a
 * steady drift cancels as well.
 */

import { studentTail } from '../../analysis/rules/figures/distributions.ts'

export interface Estimate {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

const CONFIDENCE = 0.95
/** No interval is narrower: the edges of a window alone, and the clock of timers, make as much. */
const RESOLUTION = 0.01

/**
 * The geometric mean of positive values with its 95 % interval.
 * @param unknown share by which the interval is wider on both sides for what no round can show
 * @returns undefined for fewer than two values
 */
export function estimateOf(values: readonly number[], unknown = 0): Estimate | undefined {
  if (values.length < 2 || values.some((value) => !(value > 0))) return undefined
  const logs = values.map((value) => Math.log(value))
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length
  const squares = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const error = Math.sqrt(squares / (logs.length - 1) / logs.length)
  const half =
    Math.max(Math.log1p(RESOLUTION), studentQuantile(logs.length - 1) * error) + Math.log1p(unknown)
  return {
    estimate: Math.exp(mean),
    low: Math.exp(mean - half),
    high: Math.exp(mean + half),
  }
}

/** The t of a two-sided interval, by bisection: its tail is a decreasing function. */
function studentQuantile(df: number): number {
  const tail = (1 - CONFIDENCE) / 2
  let low = 0
  let high = 1000
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (studentTail(middle, df) > tail) low = middle
    else high = middle
  }
  return high
}
