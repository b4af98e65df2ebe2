// @ts-check
/** The card "Capacity": the highest rate that each arm sustains within its limit. */

import { byId, setText } from '../parts/dom.js'
import { numbersTable } from '../parts/facts.js'
import {
  actionWord,
  capital,
  effectWords,
  formatCount,
  formatMs,
  formatShare,
  plural,
} from '../parts/words.js'

/** @type {Readonly<Record<NonNullable<NonNullable<ApiReport['capacity']>['arms']['canary']>['limitedBy'], string>>} */
const LIMITED_WORDS = {
  latency: 'more take too long',
  errors: 'more fail',
  full: 'more bring no more',
  generator: 'at least: our own generator was the limit',
  cap: 'at least: more were not tried',
  time: 'at least: there was no time for more',
}

let shown = ''

/** @param {ApiProbe} probe */
export function showCapacity({ report }) {
  const capacity = report?.capacity
  byId('capacity').hidden = capacity === undefined
  const signature = JSON.stringify(capacity ?? {})
  if (capacity === undefined || shown === signature) return
  shown = signature
  setText(byId('capacity-ratio'), ratioWords(capacity))
  byId('capacity-table').replaceChildren(armsTable(capacity))
  setText(byId('capacity-note'), noteWords(capacity))
}

/** @param {NonNullable<ApiReport['capacity']>} capacity */
function ratioWords({ ratio }) {
  if (ratio === undefined) return 'no ratio: see the reasons'
  const { estimate, interval } = effectWords(ratio)
  return `canary ${estimate} ${interval} of the baseline`
}

/** @param {NonNullable<ApiReport['capacity']>} capacity */
function armsTable({ arms }) {
  const heads = ['Arm', 'Sustained', 'Connections', 'p95', 'Failures', 'Limit']
  const rows = Object.entries(arms).map(([name, arm]) => [
    capital(name),
    rateWords(arm),
    formatCount(arm.connections),
    formatMs(arm.p95Ms),
    formatShare(arm.errors),
    arm.requestsPerSecond === 0 ? 'broken at one connection' : endWords(arm),
  ])
  return numbersTable(heads, rows)
}

/** @param {NonNullable<NonNullable<ApiReport['capacity']>['arms']['canary']>} arm */
function endWords({ limitedBy, above }) {
  if (above === undefined) return LIMITED_WORDS[limitedBy]
  const next = formatCount(above.connections)
  if (limitedBy === 'latency') return `at ${next} p95 ${formatMs(above.p95Ms)}: too long`
  if (limitedBy === 'errors') return `at ${next} ${formatShare(above.errors)} fail`
  return limitedBy === 'full' ? `${next} bring no more` : LIMITED_WORDS[limitedBy]
}

/** @param {NonNullable<NonNullable<ApiReport['capacity']>['arms']['canary']>} arm */
function rateWords({ requestsPerSecond, low, high }) {
  const ends =
    low === undefined || high === undefined ? '' : ` (${formatCount(low)}–${formatCount(high)})`
  return `${formatCount(requestsPerSecond)}${ends} requests/s`
}

/** @param {NonNullable<ApiReport['capacity']>} capacity */
function noteWords({ sloP95Ms, sloFrom, errorShare, rounds, leftOut }) {
  const from = sloFrom === 'slo' ? 'the SLO' : 'from the unloaded baseline'
  const limit = `Within p95 ${formatMs(sloP95Ms)} (${from}) and ${formatShare(errorShare)} failures, over ${plural(rounds, 'round')}.`
  const names = leftOut.slice(0, 5).map(({ action }) => actionWord(action))
  const more = leftOut.length > names.length ? ` and ${leftOut.length - names.length} more` : ''
  return names.length === 0 ? limit : `${limit} Left out: ${names.join(', ')}${more}.`
}
