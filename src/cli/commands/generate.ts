/** `outrider generate`: traffic of synthetic users against one address, without a verdict. */

import { resolve } from 'node:path'
import { OutriderError, UsageError } from '../../core/errors.ts'
import type { GenerationRequest } from '../../outrider.ts'
import { EXIT } from '../exit.ts'
import { renderFailure } from '../failure.ts'
import { renderGeneration } from '../generation-table.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt, type Interrupt } from '../interrupt.ts'
import { findServer, type ServerAddress } from '../remote/address.ts'
import { readGenerationBody } from '../remote/generation-body.ts'
import { startGenerationAt, type FollowedGeneration } from '../remote/generation.ts'
import { REACH_FLAGS, REACH_HELP, readReachFlags } from '../plan/reach-flags.ts'
import { readInputs, readLoad, type LoadFlags } from '../run-flags.ts'
import { withOutrider } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider generate --target-url URL [options]

Plays synthetic users against one address for a while and sums up what came
back. It judges nothing: to compare two versions, use outrider probe.

Where to
  --target-url URL       the address
  --server URL           outrider serve there sends, to a target of its own
${REACH_HELP}What to send
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
  --arrivals K           poisson, constant, recorded, partly-open or closed
  --time-scale auto|N    of the recorded gaps                    (auto: 1)
  --ramp 30s             rate or users grow from 0
  --workers auto|N       threads that send                       (auto)
  --timeout 10s          of one request
  --i-own-this           raises the caps that keep others safe
What comes out
  --samples F            every sample as NDJSON
${COMMON_HELP}
It stops by itself when half of the requests of 5 s fail.
Exit  0 delivered  2 wrong use  4 not delivered  130 Ctrl-C
Example  outrider generate --target-url http://127.0.0.1:8080 --paths /
`

export const generate: Verb = {
  name: 'generate',
  summary: 'traffic of synthetic users against one address',
  args: [],
  flags: [
    '--target-url <U>',
    '--server <URL>',
    ...REACH_FLAGS,
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
    '--time-scale <N>',
    '--ramp <D>',
    '--workers <N>',
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

const WORDS = 'Ending with what was sent'

async function runGenerate(input: VerbInput): Promise<number> {
  const { terminal } = input
  const url = readUrl(input)
  const load = readLoadOf(input)
  const server = findServer(input)
  if (server !== undefined) return await runAt(server, input, url, load)
  const request = await readRequest(input, url, load)
  const interrupt = listenForInterrupt(terminal, WORDS)
  try {
    return await withOutrider(input, async (outrider) => {
      const running = await outrider.startGeneration(request)
      return await follow(running, input, interrupt, load.durationSeconds)
    })
  } finally {
    interrupt.dispose()
  }
}

/** The server sends; here it is only followed. */
async function runAt(
  server: ServerAddress,
  input: VerbInput,
  url: string,
  load: Load,
): Promise<number> {
  const body = await readGenerationBody(input, server, url, load)
  const interrupt = listenForInterrupt(input.terminal, WORDS)
  // From the moment it is asked for there may be one that would be left running.
  interrupt.onFirst(() => {})
  try {
    const running = await startGenerationAt(server, body)
    const address = `${server.url}/generations/${running.id}`
    input.terminal.err(`Generation ${running.id} runs at ${address}\n`)
    return await follow(running, input, interrupt, load.durationSeconds)
  } finally {
    interrupt.dispose()
  }
}

async function follow(
  running: FollowedGeneration,
  { flags, terminal }: VerbInput,
  interrupt: Interrupt,
  seconds: number,
): Promise<number> {
  interrupt.onFirst(() => running.stop())
  if (interrupt.asked()) running.stop()
  const ticker = tellProgress(running, seconds, terminal)
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
}

function readUrl({ flags }: VerbInput): string {
  const url = flags.address('--target-url')
  if (url !== undefined) return url
  throw new UsageError('Cannot generate traffic: --target-url is missing', {
    code: 'no-target',
    where: '--target-url',
    mend: 'give the address: --target-url http://127.0.0.1:8080',
  })
}

type Load = ReturnType<typeof readLoadOf>

function readLoadOf({
  flags,
}: VerbInput): LoadFlags & Pick<GenerationRequest, 'durationSeconds' | 'concurrency'> {
  return {
    durationSeconds: flags.seconds('--duration') ?? DEFAULT_SECONDS,
    concurrency: DEFAULT_CONCURRENCY,
    ...readLoad(flags),
  }
}

async function readRequest(input: VerbInput, url: string, load: Load): Promise<GenerationRequest> {
  const { flags, cwd } = input
  const samples = flags.text('--samples')
  const reach = readReachFlags(flags, cwd)
  return {
    ...load,
    target: { kind: 'address', url },
    ...(reach === undefined ? {} : { reach }),
    ...(await readInputs(input)),
    ...(samples === undefined ? {} : { samplesFile: resolve(cwd, samples) }),
    ...(flags.has('--i-own-this') ? { iOwnThis: true } : {}),
  }
}

const TTY_EVERY_MS = 1000
const LINE_EVERY_MS = 10_000

function tellProgress(
  running: FollowedGeneration,
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
