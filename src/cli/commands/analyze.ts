/** `outrider analyze`: judges recorded samples as the run itself would have been judged. */

import { HEALTHY_METRICS } from '../../core/contract/config.ts'
import { EVIDENCE_METRICS } from '../../core/verdict.ts'
import { exitOfVerdict } from '../exit.ts'
import { COMMON_HELP } from '../help.ts'
import { defined } from '../run-flags.ts'
import { readSettings } from '../settings.ts'
import { printReport } from '../verdict-output.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider analyze FILE|- [options]

Judges recorded samples (NDJSON, as probe --samples writes them; - reads them
from stdin) and says, per action, whether the canary is worse. A file with a
run line is judged by the plan it carries, so the verdict comes out the same.

  --actions F            the ontology, for the margins of its actions
  --warmup 15s           leave out so much at the start, where nothing is marked
  --margin latency_typical=10%,errors=0.1pp
  --healthy-margin latency_typical=10%,latency_tail_share=5pp,errors=2pp
  --alpha A              chance of blaming a healthy canary      (0.05)
  --on-inconclusive fail|pass                                    (fail)
${COMMON_HELP}
Exit  0 healthy  1 regressed  2 wrong use  3 inconclusive  4 invalid
Example  outrider analyze samples.ndjson --json
`

export const analyze: Verb = {
  name: 'analyze',
  summary: 'judge recorded samples',
  args: ['<FILE>'],
  flags: [
    '--actions <F>',
    '--alpha <A>',
    '--margin <M>',
    '--healthy-margin <M>',
    '--warmup <S>',
    '--on-inconclusive <K>',
  ],
  notBuilt: ['--rule'],
  help,
  run: runAnalyze,
}

async function runAnalyze(input: VerbInput): Promise<number> {
  const { args, flags, terminal, cwd } = input
  const onInconclusive = flags.oneOf('--on-inconclusive', ['fail', 'pass'] as const) ?? 'fail'
  const overrides = defined({
    alpha: flags.number('--alpha', { min: 1e-9, max: 0.5 }),
    warmupSeconds: flags.seconds('--warmup'),
    margins: flags.shares('--margin', EVIDENCE_METRICS, ['responses', 'cpu', 'memory']),
    healthyMargins: flags.shares('--healthy-margin', HEALTHY_METRICS, ['responses']),
    ontologyFile: flags.text('--actions'),
  })
  const { config } = await readSettings(input)
  const { analyzeSamples } = await import('../../outrider.ts')
  const report = await analyzeSamples(args[0] ?? '-', { ...overrides, config, cwd })
  printReport(report, terminal, flags.has('--json'))
  return exitOfVerdict(report.verdict, onInconclusive)
}
