/**
 * The rate of each arm and their ratio, from rounds in which both were measured one after the other.
 *
 * Both arms of a round met the same minute, so the logarithm of their ratio is taken round by round,
 * and the interval of these is the interval of the ratio: whatever both share, such as a machine
 * that grows slower, cancels. A coin says which arm is first, so of two equal arms each is as likely
 * to meet a stall, and what differs between rounds lies evenly around 1.
 *
 * What touches one arm for longer than a round (a neighbour on its core) does not cancel, and rounds
 * that follow each other then say less than as many independent ones. The correlation of neighbours
 * is therefore estimated, without the bias that it has in short series (Kendall 1954), and the
 * interval is that of the fewer rounds which say as much (Bartlett 1946).
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
/** Above this a series of rounds is one long event, of which nothing can be told. */
const MOST_CORRELATION = 0.8

/** Share of the rounds left out at each end: a machine that stalls has one arm far off in a few. */
const TRIMMED = 0.15

/**
 * The trimmed geometric mean of positive values, in the order in which they were measured, with its
 * 95 % interval (Tukey and McLaughlin 1963; below seven values the plain mean and Student's).
 * @param unknown share by which the interval is wider on both sides for what no round can show
 * @returns undefined for fewer than two values
 */
export function estimateOf(values: readonly number[], unknown = 0): Estimate | undefined {
  if (values.length < 2 || values.some((value) => !(value > 0))) return undefined
  const logs = values.map((value) => Math.log(value))
  const count = logs.length
  const trimmed = Math.floor(TRIMMED * count)
  const sorted = logs.toSorted((left, right) => left - right)
  const kept = sorted.slice(trimmed, count - trimmed)
  const [least = 0, most = 0] = [kept[0], kept.at(-1)]
  const winsorised = logs.map((value) => Math.min(most, Math.max(least, value)))
  const mean = meanOf(kept)
  const shared = correlationOf(winsorised)
  const independent = Math.max(2, (count * (1 - shared)) / (1 + shared))
  const error = (deviationOf(winsorised) * count) / kept.length / Math.sqrt(independent)
  const freedom = Math.max(1, (independent * kept.length) / count - 1)
  const half =
    Math.max(Math.log1p(RESOLUTION), studentQuantile(freedom) * error) + Math.log1p(unknown)
  return {
    estimate: Math.exp(mean),
    low: Math.exp(mean - half),
    high: Math.exp(mean + half),
  }
}

/** 0 for no values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** The standard deviation of the logarithms of positive values. */
export function spreadOf(values: readonly number[]): number {
  return deviationOf(values.map((value) => Math.log(value)))
}

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / Math.max(1, values.length - 1))
}

/** Of neighbours; what lies below zero is chance and counts as none. */
function correlationOf(values: readonly number[]): number {
  const count = values.length
  if (count < 4) return 0
  const mean = meanOf(values)
  let together = 0
  let squares = 0
  for (const [index, value] of values.entries()) {
    squares += (value - mean) ** 2
    together += index === 0 ? 0 : (value - mean) * ((values[index - 1] ?? mean) - mean)
  }
  if (squares === 0) return 0
  const found = together / squares
  return Math.min(MOST_CORRELATION, Math.max(0, found + (1 + 3 * found) / count))
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
