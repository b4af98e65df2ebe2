/**
 * The end of an A/A run, the baseline against itself. Two answers count: how far equal arms may be
 * apart here, and, where they were told apart, that nothing measured here can be trusted yet.
 */

import type { Report } from '../../core/contract/report.ts'
import { METRICS, type Metric } from '../../core/verdict.ts'
import { foundWords } from '../judging/summary.ts'
import { percentWords } from '../judging/words.ts'
import { honestMargins, type Margins } from './margins.ts'

const NOISE_WITH_MEMORY = 'arm-noise'
const INTERRUPTED = 'interrupted'

/**
 * The report of an A/A run: `healthy` = the margins are known, `invalid` with reason `aa-differs` =
 * equal arms were told apart.
 * @param report of the same run as the judge gave it
 * @param wobble sd of the slow log ratio; counts only where the judge saw noise with memory
 */
export function concludeAa(report: Report, wobble: number): Report {
  if (report.verdict === 'invalid') return report
  const hasMemory = report.reasons.some(({ code }) => code === NOISE_WITH_MEMORY)
  const margins = honestMargins(report, hasMemory ? wobble : 0)
  // A run that came to know nothing must not look like one that did.
  const aa = margins.margins.latency_typical === undefined ? {} : { aa: margins }
  if (report.verdict === 'regressed') {
    const message = differsWords(report)
    return {
      ...report,
      verdict: 'invalid',
      summary: `Not judged: ${message}`,
      reasons: [{ code: 'aa-differs', message }, ...report.reasons],
      ...aa,
    }
  }
  if (report.reasons.some(({ code }) => code === INTERRUPTED)) {
    return { ...report, verdict: 'inconclusive', ...aa }
  }
  if (aa.aa === undefined) {
    const summary =
      'Nothing found, but the run was too short to say how far equal arms may be apart: give it a longer --duration'
    return { ...report, verdict: 'inconclusive', summary }
  }
  const summary = `Equal arms stayed within ${marginWords(margins.margins)}: smaller margins could blame them`
  return { ...report, verdict: 'healthy', summary, ...aa }
}

const SHORT_WORDS: Readonly<Record<Metric, string>> = {
  latency_typical: 'typical',
  latency_tail: 'tail',
  errors: 'errors',
  responses: 'responses',
  cpu: 'CPU',
  memory: 'memory',
}

/** `±4 % (typical), ±11 % (tail), ±0.2 pp (errors)` */
function marginWords(margins: Margins): string {
  return METRICS.flatMap((metric) => {
    const margin = margins[metric]
    if (margin === undefined) return []
    const isPoints = metric === 'errors' || metric === 'responses'
    const size = isPoints ? `${Number((margin * 100).toFixed(2))} pp` : percentWords(margin)
    return [`±${size} (${SHORT_WORDS[metric]})`]
  }).join(', ')
}

function differsWords({ findings, reasons, alpha }: Report): string {
  const what = foundWords(findings, reasons) ?? 'the arms differ'
  return (
    `equal arms were told apart: ${what}; ` +
    'look for unequal instances behind the one address, caches, long stalls and a strained machine, ' +
    `then measure again (chance alone does this in at most ${percentWords(alpha)} of the runs)`
  )
}
