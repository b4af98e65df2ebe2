/** The words for what a report holds: metrics, skipped actions, the names of pools. */

import type { FieldReport, Finding } from '../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type Metric } from '../core/verdict.ts'
import { clip } from './columns.ts'
import { formatCount, formatPercent, formatSeconds } from './numbers.ts'

export const METRIC_WORDS: Readonly<Record<Metric, string>> = {
  latency_typical: 'typical latency',
  latency_tail: 'tail',
  errors: 'errors',
  responses: 'responses',
  cpu: 'CPU',
  memory: 'memory',
}

const SKIP_WORDS: Readonly<Record<string, string>> = {
  'mutations-not-allowed': 'mutations are not allowed',
  'shared-state': 'twins would share what it changes',
  'needs-skipped': 'it needs what a skipped action captures',
  'no-ontology-entry': 'the ontology does not have it',
}

/** Why an action was not sent. */
export function skipWords(code: string): string {
  return SKIP_WORDS[code] ?? code
}

/** What people call an action, the pool of rare ones and the whole service. */
export function actionName(action: string): string {
  if (action === WHOLE_SERVICE) return 'whole service'
  if (action === RARE_POOL) return 'rare (pool)'
  return action
}

const SEGMENT_WORDS: Readonly<Record<string, string>> = {
  action: 'in',
  device: 'on',
  geo: 'in',
  label: 'for',
  prev: 'after',
  size: 'at size',
  load: 'at load',
}

/** `on mobile in US`; empty where no segment explains a finding. */
export function segmentWords(segment: Finding['segment']): string {
  return Object.entries(segment ?? {})
    .map(([name, value]) => `${SEGMENT_WORDS[name] ?? `with ${name}`} ${value}`)
    .join(' ')
}

/**
 * `since second 12`, or `from 12 s to 31 s` of what ended; empty where it was there from the start.
 * Seconds count from the end of the warm-up.
 */
export function sinceWords({ onset, ended }: Pick<Finding, 'onset' | 'ended'>): string {
  if (ended !== undefined) return `from ${formatSeconds(onset)} to ${formatSeconds(ended)}`
  return onset < 1 ? '' : `since second ${formatCount(onset)}`
}

/** Of a path and of a value, in columns: a line is no place for a document. */
const PATH_WIDTH = 40
const VALUE_WIDTH = 20

/** The path of a field; text of the target, which whoever prints it escapes. */
export function pathWords({ path }: FieldReport): string {
  return clip(path, PATH_WIDTH)
}

/**
 * `$.price 9.5 → 0 in 41 % of pairs (control 0 %)`; without its values where none was kept. Text of
 * the target like `pathWords()`.
 */
export function fieldWords(field: FieldReport): string {
  const { canaryShare, controlShare, baseline, canary } = field
  const values =
    baseline === undefined || canary === undefined
      ? ''
      : ` ${[baseline, canary].map((value) => clip(value, VALUE_WIDTH)).join(' → ')}`
  const shares = `${formatPercent(canaryShare)} of pairs (control ${formatPercent(controlShare)})`
  return `${pathWords(field)}${values} in ${shares}`
}
