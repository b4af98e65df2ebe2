/**
 * A report as rows, in the order of the questions: causes before victims, trouble before health,
 * required before watched. Everything here is words; columns and colour come later.
 */

import { RARE_POOL, RESOURCE_METRICS, WHOLE_SERVICE } from '../core/verdict.ts'
import type {
  ActionReport,
  Effect,
  Finding,
  MetricReport,
  Note,
  Report,
} from '../core/contract/report.ts'
import { formatCount, formatEffect, formatPercent } from './numbers.ts'
import {
  METRIC_WORDS,
  actionName,
  pathWords,
  segmentWords,
  sinceWords,
  skipWords,
} from './words.ts'

export type RowKind = 'regressed' | 'victim' | 'inconclusive' | 'healthy' | 'skipped'

export interface Row {
  readonly kind: RowKind
  readonly action: string
  /** `1.31× (1.22–1.41)`; empty where nothing was measured. */
  readonly effect: string
  readonly pairs: string
  readonly why: string
}

/** Rows of all actions of a report; those that were never sent come last. */
export function rowsOf(report: Report): Row[] {
  const found = new Set(report.findings.map((finding) => finding.action))
  const rest = report.actions.filter((entry) => !found.has(entry.action))
  return [
    ...[...found].map((action) => findingRow(report, action)),
    ...rest.toSorted((a, b) => rankOf(a) - rankOf(b)).map((entry) => actionRow(report, entry)),
    ...report.skipped.map(({ action, code }) => ({
      kind: 'skipped' as const,
      action,
      effect: '',
      pairs: '',
      why: `not sent: ${skipWords(code)}`,
    })),
  ]
}

/** Trouble before health, required before watched, pools last. */
function rankOf({ action, verdict, required }: ActionReport): number {
  if (verdict === 'regressed') return 0
  if (required) return verdict === 'inconclusive' ? 1 : 2
  if (verdict === 'healthy') return 3
  return action === RARE_POOL || action === WHOLE_SERVICE ? 5 : 4
}

function findingRow(report: Report, action: string): Row {
  const findings = report.findings.filter((finding) => finding.action === action)
  const first = findings[0]
  const entry = report.actions.find((candidate) => candidate.action === action)
  const effect = first?.effect ?? (entry && effectOf(entry.metrics))
  const pairs = entry?.pairs ?? (action === WHOLE_SERVICE ? report.pairs : undefined)
  const isVictim = first?.role === 'victim'
  return {
    kind: isVictim ? 'victim' : 'regressed',
    action: actionName(action),
    effect: effect === undefined ? '' : formatEffect(effect),
    pairs: pairs === undefined ? '' : formatCount(pairs),
    why: isVictim ? victimWords(report, first) : whyFound(action, findings),
  }
}

function whyFound(action: string, findings: readonly Finding[]): string {
  const metrics = [...new Set(findings.map(({ metric }) => METRIC_WORDS[metric]))]
  const [field] = findings.flatMap(({ fields = [] }) => fields)
  const where = field === undefined ? '' : `: ${pathWords(field)}`
  const words = [`${metrics.join(' and ')}${where}`]
  const first = findings[0]
  if (first?.rule === 'critical') words.push('critical')
  else if (action === WHOLE_SERVICE && !findings.every(isOfProcess)) words.push('not localised')
  if (first?.role === 'cause') words.push('cause')
  if (first?.role === 'under_load') words.push('only under load')
  const segment = segmentWords(first?.segment)
  if (segment !== '') words.push(`only ${segment}`)
  if (first !== undefined) words.push(sinceWords(first))
  if (first?.transient) words.push('passing')
  return words.filter((word) => word !== '').join(', ')
}

/** What a process uses belongs to the whole service: there is nothing to localise. */
function isOfProcess({ metric }: Finding): boolean {
  return RESOURCE_METRICS.some((one) => one === metric)
}

/** `of checkout, since second 12` */
function victimWords(report: Report, first: Finding | undefined): string {
  const since = first === undefined ? '' : sinceWords(first)
  return `of ${causesOf(report)}${since === '' ? '' : `, ${since}`}`
}

function causesOf(report: Report): string {
  const causes = report.findings.filter((finding) => finding.role === 'cause')
  const names = [...new Set(causes.map((finding) => actionName(finding.action)))]
  return names.length === 0 ? 'another action' : names.slice(0, 2).join(' or ')
}

function actionRow(report: Report, entry: ActionReport): Row {
  const effect = effectOf(entry.metrics)
  return {
    kind: entry.verdict,
    action: actionName(entry.action),
    effect: effect === undefined ? '' : formatEffect(effect),
    pairs: formatCount(entry.pairs),
    why: whyOf(report, entry),
  }
}

/** Typical latency if it was measured, else the first metric that was. */
function effectOf(metrics: readonly MetricReport[]): Effect | undefined {
  const measured = metrics.filter((metric) => metric.effect !== undefined)
  return (measured.find((metric) => metric.metric === 'latency_typical') ?? measured[0])?.effect
}

function whyOf(report: Report, entry: ActionReport): string {
  if (entry.verdict === 'regressed') {
    const guilty = entry.metrics.filter((metric) => metric.verdict === 'regressed')
    return guilty.map((metric) => METRIC_WORDS[metric.metric]).join(' and ')
  }
  const notes = report.notes.filter((note) => note.action === entry.action)
  if (entry.verdict === 'healthy') return notes.map((note) => noteWords(note, entry)).join('; ')
  if (entry.pairs === 0) return 'no pairs'
  if (entry.need) return needWords(entry.need)
  return entry.required ? 'not proven' : 'watched'
}

/** `tail, 1 310 more pairs` */
export function needWords(need: NonNullable<ActionReport['need']>): string {
  return `${METRIC_WORDS[need.metric]}, ${formatCount(Math.ceil(need.pairs))} more pairs`
}

/** `3 % slower, within 10 %` */
function noteWords({ metric, effect }: Note, entry: ActionReport): string {
  const margin = entry.metrics.find((candidate) => candidate.metric === metric)?.margin
  const isRatio = effect.kind === 'ratio'
  const size = formatPercent(Math.abs(isRatio ? effect.estimate - 1 : effect.estimate))
  const more = effect.estimate >= (isRatio ? 1 : 0)
  const within =
    margin === undefined ? '' : `, within ${formatPercent(margin)}${isRatio ? '' : ' points'}`
  if (metric === 'latency_typical') return `${size} ${more ? 'slower' : 'faster'}${within}`
  if (metric === 'latency_tail') return `tail ${size} ${more ? 'slower' : 'faster'}${within}`
  return `${METRIC_WORDS[metric]} ${size} ${more ? 'more' : 'fewer'}${within}`
}
