/** What a rollout is called on the terminal: states, signs, sentences, findings. */

import type { Finding } from '../../core/contract/report.ts'
import {
  ROLLOUT_STATE_WORDS,
  type RolloutDocument,
  type RolloutStateName,
} from '../../core/contract/rollout.ts'
import { WHOLE_SERVICE } from '../../core/verdict.ts'
import { formatEffect } from '../../report/numbers.ts'
import type { Mark } from '../../report/text.ts'
import { METRIC_WORDS, actionName } from '../../report/words.ts'
import { plainWeight } from '../router-verb.ts'

export const ENDS: ReadonlySet<RolloutStateName> = new Set([
  'promoted',
  'rolled_back',
  'aborted',
  'failed',
])

/** `rolled back` */
export function stateWords(state: RolloutStateName): string {
  return state.replaceAll('_', ' ')
}

/** The sentence after the word of its state: `at 5 %: no anomaly`. */
export function afterState(sentence: string, state: RolloutStateName): string {
  const head = ROLLOUT_STATE_WORDS[state]
  if (!sentence.startsWith(head)) return sentence
  return sentence.slice(head.length).replace(/^:?\s+/, '')
}

/** The sentence after state and weight, which stand in columns of their own: `no anomaly`. */
export function afterWeight(sentence: string, state: RolloutStateName): string {
  return afterState(sentence, state).replace(/^at [\d.]+\s?%: /, '')
}

export interface Sign {
  readonly sign: string
  readonly mark?: Mark
}

/** A sign for the state that a command ends with; what goes on has none of its own. */
export function signOf({ state, verdict, reason }: RolloutDocument): Sign {
  switch (state) {
    case 'promoted':
      return { sign: '✔', mark: 'green' }
    case 'promoting':
      return verdict === 'healthy' ? { sign: '✔', mark: 'green' } : { sign: '-' }
    case 'rolled_back':
      return reason.code === 'gate-inconclusive' ? { sign: '?' } : { sign: '✖', mark: 'red' }
    case 'failed':
    case 'paused':
      return { sign: '!', mark: 'yellow' }
    case 'aborted':
    case 'pending':
    case 'probing':
    case 'ramping':
    case 'holding':
    case 'rolling_back':
      return { sign: '-' }
  }
}

/** `checkout is 1.31× slower (1.22–1.41)` */
export function findingWords({ action, metric, effect, role, rule }: Finding): string {
  const name = action === WHOLE_SERVICE ? 'the service' : actionName(action)
  const as = role === 'victim' ? ', victim' : role === 'under_load' ? ', only under load' : ''
  const critical = rule === 'critical' ? 'critical: ' : ''
  if (effect === undefined) return `${critical}${name} regressed (${METRIC_WORDS[metric]})${as}`
  const figures = formatEffect(effect)
  if (effect.kind === 'difference') {
    return `${critical}${name} fails ${figures.replace('pp (', 'pp more (')}${as}`
  }
  const how = metric === 'latency_tail' ? 'slower in the tail' : 'slower'
  return `${critical}${name} is ${figures.replace('× (', `× ${how} (`)}${as}`
}

/** What the router said last: `edge read 0 %`. */
export function readingWords({ router, reading }: RolloutDocument): string {
  if (reading === undefined) return `${router} not asked yet`
  if (reading.kind === 'unreachable') return `${router} could not be read: ${reading.message}`
  const { configuredBp, effectiveBp } = reading
  const effect =
    effectiveBp === undefined || effectiveBp === configuredBp
      ? ''
      : `, ${plainWeight(effectiveBp)} in effect`
  return `${router} read ${plainWeight(configuredBp)}${effect}`
}

/** The last event that a document knows of. */
export function lastSeq({ history }: Pick<RolloutDocument, 'history'>): number {
  return Math.max(0, ...history.map(({ seq }) => seq))
}

/** Evidence as people read it: `× 14`; what overflows is a power of ten. */
export function timesWords(ln: number): string {
  if (ln >= Math.log(100_000)) return `× 10^${Math.floor(ln / Math.LN10)}`
  const size = Math.exp(ln)
  return `× ${size >= 10 ? Math.round(size) : Number(size.toPrecision(2))}`
}
