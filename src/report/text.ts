/**
 * A report as text for a terminal: the table, what goes with it, and the sentence as the last
 * thing printed. Pure: report and style in, text out.
 */

import type { Report } from '../core/contract/report.ts'
import type { RunVerdict } from '../core/verdict.ts'
import { capacityFacts } from './capacity.ts'
import { clip, padEnd, padStart, widthOf, wrap } from './columns.ts'
import { escapeControls, toAscii } from './escape.ts'
import { NARROW_SPACE } from './numbers.ts'
import { resourceFacts } from './resources.ts'
import { rowsOf, type Row, type RowKind } from './rows.ts'
import { trustFacts, type Fact } from './trust.ts'
import { actionName, fieldWords, segmentWords } from './words.ts'

export interface TextStyle {
  readonly colour: boolean
  /** False: signs and dashes are replaced by ASCII. */
  readonly unicode: boolean
}

export type Mark = 'red' | 'green' | 'yellow' | 'bold' | 'dim'

const CODES: Readonly<Record<Mark, number>> = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 }

export const TEXT_WIDTH = 80
/** Sentences keep away from the edge, where some terminals wrap by themselves. */
const SENTENCE_WIDTH = 78

const SIGNS: Readonly<Record<RowKind | RunVerdict, { sign: string; mark?: Mark }>> = {
  regressed: { sign: '✖', mark: 'red' },
  victim: { sign: '✖', mark: 'red' },
  healthy: { sign: '✔', mark: 'green' },
  inconclusive: { sign: '?' },
  invalid: { sign: '!', mark: 'yellow' },
  skipped: { sign: '-', mark: 'dim' },
}

/** Of each kind at most so many rows; trouble is shown longer than health. */
const MOST_ROWS: Readonly<Record<RowKind, number>> = {
  regressed: 20,
  victim: 20,
  inconclusive: 20,
  healthy: 12,
  skipped: 12,
}

export function paint(mark: Mark | undefined, text: string, style: TextStyle): string {
  if (mark === undefined || !style.colour || text === '') return text
  return `\u001B[${CODES[mark]}m${text}\u001B[0m`
}

/** Harmless on any terminal of this style: controls escaped, thousands parted by a plain space. */
export function plainText(text: string, style: TextStyle): string {
  const safe = escapeControls(text)
  return style.unicode ? safe : toAscii(safe)
}

/**
 * No line is wider than 80 columns; ends with a line break.
 * @param more facts that the report itself does not know
 */
export function renderReport(report: Report, style: TextStyle, more: readonly Fact[] = []): string {
  const table = renderTable(rowsOf(report), style)
  const facts = [
    ...factsOf(report),
    ...resourceFacts(report),
    ...trustFacts(report),
    ...capacityFacts(report),
    ...more,
  ].flatMap(([label, text]) => renderFact(label, text, style))
  const lines = [...table, ...(facts.length === 0 ? [] : ['', ...facts])]
  return `${[...lines, ...renderSentence(report, style)].join('\n')}\n`.replaceAll(
    NARROW_SPACE,
    ' ',
  )
}

/** `✖ regressed  checkout is 1.31× slower (1.22–1.41), decided after 14 s; …`, wrapped. */
export function renderSentence(report: Report, style: TextStyle): string[] {
  const { sign, mark } = SIGNS[report.verdict]
  const head = plainText(`${sign} ${report.verdict}`, style)
  const sentence = plainText(holdUnits(afterWord(report)), style)
  const lines = wrap(sentence, SENTENCE_WIDTH - 2, head.length)
  return lines.map((line, index) =>
    (index === 0 ? `${paint(mark, head, style)}  ${line}` : `  ${line}`).replaceAll(
      NARROW_SPACE,
      ' ',
    ),
  )
}

/** The sentence goes on after the word of the verdict, so only a name keeps its capital. */
function afterWord({ summary, actions, findings }: Report): string {
  const word = /^[A-Z][a-z]*(?=[ :,])/.exec(summary)?.[0]
  if (word === undefined) return summary
  const isName = [...actions, ...findings].some(({ action }) => action.startsWith(word))
  return isName ? summary : summary.charAt(0).toLowerCase() + summary.slice(1)
}

/** Numbers stay with their thousands and their unit when the sentence is wrapped. */
function holdUnits(text: string): string {
  return text.replaceAll(/(?<=\d) (?=\d{3}(?!\d)|(?:%|s|ms|min|h|pp)(?![A-Za-z]))/g, NARROW_SPACE)
}

interface Cells {
  readonly kind: RowKind
  readonly verdict: string
  readonly action: string
  readonly effect: string
  readonly pairs: string
  readonly why: string
}

