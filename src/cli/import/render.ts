/** What an import did, for people. */

import type { ImportReport } from '../../outrider.ts'
import { formatCount } from '../../report/numbers.ts'
import { plainText, type TextStyle } from '../../report/text.ts'

type Fact = readonly [what: string, count: number]

/** Each request that was read is in one of the rows between the lines, or a step. */
export function renderImport(report: ImportReport, style: TextStyle): string {
  const { lines, requests, skippedLines, clients, sessions, profiles, removed, changed } = report
  const steps = Object.values(report.actions).reduce((sum, count) => sum + count, 0)
  const removals = factsOf(removed)
  const facts: Fact[] = [
    ['lines', lines],
    ['lines that could not be read', skippedLines],
    ['requests', requests],
    ...removals.map(([what, count]): Fact => [`  left out: ${REMOVED[what] ?? what}`, count]),
    ['  steps that are left', steps],
    ...factsOf(changed).map(([what, count]): Fact => [`changed: ${CHANGED[what] ?? what}`, count]),
    ['clients', clients],
    ['sessions', sessions],
    ['sessions that are left', profiles],
  ]
  const width = Math.max(...facts.map(([what]) => what.length))
  const counts = facts.map(([, count]) => formatCount(count))
  const countWidth = Math.max(...counts.map((count) => count.length))
  const rows = facts.map(
    ([what], index) =>
      `  ${plainText(what.padEnd(width), style)}  ${counts[index]?.padStart(countWidth)}`,
  )
  const lacking = report.lacking.map(({ action, names }) =>
    plainText(
      `${action} needs data.${names.join(', data.')}, which was dropped: its steps will be skipped`,
      style,
    ),
  )
  return `${[...rows, ...lacking].join('\n')}\n`
}

const REMOVED: Readonly<Record<string, string>> = {
  notRequests: 'lines that are no requests',
  otherOrigins: 'other origins',
  innerSpans: 'calls between services',
  otherMethods: 'other methods',
  unmapped: 'no route takes them',
  rareActions: 'rare actions',
  rareValues: 'rare values in the path',
  longSessions: 'beyond the longest session',
}
const CHANGED: Readonly<Record<string, string>> = {
  queryValues: 'without values of the query',
  bodies: 'without their body',
  capturedValues: 'values that are captured live',
  personalValues: 'personal data replaced',
  otherActions: 'rare actions that became "other"',
  rareDetails: 'without a rare value',
  rareDevices: 'rare devices that became "other"',
  rarePlaces: 'rare places that became larger ones',
}

function factsOf(counts: Readonly<Record<string, number>>): Fact[] {
  return Object.entries(counts).filter(([, count]) => count > 0)
}
