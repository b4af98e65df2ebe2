/** `outrider actions check`: is the ontology right, and what does each action send and get? */

import { UsageError } from '../../../core/errors.ts'
import type { Attempt, Outrider, ShownRequest } from '../../../outrider.ts'
import { clip } from '../../../report/columns.ts'
import { formatMs, NARROW_SPACE } from '../../../report/numbers.ts'
import { paint, plainText, type TextStyle } from '../../../report/text.ts'
import { EXIT } from '../../exit.ts'
import { COMMON_HELP } from '../../help.ts'
import { REACH_FLAGS, REACH_HELP, readReachFlags } from '../../plan/reach-flags.ts'
import { withOutrider } from '../../settings.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider actions check FILE [--try --target URL]

Reads an ontology, names each fault with file and line, and remarks on what can
run but not as its author may think.

  --try                  also send each action once and show what happens;
                         actions that change data are never sent
  --target URL           where to; a user of the database who performs the
                         action gives the data of its templates
${REACH_HELP}${COMMON_HELP}
Exit  0 right  2 wrong  4 an action that was tried did not answer as expected
Example  outrider actions check actions.yaml --try --target http://a:8080
`

export const actionsCheck: Verb = {
  name: 'actions check',
  summary: 'is the ontology right? --try sends each action once',
  args: ['<FILE>'],
  flags: ['--try', '--target <U>', ...REACH_FLAGS],
  notBuilt: [],
  help,
  run: runCheck,
}

type Ontology = Awaited<ReturnType<Outrider['ontology']>>

async function runCheck(input: VerbInput): Promise<number> {
  const { args, flags, terminal } = input
  const target = flags.address('--target')
  if (flags.has('--try') !== (target !== undefined)) {
    throw new UsageError('--try and --target go together', {
      code: 'missing-flag',
      where: target === undefined ? '--target' : '--try',
      mend: 'give both to send each action once, or neither to read the file only',
    })
  }
  const { loadOntology, remarksOf } = await import('../../../outrider.ts')
  const shown = args[0] ?? ''
  const ontology = await loadOntology(shown)
  const remarks = remarksOf(ontology)
  const attempts = target === undefined ? [] : await tryAll(input, ontology, target)
  const tried = attempts.filter((attempt) => attempt.kind === 'sent')
  const failed = tried.filter((attempt) => attempt.outcome !== 'ok').length
  if (flags.has('--json')) {
    const document = { actions: [...ontology.actions.keys()], remarks, attempts }
    terminal.out(`${JSON.stringify(document)}\n`)
  } else {
    const style = terminal.outStyle
    for (const { action, message, mend } of remarks) {
      terminal.out(`${paint('yellow', '!', style)} ${plainText(`${action}: ${message}`, style)}\n`)
      terminal.out(`  ${plainText(mend, style)}\n`)
    }
    const counts = [count(ontology.actions.size, 'action'), count(remarks.length, 'remark')]
    if (failed > 0) counts.push(`${failed} of ${tried.length} tried did not answer as expected`)
    const sign = paint(
      failed > 0 ? 'red' : 'green',
      plainText(failed > 0 ? '✖' : '✔', style),
      style,
    )
    terminal.out(`${sign} ${plainText(`${shown}: ${counts.join(', ')}`, style)}\n`)
  }
  return failed > 0 ? EXIT.invalid : EXIT.healthy
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function tryAll(input: VerbInput, ontology: Ontology, url: string): Promise<Attempt[]> {
  const { environment, terminal, flags, cwd } = input
  const reach = readReachFlags(flags, cwd)
  return withOutrider(input, async ({ profiles, config }) => {
    const { tryActions } = await import('../../../outrider.ts')
    const attempts: Attempt[] = []
    await tryActions({
      ontology,
      url,
      ...(reach === undefined ? {} : { reach }),
      environment,
      findUser: (action) => profiles.draw({ action }, 1, config.probe.seed)[0],
      onAttempt: (attempt) => {
        attempts.push(attempt)
        if (!flags.has('--json')) terminal.out(renderAttempt(attempt, terminal.outStyle))
      },
    })
    return attempts
  })
}

const SHOWN_HEADER = 100
const SHOWN_BODY = 300

function renderAttempt(attempt: Attempt, style: TextStyle): string {
  const text = (value: string): string => plainText(value, style)
  const name = paint('bold', text(attempt.action), style)
  if (attempt.kind === 'skipped') return `${name}  not sent: ${text(attempt.why)}\n\n`
  const ok = attempt.outcome === 'ok'
  const sign = paint(ok ? 'green' : 'red', text(ok ? '✔ ok' : `✖ ${attempt.outcome}`), style)
  const reason = attempt.reason === undefined ? '' : `: ${text(attempt.reason)}`
  const status = attempt.status === undefined ? 'no answer' : String(attempt.status)
  const facts = `${status}, ${attempt.bytes} bytes, ${formatMs(attempt.serviceMs)}`
  const leads =
    attempt.leadsTo === undefined
      ? ''
      : `, leads to ${clip(attempt.leadsTo, SHOWN_BODY)}, not followed`
  const captured = attempt.captured.length === 0 ? '' : `, captured ${attempt.captured.join(', ')}`
  const lines = [
    `${name}  ${sign}${reason}`,
    ...attempt.requests.flatMap((request) => renderRequest(request, style)),
    `  < ${text(facts + leads + captured)}`,
    ...(attempt.body === '' ? [] : [`  < ${clip(text(attempt.body), SHOWN_BODY)}`]),
    '',
  ]
  return `${lines.join('\n')}\n`.replaceAll(NARROW_SPACE, ' ')
}

function renderRequest(request: ShownRequest, style: TextStyle): string[] {
  const text = (value: string): string => plainText(value, style)
  return [
    `  > ${text(`${request.method} ${request.path}`)}`,
    ...request.headers.map(
      ([name, value]) => `  > ${clip(text(`${name}: ${value}`), SHOWN_HEADER)}`,
    ),
    ...(request.body === undefined ? [] : [`  > ${clip(text(request.body), SHOWN_BODY)}`]),
  ]
}
