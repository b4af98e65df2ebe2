/** `outrider rollout promote`: go on without waiting. */

import { createWordVerb } from '../../rollout/word-verb.ts'
import type { Verb } from '../../verb.ts'

export const rolloutPromote: Verb = createWordVerb({
  act: 'promote',
  summary: 'go on without waiting for the policy',
  about: `Goes on at once: past the gate, past a stage that waits for a person, to the
last weight, or from there to the promotion. It is the one raise that the
policy does not check. A rollout that nobody controls is taken up here and
followed like one that was started here.`,
  exits: `0 done, promoted  1 rolled back  2 refused  4 failed  5 aborted or paused`,
  example: 'checked by hand',
})
