/** What a recording came to, as text and as one JSON document. */

import type { Outcome } from '../../outrider.ts'
import { formatCount, NARROW_SPACE } from '../../report/numbers.ts'
import { plainText, type TextStyle } from '../../report/text.ts'

export interface Around {
  /** Files, as they were named. */
  readonly actions: string
  readonly profiles: string
  readonly tunnels: number
  readonly beyondLimit: number
}

const MOST_REMARKS = 20

export function outcomeJson(outcome: Outcome, around: Around): string {
  const { actionCount, captureCount, profiles, report, remarks } = outcome
  return JSON.stringify({
    files: { actions: around.actions, profiles: around.profiles },
    actions: actionCount,
    captures: captureCount,
    profiles: profiles.length,
    tunnels: around.tunnels,
    beyondLimit: around.beyondLimit,
    report,
    remarks,
  })
}

export function outcomeText(outcome: Outcome, around: Around, style: TextStyle): string {
  const { report, remarks, profiles, actionCount, captureCount } = outcome
  const rows: [string, number][] = [
    ['requests', report.requests],
    ['sessions', report.sessions],
    ...counted('removed', report.removed),
    ...counted('changed', report.changed),
    ...counted('passed unrecorded', { tunnels: around.tunnels, beyondLimit: around.beyondLimit }),
  ]
  const width = Math.max(...rows.map(([what]) => what.length))
  const shown = remarks.slice(0, MOST_REMARKS)
  const more = remarks.length - shown.length
  const lines = [
    ...rows.map(([what, count]) => `  ${what.padEnd(width)}  ${formatCount(count)}`),
    ...(shown.length === 0 ? [] : ['To look at:', ...shown.map((remark) => `  ${remark}`)]),
    ...(more > 0 ? [`  and ${more} more, above the actions in the file`] : []),
    `${formatCount(actionCount)} actions with ${captureCount === 1 ? '1 capture' : `${formatCount(captureCount)} captures`} in ${around.actions}`,
    `${formatCount(profiles.length)} users in ${around.profiles}`,
  ]
  return `${lines.map((line) => plainText(line, style).replaceAll(NARROW_SPACE, ' ')).join('\n')}\n`
}

function counted(what: string, counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => [`${what}: ${wordsOf(name)}`, count])
}

/** `rareValues` is `rare values`. */
function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
