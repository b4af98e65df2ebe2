/**
 * A hint beside cause and victim: how much of an action's excess goes along with requests of each
 * action that were in flight when it was sent. Least squares of canary − baseline on a constant, which
 * is the action's own, and on the number of requests of each action in flight in the canary.
 *
 * Limits: what goes along need not be the reason. Waiting is not linear in the number of those that
 * wait, and actions that queue together cannot be told apart by it. A hint, never a verdict.
 */

import { hasLatency, inTime, type RememberedPair } from './again.ts'

/** Fewer pairs for each number that is looked for fit anything. */
const LEAST_PAIRS_EACH = 10
/** The actions with the most requests in flight; the others are too rare to be seen. */
const MOST_ACTIONS = 12
/** Keeps the equations solvable where two actions are always in flight together. */
const RIDGE = 1e-9

/**
 * Shares of the mean excess of `action`, by action; its own is what no other request explains. Empty
 * where there is no excess, or too few pairs to say.
 * @param pairs of all actions, each with its name as the segment `action`
 */
export function loadSharesOf(
  pairs: readonly RememberedPair[],
  action: string,
): Readonly<Record<string, number>> {
  const observed = observe(pairs, action)
  const names = busiestOf(observed)
  if (observed.length < LEAST_PAIRS_EACH * (names.length + 1)) return {}
  const columns = observed.map(({ inFlight }) => [
    1,
    ...names.map((name) => inFlight.get(name) ?? 0),
  ])
  const slopes = leastSquares(
    columns,
    observed.map(({ excessMs }) => excessMs),
  )
  const shares = new Map<string, number>()
  for (const [index, slope] of slopes.entries()) {
    const name = index === 0 ? action : (names[index - 1] ?? action)
    const mean = columns.reduce((sum, row) => sum + (row[index] ?? 0), 0) / columns.length
    shares.set(name, (shares.get(name) ?? 0) + slope * mean)
  }
  const positive = [...shares].filter(([, ms]) => ms > 0)
  const total = positive.reduce((sum, [, ms]) => sum + ms, 0)
  return Object.fromEntries(positive.map(([name, ms]) => [name, Number((ms / total).toFixed(2))]))
}

interface Observation {
  readonly excessMs: number
  readonly inFlight: ReadonlyMap<string, number>
}

/** Goes over sends and ends in the canary and counts what is in flight at each send. */
function observe(pairs: readonly RememberedPair[], action: string): Observation[] {
  const sends = inTime(pairs.filter(hasLatency))
  const ends = sends
    .map(({ at, canaryMs, segment }) => ({ at: at + canaryMs / 1000, name: nameOf(segment) }))
    .toSorted((left, right) => left.at - right.at)
  const inFlight = new Map<string, number>()
  const observed: Observation[] = []
  let ended = 0
  for (const { at, baselineMs, canaryMs, segment } of sends) {
    for (let end = ends[ended]; end !== undefined && end.at <= at; end = ends[ended]) {
      inFlight.set(end.name, (inFlight.get(end.name) ?? 0) - 1)
      ended += 1
    }
    const name = nameOf(segment)
    if (name === action) {
      observed.push({ excessMs: canaryMs - baselineMs, inFlight: new Map(inFlight) })
    }
    inFlight.set(name, (inFlight.get(name) ?? 0) + 1)
  }
  return observed
}

function nameOf(segment: RememberedPair['segment']): string {
  return segment['action'] ?? ''
}

function busiestOf(observed: readonly Observation[]): string[] {
  const counts = new Map<string, number>()
  for (const { inFlight } of observed) {
    for (const [name, count] of inFlight) counts.set(name, (counts.get(name) ?? 0) + count)
  }
  return [...counts]
    .filter(([, count]) => count > 0)
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, MOST_ACTIONS)
    .map(([name]) => name)
}

/** The slopes that leave the least squares, by the normal equations. */
function leastSquares(rows: readonly (readonly number[])[], values: readonly number[]): number[] {
  const size = rows[0]?.length ?? 0
  const matrix = Array.from({ length: size }, () => Array.from({ length: size + 1 }, () => 0))
  for (const [place, row] of rows.entries()) {
    for (const [i, line] of matrix.entries()) {
      const left = row[i] ?? 0
      for (let j = 0; j < size; j += 1) line[j] = (line[j] ?? 0) + left * (row[j] ?? 0)
      line[size] = (line[size] ?? 0) + left * (values[place] ?? 0)
    }
  }
  for (const [i, line] of matrix.entries()) line[i] = (line[i] ?? 0) * (1 + RIDGE) + RIDGE
  return solve(matrix)
}

/** Gauss's elimination of equations whose matrix is symmetric and positive. */
function solve(matrix: readonly number[][]): number[] {
  const size = matrix.length
  for (const [i, pivot] of matrix.entries()) {
    for (const line of matrix.slice(i + 1)) {
      const factor = (line[i] ?? 0) / (pivot[i] ?? 1)
      for (let j = i; j <= size; j += 1) line[j] = (line[j] ?? 0) - factor * (pivot[j] ?? 0)
    }
  }
  const found = Array.from({ length: size }, () => 0)
  for (let i = size - 1; i >= 0; i -= 1) {
    const line = matrix[i] ?? []
    let rest = line[size] ?? 0
    for (let j = i + 1; j < size; j += 1) rest -= (line[j] ?? 0) * (found[j] ?? 0)
    found[i] = rest / (line[i] ?? 1)
  }
  return found
}
