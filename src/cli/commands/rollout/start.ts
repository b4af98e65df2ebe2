/** `outrider rollout start`: a canary's way to all users, decided by evidence. */

import { COMMON_HELP } from '../../help.ts'
import { withDoor } from '../../rollout/door.ts'
import { startRollout } from '../../rollout/start.ts'
import { withTools } from '../../rollout/tools.ts'
import type { Verb } from '../../verb.ts'

const help = `Usage: outrider rollout start NAME --target T --router R [options]

Probes the canary, raises its weight on the real router step by step while
synthetic users go on comparing it with the baseline, and takes it back when
it is worse. It runs in this process, or at a server.

  NAME                   what is rolled out, such as "shop 1.4.2"
  --target T             a target of outrider.yaml
  --router R             a router of outrider.yaml; it must read 0%
  --policy F             a file in the words of policy: of outrider.yaml; its
                         keys go over the configured ones
  --version V            the version, for the record
  --server URL           outrider serve there controls it, and goes on alone;
                         its token is read from OUTRIDER_TOKEN
  --wait                 with --server: follow it to its end
  --timeout 2h           pause it after so long; the weight is held
${COMMON_HELP}
Ctrl-C pauses a rollout that runs here: the weight is held, and the commands
to resume or abort it are printed. One at a server goes on.

Exit  0 promoted, or at the last weight and waiting for finalize
      1 rolled back  2 wrong use  3 the gate could not prove it  4 failed
      5 aborted or paused  130 Ctrl-C with --server --wait
Example  outrider rollout start "shop 1.4.2" --target shop --router edge
`

export const rolloutStart: Verb = {
  name: 'rollout start',
  summary: 'probe, ramp and promote a canary, or take it back',
  args: ['<NAME>'],
  flags: [
    '--target <T>',
    '--router <R>',
    '--policy <F>',
    '--version <V>',
    '--server <URL>',
    '--wait',
    '--timeout <D>',
  ],
  notBuilt: [],
  help,
  run: (given) =>
    withTools(given, (input, tools) => withDoor(input, (door) => startRollout(door, input, tools))),
}
