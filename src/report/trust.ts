/**
 * How far a report can be trusted, in words: the margins that equal arms stayed within, and whether
 * a planted regression would have been seen.
 */

import type { Report, SelfTest } from '../core/contract/report.ts'
import { METRICS, type Metric } from '../core/verdict.ts'
import { NARROW_SPACE, formatCount, formatPercent, formatSeconds } from './numbers.ts'
import { actionName } from './words.ts'

/** A line below the table: what it is about, at most nine letters, and what it says. */
export type Fact = readonly [label: string, text: string]

const MOST_ACTIONS = 10

export function trustFacts({ aa, selfTest = [], generator }: Report): Fact[] {
  return [
    ...secondFacts(generator),
    ...strainFacts(generator),
    ...selfTest.map((row): Fact => ['self-test', selfTestWords(row)]),
    ...(aa === undefined ? [] : aaFacts(aa)),
  ]
}

/** Left out while the interval says that it may cost nothing. */
function secondFacts({ second }: Report['generator']): Fact[] {
  if (second === undefined || (second.low <= 1 && second.high >= 1)) return []
  const { ratio, low, high } = second
  const [cost, from, to] = [ratio, low, high].map((value) => formatPercent(Math.abs(value - 1)))
  const words = ratio > 1 ? 'longer' : 'shorter'
  return [
    ['order', `the second of a pair takes ${cost} ${words} (${from}–${to}); a coin shares it out`],
  ]
}

function strainFacts({ strainedBlocks = 0 }: Report['generator']): Fact[] {
  if (strainedBlocks === 0) return []
  const blocks = strainedBlocks === 1 ? '1 block' : `${formatCount(strainedBlocks)} blocks`
  return [['strain', `the generator was late in ${blocks}: their latencies do not count`]]
}

/** `search +20 %`, `the whole service +2 pp errors` */
export function plantedWords({
  action,
  metric,
  size,
}: Pick<SelfTest, 'action' | 'metric' | 'size'>): string {
  return `${actionName(action)} +${sizeWords(metric, size)}`
}

function selfTestWords(row: SelfTest): string {
  const planted = plantedWords(row)
  if (!row.found) return `${planted} would not have been found in this run`
  const when = row.detectedAt === undefined ? '' : ` after ${formatSeconds(row.detectedAt)}`
  return `${planted} would have been found${when}${row.named ? ' (named)' : ' (not localised)'}`
}

function sizeWords(metric: Metric, size: number): string {
  switch (metric) {
    case 'latency_typical':
      return formatPercent(size)
    case 'latency_tail':
      return `${formatPercent(size)} in the tail`
    case 'errors':
      return `${points(size)} errors`
    case 'responses':
      return `${points(size)} wrong answers`
    case 'cpu':
      return `${formatPercent(size)} CPU`
    case 'memory':
      return `${formatPercent(size)} memory`
  }
}

type Aa = NonNullable<Report['aa']>

/** Each action, then the line to copy. */
function aaFacts({ margins, actions }: Aa): Fact[] {
  // Equal arms fail and err alike, machines or not: a count's interval only shows how short the run
  // was, and a margin of that size would hide what the default finds.
  const flag = METRICS.filter((metric) => !isCount(metric))
    .flatMap((metric) => {
      const margin = margins[metric]
      return margin === undefined ? [] : [`${metric}=${number(margin * 100)}%`]
    })
    .join(',')
  return [
    ...actions.slice(0, MOST_ACTIONS).map((entry): Fact => ['equal', aaWords(entry)]),
    ...(actions.length > MOST_ACTIONS
      ? [['equal', `${actions.length - MOST_ACTIONS} more actions`] satisfies Fact]
      : []),
    ...(flag === '' ? [] : [['margins', `--margin ${flag}`] satisfies Fact]),
  ]
}

/** `search within ±6 %, ±20 % in the tail, ±0.4 pp errors` */
function aaWords({ action, margins }: Aa['actions'][number]): string {
  const sizes = METRICS.flatMap((metric) => {
    const margin = margins[metric]
    return margin === undefined ? [] : [`±${sizeWords(metric, margin)}`]
  })
  return `${actionName(action)} within ${sizes.join(', ')}`
}

function isCount(metric: Metric): boolean {
  return metric === 'errors' || metric === 'responses'
}

function points(share: number): string {
  return `${number(share * 100)}${NARROW_SPACE}pp`
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}
