/** The flags of a probe, which a plan takes as well, and the request that they make. */

import { resolve } from 'node:path'
import { UsageError } from '../../core/errors.ts'
import type { ProbeRequest, TargetChoice } from '../../outrider.ts'
import type { Flags } from '../flags.ts'
import { oneAtMost, readInputs, readOverrides, readSelfTest } from '../run-flags.ts'
import type { VerbInput } from '../verb.ts'
import { REACH_FLAGS, REACH_HELP, readReachFlags } from './reach-flags.ts'

/** As both helps list them, after "Where to". */
export const PROBE_HELP = `  --baseline URL         what is trusted; with --canary URL, what is tried
  --control URL          a second copy of the baseline
  --target NAME          instead of addresses: a target of outrider.yaml
${REACH_HELP}What to send
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
  --arrivals K           poisson, constant, recorded, partly-open or closed
  --time-scale auto|N    of the recorded gaps                    (auto: 1)
  --ramp 30s             the rate grows from 0, within the warm-up
  --workers auto|N       threads that send                       (auto)
  --phases quiet,load    quiet names the cause, load finds the rest
  --focus on|off         more of what is still undecided         (on)
  --timeout 10s          of one request
  --i-own-this           raises the caps that keep others safe
What counts as worse
  --margin latency_typical=10%,errors=0.1pp,responses=0.1pp
  --healthy-margin latency_typical=10%,latency_tail_share=5pp,errors=2pp
  --require a,b          these must be proven for healthy
  --alpha A              chance of blaming a healthy canary      (0.05)
  --on-inconclusive fail|pass                                    (fail)
How far it can be trusted
  --aa                   baseline against itself: the smallest honest margin
  --self-test latency_typical=20%,errors=2pp
                         would this run have seen it, and when?
What it can take
  --capacity             after the run: the highest rate each arm sustains
  --capacity-duration 2m that takes at most                      (2m)
What comes out
  --samples F            every sample as NDJSON, for outrider analyze
`

/** A plan takes them all, so that the line of a probe can be planned as it is. */
export const PROBE_FLAGS: readonly string[] = [
  '--baseline <U>',
  '--canary <U>',
  '--control <U>',
  '--target <NAME>',
  ...REACH_FLAGS,
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
  '--time-scale <N>',
  '--ramp <D>',
  '--workers <N>',
  '--warmup <S>',
  '--alpha <A>',
  '--margin <M>',
  '--healthy-margin <M>',
  '--require <A>',
  '--phases <P>',
  '--focus <K>',
  '--allow-mutations',
  '--samples <F>',
  '--on-inconclusive <K>',
  '--timeout <D>',
  '--i-own-this',
  '--aa',
  '--self-test <M>',
  '--capacity',
  '--capacity-duration <D>',
]

export const NOT_BUILT_PROBE_FLAGS: readonly string[] = ['--report', '--rule']

/**
 * What the flags ask for; what is left out is the configuration's to say.
 * @throws UsageError for flags that contradict each other and for files that are wrong
 */
export async function readProbeRequest(input: VerbInput): Promise<ProbeRequest> {
  const { flags, cwd } = input
  const target = readTarget(flags)
  const overrides = readOverrides(flags)
  const sizes = readSelfTest(flags)
  const capacity = readCapacity(flags)
  const inputs = await readInputs(input)
  const samples = flags.text('--samples')
  const reach = readReachFlags(flags, cwd)
  return {
    target,
    ...(reach === undefined ? {} : { reach }),
    ...inputs,
    overrides,
    ...(samples === undefined ? {} : { samplesFile: resolve(cwd, samples) }),
    ...(flags.has('--i-own-this') ? { iOwnThis: true } : {}),
    ...(flags.has('--aa') ? { aa: true } : {}),
    ...(sizes === undefined ? {} : { selfTest: { sizes } }),
    ...(capacity === undefined ? {} : { capacity }),
  }
}

/** Shorter finds nothing, longer is another kind of test. */
const CAPACITY_SECONDS = { min: 10, max: 600 }

function readCapacity(flags: Flags): ProbeRequest['capacity'] {
  const seconds = flags.seconds('--capacity-duration')
  if (seconds === undefined) return flags.has('--capacity') ? {} : undefined
  const { min, max } = CAPACITY_SECONDS
  const fault = !flags.has('--capacity')
    ? { what: 'there is no --capacity', mend: 'add --capacity, or leave it out' }
    : seconds < min || seconds > max
      ? { what: `${seconds} s is not within ${min} s and ${max} s`, mend: 'write 10s to 10m' }
      : undefined
  if (fault === undefined) return { seconds }
  throw new UsageError(`Cannot read --capacity-duration: ${fault.what}`, {
    code: 'bad-flag',
    where: '--capacity-duration',
    mend: fault.mend,
  })
}

function readTarget(flags: Flags): TargetChoice {
  const isAa = flags.has('--aa')
  if (isAa) {
    for (const flag of ['--canary', '--control'] as const) oneAtMost(flags, ['--aa', flag])
  }
  const name = flags.text('--target')
  if (name !== undefined) {
    for (const flag of ['--baseline', '--canary', '--control'] as const) {
      oneAtMost(flags, ['--target', flag])
    }
    return { kind: 'named', name }
  }
  const baseline = flags.address('--baseline')
  const canary = isAa ? baseline : flags.address('--canary')
  const control = flags.address('--control')
  if (baseline === undefined || canary === undefined) {
    const missing = baseline === undefined ? '--baseline' : '--canary'
    const addresses = isAa ? '--baseline URL' : '--baseline URL and --canary URL'
    throw new UsageError(`Cannot start a probe: ${missing} is missing`, {
      code: 'no-target',
      where: missing,
      mend: `give ${addresses}, or --target NAME of outrider.yaml`,
    })
  }
  return { kind: 'addresses', baseline, canary, ...(control === undefined ? {} : { control }) }
}
