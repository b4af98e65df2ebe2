/** `outrider plan`: what a probe with these flags would prove and find; sends nothing. */

import { EXIT } from '../exit.ts'
import { COMMON_HELP } from '../help.ts'
import {
  NOT_BUILT_PROBE_FLAGS,
  PROBE_FLAGS,
  PROBE_HELP,
  readProbeRequest,
} from '../plan/probe-flags.ts'
import { renderPlan } from '../plan/table.ts'
import { withOutrider } from '../settings.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider plan --baseline URL --canary URL [options]
       outrider plan --target NAME [options]

Takes the flags of outrider probe, sends nothing, and says for each action what
must be proven, how long that takes, which regressions would be found how soon,
and what would help where the run is too short. Flags about what comes out
change nothing here.

Where to
${PROBE_HELP}${COMMON_HELP}
Exit  0 planned  2 wrong use
Example  outrider plan --target shop --population shop --rate 20
`

export const plan: Verb = {
  name: 'plan',
  summary: 'what a probe would prove and find, and how long it would take',
  args: [],
  flags: PROBE_FLAGS,
  notBuilt: NOT_BUILT_PROBE_FLAGS,
  help,
  run: runPlan,
}

async function runPlan(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  flags.oneOf('--on-inconclusive', ['fail', 'pass'] as const)
  const request = await readProbeRequest(input)
  const planned = await withOutrider(input, (outrider) => outrider.planProbe(request))
  const { forecast, skipped } = planned
  if (flags.has('--json')) {
    terminal.out(`${JSON.stringify({ ...forecast, skipped })}\n`)
  } else {
    terminal.out(renderPlan(planned, terminal.outStyle))
  }
  return EXIT.healthy
}
