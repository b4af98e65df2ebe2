/** `outrider probe`: twins against baseline and canary, a report, and an exit code. */

import { resolve } from 'node:path'
import { OutriderError, UsageError } from '../../core/errors.ts'
import type { ProbeRequest, TargetChoice } from '../../outrider.ts'
import { EXIT, exitOfInterrupted, exitOfVerdict } from '../exit.ts'
import { renderFailure } from '../failure.ts'
import type { Flags } from '../flags.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt, type Interrupt } from '../interrupt.ts'
import { createProgress, type FollowedProbe } from '../progress/progress.ts'
import { findServer, type ServerAddress } from '../remote/address.ts'
import { readProbeBody } from '../remote/probe-body.ts'
import { startProbeAt } from '../remote/probe.ts'
import { oneAtMost, readInputs, readOverrides } from '../run-flags.ts'
import { withOutrider } from '../settings.ts'
import { printReport } from '../verdict-output.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider probe --baseline URL --canary URL [options]
       outrider probe --target NAME [options]

Replays synthetic users as twins against both and says, per action, whether
the canary is worse. Sends only GET, HEAD and OPTIONS unless told otherwise.

Where to
  --baseline URL         what is trusted; with --canary URL, what is tried
  --control URL          a second copy of the baseline
  --target NAME          instead of addresses: a target of outrider.yaml
  --server URL           outrider serve there probes a target of its own
What to send
  --actions F            the ontology (default: actions.yaml, if it is there)
  --paths /,/a?q=1       instead of an ontology: these paths
  --profiles F.ndjson    or --criteria JSON, or --population shop|api|content
  --allow-mutations      also send actions that change data
How much
  --duration auto|60s    auto: until an alarm or the proof       (auto)
  --min-duration 60s     of load, before the proof may end it    (60s)
  --max-duration 10m     at most                                 (10m)
  --warmup auto|15s      its samples are left out                (auto)
  --rate N               pairs per second; also --max-rps, --concurrency (50)
  --arrivals K           poisson, constant, recorded or closed   (poisson)
  --phases quiet,load    quiet names the cause, load finds the rest
  --timeout 10s          of one request
  --i-own-this           raises the caps that keep others safe
What counts as worse
  --margin latency_typical=10%,errors=0.1pp
  --healthy-margin latency_typical=10%,latency_tail_share=5pp,errors=2pp
  --require a,b          these must be proven for healthy
  --alpha A              chance of blaming a healthy canary      (0.05)
  --on-inconclusive fail|pass                                    (fail)
What comes out
  --samples F            every sample as NDJSON, for outrider analyze
${COMMON_HELP}
Exit  0 healthy  1 regressed  2 wrong use  3 inconclusive  4 invalid  130 Ctrl-C
Example  outrider probe --baseline http://a:80 --canary http://b:80 --paths /
`

export const probe: Verb = {
  name: 'probe',
  summary: 'is the canary worse? one run with a verdict',
  args: [],
  flags: [
    '--baseline <U>',
    '--canary <U>',
    '--control <U>',
    '--target <NAME>',
    '--server <URL>',
    '--actions <F>',
    '--paths <P>',
    '--profiles <F>',
    '--criteria <JSON>',
    '--population <NAME>',
    '--duration <D>',
    '--min-duration <D>',
    '--max-duration <D>',
    '--rate <N>',
    '--max-rps <N>',
    '--concurrency <N>',
    '--arrivals <K>',
    '--warmup <S>',
    '--alpha <A>',
    '--margin <M>',
    '--healthy-margin <M>',
    '--require <A>',
    '--phases <P>',
    '--allow-mutations',
    '--samples <F>',
    '--on-inconclusive <K>',
    '--timeout <D>',
    '--i-own-this',
  ],
  notBuilt: ['--focus', '--aa', '--capacity', '--report', '--rule'],
  help,
  run: runProbe,
}

type OnInconclusive = 'fail' | 'pass'

async function runProbe(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  const onInconclusive = flags.oneOf('--on-inconclusive', ['fail', 'pass'] as const) ?? 'fail'
  const server = findServer(input)
  if (server !== undefined) return await runAt(server, input, onInconclusive)
  const request = await readRequest(input)
  const interrupt = listenForInterrupt(terminal, WORDS)
  try {
    return await withOutrider(input, async (outrider) =>
      follow(await outrider.startProbe(request), input, interrupt, onInconclusive),
    )
  } finally {
    interrupt.dispose()
  }
}

const WORDS = 'Ending with what is known'

/** The server sends and judges; here it is only followed. */
async function runAt(
  server: ServerAddress,
  input: VerbInput,
  onInconclusive: OnInconclusive,
): Promise<number> {
  const body = await readProbeBody(input, server)
  const interrupt = listenForInterrupt(input.terminal, WORDS)
  // From the moment it is asked for there may be a probe that would be left running.
  interrupt.onFirst(() => {})
  try {
    const running = await startProbeAt(server, body)
    input.terminal.err(`Probe ${running.id} runs at ${server.url}/probes/${running.id}\n`)
    return await follow(running, input, interrupt, onInconclusive)
  } finally {
    interrupt.dispose()
  }
}

async function follow(
  running: FollowedProbe,
  { flags, terminal }: VerbInput,
  interrupt: Interrupt,
  onInconclusive: OnInconclusive,
): Promise<number> {
  const progress = createProgress(terminal, running)
  const unwatch = running.watch(0, (event) => progress.show(event))
  const stop = (): void => {
    progress.end()
    running.stop()
  }
  interrupt.onFirst(stop)
  if (interrupt.asked()) stop()
  try {
    const report = await running.done
    progress.end()
    printReport(report, terminal, flags.has('--json'))
    if (interrupt.asked()) return exitOfInterrupted(report.verdict)
    return exitOfVerdict(report.verdict, onInconclusive)
  } catch (thrown) {
    progress.end()
    if (!(thrown instanceof OutriderError)) throw thrown
    // It had begun, so this is no wrong use: the run failed, and nothing was judged.
    terminal.err(renderFailure(thrown, terminal.errStyle, false))
    return interrupt.asked() ? EXIT.interrupted : EXIT.invalid
  } finally {
    unwatch()
  }
}

async function readRequest(input: VerbInput): Promise<ProbeRequest> {
  const { flags, cwd } = input
  const target = readTarget(flags)
  const overrides = readOverrides(flags)
  const inputs = await readInputs(input)
  const samples = flags.text('--samples')
  return {
    target,
    ...inputs,
    overrides,
    ...(samples === undefined ? {} : { samplesFile: resolve(cwd, samples) }),
    ...(flags.has('--i-own-this') ? { iOwnThis: true } : {}),
  }
}

function readTarget(flags: Flags): TargetChoice {
  const name = flags.text('--target')
  if (name !== undefined) {
    for (const flag of ['--baseline', '--canary', '--control'] as const) {
      oneAtMost(flags, ['--target', flag])
    }
    return { kind: 'named', name }
  }
  const baseline = flags.url('--baseline')
  const canary = flags.url('--canary')
  const control = flags.url('--control')
  if (baseline === undefined || canary === undefined) {
    const missing = baseline === undefined ? '--baseline' : '--canary'
    throw new UsageError(`Cannot start a probe: ${missing} is missing`, {
      code: 'no-target',
      where: missing,
      mend: 'give --baseline URL and --canary URL, or --target NAME of outrider.yaml',
    })
  }
  return { kind: 'addresses', baseline, canary, ...(control === undefined ? {} : { control }) }
}
