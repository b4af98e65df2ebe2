/** `outrider rollout status`: facts, ladder and history of one rollout. */

import { COMMON_HELP } from '../../help.ts'
import { withDoor } from '../../rollout/door.ts'
import { showStatus } from '../../rollout/read.ts'
import type { Verb } from '../../verb.ts'

const help = `Usage: outrider rollout status ID [options]

Shows a rollout: the weight as intended, read and observed, what would raise,
hold or lower it, and its last ten entries. With --json the whole document.

  --server URL           ask outrider serve there
${COMMON_HELP}
Exit  0 shown  2 there is none
Example  outrider rollout status r1
`

export const rolloutStatus: Verb = {
  name: 'rollout status',
  summary: 'facts, what would move it, and its history',
  args: ['<ID>'],
  flags: ['--server <URL>'],
  notBuilt: [],
  help,
  run: (input) => withDoor(input, (door) => showStatus(door, input, Date.now())),
}
