/** `outrider serve`: the HTTP API and the page, until it is told to end. */

import { EXIT } from '../exit.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { withOutrider } from '../settings.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider serve [options]

Serves the HTTP API and the dashboard page. It sends only to the targets that
outrider.yaml names, and listens on this machine only. Embedded routers of
outrider.yaml serve their users meanwhile.

  --listen 127.0.0.1:7070    the address; port 0 takes a free one
${COMMON_HELP}
Exit  0 ended by Ctrl-C  2 wrong use
Example  outrider serve --config outrider.yaml
`

export const serve: Verb = {
  name: 'serve',
  summary: 'the HTTP API and the dashboard page',
  args: [],
  flags: ['--listen <ADDRESS>'],
  notBuilt: [],
  help,
  run: runServe,
}

async function runServe(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  const { listen } = await import('../../../server/listen.ts')
  const interrupt = listenForInterrupt(terminal, 'Closing')
  try {
    return await withOutrider(input, async (outrider) => {
      const address = flags.text('--listen') ?? outrider.config.server.listen
      const log = (line: string): void => terminal.err(`${line}\n`)
      for (const router of await outrider.openOwnRouters()) {
        log(`Router ${router.name} serves users on ${router.url()}`)
      }
      const listening = await listen(outrider, { listen: address, log })
      const ended = new Promise<void>((resolve) => interrupt.onFirst(resolve))
      terminal.out(
        flags.has('--json')
          ? `${JSON.stringify({ url: listening.url, port: listening.port })}\n`
          : `Listening on ${listening.url}\n`,
      )
      await ended
      await listening.close()
      return EXIT.healthy
    })
  } finally {
    interrupt.dispose()
  }
}
