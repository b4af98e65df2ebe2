/** `outrider rollout resume`: goes on, here if nobody controls it. */

import { createWordVerb } from '../../rollout/word-verb.ts'
import type { Verb } from '../../verb.ts'

export const rolloutResume: Verb = createWordVerb({
  act: 'resume',
  summary: 'go on after a pause, a crash or Ctrl-C',
  about: `Goes on after a pause. A rollout that nobody controls, after a crash or
Ctrl-C, is taken up by this process and followed like one that was started
here; the canary never gets more weight than was certain before.`,
  exits: `0 done, promoted  1 rolled back  2 refused  4 failed  5 aborted or paused`,
  example: 'the freeze is over',
})
