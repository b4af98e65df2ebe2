/** The words for what a report holds: metrics, skipped actions, the names of pools. */

import { RARE_POOL, WHOLE_SERVICE, type Metric } from '../core/verdict.ts'

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
