/** `outrider generate`: traffic of synthetic users against one address, without a verdict. */

import { resolve } from 'node:path'
import { OutriderError, UsageError } from '../../core/errors.ts'
import type { GenerationRequest, RunningGeneration } from '../../outrider.ts'
import { EXIT } from '../exit.ts'
import { renderFailure } from '../failure.ts'
import { renderGeneration } from '../generation-table.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { refuseServerVariable } from '../remote/address.ts'
import { readInputs, readLoad } from '../run-flags.ts'
import { withOutrider } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider generate --target-url URL [options]

Plays synthetic users against one address for a while and sums up what came
back. It judges nothing: to compare two versions, use outrider probe.

What to send
  --target-url URL       the address
  --actions F            the ontology (default: actions.yaml, if it is there)
  --paths /,/a?q=1       instead of an ontology: these paths
  --profile-id ID        this one user of the database, or --criteria JSON,
  --profiles F.ndjson    or a file of users, or --population shop|api|content
  --allow-mutations      also send actions that change data
How much
  --duration 60s         for so long                             (60s)
  --concurrency 10       users at once                           (10)
  --rate N               requests per second; without it, back to back
  --max-rps N            never more than this                    (100)
  --arrivals K           poisson, constant, recorded or closed
  --timeout 10s          of one request
  --i-own-this           raises the caps that keep others safe
What comes out
  --samples F            every sample as NDJSON
${COMMON_HELP}
Exit  0 delivered  2 wrong use  4 not delivered  130 Ctrl-C
Example  outrider generate --target-url http://127.0.0.1:8080 --paths /
`

export const generate: Verb = {
  name: 'generate',
  summary: 'traffic of synthetic users against one address',
  args: [],
  flags: [
    '--target-url <U>',
    '--actions <F>',
    '--paths <P>',
    '--profile-id <ID>',
    '--criteria <JSON>',
    '--profiles <F>',
    '--population <NAME>',
    '--duration <D>',
    '--concurrency <N>',
    '--rate <N>',
    '--max-rps <N>',
    '--arrivals <K>',
    '--timeout <D>',
    '--allow-mutations',
    '--samples <F>',
    '--i-own-this',
  ],
  notBuilt: [],
  help,
  run: runGenerate,
}

const DEFAULT_SECONDS = 60
const DEFAULT_CONCURRENCY = 10

async function runGenerate(input: VerbInput): Promise<number> {
  refuseServerVariable(input, 'generate')
  const request = await readRequest(input)
  const { terminal, flags } = input
  const interrupt = listenForInterrupt(terminal, 'Ending with what was sent')
  try {
    return await withOutrider(input, async (outrider) => {
      const running = await outrider.startGeneration(request)
      interrupt.onFirst(() => running.stop())
      const ticker = tellProgress(running, request.durationSeconds, terminal)
      try {
        const summary = await running.done
        terminal.out(
          flags.has('--json')
            ? `${JSON.stringify(summary)}\n`
            : renderGeneration(summary, terminal.outStyle),
        )
        if (interrupt.asked()) return EXIT.interrupted
        return summary.delivered ? EXIT.healthy : EXIT.invalid
      } catch (thrown) {
        if (!(thrown instanceof OutriderError)) throw thrown
        terminal.err(renderFailure(thrown, terminal.errStyle, false))
        return interrupt.asked() ? EXIT.interrupted : EXIT.invalid
      } finally {
        clearInterval(ticker)
      }
    })
  } finally {
    interrupt.dispose()
  }
}

async function readRequest(input: VerbInput): Promise<GenerationRequest> {
  const { flags, cwd } = input
  const url = flags.url('--target-url')
  if (url === undefined) {
    throw new UsageError('Cannot generate traffic: --target-url is missing', {
      code: 'no-target',
      where: '--target-url',
      mend: 'give the address: --target-url http://127.0.0.1:8080',
    })
  }
  const samples = flags.text('--samples')
  return {
    durationSeconds: flags.seconds('--duration') ?? DEFAULT_SECONDS,
    concurrency: DEFAULT_CONCURRENCY,
    ...readLoad(flags),
    target: { kind: 'address', url },
    ...(await readInputs(input)),
    ...(samples === undefined ? {} : { samplesFile: resolve(cwd, samples) }),
    ...(flags.has('--i-own-this') ? { iOwnThis: true } : {}),
  }
}

const TTY_EVERY_MS = 1000
const LINE_EVERY_MS = 10_000

function tellProgress(
  running: RunningGeneration,
  seconds: number,
  terminal: Terminal,
): NodeJS.Timeout {
  const tell = (): void => {
    const { requests, errors, sessions, seconds: past } = running.progress()
    const line = `${Math.round(past)} of ${Math.round(seconds)} s: ${requests} requests, ${errors} failed, ${sessions} sessions`
    terminal.err(terminal.errIsTty ? `\r\u001B[2K${line}\r` : `${line}\n`)
  }
  return setInterval(tell, terminal.errIsTty ? TTY_EVERY_MS : LINE_EVERY_MS)
}
