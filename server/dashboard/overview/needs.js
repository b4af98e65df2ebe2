// @ts-check
/**
 * What needs a person, and the one sentence on top. A rollout needs somebody when it waits for a
 * word, when its router does not do what it is told, or when nobody controls it.
 */

import { formatWeight, plural } from '../parts/words.js'

/** @typedef {ReadonlyMap<string, readonly ApiAlert[]>} Alerts firing ones by rollout */
/**
 * @typedef {object} Need
 * @property {string} why one clause of the sentence on top
 * @property {string} [finding] the part of it that says what is worse
 * @property {'regressed' | 'moved' | 'unread' | 'left' | 'paused' | 'promoting' | 'person'} kind
 */

/** What the sentence of a state says when only a person can go on. */
const AWAITS = /leaves the promotion to a person|a person has to open/

const ENDS = ['promoted', 'rolled_back', 'aborted', 'failed']

/** @param {ApiRolloutListed} rollout */
export const hasEnded = ({ state, endedAt }) => endedAt !== undefined || ENDS.includes(state)

/**
 * Firing alerts of each rollout.
 * @param {readonly ApiAlert[]} alerts
 * @returns {Alerts}
 */
export function firingByRollout(alerts) {
  const firing = alerts.filter(({ state }) => state === 'firing')
  return Map.groupBy(firing, ({ rollout }) => rollout)
}

/**
 * Why a running rollout needs a person; undefined when it does not.
 * @param {ApiRolloutListed} rollout
 * @param {Alerts} alerts
 * @returns {Need | undefined}
 */
export function needOf(rollout, alerts) {
  if (hasEnded(rollout)) return undefined
  const { state, verdict, sentence, controlled, name, router, weightBp } = rollout
  const firing = alerts.get(rollout.id) ?? []
  const kinds = new Set(firing.map(({ kind }) => kind))
  if (!controlled) return { kind: 'left', why: `nobody controls ${name}` }
  if (
    kinds.has('router_unreachable') ||
    /router does not answer|refused the weight/.test(sentence)
  ) {
    return { kind: 'unread', why: `router ${router} does not answer for ${name}` }
  }
  if (kinds.has('drift') || /someone else moved/.test(sentence)) {
    return { kind: 'moved', why: `${name} was moved by hand` }
  }
  if (verdict === 'regressed')
    return regressedNeed([sentence, ...firing.map(({ title }) => title)], name)
  if (state === 'paused')
    return { kind: 'paused', why: `${name} is paused at ${formatWeight(weightBp)}` }
  if (state === 'promoting') return { kind: 'promoting', why: `${name} waits for its baseline` }
  if (AWAITS.test(sentence)) return { kind: 'person', why: `${name} waits for your word` }
  return undefined
}

/**
 * Those in need first, then the latest change; the order of the server where both are the same.
 * @param {readonly ApiRolloutListed[]} rollouts
 * @param {Alerts} alerts
 */
export function inOrder(rollouts, alerts) {
  const rank = (/** @type {ApiRolloutListed} */ rollout) =>
    needOf(rollout, alerts) === undefined ? 1 : 0
  return rollouts.toSorted(
    (one, other) => rank(one) - rank(other) || changedMs(other) - changedMs(one),
  )
}

/**
 * The sentence on top of the overview.
 * @param {readonly Need[]} needs in the order of their rows
 * @param {number} running
 */
export function sentenceOf(needs, running) {
  const [first, second] = needs
  if (first === undefined) return `${running} running, nothing found`
  const rest = needs.length > 2 ? `, and ${needs.length - 2} more` : ''
  const and = second === undefined ? '' : `${rest === '' ? ', and ' : ', '}${second.why}`
  const need = needs.length === 1 ? 'needs' : 'need'
  return `${needs.length} of ${running} ${need} you: ${first.why}${and}${rest}`
}

/**
 * `3 rollouts, 1 probe`.
 * @param {number} rollouts
 * @param {number} probes
 */
export function countWords(rollouts, probes) {
  const parts = [
    rollouts === 0 ? '' : plural(rollouts, 'rollout'),
    probes === 0 ? '' : plural(probes, 'probe'),
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/**
 * What was found, without the state before it and the interval after it.
 * @param {readonly string[]} sentences of the state, then of its alerts
 * @param {string} name
 * @returns {Need}
 */
function regressedNeed(sentences, name) {
  const found = sentences.flatMap(
    (words) => words.match(/(?:^|: )([^:;]*?)\s\([^)]*\d–[^)]*\)/)?.[1] ?? [],
  )
  const [finding] = found
  if (finding === undefined) return { kind: 'regressed', why: `the canary of ${name} is worse` }
  return { kind: 'regressed', why: `${finding} in ${name}`, finding }
}

/** @param {ApiRolloutListed} rollout */
function changedMs({ startedAt, sparkline }) {
  const last = sparkline.findLast(([, weightBp], at) => weightBp !== sparkline[at - 1]?.[1])
  return Date.parse(startedAt) + (last?.[0] ?? 0) * 1000
}
