/**
 * Non-negative least squares by an active set, on the normal equations: what a request costs cannot
 * be less than nothing.
 *
 * @see Lawson, Hanson (1974), Solving Least Squares Problems, chapter 23; Bro, de Jong (1997),
 *   Journal of Chemometrics 11: the same from the cross products alone
 */

/** Cross products of the columns of A, row by row (AᵀA), and of each with b (Aᵀb). */
export interface NormalEquations {
  readonly size: number
  readonly gram: Float64Array
  readonly moment: Float64Array
}

/** Columns have length 1 and the largest moment is 1 when this is held against anything. */
export const ROUNDING = 1e-10

/**
 * The x ≥ 0 that makes |Ax − b| least. Where several do, the one that uses fewer columns; a column
 * of zeros gets 0.
 * @param near the solution of a similar problem, from which it is not far
 */
export function solveNonNegative(equations: NormalEquations, near?: Float64Array): Float64Array {
  const { scaled, lengths, unit } = toUnitColumns(equations)
  const start = new Float64Array(equations.size)
  if (near !== undefined && unit > 0) {
    for (const [index, length] of lengths.entries()) {
      start[index] = ((near[index] ?? 0) * length) / unit
    }
  }
  const x = solveScaled(scaled, start)
  return x.map((value, index) =>
    lengths[index] === 0 ? 0 : (value * unit) / (lengths[index] ?? 1),
  )
}

/** The same problem with columns of length 1 and moments up to 1: limits have a meaning there. */
export function toUnitColumns({ size, gram, moment }: NormalEquations): {
  readonly scaled: NormalEquations
  readonly lengths: Float64Array
  readonly unit: number
} {
  const lengths = Float64Array.from({ length: size }, (_, index) =>
    Math.sqrt(gram[index * size + index] ?? 0),
  )
  const perLength = moment.map((value, index) => divide(value, lengths[index] ?? 0))
  const unit = perLength.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return {
    unit,
    lengths,
    scaled: {
      size,
      gram: gram.map((value, index) => {
        const row = lengths[Math.floor(index / size)] ?? 0
        return divide(value, row * (lengths[index % size] ?? 0))
      }),
      moment: perLength.map((value) => divide(value, unit)),
    },
  }
}

function divide(value: number, by: number): number {
  return by === 0 ? 0 : value / by
}

function solveScaled(equations: NormalEquations, start: Float64Array): Float64Array {
  const { size } = equations
  const free = new Set([...start.keys()].filter((index) => (start[index] ?? 0) > 0))
  const x = Float64Array.from(start)
  // Columns that were independent there may depend on each other here.
  if (!descend(equations, x, free)) {
    x.fill(0)
    free.clear()
  }
  const barred = new Set<number>()
  // Each round lets a column in; in exact arithmetic no set comes twice.
  for (let round = 0; round < 3 * size; round += 1) {
    const entering = steepest(equations, x, free, barred)
    if (entering === undefined) break
    free.add(entering)
    if (!descend(equations, x, free)) {
      // It is a sum of columns that are in already.
      free.delete(entering)
      barred.add(entering)
    }
  }
  return x
}

/** The column at 0 that would lessen the error most. */
function steepest(
  { size, gram, moment }: NormalEquations,
  x: Float64Array,
  free: ReadonlySet<number>,
  barred: ReadonlySet<number>,
): number | undefined {
  let best: number | undefined
  let most = ROUNDING
  for (let row = 0; row < size; row += 1) {
    if (free.has(row) || barred.has(row)) continue
    let gradient = moment[row] ?? 0
    for (const column of free) gradient -= (gram[row * size + column] ?? 0) * (x[column] ?? 0)
    if (gradient <= most) continue
    best = row
    most = gradient
  }
  return best
}

/** Goes to the least error of the free columns; those that would fall below 0 stay there. */
function descend(equations: NormalEquations, x: Float64Array, free: Set<number>): boolean {
  while (free.size > 0) {
    const columns = [...free]
    const goal = solveFree(equations, columns)
    if (goal === undefined) return false
    let step = 1
    let first: number | undefined
    for (const [place, column] of columns.entries()) {
      const to = goal[place] ?? 0
      const from = x[column] ?? 0
      if (to > 0 || from / (from - to || 1) >= step) continue
      step = from / (from - to || 1)
      first = column
    }
    for (const [place, column] of columns.entries()) {
      const from = x[column] ?? 0
      x[column] = Math.max(0, from + step * ((goal[place] ?? 0) - from))
    }
    if (first === undefined) return true
    for (const column of columns) {
      if (column !== first && (x[column] ?? 0) > 0) continue
      x[column] = 0
      free.delete(column)
    }
  }
  return true
}

/** The least squares of these columns alone; undefined where they are not independent. */
function solveFree(
  { size, gram, moment }: NormalEquations,
  columns: readonly number[],
): Float64Array | undefined {
  const part = (row: number, column: number): number =>
    gram[(columns[row] ?? 0) * size + (columns[column] ?? 0)] ?? 0
  const factor = cholesky(columns.length, part)
  if (factor === undefined) return undefined
  return substitute(
    factor,
    columns.map((column) => moment[column] ?? 0),
  )
}

/** The lower triangle L with LLᵀ of these entries; undefined where a column depends on others. */
function cholesky(
  count: number,
  part: (row: number, column: number) => number,
): Float64Array | undefined {
  const factor = new Float64Array(count * count)
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = part(row, column)
      for (let k = 0; k < column; k += 1) {
        sum -= (factor[row * count + k] ?? 0) * (factor[column * count + k] ?? 0)
      }
      if (row === column && sum <= ROUNDING) return undefined
      factor[row * count + column] =
        row === column ? Math.sqrt(sum) : sum / (factor[column * count + column] ?? 1)
    }
  }
  return factor
}

/** Forwards, then backwards. */
function substitute(factor: Float64Array, right: readonly number[]): Float64Array {
  const count = right.length
  const solution = Float64Array.from(right)
  const at = (row: number, column: number): number => factor[row * count + column] ?? 0
  for (let row = 0; row < count; row += 1) {
    let sum = solution[row] ?? 0
    for (let k = 0; k < row; k += 1) sum -= at(row, k) * (solution[k] ?? 0)
    solution[row] = sum / at(row, row)
  }
  for (let row = count - 1; row >= 0; row -= 1) {
    let sum = solution[row] ?? 0
    for (let k = row + 1; k < count; k += 1) sum -= at(k, row) * (solution[k] ?? 0)
    solution[row] = sum / at(row, row)
  }
  return solution
}
