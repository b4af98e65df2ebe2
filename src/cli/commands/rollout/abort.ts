/** `outrider rollout abort`: back to 0 %. */

import { createWordVerb } from '../../rollout/word-verb.ts'
import type { Verb } from '../../verb.ts'

export const rolloutAbort: Verb = createWordVerb({
  act: 'abort',
  summary: 'take the canary back to 0 %',
  about: `Takes the canary's weight back to 0 % at once, whatever else goes on. A
rollout that nobody controls is taken up here until 0 % is read back.`,
  exits: `0 asked for and answered, or aborted  2 refused  4 failed`,
  example: 'wrong image tag',
})
