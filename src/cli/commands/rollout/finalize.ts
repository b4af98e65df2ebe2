/** `outrider rollout finalize`: the baseline runs the version. */

import { createWordVerb } from '../../rollout/word-verb.ts'
import type { Verb } from '../../verb.ts'

export const rolloutFinalize: Verb = createWordVerb({
  act: 'finalize',
  summary: 'the baseline runs the version: end it',
  about: `Says that the baseline runs the new version: the weight goes back to 0 %,
and when that is read back the rollout is promoted.`,
  exits: `0 answered, or promoted  2 refused  4 failed`,
  example: 'the baseline runs 1.4.2',
})
