/** What other tools' rules would have said, as a table for a terminal. */

import type { Metric, RunVerdict } from '../core/verdict.ts'
import { clip, padEnd, padStart, widthOf, wrap } from './columns.ts'
import { NARROW_SPACE, formatSeconds } from './numbers.ts'
import { TEXT_WIDTH, paint, plainText, type Mark, type TextStyle } from './text.ts'
import { METRIC_WORDS } from './words.ts'

/** The word of one rule. */
export interface RuleRow {
  readonly rule: string
  readonly verdict: RunVerdict
  /** Seconds from the end of the warm-up. */
  readonly detectedAt?: number
  /** Empty where it blames the service as a whole. */
  readonly actions: readonly string[]
  readonly metric?: Metric
  /** One sentence with its figures. */
  readonly detail: string
}

const SIGNS: Readonly<Record<RunVerdict, { readonly sign: string; readonly mark?: Mark }>> = {
  regressed: { sign: '✖', mark: 'red' },
  healthy: { sign: '✔', mark: 'green' },
  inconclusive: { sign: '?' },
  invalid: { sign: '!', mark: 'yellow' },
}

const HEAD = ['verdict', 'rule', 'when', 'blames'] as const
const INDENT = '    '
const MOST_NAMES = 3

/** Two lines or more for each rule, none wider than 80 columns; ends with a line break. */
export function renderRules(rows: readonly RuleRow[], style: TextStyle): string {
  const cells = rows.map((row) => cellsOf(row, style))
  const widths = HEAD.map((name, column) =>
    Math.max(widthOf(name), ...cells.map((cell) => widthOf(cell[column] ?? ''))),
  )
  const [verdict = 0, rule = 0, when = 0] = widths
  const blames = TEXT_WIDTH - 2 - (verdict + rule + when + 6)
  const lineOf = (cell: readonly string[], mark?: Mark): string => {
    const [first = '', second = '', third = '', last = ''] = cell
    const sign = `${paint(mark, first, style)}${' '.repeat(verdict - widthOf(first))}`
    const rest = [padEnd(second, rule), padStart(third, when), clip(last, Math.max(1, blames))]
    return `  ${[sign, ...rest].join('  ')}`.trimEnd()
  }
  const lines = rows.flatMap((row, index) => [
    lineOf(cells[index] ?? [], SIGNS[row.verdict].mark),
    ...wrap(plainText(row.detail, style), TEXT_WIDTH - INDENT.length).map(
      (line) => `${INDENT}${paint('dim', line, style)}`,
    ),
  ])
  return `${[lineOf(HEAD), ...lines].join('\n')}\n`.replaceAll(NARROW_SPACE, ' ')
}

function cellsOf(row: RuleRow, style: TextStyle): readonly string[] {
  const { verdict, rule, detectedAt } = row
  const when = detectedAt === undefined ? '' : formatSeconds(detectedAt)
  return [`${SIGNS[verdict].sign} ${verdict}`, rule, when, blameOf(row)].map((text) =>
    plainText(text, style),
  )
}

function blameOf({ verdict, actions, metric }: RuleRow): string {
  if (verdict !== 'regressed') return ''
  const more = actions.length > MOST_NAMES ? ` and ${actions.length - MOST_NAMES} more` : ''
  const names = `${actions.slice(0, MOST_NAMES).join(', ')}${more}`
  const who = actions.length === 0 ? 'whole service' : names
  return metric === undefined ? who : `${who}: ${METRIC_WORDS[metric]}`
}
