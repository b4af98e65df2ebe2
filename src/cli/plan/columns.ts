/** Columns of the plan's tables: each as wide as its content, the first one clipped to fit. */

import { clip, padEnd, padStart, widthOf } from '../../report/columns.ts'
import { TEXT_WIDTH } from '../../report/text.ts'

export interface Layout {
  /** Of each column; the first one is the name. */
  readonly align: readonly ('left' | 'right')[]
  readonly ellipsis: string
}

const GAP = 2
const LEAST_NAME = 6

/** Lines of at most 80 columns; every row has as many cells as `align`. */
export function renderColumns(
  rows: readonly (readonly string[])[],
  { align, ellipsis }: Layout,
): string[] {
  const widths = align.map((_, index) => Math.max(...rows.map((row) => widthOf(row[index] ?? ''))))
  const [name = 0, ...others] = widths
  const taken = others.reduce((sum, width) => sum + width + GAP, GAP)
  const nameWidth = Math.max(LEAST_NAME, Math.min(name, TEXT_WIDTH - taken))
  return rows.map((row) => {
    const cells = row.map((cell, index) => {
      const width = index === 0 ? nameWidth : (widths[index] ?? 0)
      const text = index === 0 ? clip(cell, nameWidth, ellipsis) : cell
      return align[index] === 'right' ? padStart(text, width) : padEnd(text, width)
    })
    return `${' '.repeat(GAP)}${cells.join(' '.repeat(GAP))}`.trimEnd()
  })
}
