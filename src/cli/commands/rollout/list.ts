/** `outrider rollout list`: running and past rollouts, newest first. */

import { COMMON_HELP } from '../../help.ts'
import { withDoor } from '../../rollout/door.ts'
import { showList } from '../../rollout/read.ts'
import type { Verb } from '../../verb.ts'

const help = `Usage: outrider rollout list [options]

Lists the latest rollouts, newest first, at most 50.

  --server URL           those of outrider serve there
${COMMON_HELP}
Exit  0 listed  2 wrong use
Example  outrider rollout list
`

export const rolloutList: Verb = {
  name: 'rollout list',
  summary: 'running and past rollouts',
  args: [],
  flags: ['--server <URL>'],
  notBuilt: [],
  help,
  run: (input) => withDoor(input, (door) => showList(door, input, Date.now())),
}
