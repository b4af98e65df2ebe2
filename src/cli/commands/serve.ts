/** `outrider serve`: the HTTP API and the page, until it is told to end. */

import { OutriderError } from '../../core/errors.ts'
import type { Outrider } from '../../outrider.ts'
import { EXIT } from '../exit.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { withOutrider } from '../settings.ts'
import { printLine } from '../terminal.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider serve [options]

Serves the HTTP API and the dashboard page. It sends only to the targets that
outrider.yaml names. Embedded routers of outrider.yaml serve their users
meanwhile, and rollouts that nobody controls are taken up. Ctrl-C lets go of
them: their weights stay until the next start.

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
      const log = (line: string): void => printLine(terminal, line)
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
      await takeUpRollouts(outrider, log)
      await ended
      await listening.close()
      return EXIT.healthy
    })
  } finally {
    interrupt.dispose()
  }
}

/** What a crash or a restart left behind goes on here; one that cannot must not end the server. */
async function takeUpRollouts(outrider: Outrider, log: (line: string) => void): Promise<void> {
  try {
    for (const id of await outrider.rollouts.resumeAll()) {
      const document = outrider.rollouts.find(id)
      log(
        document === undefined
          ? `Took up rollout ${id}`
          : `Took up rollout ${id}: ${document.sentence}`,
      )
    }
  } catch (thrown) {
    if (!(thrown instanceof OutriderError)) throw thrown
    log(`Cannot take up rollouts: ${thrown.message}`)
  }
}
