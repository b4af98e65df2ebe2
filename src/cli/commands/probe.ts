/** `outrider probe`: twins against baseline and canary, a report, and an exit code. */

import { OutriderError } from '../../core/errors.ts'
import type { ProbeRequest } from '../../outrider.ts'
import { EXIT, exitOfInterrupted, exitOfVerdict } from '../exit.ts'
import { renderFailure } from '../failure.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt, type Interrupt } from '../interrupt.ts'
import { capacityLine } from '../plan/capacity-line.ts'
import { missingFacts } from '../plan/missing.ts'
import {
  NOT_BUILT_PROBE_FLAGS,
  PROBE_FLAGS,
  PROBE_HELP,
  readProbeRequest,
} from '../plan/probe-flags.ts'
import { selfTestLine } from '../plan/self-test-line.ts'
import { createProgress, type FollowedProbe } from '../progress/progress.ts'
import { findServer, type ServerAddress } from '../remote/address.ts'
import { readProbeBody } from '../remote/probe-body.ts'
import { startProbeAt } from '../remote/probe.ts'
import { withOutrider } from '../settings.ts'
import { printLine } from '../terminal.ts'
import { printReport } from '../verdict-output.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider probe --baseline URL --canary URL [options]
       outrider probe --target NAME [options]

Replays synthetic users as twins against both and says, per action, whether
the canary is worse. Sends only GET, HEAD and OPTIONS unless told otherwise.

Where to
  --server URL           outrider serve there probes a target of its own
${PROBE_HELP}${COMMON_HELP}
Exit  0 healthy  1 regressed  2 wrong use  3 inconclusive  4 invalid  130 Ctrl-C
Example  outrider probe --baseline http://a:80 --canary http://b:80 --paths /
`

export const probe: Verb = {
  name: 'probe',
  summary: 'is the canary worse? one run with a verdict',
  args: [],
  flags: [...PROBE_FLAGS, '--server <URL>'],
  notBuilt: NOT_BUILT_PROBE_FLAGS,
  help,
  run: runProbe,
}

type OnInconclusive = 'fail' | 'pass'

async function runProbe(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  const onInconclusive = flags.oneOf('--on-inconclusive', ['fail', 'pass'] as const) ?? 'fail'
  const server = findServer(input)
  if (server !== undefined) return await runAt(server, input, onInconclusive)
  const request = await readProbeRequest(input)
  const announcer = createAnnouncer()
  const asked = announced(request, announcer)
  const interrupt = listenForInterrupt(terminal, WORDS)
  try {
    return await withOutrider(input, async (outrider) => {
      const running = await outrider.startProbe(asked)
      return await follow(running, input, interrupt, onInconclusive, announcer)
    })
  } finally {
    interrupt.dispose()
  }
}

const WORDS = 'Ending with what is known'

/** What happens after the run is told once there is a place to tell it. */
interface Announcer {
  say(line: string): void
  onSaid(tell: (line: string) => void): void
}

function createAnnouncer(): Announcer {
  let listener: ((line: string) => void) | undefined
  return {
    say: (line) => listener?.(line),
    onSaid(tell) {
      listener = tell
    },
  }
}

/** The same request, which tells what it does after the run. */
function announced(
  { selfTest, capacity, ...request }: ProbeRequest,
  announcer: Announcer,
): ProbeRequest {
  return {
    ...request,
    ...(selfTest === undefined
      ? {}
      : {
          selfTest: {
            ...selfTest,
            starting: (...planting) => announcer.say(selfTestLine(...planting)),
          },
        }),
    ...(capacity === undefined
      ? {}
      : { capacity: { ...capacity, progress: (level) => announcer.say(capacityLine(level)) } }),
  }
}

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
  announcer?: Announcer,
): Promise<number> {
  const progress = createProgress(terminal, running)
  announcer?.onSaid((line) => {
    progress.end()
    printLine(terminal, line)
  })
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
    printReport(report, terminal, flags.has('--json'), missingFacts(report, flags))
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
