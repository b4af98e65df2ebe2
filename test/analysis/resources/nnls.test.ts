import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { solveNonNegative, type NormalEquations } from '../../../src/analysis/resources/nnls.ts'
import { ownShares } from '../../../src/analysis/resources/own-share.ts'

function equationsOf(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
): NormalEquations {
  const size = rows[0]?.length ?? 0
  const gram = new Float64Array(size * size)
  const moment = new Float64Array(size)
  for (const [index, row] of rows.entries()) {
    for (const [i, one] of row.entries()) {
      moment[i] = (moment[i] ?? 0) + one * (targets[index] ?? 0)
      for (const [j, other] of row.entries()) {
        gram[i * size + j] = (gram[i * size + j] ?? 0) + one * other
      }
    }
  }
  return { size, gram, moment }
}

/** How much the squared error would change, but for the constant. */
function errorOf({ size, gram, moment }: NormalEquations, x: readonly number[]): number {
  let error = 0
  for (let i = 0; i < size; i += 1) {
    error -= 2 * (moment[i] ?? 0) * (x[i] ?? 0)
    for (let j = 0; j < size; j += 1) error += (x[i] ?? 0) * (gram[i * size + j] ?? 0) * (x[j] ?? 0)
  }
  return error
}

const problem = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 }))
  .chain(([size, count]) =>
    fc.tuple(
      fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: size, maxLength: size }), {
        minLength: count,
        maxLength: count,
      }),
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: count, maxLength: count }),
    ),
  )

describe('solveNonNegative()', () => {
  it('gives nothing for nothing, and 0 for a column of zeros', () => {
    expect([...solveNonNegative(equationsOf([], []))]).toEqual([])
    expect([...solveNonNegative(equationsOf([[0, 2]], [4]))]).toEqual([0, 2])
  })
  it('keeps at 0 what would have to be negative', () => {
    const rows = [
      [1, 0],
      [1, 1],
      [1, 2],
    ]
    const solution = [...solveNonNegative(equationsOf(rows, [3, 2, 1]))]
    expect(solution[0]).toBeCloseTo(2, 12)
    expect(solution[1]).toBe(0)
  })
  it('takes one of two columns that are the same', () => {
    const solution = [
      ...solveNonNegative(
        equationsOf(
          [
            [1, 1],
            [2, 2],
            [3, 3],
          ],
          [2, 4, 6],
        ),
      ),
    ]
    expect([Math.min(...solution), Math.max(...solution)]).toEqual([0, expect.closeTo(2, 12)])
  })
  it('finds what was planted where the columns are independent', () => {
    const planted = [0.003, 0, 0.02]
    const rows = [
      [5, 1, 1],
      [2, 7, 1],
      [9, 3, 1],
      [4, 4, 1],
      [0, 2, 1],
    ]
    const targets = rows.map((row) =>
      row.reduce((sum, value, index) => sum + value * (planted[index] ?? 0), 0),
    )
    for (const [index, value] of solveNonNegative(equationsOf(rows, targets)).entries()) {
      expect(value).toBeCloseTo(planted[index] ?? 0, 10)
    }
  })
  it('meets the conditions of a least error: none falls below 0, and no step lessens it', () => {
    fc.assert(
      fc.property(problem, fc.array(fc.double({ min: -1, max: 1, noNaN: true })), (given, way) => {
        const equations = equationsOf(...given)
        const x = [...solveNonNegative(equations)]
        expect(x.every((value) => value >= 0)).toBe(true)
        const here = errorOf(equations, x)
        const moved = x.map((value, index) => Math.max(0, value + (way[index] ?? 0)))
        const scale = 1 + Math.abs(here) + Math.abs(errorOf(equations, moved))
        expect(errorOf(equations, moved)).toBeGreaterThanOrEqual(here - 1e-7 * scale)
      }),
    )
  })
  it('finds the same from near another solution', () => {
    fc.assert(
      fc.property(problem, fc.array(fc.nat(9), { maxLength: 5 }), (given, near) => {
        const equations = equationsOf(...given)
        const start = Float64Array.from({ length: equations.size }, (_, index) => near[index] ?? 0)
        const cold = errorOf(equations, [...solveNonNegative(equations)])
        const warm = errorOf(equations, [...solveNonNegative(equations, start)])
        expect(Math.abs(warm - cold)).toBeLessThanOrEqual(1e-7 * (1 + Math.abs(cold)))
      }),
    )
  })
  it('scales with the targets and against the columns', () => {
    fc.assert(
      fc.property(problem, ([rows, targets]) => {
        const x = solveNonNegative(equationsOf(rows, targets))
        const more = solveNonNegative(
          equationsOf(
            rows,
            targets.map((value) => value * 4),
          ),
        )
        expect([...more]).toEqual([...x].map((value) => value * 4))
        const doubled = rows.map((row) => row.map((value) => value * 2))
        const less = solveNonNegative(equationsOf(doubled, targets))
        expect([...less]).toEqual([...x].map((value) => value / 2))
      }),
    )
  })
})

describe('ownShares()', () => {
  it('is 0 for a column that is a sum of others, and 1 for one that shares nothing', () => {
    const rows = [
      [1, 0, 1, 0],
      [0, 1, 1, 0],
      [1, 1, 2, 0],
      [0, 0, 0, 3],
    ]
    const shares = ownShares(equationsOf(rows, [0, 0, 0, 0]))
    for (const share of shares.slice(0, 3)) expect(share).toBeLessThan(1e-12)
    expect(shares[3]).toBeCloseTo(1, 12)
  })
  it('is 0 for a column of zeros', () => {
    expect(ownShares(equationsOf([[0, 1]], [1]))).toEqual([0, 1])
  })
})
