/**
 * What a request of each action costs in CPU, from scrapes of the whole process.
 *
 * Between two scrapes the process used y seconds of CPU and answered n_a requests of each action a.
 * Where the mix varies by chance, y = Σ n_a·κ_a + idle can be solved for the κ_a: least squares with
 * κ ≥ 0, each scrape weighted by 1/√y because busy seconds scatter more. How far to believe it says
 * a bootstrap over stretches of neighbouring scrapes, which keep what a garbage collection does to
 * several of them.
 *
 * A hint, never a verdict: the error depends on the action's share of the variance, hardly on the
 * rate, so rare actions and actions that always come together are left out rather than guessed.
 *
 * @see Lawson, Hanson (1974) for the least squares; Künsch (1989), Annals of Statistics 17, for the
 *   bootstrap of blocks
 */

import type { ActionCost } from '../../core/contract/report.ts'
import { createRandom } from '../../core/random.ts'
import { solveNonNegative, type NormalEquations } from './nnls.ts'
import { ownShares } from './own-share.ts'

/** What happened between two scrapes of all processes of an arm. */
export interface CostRow {
  /** Requests of each action, in the order of the actions. */
  readonly counts: readonly number[]
  /** CPU that the arm used in it. */
  readonly cpuSeconds: number
  /** How long it was. */
  readonly seconds: number
}

const DRAWS = 200
/** Fewer scrapes than these, or than twice the unknowns, say nothing. */
const LEAST_ROWS = 20
/** Stretches that the bootstrap draws from: enough for an interval, few enough to add up quickly. */
const MOST_STRETCHES = 100
/** Actions with a cost of their own; the requests of rarer ones are counted as one. */
const MOST_ACTIONS = 60
/** An action that the others explain but for this much cannot be told from them. */
const LEAST_OWN_SHARE = 1e-6
/** Of all CPU: what uses less drowns in the noise of the rest. */
const LEAST_CPU_SHARE = 0.05
/** The interval may be this many times as wide as the cost: "1 to 4 ms" helps nobody. */
const MOST_WIDTH = 1.2
const INTERVAL = [0.025, 0.975] as const

/**
 * The cost of each action that can be told, with the limits of 95 % of its bootstrap, in the order of
 * the actions. The same for the same rows and seed; empty where nothing can be said.
 * @param rows scrapes in their order; those without CPU time or with nonsense are left out
 */
export function actionCosts(
  actions: readonly string[],
  rows: readonly CostRow[],
  seed: number,
): ActionCost[] {
  const usable = rows.filter((row) => isUsable(row, actions.length))
  const columns = columnsOf(actions.length, usable)
  if (usable.length < Math.max(LEAST_ROWS, 2 * (columns.own.length + 2))) return []
  const stretches = stretchesOf(usable, columns)
  const whole = sumOf(
    stretches,
    stretches.map((_, index) => index),
  )
  const best = solveNonNegative(whole)
  const own = ownShares(whole)
  const draws = bootstrap(stretches, best, seed)
  const cpu = usable.reduce((sum, row) => sum + row.cpuSeconds, 0)
  return columns.own.flatMap((action, column): ActionCost[] => {
    const count = usable.reduce((sum, row) => sum + (row.counts[action] ?? 0), 0)
    const estimate = best[column] ?? 0
    const drawn = Float64Array.from(draws, (draw) => draw[column] ?? 0).toSorted()
    const [low, high] = INTERVAL.map((share) => quantile(drawn, share))
    const isTold =
      (own[column] ?? 0) >= LEAST_OWN_SHARE &&
      estimate * count >= LEAST_CPU_SHARE * cpu &&
      low !== undefined &&
      high !== undefined &&
      low > 0 &&
      high - low <= MOST_WIDTH * estimate
    if (!isTold) return []
    return [
      { action: actions[action] ?? '', cpuMs: estimate * 1000, low: low * 1000, high: high * 1000 },
    ]
  })
}

function isUsable({ counts, cpuSeconds, seconds }: CostRow, actions: number): boolean {
  return (
    counts.length === actions &&
    counts.every((count) => Number.isFinite(count) && count >= 0) &&
    Number.isFinite(cpuSeconds) &&
    cpuSeconds > 0 &&
    Number.isFinite(seconds) &&
    seconds > 0
  )
}

interface Columns {
  /** Indexes of the actions that have a column of their own. */
  readonly own: readonly number[]
  /** Those of the rest, which share one. */
  readonly shared: readonly number[]
}

function columnsOf(actions: number, rows: readonly CostRow[]): Columns {
  const totals = Array.from({ length: actions }, (_, action) =>
    rows.reduce((sum, row) => sum + (row.counts[action] ?? 0), 0),
  )
  const seen = totals.flatMap((total, action) => (total > 0 ? [action] : []))
  const byCount = seen.toSorted((one, other) => (totals[other] ?? 0) - (totals[one] ?? 0))
  return {
    own: byCount.slice(0, MOST_ACTIONS).toSorted((one, other) => one - other),
    shared: byCount.slice(MOST_ACTIONS),
  }
}

/** Weighted cross products of neighbouring rows; columns: the own actions, the shared, idle. */
function stretchesOf(rows: readonly CostRow[], { own, shared }: Columns): NormalEquations[] {
  const length = Math.ceil(rows.length / MOST_STRETCHES)
  const size = own.length + 2
  return Array.from({ length: Math.ceil(rows.length / length) }, (_, stretch) => {
    const equations = emptyEquations(size)
    for (const row of rows.slice(stretch * length, (stretch + 1) * length)) {
      const values = [
        ...own.map((action) => row.counts[action] ?? 0),
        shared.reduce((sum, action) => sum + (row.counts[action] ?? 0), 0),
        row.seconds,
      ]
      addRow(equations, values, row.cpuSeconds, 1 / row.cpuSeconds)
    }
    return equations
  })
}

function emptyEquations(size: number): NormalEquations {
  return { size, gram: new Float64Array(size * size), moment: new Float64Array(size) }
}

/** @param weight of the squared error, so 1/y where rows are scaled by 1/√y */
function addRow(
  { size, gram, moment }: NormalEquations,
  values: readonly number[],
  target: number,
  weight: number,
): void {
  for (const [row, value] of values.entries()) {
    if (value === 0) continue
    moment[row] = (moment[row] ?? 0) + weight * value * target
    for (const [column, other] of values.entries()) {
      const at = row * size + column
      gram[at] = (gram[at] ?? 0) + weight * value * other
    }
  }
}

function sumOf(stretches: readonly NormalEquations[], chosen: readonly number[]): NormalEquations {
  const sum = emptyEquations(stretches[0]?.size ?? 0)
  for (const index of chosen) {
    const { gram, moment } = stretches[index] ?? sum
    for (let at = 0; at < gram.length; at += 1) sum.gram[at] = (sum.gram[at] ?? 0) + (gram[at] ?? 0)
    for (let at = 0; at < moment.length; at += 1) {
      sum.moment[at] = (sum.moment[at] ?? 0) + (moment[at] ?? 0)
    }
  }
  return sum
}

function bootstrap(
  stretches: readonly NormalEquations[],
  best: Float64Array,
  seed: number,
): Float64Array[] {
  const random = createRandom(seed, 'costs')
  return Array.from({ length: DRAWS }, () => {
    const drawn = stretches.map(() => random.int(stretches.length))
    return solveNonNegative(sumOf(stretches, drawn), best)
  })
}

/** Of sorted values, linear between them. */
function quantile(sorted: Float64Array, share: number): number | undefined {
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) return undefined
  return below + (above - below) * (place - Math.floor(place))
}
