/**
 * The control chart of a single series: one figure of each run, its moving average, and the limits
 * outside of which a figure does not belong to its history.
 *
 * Problem: a run compares the canary with the baseline of today. If that one is ill itself, nobody
 * notices, because both arms look alike. Where there is no second arm, the past has to stand in.
 * Idea: two charts in one. A single figure is unusual outside the average of the figures before it
 * ± L deviations (Shewhart 1931): it finds one bad run. The exponentially weighted moving average
 * is outside its own, narrower limits around their mean, L σ √(λ/(2−λ) (1−(1−λ)²ⁱ)) (Roberts 1959):
 * it finds a level that creeps. The deviation is that of neighbours, mean moving range ÷ 1.128, so
 * that a creeping level does not widen its own limits.
 * L = 3, widened as Student's quantile where the deviation is known from few figures (Cornish and
 * Fisher 1937): from eight figures 3 would cry wolf in one run of 37, so widened in one of 500.
 * A new level is believed after eight figures in a row outside on the same side: the history begins
 * anew there, or a baseline that was rebuilt would be reported for months.
 * Limits: no guarantee, a hint. Runs are taken to be equally noisy and independent.
 */

/** Weight of the newest figure in the moving average. */
const LAMBDA = 0.2
const WIDTH = 3
/** Mean range of two normal values in deviations. */
const RANGE_OF_TWO = 1.128
/** Nothing is said before so many earlier figures, and a new level needs so many in a row. */
export const LEAST_RUNS = 8
/** Older figures say little of today. */
const MEMORY = 50
/** A deviation from moving ranges is worth about so many degrees of freedom for each figure. */
const FREEDOM = 0.62

export interface ChartPoint {
  readonly value: number
  /** The exponentially weighted moving average, this figure included. */
  readonly average: number
  /** Standard deviation of the figures before it. */
  readonly deviation: number
  /** Where this figure was expected; left out while there are too few before it. */
  readonly low?: number
  readonly high?: number
  /** Where the average belongs; left out with the others. */
  readonly level?: { readonly low: number; readonly high: number }
  /** `value`: the figure is unusual; `average`: the level crept away; both may be so. */
  readonly outside: 'no' | 'value' | 'average' | 'both'
  /** Figures before it that the limits were made of. */
  readonly runs: number
}

export interface ChartOptions {
  /** Deviation below which differences do not matter; for figures that hardly ever change. */
  readonly leastDeviation?: number
}

/** A point for each value, oldest first. @throws RangeError if one is not finite */
export function chartOf(values: readonly number[], options: ChartOptions = {}): ChartPoint[] {
  const { leastDeviation = 0 } = options
  if (!values.every((value) => Number.isFinite(value))) {
    throw new RangeError('Cannot draw a chart: a value is not a finite number')
  }
  const points: ChartPoint[] = []
  let begin = 0
  let run = { side: 0, length: 0 }
  for (const [index, value] of values.entries()) {
    const before = values.slice(Math.max(begin, index - MEMORY), index)
    const point = pointOf(value, before, leastDeviation)
    points.push(point)
    const side = sideOf(point, meanOf(before))
    run = { side, length: side !== 0 && side === run.side ? run.length + 1 : 1 }
    if (side !== 0 && run.length >= LEAST_RUNS) {
      begin = index + 1 - LEAST_RUNS
      run = { side: 0, length: 0 }
    }
  }
  return points
}

function pointOf(value: number, before: readonly number[], least: number): ChartPoint {
  const runs = before.length
  const earlier = averageOf(before, value)
  const average = LAMBDA * value + (1 - LAMBDA) * earlier
  const deviation = Math.max(least, deviationOf(before))
  const shared = { value, average, deviation, runs }
  if (runs < LEAST_RUNS) return { ...shared, outside: 'no' }
  const width = widened(runs)
  const mean = meanOf(before)
  // A new figure wanders by itself, and the average it is held against wanders too.
  const reach = width * deviation * Math.sqrt(1 + varianceFactor(runs))
  const creep = width * deviation * Math.sqrt(varianceFactor(runs + 1) + 1 / runs)
  const [low, high] = [earlier - reach, earlier + reach]
  const isUnusual = value < low || value > high
  const hasCrept = Math.abs(average - mean) > creep
  const outside = isUnusual ? (hasCrept ? 'both' : 'value') : hasCrept ? 'average' : 'no'
  return { ...shared, low, high, level: { low: mean - creep, high: mean + creep }, outside }
}

/** The moving average of the figures before; begins at their first. */
function averageOf(before: readonly number[], otherwise: number): number {
  return before.reduce(
    (average, value) => LAMBDA * value + (1 - LAMBDA) * average,
    before[0] ?? otherwise,
  )
}

/** Variance of the average of `count` figures in units of theirs (Roberts 1959). */
function varianceFactor(count: number): number {
  return (LAMBDA / (2 - LAMBDA)) * (1 - (1 - LAMBDA) ** (2 * count))
}

function deviationOf(before: readonly number[]): number {
  const ranges = before.slice(1).map((value, index) => Math.abs(value - (before[index] ?? value)))
  return meanOf(ranges) / RANGE_OF_TWO
}

/** Student's quantile beside the normal `WIDTH`, in two terms. */
function widened(runs: number): number {
  const freedom = FREEDOM * (runs - 1)
  const first = (WIDTH ** 3 + WIDTH) / (4 * freedom)
  const second = (5 * WIDTH ** 5 + 16 * WIDTH ** 3 + 3 * WIDTH) / (96 * freedom ** 2)
  return WIDTH + first + second
}

/** +1 above, −1 below, 0 where it belongs. */
function sideOf({ outside, value, average }: ChartPoint, mean: number): number {
  if (outside === 'no') return 0
  return Math.sign(outside === 'average' ? average - mean : value - mean)
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
