/** A rollout that a server controls, as it is followed. */

import type { RolloutDocument, RolloutEvent } from '../../../core/contract/rollout.ts'
import { OutriderError } from '../../../core/errors.ts'
import { followRolloutAt } from '../../remote/rollouts.ts'
import { bringWord } from '../bring.ts'
import type { ServerDoor } from '../door.ts'
import type { FollowedRollout } from './following.ts'
import type { Timing } from '../course/timing.ts'
import { ENDS, lastSeq } from '../words.ts'

/** Follows it from this document on, until `stopFollowing`. */
export function followedAt(
  door: ServerDoor,
  document: RolloutDocument,
  timing: Timing,
): FollowedRollout & { stopFollowing(): void } {
  const { id } = document
  const listeners = new Set<(event: RolloutEvent) => void>()
  const leaving = new AbortController()
  // Events come over the network, so the first one comes after the caller began to watch.
  const tell = (event: RolloutEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const from = { id, after: lastSeq(document) }
  const settled = ENDS.has(document.state)
    ? Promise.resolve(document)
    : followRolloutAt(door.client, from, tell, leaving.signal).catch((thrown: unknown) => {
        throw goesOn(thrown, `${door.client.url}/rollouts/${id}`)
      })
  // Whoever leaves before the end must not be ended by it.
  settled.catch(() => {})
  return {
    document,
    settled,
    leave: () => door.read(id),
    stopFollowing: () => leaving.abort(),
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async pause(reason) {
      try {
        return await bringWord(door, id, { act: 'pause', reason }, timing)
      } catch (thrown) {
        if (!(thrown instanceof OutriderError) || thrown.code !== 'act-refused') throw thrown
        const now = await door.read(id)
        return now.state === 'rolling_back' ? undefined : now
      }
    },
  }
}

/** The same error, which also says that the rollout does not need us. */
function goesOn(thrown: unknown, address: string): unknown {
  if (!(thrown instanceof OutriderError)) return thrown
  const { message, code, mend } = thrown
  const there = `the rollout goes on, and can be read at ${address}`
  return new OutriderError(message, {
    code,
    mend: mend === undefined ? there : `${mend}; ${there}`,
    cause: thrown,
  })
}
