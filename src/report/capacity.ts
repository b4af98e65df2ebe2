/** The capacity of the arms in words: the ratio, what each arm sustains, and under which limit. */

import type { Capacity, Report, Sustained } from '../core/contract/report.ts'
import { formatCount, formatEffect, formatMs, formatPercent } from './numbers.ts'
import type { Fact } from './trust.ts'
import { actionName } from './words.ts'

const MOST_LEFT_OUT = 5

const LEFT_OUT_WORDS: Readonly<Record<string, string>> = {
  mutates: 'changes data',
  'not-get': 'not a GET',
  'needs-capture': 'needs an earlier answer',
  'follows-redirects': 'follows redirects',
  'fails-alone': 'fails by itself',
  blocked: 'its data is missing',
  'no-ontology-entry': 'not in the ontology',
}

export function capacityFacts({ capacity }: Report): Fact[] {
  if (capacity === undefined) return []
  const { baseline, canary } = capacity.arms
  return [
    ...(capacity.ratio === undefined
      ? []
      : [['capacity', `canary ${formatEffect(capacity.ratio)} of the baseline`] satisfies Fact]),
    ...(baseline === undefined
      ? []
      : [['capacity', armWords('baseline', baseline)] satisfies Fact]),
    ...(canary === undefined ? [] : [['capacity', armWords('canary', canary)] satisfies Fact]),
    ['', limitWords(capacity)],
    ...leftOutFacts(capacity),
  ]
}

/** `baseline 755 requests/s (736–774) at 16 connections, p95 23 ms; more bring no more` */
function armWords(arm: string, sustained: Sustained): string {
  const { requestsPerSecond, low, high, connections, p95Ms, limitedBy } = sustained
  if (requestsPerSecond === 0) return `${arm} does not hold the limit at one connection`
  const isBound = limitedBy === 'generator' || limitedBy === 'cap' || limitedBy === 'time'
  const ends =
    low === undefined || high === undefined
      ? '(estimate)'
      : `(${formatCount(low)}–${formatCount(high)})`
  const rate = `${isBound ? 'at least ' : ''}${formatCount(requestsPerSecond)} requests/s ${ends}`
  const users = connections === 1 ? '1 connection' : `${formatCount(connections)} connections`
  return `${arm} ${rate} at ${users}, p95 ${formatMs(p95Ms)}; ${LIMITED_WORDS[limitedBy]}`
}

const LIMITED_WORDS: Readonly<Record<Sustained['limitedBy'], string>> = {
  latency: 'more take too long',
  errors: 'more fail',
  full: 'more bring no more',
  generator: 'our own generator was the limit',
  cap: 'more were not tried',
  time: 'there was no time for more',
}

function limitWords({ sloP95Ms, sloFrom, errorShare, rounds }: Capacity): string {
  const from = sloFrom === 'slo' ? 'the SLO' : 'from the unloaded baseline'
  const limit = `p95 within ${formatMs(sloP95Ms)} (${from}), ${formatPercent(errorShare)} failures`
  return `${limit}; ${rounds} rounds`
}

function leftOutFacts({ leftOut }: Capacity): Fact[] {
  if (leftOut.length === 0) return []
  const named = leftOut
    .slice(0, MOST_LEFT_OUT)
    .map(({ action, code }) => `${actionName(action)} (${LEFT_OUT_WORDS[code] ?? code})`)
  const more = leftOut.length - named.length
  const words = [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ')
  return [['', `without ${words}`]]
}
