/**
 * What the run itself used and sent: CPU and memory of the arms, the CPU time of each action, and
 * where the mix that was delivered is not the natural one.
 */

import type { ActionCost, Report } from '../core/contract/report.ts'
import { NARROW_SPACE, formatCount, formatMs, formatPercent } from './numbers.ts'
import type { Fact } from './trust.ts'
import { actionName } from './words.ts'

const MOST_COSTS = 8
const MOST_ACTIONS = 5
/** A share of the steps this far off its natural one is told. */
const TOLD_SHARE = 0.05

export function resourceFacts(report: Report): Fact[] {
  return [...armFacts(report), ...costFacts(report), ...mixFacts(report)]
}

/** `CPU 3.1 ms per request, baseline 2.4 ms; memory 81 MB, baseline 62 MB, +1.2 MB per minute` */
function armFacts(report: Report): Fact[] {
  const { baseline, canary } = report.arms
  const cpu = beside(canary?.cpuMsPerRequest, baseline?.cpuMsPerRequest, formatMs)
  const memory = beside(canary?.rssMb, baseline?.rssMb, megabytes)
  const growth = growthWords(report)
  const parts = [
    ...(cpu === '' ? [] : [`CPU per request ${cpu}`]),
    ...(memory === '' ? [] : [`memory ${memory}`]),
    ...(growth === '' ? [] : [`memory grows ${growth} (a hint)`]),
  ]
  return parts.length === 0 ? [] : [['canary', parts.join('; ')]]
}

/** Slower than this is no growth, and within less time it cannot be told from a start. */
const TOLD_MB_PER_MINUTE = 1
const TOLD_FROM_SECONDS = 60

/** Empty where the canary grows no faster than the baseline. */
function growthWords({ seconds, arms: { baseline, canary } }: Report): string {
  const [own, other] = [canary?.rssMbPerMinute, baseline?.rssMbPerMinute]
  if (own === undefined || seconds < TOLD_FROM_SECONDS) return ''
  return own - (other ?? 0) < TOLD_MB_PER_MINUTE ? '' : beside(own, other, rateWords)
}

function rateWords(rate: number): string {
  const unit = `${NARROW_SPACE}MB/min`
  if (Math.abs(rate) < TOLD_MB_PER_MINUTE) return `below ${TOLD_MB_PER_MINUTE}${unit}`
  const size = Math.abs(rate).toFixed(Math.abs(rate) >= 9.95 ? 0 : 1)
  return `${rate < 0 ? '−' : '+'}${size}${unit}`
}

/** The canary's figure and the baseline's; empty where neither is known. */
function beside(
  canary: number | undefined,
  baseline: number | undefined,
  format: (value: number) => string,
): string {
  if (canary === undefined && baseline === undefined) return ''
  const [own, other] = [canary, baseline].map((value) =>
    value === undefined ? 'not measured' : format(value),
  )
  return `${own}, baseline ${other}`
}

/** `CPU by action, a hint: search 4.1 ms (3.6–4.7), home 1.2 ms (0.9–1.4)` */
function costFacts({ costs = [] }: Report): Fact[] {
  if (costs.length === 0) return []
  const dearest = costs.toSorted((left, right) => right.cpuMs - left.cpuMs)
  const named = dearest.slice(0, MOST_COSTS).map(costWords)
  const more = costs.length - named.length
  const rest = more === 0 ? '' : `, and ${formatCount(more)} more`
  return [['cost', `CPU by action at the baseline, a hint: ${named.join(', ')}${rest}`]]
}

function costWords({ action, cpuMs, low, high }: ActionCost): string {
  const ends = [low, high].map((end) => formatMs(end).replace(/\D+$/, ''))
  return `${actionName(action)} ${formatMs(cpuMs)} (${ends.join('–')})`
}

/** `login 12 % of the steps, by nature 4 %` */
function mixFacts({ mix = [] }: Report): Fact[] {
  const moved = mix
    .filter(({ natural, delivered }) => Math.abs(delivered - natural) > TOLD_SHARE)
    .toSorted((left, right) => distance(right) - distance(left))
  if (moved.length === 0) return []
  const named = moved
    .slice(0, MOST_ACTIONS)
    .map(({ action, natural, delivered }) => {
      const shares = [delivered, natural].map(formatPercent)
      return `${actionName(action)} ${shares.join(' of the pairs, by nature ')}`
    })
    .join('; ')
  const more = moved.length - MOST_ACTIONS
  return [['mix', `${named}${more > 0 ? `; and ${formatCount(more)} more` : ''}`]]
}

function distance({ natural, delivered }: NonNullable<Report['mix']>[number]): number {
  return Math.abs(delivered - natural)
}

function megabytes(value: number): string {
  return `${value >= 9.95 ? formatCount(value) : value.toFixed(1)}${NARROW_SPACE}MB`
}
