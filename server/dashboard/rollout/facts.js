// @ts-check
/** Five facts that say whether the router is in line; three of them are weights, never merged. */

import { byId, setText } from '../parts/dom.js'
import {
  formatClock,
  formatCount,
  formatMs,
  formatObserved,
  formatShare,
  formatWeight,
} from '../parts/words.js'

/** @type {Record<string, string>} */
const GUARD_WORDS = {
  ok: 'guard quiet',
  anomalous: 'the guard alarmed',
  critical: 'critical',
  'too-few': 'too few requests to judge',
  unknown: 'the router does not tell',
}

/** @param {ApiRollout} rollout */
export function showFacts(rollout) {
  fact('intended', formatWeight(rollout.intendedBp), formerWords(rollout))
  fact('read', ...readWords(rollout))
  fact('observed', ...observedWords(rollout))
  fact('live-errors', ...liveWords(rollout))
  fact('load', ...loadWords(rollout))
}

/** @param {ApiRollout} rollout */
function formerWords({ history, intendedBp }) {
  const changes = history.filter(
    ({ kind, fromBp, toBp }) => kind === 'weight' && fromBp !== undefined && fromBp !== toBp,
  )
  // It is written down twice, when asked for and when read back: the first says since when.
  const last = changes.findLast(
    ({ toBp }, at) => toBp === intendedBp && changes[at - 1]?.toBp !== toBp,
  )
  if (last?.fromBp === undefined) return 'not moved yet'
  return `was ${formatWeight(last.fromBp)} until ${formatClock(Date.parse(last.at))}`
}

/**
 * @param {ApiRollout} rollout
 * @returns {[string, string]}
 */
function readWords({ reading, intendedBp, endedAt, controlled }) {
  if (reading === undefined) {
    return [
      '–',
      endedAt !== undefined
        ? 'not read since the end'
        : controlled
          ? 'not read yet'
          : 'nobody reads it',
    ]
  }
  const at = formatClock(Date.parse(reading.at))
  if (reading.kind === 'unreachable')
    return ['not read', `no answer since ${at}, try ${reading.tries}`]
  const { configuredBp, effectiveBp } = reading
  const isServed = effectiveBp === undefined || effectiveBp === configuredBp
  const served = isServed ? '' : `, ${formatWeight(effectiveBp)} by health`
  const word = configuredBp === intendedBp ? `as intended ${at}` : `not as intended, ${at}`
  return [formatWeight(configuredBp), `${word}${served}`]
}

/**
 * @param {ApiRollout} rollout
 * @returns {[string, string]}
 */
function observedWords({ observedBp, observed }) {
  if (observed === undefined || observedBp === undefined) return ['–', 'not measured']
  const { lowBp, highBp, requests, users } = observed
  const of =
    users === undefined ? `${formatCount(requests)} requests` : `${formatCount(users)} users`
  const interval = `${formatObserved(lowBp)}–${formatObserved(highBp)}\u202f%`
  return [`${formatObserved(observedBp)}\u202f%`, `${interval}, of ${of}`]
}

/**
 * @param {ApiRollout} rollout
 * @returns {[string, string]}
 */
function liveWords({ live }) {
  if (live === undefined) return ['–', 'not measured']
  const { canary, baseline, kind, message } = live
  const guard = message ?? GUARD_WORDS[kind] ?? kind
  if (canary === undefined || baseline === undefined) return ['–', guard]
  const counts = [canary, baseline].map(
    ({ requests, serverErrors }) => `${formatCount(serverErrors)} of ${formatCount(requests)}`,
  )
  return [`${errorShare(canary)} / ${errorShare(baseline)}`, `${counts.join(' / ')}, ${guard}`]
}

/** @param {{ requests: number; serverErrors: number }} arm */
function errorShare({ requests, serverErrors }) {
  if (requests === 0) return '–'
  const percent = (100 * serverErrors) / requests
  return percent > 0 && percent < 1 ? `${percent.toFixed(2)}\u202f%` : formatShare(percent / 100)
}

/**
 * @param {ApiRollout} rollout
 * @returns {[string, string]}
 */
function loadWords({ load }) {
  if (load === undefined) return ['–', 'not measured']
  const { phase, plannedRate, deliveredRate, message, unequalLoad, generatorLagP99Ms } = load
  if (phase === 'down') return ['down', message ?? 'no twins are sent']
  const planned = plannedRate.toFixed(plannedRate < 10 ? 1 : 0)
  const delivered = deliveredRate.toFixed(deliveredRate < 9.95 ? 1 : 0)
  const unequal = unequalLoad ? 'live load unequal: latencies do not count' : undefined
  const note = message ?? unequal ?? `generator lag p99 ${formatMs(generatorLagP99Ms)}`
  return [`${delivered} of ${planned} pairs/s`, note]
}

/**
 * @param {string} id
 * @param {string} value
 * @param {string} note
 */
function fact(id, value, note) {
  setText(byId(id), value)
  setText(byId(`${id}-note`), note)
}
