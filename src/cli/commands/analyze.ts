/** `outrider analyze`: judges recorded samples as the run itself would have been judged. */

import { HEALTHY_METRICS } from '../../core/contract/config.ts'
import { OutriderError, UsageError } from '../../core/errors.ts'
import { suggest } from '../../core/suggest.ts'
import { METRICS, WHOLE_SERVICE } from '../../core/verdict.ts'
import type { RuleComparison, RuleName } from '../../outrider.ts'
import { renderRules, type RuleRow } from '../../report/rules.ts'
import { renderSentence } from '../../report/text.ts'
import { EXIT, exitOfInterrupted, exitOfVerdict } from '../exit.ts'
import type { Flags } from '../flags.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt, type Interrupt } from '../interrupt.ts'
import { SILENT_SHOW, createReadingShow, type ReadingShow } from '../progress/reading.ts'
import { defined } from '../run-flags.ts'
import { readSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { printReport } from '../verdict-output.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider analyze FILE|- [options]

Judges recorded samples (NDJSON, as probe --samples writes them, also .gz; -
reads them from stdin) and says, per action, whether the canary is worse. A
file with a run line is judged by the plan it carries, so the verdict comes out
the same.

  --actions F            the ontology, for the margins of its actions
  --warmup 15s           leave out so much at the start, where nothing is marked
  --margin latency_typical=10%,errors=0.1pp
  --healthy-margin latency_typical=10%,latency_tail_share=5pp,errors=2pp
  --alpha A              chance of blaming a healthy canary      (0.05)
  --on-inconclusive fail|pass                                    (fail)
  --rule kayenta,flagger what other tools' rules would have said: all, ours, or
                         kayenta, kayenta-per-action, flagger, argo, diffy,
                         mann-whitney-peeking, mann-whitney-bonferroni,
                         welch-peeking, howard-ramdas, counts, growthbook,
                         burn-rate, keptn
${COMMON_HELP}
Exit  0 healthy  1 regressed  2 wrong use  3 inconclusive  4 invalid  130 Ctrl-C
      With one rule of another tool: what that rule says.
Example  outrider analyze samples.ndjson --rule kayenta,flagger
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
    '--rule <R>',
  ],
  notBuilt: [],
  help,
  run: runAnalyze,
}

type Asked = 'ours' | RuleName

async function runAnalyze(input: VerbInput): Promise<number> {
  const { args, flags, terminal } = input
  const onInconclusive = flags.oneOf('--on-inconclusive', ['fail', 'pass'] as const) ?? 'fail'
  const asked = await readRules(flags)
  const file = args[0] ?? '-'
  const isJson = flags.has('--json')
  const quiet = isJson && !terminal.errIsTty
  const show = quiet ? SILENT_SHOW : createReadingShow(terminal, file)
  const interrupt = listenForInterrupt(terminal, 'Ending with what was read')
  try {
    const comparison = await compare(input, asked, show, interrupt)
    show.end()
    tellOfCut(comparison, terminal)
    if (asked === undefined) printReport(comparison.report, terminal, isJson)
    else printRules(comparison, terminal, isJson ? file : undefined)
    const verdict = verdictAsked(comparison, asked)
    if (interrupt.asked()) return exitOfInterrupted(verdict)
    return exitOfVerdict(verdict, onInconclusive)
  } catch (thrown) {
    show.end()
    if (!(thrown instanceof OutriderError) || thrown.code !== 'interrupted') throw thrown
    terminal.err(`${thrown.message}\n`)
    return EXIT.interrupted
  } finally {
    interrupt.dispose()
  }
}

async function compare(
  { args, flags, cwd, ...input }: VerbInput,
  asked: readonly Asked[] | undefined,
  show: ReadingShow,
  interrupt: Interrupt,
): Promise<RuleComparison> {
  const overrides = defined({
    alpha: flags.number('--alpha', { min: 1e-9, max: 0.5 }),
    warmupSeconds: flags.seconds('--warmup'),
    margins: flags.shares('--margin', METRICS, ['responses', 'cpu', 'memory']),
    healthyMargins: flags.shares('--healthy-margin', HEALTHY_METRICS, ['responses']),
    ontologyFile: flags.text('--actions'),
  })
  const { config } = await readSettings({ args, flags, cwd, ...input })
  const { compareRules } = await import('../../outrider.ts')
  // Before a word is printed: the block is wiped from where the cursor stands.
  interrupt.signal.addEventListener('abort', () => show.end())
  interrupt.onFirst(() => {})
  return compareRules(args[0] ?? '-', (asked ?? []).filter(isOther), {
    ...overrides,
    config,
    cwd,
    signal: interrupt.signal,
    onProgress: (progress) => show.show(progress),
  })
}

function isOther(rule: Asked): rule is RuleName {
  return rule !== 'ours'
}

/** Undefined where no rule was named; `all` = ours and every other one. */
async function readRules(flags: Flags): Promise<readonly Asked[] | undefined> {
  const names = flags.list('--rule')
  if (names === undefined) return undefined
  const { RULES } = await import('../../outrider.ts')
  const known: readonly Asked[] = ['ours', ...RULES.map(({ name }) => name)]
  return [...new Set(names.flatMap((name) => rulesNamed(name, known)))]
}

function rulesNamed(name: string, known: readonly Asked[]): readonly Asked[] {
  if (name === 'all') return known
  const found = known.find((rule) => rule === name)
  if (found !== undefined) return [found]
  throw new UsageError(`Cannot read --rule: "${name}" is no rule`, {
    code: 'bad-flag',
    where: '--rule',
    mend: suggest(name, [...known, 'all']),
  })
}

/** Ours, unless exactly one rule of another tool was asked for. */
function verdictAsked(
  { report, verdicts }: RuleComparison,
  asked: readonly Asked[] | undefined,
): RuleRow['verdict'] {
  const [only] = asked?.length === 1 ? verdicts : []
  return only?.verdict.verdict ?? report.verdict
}

/** @param file the name for the JSON document; left out = a table for people */
function printRules(
  comparison: RuleComparison,
  terminal: Terminal,
  file: string | undefined,
): void {
  const { report, verdicts, cutAt } = comparison
  const rows: RuleRow[] = [
    rowOfOurs(report),
    ...verdicts.map(({ rule, verdict }) => ({ rule, ...verdict })),
  ]
  if (file === undefined) {
    terminal.out(renderRules(rows, terminal.outStyle))
    terminal.out(`${renderSentence(report, terminal.outStyle).join('\n')}\n`)
    return
  }
  const interrupted = cutAt === undefined ? {} : { interrupted: true }
  const document = { schema: 'outrider.rules/1', file, ...interrupted, verdicts: rows }
  terminal.out(`${JSON.stringify(document)}\n`)
  terminal.err(`${renderSentence(report, terminal.errStyle).join('\n')}\n`)
}

function rowOfOurs({ verdict, findings, summary }: RuleComparison['report']): RuleRow {
  const [first] = findings
  const names = findings.map(({ action }) => action).filter((action) => action !== WHOLE_SERVICE)
  return {
    rule: 'ours',
    verdict,
    ...(first?.detectedAt === undefined ? {} : { detectedAt: first.detectedAt }),
    actions: [...new Set(names)],
    ...(first === undefined ? {} : { metric: first.metric }),
    detail: summary,
  }
}

function tellOfCut({ cutAt }: RuleComparison, terminal: Terminal): void {
  if (cutAt === undefined) return
  terminal.err(`Interrupted at ${Math.floor(cutAt * 100)} % of the file: the rest was not read\n`)
}
