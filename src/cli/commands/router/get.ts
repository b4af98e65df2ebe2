/** `outrider router get`: the weight as the running router says it, and what it counted. */

import { plainText } from '../../../report/text.ts'
import { EXIT } from '../../exit.ts'
import { COMMON_HELP } from '../../help.ts'
import { countsText, readingDocument, stateOf, stateText, withRouter } from '../../router-verb.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider router get NAME

Reads the canary's weight from the running router, and its counts per arm.
An embedded router can only be read by the process it lives in.

${COMMON_HELP}
Exit  0 read  2 not read
Example  outrider router get edge
`

export const routerGet: Verb = {
  name: 'router get',
  summary: 'the weight as the running router says it',
  args: ['<NAME>'],
  flags: [],
  notBuilt: [],
  help,
  run: runGet,
}

function runGet(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  return withRouter(input, 'router get', async (router) => {
    const state = stateOf(await router.read())
    const counts = await router.counts()
    if (flags.has('--json')) {
      const { baseline, canary } = counts
      const { name, kind } = router
      const document = { router: name, kind, reading: readingDocument(state) }
      terminal.out(`${JSON.stringify({ ...document, counts: { baseline, canary } })}\n`)
      return EXIT.healthy
    }
    const lines = [`${router.name}: canary ${stateText(state)}`, `  ${countsText(counts)}`]
    terminal.out(`${lines.map((line) => plainText(line, terminal.outStyle)).join('\n')}\n`)
    return EXIT.healthy
  })
}