function renderTable(rows: readonly Row[], style: TextStyle): string[] {
  const kept = keep(rows)
  if (kept.shown.length === 0) return []
  const cells = kept.shown.map((row) => cellsOf(row, style))
  const header = plainText('canary ÷ baseline', style)
  const measured = cells.filter((row) => row.kind !== 'skipped')
  const widths = {
    verdict: widest(['verdict', ...cells.map((row) => row.verdict)]),
    effect: widest([header, ...measured.map((row) => row.effect)]),
    pairs: widest(['pairs', ...measured.map((row) => row.pairs)]),
  }
  const taken = 2 + widths.verdict + 1 + 1 + widths.effect + 2 + widths.pairs + 2
  const why = Math.max(MIN_WHY, widest(measured.map((row) => row.why).concat('why')))
  const wanted = widest(['action', ...cells.map((row) => row.action)])
  const action = Math.max(MIN_ACTION, Math.min(wanted, TEXT_WIDTH - taken - Math.min(why, 22)))
  const layout = { ...widths, action, why: TEXT_WIDTH - taken - action }
  const head = [
    `  ${padEnd('verdict', layout.verdict)} ${padEnd('action', action)}`,
    ` ${padEnd(header, layout.effect)}  ${padStart('pairs', layout.pairs)}  why`,
  ].join('')
  return [head, ...cells.flatMap((row) => renderRow(row, layout, style)), ...kept.folded(style)]
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map(widthOf))
}

const MIN_ACTION = 6
const MIN_WHY = 12

interface Layout {
  readonly verdict: number
  readonly action: number
  readonly effect: number
  readonly pairs: number
  readonly why: number
}

function cellsOf(row: Row, style: TextStyle): Cells {
  const text = (value: string): string => plainText(value, style)
  return {
    kind: row.kind,
    verdict: text(`${SIGNS[row.kind].sign} ${row.kind}`),
    action: `${row.kind === 'victim' ? '  ' : ''}${text(row.action)}`,
    effect: text(row.effect),
    pairs: text(row.pairs),
    why: text(row.why),
  }
}

function renderRow(row: Cells, layout: Layout, style: TextStyle): string[] {
  const { mark } = SIGNS[row.kind]
  const action = clip(row.action, layout.action, style.unicode ? '…' : '~')
  const name = padEnd(action, layout.action)
  const gap = ' '.repeat(layout.verdict - widthOf(row.verdict))
  if (row.kind === 'skipped') {
    const begin = 2 + layout.verdict + 1 + layout.action + 1
    return wrap(row.why, TEXT_WIDTH - begin).map((line, index) =>
      index === 0
        ? `  ${paint('dim', `${row.verdict}${gap} ${name} ${line}`, style)}`
        : `${' '.repeat(begin)}${paint('dim', line, style)}`,
    )
  }
  const figures = `${padEnd(row.effect, layout.effect)}  ${padStart(row.pairs, layout.pairs)}`
  const head = `  ${paint(mark, row.verdict, style)}${gap} ${name} ${figures}`
  const begin = TEXT_WIDTH - layout.why
  return wrap(row.why, layout.why).map((line, index) =>
    index === 0 ? `${head}  ${line}`.trimEnd() : `${' '.repeat(begin)}${line}`,
  )
}

function keep(rows: readonly Row[]): {
  shown: readonly Row[]
  folded: (style: TextStyle) => string[]
} {
  const counts = new Map<RowKind, number>()
  const shown = rows.filter((row) => {
    const count = (counts.get(row.kind) ?? 0) + 1
    counts.set(row.kind, count)
    return count <= MOST_ROWS[row.kind]
  })
  const more = [...counts]
    .filter(([kind, count]) => count > MOST_ROWS[kind])
    .map(([kind, count]) => `${count - MOST_ROWS[kind]} more ${kind}`)
  return {
    shown,
    folded: (style) => (more.length === 0 ? [] : [`  ${paint('dim', more.join(', '), style)}`]),
  }
}

/** Of one finding, and of all: the strongest come first. */
const MOST_FIELDS = 3
const MOST_FIELD_LINES = 8

/** What goes with the table: fields and segments of findings, and reasons the sentence leaves out. */
function factsOf(report: Report): [label: string, text: string][] {
  const segments = report.findings.slice(0, 5).flatMap(({ action, segment, restHealthy }) => {
    const words = segmentWords(segment)
    if (words === '') return []
    const rest = restHealthy === true ? '; its other pairs are proven within the margin' : ''
    return [`${actionName(action)}: only ${words}, a lead${rest}`]
  })
  const fields = report.findings.flatMap(({ action, fields: found = [] }) =>
    found.slice(0, MOST_FIELDS).map((field) => `${actionName(action)}: ${fieldWords(field)}`),
  )
  const said = report.summary.toLowerCase()
  const reasons = report.reasons
    .slice(0, 10)
    .filter(({ message }) => !said.includes(message.toLowerCase()))
  return [
    ...fields.slice(0, MOST_FIELD_LINES).map((text): [string, string] => ['field', text]),
    ...segments.map((text): [string, string] => ['segment', text]),
    ...reasons.map(({ code, message }): [string, string] => [
      code === 'no-aa' ? 'hint' : 'reason',
      message,
    ]),
  ]
}

function renderFact(label: string, text: string, style: TextStyle): string[] {
  const lines = wrap(plainText(holdUnits(text), style), SENTENCE_WIDTH - 12)
  return lines.map((line, index) => `  ${padEnd(index === 0 ? label : '', 10)}${line}`)
}
