/** The verbs that bring a person's word differ in what they say only. */

import type { RolloutAct } from '../../core/contract/rollout.ts'
import { COMMON_HELP } from '../help.ts'
import type { Verb } from '../verb.ts'
import { withDoor } from './door.ts'
import { withTools } from './tools.ts'
import { bringRolloutWord } from './word.ts'

export interface WordVerb {
  readonly act: RolloutAct
  readonly summary: string
  /** What it does, below the usage, at most 80 columns wide. */
  readonly about: string
  readonly exits: string
  /** A reason as somebody would give it. */
  readonly example: string
}

export function createWordVerb({ act, summary, about, exits, example }: WordVerb): Verb {
  return {
    name: `rollout ${act}`,
    summary,
    args: ['<ID>'],
    flags: ['--reason <T>', '--server <URL>'],
    notBuilt: [],
    help: `Usage: outrider rollout ${act} ID [options]

${about}

  --reason T             why, for the journal
  --server URL           ask outrider serve there
${COMMON_HELP}
Exit  ${exits}
Example  outrider rollout ${act} r1 --reason "${example}"
`,
    run: (given) =>
      withTools(given, (input, tools) =>
        withDoor(input, (door) => bringRolloutWord(door, act, input, tools)),
      ),
  }
}
