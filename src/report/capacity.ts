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
    [
      'capacity',
      capacity.ratio === undefined
        ? 'no ratio; the reasons say why'
        : `canary ${formatEffect(capacity.ratio)} of the baseline`,
    ],
    ...(baseline === undefined
      ? []
      : [['capacity', armWords('baseline', baseline)] satisfies Fact]),
    ...(canary === undefined ? [] : [['capacity', armWords('canary', canary)] satisfies Fact]),
    ['', limitWords(capacity)],
    ...leftOutFacts(capacity),
  ]
}

/** `baseline 755 requests/s (736–774) at 16 connections, p95 23 ms; 32 bring no more` */
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
  return `${arm} ${rate} at ${users}, p95 ${formatMs(p95Ms)}; ${endWords(sustained)}`
}

/** `at 32 p95 48 ms, too long`: what the next level showed, where one was tried. */
function endWords({ limitedBy, above }: Sustained): string {
  if (above === undefined) return LIMITED_WORDS[limitedBy]
  const next = formatCount(above.connections)
  switch (limitedBy) {
    case 'latency':
      return `at ${next} p95 ${formatMs(above.p95Ms)}, too long`
    case 'errors':
      return `at ${next} ${formatPercent(above.errors)} fail`
    case 'full':
      return `${next} bring no more`
    case 'generator':
    case 'cap':
    case 'time':
      return LIMITED_WORDS[limitedBy]
  }
}

const LIMITED_WORDS: Readonly<Record<Sustained['limitedBy'], string>> = {
  latency: 'more take too long',
  errors: 'more fail',
  full: 'more bring no more',
  generator: 'our own generator was the limit',
  cap: 'more were not tried',
  time: 'there was no time for more',
}

function limitWords({ sloP95Ms, sloFrom, errorShare, rounds, levels = [] }: Capacity): string {
  const from = sloFrom === 'slo' ? 'the SLO' : 'from the unloaded baseline'
  const limit = `p95 within ${formatMs(sloP95Ms)} (${from}), ${formatPercent(errorShare)} failures`
  const numbers = levels.map((connections) => formatCount(connections))
  const [last = ''] = numbers.slice(-1)
  const at = numbers.length > 1 ? `${numbers.slice(0, -1).join(', ')} and ${last}` : last
  const where = at === '' ? '' : ` at ${at} ${at === '1' ? 'connection' : 'connections'}`
  return `${limit}; ${rounds === 1 ? '1 round' : `${rounds} rounds`}${where}`
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
