/** What a generation sent and got back, as a table and a sentence. */

import type { GenerationSummary } from '../outrider.ts'
import { clip, padEnd, padStart, widthOf } from '../report/columns.ts'
import { NARROW_SPACE, formatCount, formatMs, formatSeconds } from '../report/numbers.ts'
import { paint, plainText, type TextStyle } from '../report/text.ts'
import { skipWords } from '../report/words.ts'

const MOST_ROWS = 50

export function renderGeneration(
  summary: GenerationSummary & { readonly delivered: boolean },
  style: TextStyle,
): string {
  const rows = Object.entries(summary.byAction)
    .toSorted(([, a], [, b]) => b.requests - a.requests)
    .slice(0, MOST_ROWS)
    .map(([action, figures]) => [
      clip(plainText(action, style), 24),
      formatCount(figures.requests),
      formatCount(figures.errors),
      ...[figures.p50Ms, figures.p95Ms, figures.p99Ms].map((ms) =>
        ms === undefined ? 'not measured' : formatMs(ms),
      ),
    ])
  const more = Object.keys(summary.byAction).length - rows.length
  const lines = [
    ...renderColumns([['action', 'requests', 'failed', 'p50', 'p95', 'p99'], ...rows]),
    ...(more > 0 ? [`  ${more} more actions`] : []),
    ...summary.skipped.map(
      ({ action, code }) => `  - ${plainText(action, style)} not sent: ${skipWords(code)}`,
    ),
    ...summary.reasons.map(({ message }) => `  ! ${plainText(message, style)}`),
    sentenceOf(summary, style),
  ]
  return `${lines.join('\n')}\n`.replaceAll(NARROW_SPACE, ' ')
}

/** The first column to the left, the others to the right, each as wide as its content. */
function renderColumns(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ''))),
  )
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === 0 ? padEnd(cell, widths[0] ?? 0) : padStart(cell, widths[index] ?? 0),
    )
    return `  ${cells.join('  ')}`
  })
}

function sentenceOf(
  summary: GenerationSummary & { readonly delivered: boolean },
  style: TextStyle,
): string {
  const { requests, errors, sessions, seconds, busy, notSent, workers } = summary
  const sign = plainText(summary.delivered ? '✔ delivered' : '! not delivered', style)
  const mark = summary.delivered ? 'green' : 'yellow'
  const figures = [
    `${formatCount(requests)} requests in ${formatSeconds(seconds)}`,
    `${formatCount(errors)} failed`,
    `${formatCount(sessions)} sessions`,
    ...(busy === 0 ? [] : [`${formatCount(busy)} due while users waited`]),
    ...(notSent === 0 ? [] : [`${formatCount(notSent)} due but not sent`]),
    ...(workers === 1 ? [] : [`${formatCount(workers)} threads`]),
  ]
  return `${paint(mark, sign, style)}  ${figures.join(', ')}`
}
