/** Users in figures, as lines: what they do, how long, where, on what. */

import type { Description, Spread } from '../../outrider.ts'
import { padEnd, padStart, widthOf, wrap } from '../../report/columns.ts'
import { NARROW_SPACE, formatCount, formatPercent, formatSeconds } from '../../report/numbers.ts'
import { plainText, type TextStyle } from '../../report/text.ts'

const WIDTH = 78
const LABEL = 12
/** More names than these say little; the rest is counted. */
const MOST_NAMES = 12

/** Lines of at most 80 columns. */
export function renderDescription(description: Description, style: TextStyle): string[] {
  const { users, steps, actions, geo, devices, labels, sources } = description
  const mean = (steps / users).toFixed(1)
  const facts: [string, string][] = [
    ['users', `${formatCount(users)}: ${sharesText(sources)}`],
    ['steps', `${formatCount(steps)}, ${mean} a session`],
    ['actions', sharesText(actions)],
    ['geo', sharesText(geo)],
    ['device', sharesText(devices)],
    ...(Object.keys(labels).length === 0
      ? []
      : [['labels', sharesText(labels)] satisfies [string, string]]),
  ]
  const lines = facts.flatMap(([label, text]) => renderFact(label, text, style))
  return [...lines, ...renderSpreads(description, style)].map((line) =>
    line.replaceAll(NARROW_SPACE, ' '),
  )
}

/** `mobile 58 %, desktop 36 %, 3 more` */
function sharesText(shares: Description['actions']): string {
  const all = Object.entries(shares)
  const named = all
    .slice(0, MOST_NAMES)
    .map(([name, share]) => `${name}${NARROW_SPACE}${formatPercent(share)}`)
  const more = all.length - named.length
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

function renderFact(label: string, text: string, style: TextStyle): string[] {
  const lines = wrap(plainText(text, style), WIDTH - LABEL)
  return lines.map((line, index) => `  ${padEnd(index === 0 ? label : '', LABEL - 2)}${line}`)
}

function renderSpreads(description: Description, style: TextStyle): string[] {
  const { sessionSteps, sessionSeconds, thinkSeconds } = description
  const rows = [
    ['', 'p10', 'p50', 'p90', 'p99'],
    ['session, steps', ...figures(sessionSteps, formatCount)],
    ['session, time', ...figures(sessionSeconds, formatSeconds)],
    thinkSeconds === undefined
      ? ['think time', '-', '-', '-', '-']
      : ['think time', ...figures(thinkSeconds, formatSeconds)],
  ].map((row) => row.map((cell) => plainText(cell, style)))
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ''))),
  )
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      (index === 0 ? padEnd : padStart)(cell, widths[index] ?? 0),
    )
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

function figures({ p10, p50, p90, p99 }: Spread, format: (value: number) => string): string[] {
  return [p10, p50, p90, p99].map(format)
}
