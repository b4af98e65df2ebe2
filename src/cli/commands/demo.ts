/** `outrider demo`: three versions of a shop, rolled out while one watches. */

import { toAscii } from '../../report/escape.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt } from '../interrupt.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider demo [options]

Rolls out three versions of a small shop on this machine, before simulated
customers: one is stopped by its gate, one is taken back, one is promoted.
Needs no configuration and sends nothing elsewhere.

  --keep                 leave shop and page running afterwards
  --port N               port of the page                        (7070)
${COMMON_HELP}
Exit  0 all three acts came as told  4 they did not  130 Ctrl-C
Example  outrider demo --keep
`

export const demo: Verb = {
  name: 'demo',
  summary: 'see it work: three rollouts of a small shop',
  args: [],
  flags: ['--keep', '--port <N>'],
  notBuilt: [],
  help,
  run: runDemoVerb,
}

async function runDemoVerb({ flags, terminal }: VerbInput): Promise<number> {
  const port = flags.number('--port', { min: 0, max: 65_535, integer: true })
  const { runDemo } = await import('../../demo/story.ts')
  const interrupt = listenForInterrupt(terminal, 'Ending the demo')
  interrupt.onFirst(() => {})
  try {
    return await runDemo({
      keep: flags.has('--keep'),
      write: (text) => terminal.out(terminal.outStyle.unicode ? text : toAscii(text)),
      isTty: terminal.outIsTty,
      signal: interrupt.signal,
      ...(port === undefined ? {} : { port }),
    })
  } finally {
    interrupt.dispose()
  }
}
