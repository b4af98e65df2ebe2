/** `outrider rollout pause`: no raise until it is resumed. */

import { createWordVerb } from '../../rollout/word-verb.ts'
import type { Verb } from '../../verb.ts'

export const rolloutPause: Verb = createWordVerb({
  act: 'pause',
  summary: 'hold the weight until it is resumed',
  about: `Holds the weight. A rollout that is worse is still taken back while somebody
controls it; nobody does after a pause of one that nobody controlled.`,
  exits: `0 paused  2 refused  4 no answer`,
  example: 'deploy freeze',
})
