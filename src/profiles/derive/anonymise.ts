/**
 * Anonymous by construction: what could name a person never gets this far, or does not get out.
 *
 * - Addresses and agents become pseudonyms at the line they stand on: HMAC-SHA-256 with a key that
 *   is made for one import and thrown away. Without the key nobody can try all addresses.
 * - Query values are dropped altogether; they hold names, mail addresses and tokens.
 * - k-anonymity: a step whose path values fewer than k addresses used is dropped, then every action
 *   that fewer than k addresses still perform; a device of fewer than k addresses becomes `other`.
 *   Addresses count, not clients, so that one person with five browsers is still one.
 * - The time of day is dropped and the gaps are jittered, so that a session cannot be found again
 *   in another log by its rhythm.
 *
 * Limit: a session's sequence of common pages can itself be rare. Whoever needs more publishes
 * users synthesised from a population, not recorded sessions.
 */

import { createHmac, randomBytes } from 'node:crypto'
import type { BehaviorEntry, DeviceType, JsonValue } from '../../core/contract/profile.ts'
import type { Random } from '../../core/random.ts'

/** The same pseudonym for the same text, for as long as the key lives. */
export type Pseudonyms = (text: string) => string

/** @param key for tests; by default random, and gone with the function */
export function createPseudonyms(key: Uint8Array = randomBytes(32)): Pseudonyms {
  return (text) => createHmac('sha256', key).update(text).digest('base64url').slice(0, 22)
}

export interface RecordedStep {
  readonly client: string
  /** Pseudonym of the address alone. */
  readonly address: string
  readonly timeMs: number
  readonly device: DeviceType
  readonly action: string
  readonly data: Record<string, JsonValue>
}

export interface Anonymised {
  readonly sessions: readonly (readonly RecordedStep[])[]
  readonly rareValues: number
  readonly rareActions: number
}

/** Drops what fewer than `k` addresses did; a session that loses all its steps is gone. */
export function dropRare(sessions: readonly (readonly RecordedStep[])[], k: number): Anonymised {
  const all = sessions.flat()
  const values = addressCounts(all, valueKey)
  const common = all.filter((step) => (values.get(valueKey(step)) ?? 0) >= k)
  const actions = addressCounts(common, ({ action }) => action)
  const devices = addressCounts(common, ({ device }) => device)
  const isCommon = (step: RecordedStep): boolean =>
    (values.get(valueKey(step)) ?? 0) >= k && (actions.get(step.action) ?? 0) >= k
  const kept = sessions
    .map((session) =>
      session.filter(isCommon).map((step) => {
        const isRareDevice = (devices.get(step.device) ?? 0) < k
        return isRareDevice ? { ...step, device: 'other' as const } : step
      }),
    )
    .filter((session) => session.length > 0)
  return {
    sessions: kept,
    rareValues: all.length - common.length,
    rareActions: common.length - kept.flat().length,
  }
}

/** Gaps change by up to a fifth either way. */
const JITTER = 0.2

/** The steps as a profile has them: relative, jittered times and nothing but action and data. */
export function withoutTimes(session: readonly RecordedStep[], random: Random): BehaviorEntry[] {
  let previousMs = session[0]?.timeMs ?? 0
  let seconds = 0
  return session.map(({ timeMs, action, data }) => {
    seconds += ((timeMs - previousMs) / 1000) * (1 + JITTER * (2 * random.next() - 1))
    previousMs = timeMs
    return { timestamp: Math.round(seconds * 1000) / 1000, action, data }
  })
}

/** A step without path values says no more than its action. */
function valueKey({ action, data }: RecordedStep): string {
  return JSON.stringify([action, data])
}

function addressCounts(
  steps: readonly RecordedStep[],
  keyOf: (step: RecordedStep) => string,
): Map<string, number> {
  const addresses = new Map<string, Set<string>>()
  for (const step of steps) {
    const key = keyOf(step)
    const own = addresses.get(key)
    if (own === undefined) addresses.set(key, new Set([step.address]))
    else own.add(step.address)
  }
  return new Map([...addresses].map(([key, own]) => [key, own.size]))
}
