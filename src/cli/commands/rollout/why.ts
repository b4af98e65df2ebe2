/** `outrider rollout why`: the last decision in one sentence, and what follows from it. */

import { COMMON_HELP } from '../../help.ts'
import { withDoor } from '../../rollout/door.ts'
import { showWhy } from '../../rollout/read.ts'
import type { Verb } from '../../verb.ts'

const help = `Usage: outrider rollout why ID [options]

Says in at most three lines how a rollout stands, why, and what follows.

  --server URL           ask outrider serve there
${COMMON_HELP}
Exit  0 said  2 there is none
Example  outrider rollout why r1
`

export const rolloutWhy: Verb = {
  name: 'rollout why',
  summary: 'the last decision in one sentence',
  args: ['<ID>'],
  flags: ['--server <URL>'],
  notBuilt: [],
  help,
  run: (input) => withDoor(input, (door) => showWhy(door, input, Date.now())),
}
