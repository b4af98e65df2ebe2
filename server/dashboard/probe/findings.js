// @ts-check
/** What was found: causes first, victims last, each with where, since when, and its fields. */

import { sinceWords } from '../investigation/moments.js'
import { byId, element, icon } from '../parts/dom.js'
import {
  actionWord,
  capital,
  effectWords,
  formatPower,
  formatSeconds,
  formatShare,
  metricWord,
  plural,
  showControls,
} from '../parts/words.js'

const MOST_FIELDS = 3
/** Of a path and a value of the target: a list is no place for a document. */
const MOST_LETTERS = 60

/** @type {Record<string, string>} */
const SEGMENT_WORDS = {
  action: 'in',
  device: 'on',
  geo: 'in',
  label: 'for',
  prev: 'after',
  size: 'at size',
  load: 'at load',
}

let shown = ''

/** @param {ApiProbe} probe */
export function showFindings(probe) {
  const findings = probe.report?.findings ?? probe.progress?.findings ?? []
  const signature = JSON.stringify(findings)
  if (shown === signature) return
  shown = signature
  byId('findings').hidden = findings.length === 0
  const sorted = findings.toSorted((one, other) => rankOf(one) - rankOf(other))
  const causes = findings.filter(({ role }) => role === 'cause').map(({ action }) => action)
  byId('finding-list').replaceChildren(...sorted.map((finding) => itemOf(finding, causes)))
}

/** @param {ApiFinding} finding */
function rankOf({ role }) {
  return Number(role === 'victim')
}

/**
 * @param {ApiFinding} finding
 * @param {readonly string[]} causes
 */
function itemOf(finding, causes) {
  const { action, metric, role, effect, fields = [] } = finding
  const words = effect === undefined ? undefined : effectWords(effect)
  const figure = words === undefined ? '' : ` ${words.estimate} ${words.interval}`
  const parts = [roleWords(role, causes), segmentWords(finding), timeWords(finding)]
  const rest = parts.map((part) => (part === '' ? '' : `, ${part}`)).join('')
  const isVictim = role === 'victim'
  return element(
    'li',
    { class: isVictim ? 'vic' : undefined },
    icon(isVictim ? 'victim' : 'regressed'),
    element(
      'span',
      {},
      element('b', {}, showControls(actionWord(action))),
      `: ${metricWord(metric)}${figure}${rest} · `,
      element('span', { class: 'mut sm' }, proofWords(finding)),
      ...fieldsOf(fields),
    ),
  )
}

/** @param {ApiFinding} finding */
function segmentWords({ segment = {}, restHealthy }) {
  const parts = Object.entries(segment).map(([name, value]) => {
    const word = SEGMENT_WORDS[name] ?? `with ${showControls(name)}`
    return `${word} ${showControls(value)}`
  })
  if (parts.length === 0) return ''
  const words = parts.join(' ')
  return restHealthy === true ? `only ${words} (the rest is proven well)` : `mostly ${words}`
}

/**
 * Seconds count from the end of the warm-up.
 * @param {ApiFinding} finding
 */
function timeWords(finding) {
  return `${sinceWords(finding)}${finding.transient ? ', gone again' : ''}`
}

/**
 * @param {ApiFinding['role']} role
 * @param {readonly string[]} causes
 */
function roleWords(role, causes) {
  if (role !== 'victim') return role === 'under_load' ? 'only under load' : (role ?? '')
  const names = [...new Set(causes)].slice(0, 2).map((action) => showControls(actionWord(action)))
  return `victim of ${names.length === 0 ? 'another action' : names.join(' or ')}`
}

/** @param {ApiFinding} finding */
function proofWords({ phase, detectedAt, rule, lnEvidence, lnThreshold }) {
  // Rounded down: what is said must hold.
  const power = Math.floor((lnEvidence - lnThreshold) / Math.LN10)
  const beyond = power > 0 ? `over ${formatPower(power)} times the threshold` : 'over the threshold'
  const proof = rule === 'critical' ? 'by the fixed rule' : `evidence ${beyond}`
  return `${capital(phase)} phase, found ${formatSeconds(detectedAt)} after the warm-up, ${proof}`
}

/** @param {NonNullable<ApiFinding['fields']>} fields the strongest first */
function fieldsOf(fields) {
  if (fields.length === 0) return []
  const items = fields.slice(0, MOST_FIELDS).map(fieldItem)
  const more = fields.length - items.length
  const rest = more > 0 ? [element('li', { class: 'mut' }, plural(more, 'more field'))] : []
  return [element('ul', { class: 'fields' }, ...items, ...rest)]
}

/** @param {NonNullable<ApiFinding['fields']>[number]} field */
function fieldItem({ path, baseline, canary, canaryShare, controlShare }) {
  const hasValues = baseline !== undefined && canary !== undefined
  const values = hasValues ? [' ', code(baseline), ' → ', code(canary)] : []
  const shares = ` in ${formatShare(canaryShare)} of pairs, control ${formatShare(controlShare)}`
  return element('li', {}, code(path), ...values, shares)
}

/** @param {string} text of the target */
function code(text) {
  const safe = showControls(text)
  return element('code', {}, safe.length > MOST_LETTERS ? `${safe.slice(0, MOST_LETTERS)}…` : safe)
}
