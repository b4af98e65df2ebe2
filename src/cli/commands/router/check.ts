/** `outrider router check`: what stands in the way of moving a weight; nothing is moved. */

import type { Finding } from '../../../outrider.ts'
import { paint, plainText, type TextStyle } from '../../../report/text.ts'
import { EXIT } from '../../exit.ts'
import { COMMON_HELP } from '../../help.ts'
import { withRouter } from '../../router-verb.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider router check NAME

Looks at a router of outrider.yaml and says what stands in the way of moving a
weight: is it there, may we, does it use what is configured? Moves nothing.

${COMMON_HELP}
Exit  0 nothing stands in the way  2 something does
Example  outrider router check edge
`

export const routerCheck: Verb = {
  name: 'router check',
  summary: 'what stands in the way of moving a weight',
  args: ['<NAME>'],
  flags: [],
  notBuilt: [],
  help,
  run: runCheck,
}

function runCheck(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  return withRouter(input, 'router check', async (router) => {
    const findings = await router.preflight()
    if (flags.has('--json')) {
      const { name, kind, capabilities } = router
      terminal.out(`${JSON.stringify({ router: name, kind, capabilities, findings })}\n`)
    } else {
      for (const finding of findings) terminal.out(renderFinding(finding, terminal.outStyle))
    }
    const isFit = findings.every(({ level }) => level !== 'error')
    return isFit ? EXIT.healthy : EXIT.wrongUse
  })
}

const SIGNS = { ok: '✔', warning: '!', error: '✖' } as const
const COLOURS = { ok: 'green', warning: 'yellow', error: 'red' } as const

function renderFinding({ level, message, mend }: Finding, style: TextStyle): string {
  const sign = paint(COLOURS[level], plainText(SIGNS[level], style), style)
  const then = mend === undefined ? '' : `  ${plainText(mend, style)}\n`
  return `${sign} ${plainText(message, style)}\n${then}`
}
