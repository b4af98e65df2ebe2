/** Whether the costs of actions can be told apart at all. */

import { ROUNDING, toUnitColumns, type NormalEquations } from './nnls.ts'

/**
 * How much of each column the others cannot explain, from 0 (nothing: what it costs cannot be told
 * from what they cost) to 1.
 */
export function ownShares(equations: NormalEquations): number[] {
  const { scaled, lengths } = toUnitColumns(equations)
  const columns = Array.from({ length: equations.size }, (_, index) => index)
  return columns.map((own) => {
    if (lengths[own] === 0) return 0
    const others = columns.filter((column) => column !== own)
    return remainder(scaled, others, own)
  })
}

/** The squared length that is left of a column of length 1 when the others are taken out of it. */
function remainder(
  { size, gram }: NormalEquations,
  others: readonly number[],
  own: number,
): number {
  const rows: Float64Array[] = []
  const kept: number[] = []
  const project = (column: number): { along: Float64Array; left: number } => {
    const along = new Float64Array(kept.length)
    let left = gram[column * size + column] ?? 0
    for (const [place, basis] of kept.entries()) {
      let sum = gram[column * size + basis] ?? 0
      const row = rows[place] ?? new Float64Array()
      for (let k = 0; k < place; k += 1) sum -= (along[k] ?? 0) * (row[k] ?? 0)
      along[place] = sum / (row[place] ?? 1)
      left -= (along[place] ?? 0) ** 2
    }
    return { along, left }
  }
  for (const column of others) {
    const { along, left } = project(column)
    // One that the earlier ones explain adds nothing.
    if (left <= ROUNDING) continue
    rows.push(Float64Array.from([...along, Math.sqrt(left)]))
    kept.push(column)
  }
  return Math.max(0, project(own).left)
}
