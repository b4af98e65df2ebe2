// @ts-check
/** Since when, until when, whom, and who is to blame: the words around a finding. */

import { actionWord, formatCount, formatSeconds, showControls } from '../parts/words.js'

/** @type {Record<string, string>} */
const DIMENSIONS = {
  action: 'in',
  device: 'on',
  geo: 'in',
  label: 'for',
  prev: 'after',
  size: 'at size',
  load: 'at load',
}

/**
 * `since second 12`, `from 12 s to 31 s` of what ended; from the end of the warm-up.
 * @param {Pick<ApiFinding, 'onset' | 'ended'>} finding
 */
export function sinceWords({ onset, ended }) {
  if (ended !== undefined) return `from ${formatSeconds(onset)} to ${formatSeconds(ended)}`
  return onset < 1 ? 'from the start' : `since second ${formatCount(onset)}`
}

/**
 * `Role: held up by checkout; `, or empty where nothing is known of it.
 * @param {ApiFinding} finding
 * @param {readonly ApiFinding[]} others all findings of the run, as far as they are known
 */
export function roleWords({ role }, others) {
  switch (role) {
    case 'cause':
      return 'Role: cause; '
    case 'victim':
      return `Role: victim, held up by ${causesOf(others)}; `
    case 'under_load':
      return 'Role: only under load; '
    case undefined:
      return ''
  }
}

/** @param {readonly ApiFinding[]} findings */
function causesOf(findings) {
  const causes = findings.filter(({ role }) => role === 'cause')
  const names = [...new Set(causes.map(({ action }) => showControls(actionWord(action))))]
  return names.length === 0 ? 'another action' : names.slice(0, 2).join(' or ')
}

/**
 * `, only on mobile` where the rest is proven to be well, else `, mostly mobile`; empty where the
 * title says it already.
 * @param {ApiInvestigation} investigation
 */
export function affectedWords({ finding, title }) {
  const { segment = {}, restHealthy } = finding
  const parts = Object.entries(segment).map(([name, value]) => [
    DIMENSIONS[name] ?? `with ${showControls(name)}`,
    showControls(value),
  ])
  if (parts.length === 0 || title.includes(', only ')) return ''
  return restHealthy === true
    ? `, only ${parts.map((part) => part.join(' ')).join(' ')}`
    : `, mostly ${parts.map(([, value]) => value).join(', ')}`
}

/**
 * What is said of the segments: how much of it is proven.
 * @param {ApiInvestigation} investigation
 * @param {string} counted how many pairs
 */
export function segmentNote({ finding, segments }, counted) {
  if (segments.length === 0) return 'No segment has enough pairs to be shown.'
  const proof =
    finding.segment === undefined || finding.restHealthy === undefined
      ? ''
      : finding.restHealthy
        ? ' All other pairs are proven to be within the margin.'
        : ' That all other pairs are within the margin is not proven.'
  return `Found on the same data: a lead, not a proof. Counted on ${counted}.${proof}`
}
