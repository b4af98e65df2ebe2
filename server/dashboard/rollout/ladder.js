// @ts-check
/** The ladder: what would raise, hold or lower the weight, each condition with its present value. */

import { byId, element, icon, setText } from '../parts/dom.js'
import { formatClock, formatCountdown } from '../parts/words.js'

const WORDS = { raise: 'Raise', hold: 'Hold', lower: 'Lower' }
const SIGNS = { raise: 'ramping', hold: 'holding', lower: 'rolling_back' }

/** @param {ApiRollout} rollout */
export function showLadder({ ladder, course, endedAt }) {
  const rungs = endedAt === undefined ? (ladder ?? []) : []
  byId('ladder-card').hidden = rungs.length === 0
  byId('weight-row').classList.toggle('alone', rungs.length === 0)
  const list = byId('ladder')
  const signature = JSON.stringify(rungs)
  setText(byId('course'), course)
  if (list.dataset['shown'] === signature) return
  list.dataset['shown'] = signature
  list.replaceChildren(...rungs.map(rungItem))
}

/**
 * The countdown alone, each second; it is no live region.
 * @param {ApiRollout} rollout
 * @param {boolean} isLive
 */
export function showCountdown({ nextDecisionAt, endedAt }, isLive) {
  const isKnown = nextDecisionAt !== undefined && endedAt === undefined
  const atMs = Date.parse(nextDecisionAt ?? '')
  const left = isLive ? formatCountdown((atMs - Date.now()) / 1000) : '?'
  setText(byId('ladder-title'), isKnown ? `Next decision in ${left}` : 'What would move it')
  setText(byId('next-at'), isKnown ? formatClock(atMs) : '')
}

/** @param {ApiRung} rung */
function rungItem({ kind, now, title, conditions }) {
  const lines = conditions.map(({ text, value, holds }) =>
    element(
      'li',
      { class: holds ? 'met' : undefined },
      icon(holds ? 'met' : 'unmet'),
      element(
        'span',
        {},
        text,
        value === undefined ? '' : ': ',
        value === undefined ? undefined : element('b', {}, value),
        element('span', { class: 'only-read' }, holds ? ' (holds)' : ' (does not hold)'),
      ),
    ),
  )
  const name = element('b', {}, `${WORDS[kind]} ${title}`)
  const body = element('div', {}, name, now ? ' · as it stands' : '', element('ul', {}, ...lines))
  return element('li', now ? { class: 'now', 'aria-current': 'step' } : {}, icon(SIGNS[kind]), body)
}
