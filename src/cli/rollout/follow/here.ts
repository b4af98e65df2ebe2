/** A rollout that this process controls, as it is followed. */

import type { RolloutDocument } from '../../../core/contract/rollout.ts'
import { UsageError } from '../../../core/errors.ts'
import type { Rollouts } from '../../../outrider.ts'
import type { FollowedRollout } from './following.ts'
import { lastSeq } from '../words.ts'

/** @param document as this process took it up */
export function followedHere(
  rollouts: Rollouts,
  document: RolloutDocument,
  by: string,
): FollowedRollout {
  const { id } = document
  return {
    document,
    watch: (listener) => rollouts.watch(id, lastSeq(document), listener),
    settled: rollouts.settled(id),
    find: () => rollouts.find(id),
    leave: () => rollouts.release(id),
    async pause(reason) {
      if (readHere(rollouts, id).state === 'rolling_back') return undefined
      const last = await rollouts.release(id, { act: 'pause', by, reason })
      if (last.state !== 'rolling_back') return last
      // It began to fall at this very moment, and nobody may stand in the way of that.
      await rollouts.resume(id)
      return await rollouts.settled(id)
    },
  }
}

/** @throws UsageError with code `unknown-rollout` */
export function readHere(rollouts: Rollouts, id: string): RolloutDocument {
  const document = rollouts.find(id)
  if (document !== undefined) return document
  throw new UsageError(`Cannot find rollout: there is no "${id}" in this database`, {
    code: 'unknown-rollout',
    where: 'ID',
    mend: 'outrider rollout list shows those that are kept',
  })
}
