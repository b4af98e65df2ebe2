/** What an inconclusive probe still lacks, and the flags with which it would go on. */

import type { Report } from '../../core/contract/report.ts'
import { formatCount, formatSeconds } from '../../report/numbers.ts'
import type { Fact } from '../../report/trust.ts'
import { METRIC_WORDS, actionName } from '../../report/words.ts'
import type { Flags } from '../flags.ts'

const MOST_ACTIONS = 10
const LONGEST_SECONDS = 3600

/** One line per action that is not proven, then the command; nothing for any other verdict. */
export function missingFacts(report: Report, flags: Pick<Flags, 'text'>): Fact[] {
  const open = report.actions
    .flatMap(({ action, need }) => (need === undefined ? [] : [{ action, need }]))
    .toSorted((left, right) => right.need.seconds - left.need.seconds)
  const longest = open[0]?.need
  if (report.verdict !== 'inconclusive' || longest === undefined) return []
  const lines = open.slice(0, MOST_ACTIONS).map(({ action, need }): Fact => {
    const pairs = `${formatCount(need.pairs)} more pairs (${METRIC_WORDS[need.metric]})`
    return ['missing', `${actionName(action)}: ${pairs}, about ${formatSeconds(need.seconds)}`]
  })
  const more = open.length - MOST_ACTIONS
  return [
    ...lines,
    ...(more > 0 ? [['missing', `${more} more actions`] satisfies Fact] : []),
    ['continue', waysOn(report, longest.p90Seconds, flags)],
  ]
}

/** Long enough for nine runs in ten, or as much load in the time that there was. */
function waysOn(report: Report, seconds: number, flags: Pick<Flags, 'text'>): string {
  const asked = flags.text('--duration')
  const flag = asked === undefined || asked === 'auto' ? '--max-duration' : '--duration'
  const minutes = Math.ceil((report.seconds + seconds) / 60)
  const judged = report.phases.reduce((sum, phase) => sum + phase.seconds, 0)
  const last = report.phases.at(-1)?.seconds ?? 0
  const rate = judged > 0 && last > 0 ? (report.pairs / judged) * (1 + seconds / last) : 0
  const ways = [
    ...(minutes * 60 <= LONGEST_SECONDS ? [`${flag} ${minutes}m`] : []),
    ...(rate > 0 ? [`--rate ${Math.ceil(rate)}`] : []),
  ]
  return ways.length === 0 ? 'raise the rate, or widen the healthy margin' : ways.join(' or ')
}
