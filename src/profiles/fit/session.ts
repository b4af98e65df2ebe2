/** A recorded session as a model sees it: what was done, with what, and how long until the next. */

import type { DeviceType, JsonValue } from '../../core/contract/profile.ts'
import type { RecordedStep } from '../derive/anonymise.ts'

export interface FitStep {
  readonly action: string
  readonly data: Readonly<Record<string, JsonValue>>
  /** Seconds until the next step; 0 for the last. */
  readonly thinkSeconds: number
}

export interface FitSession {
  readonly person: string
  readonly geo: string
  readonly device: DeviceType
  readonly steps: readonly FitStep[]
}

/** The sessions without steps that `isKnown` does not know; those without any step are gone. */
export function toFitSessions(
  sessions: readonly (readonly RecordedStep[])[],
  isKnown: (action: string) => boolean,
): FitSession[] {
  return sessions.flatMap((recorded) => {
    const known = recorded.filter(({ action }) => isKnown(action))
    const [first] = known
    if (first === undefined) return []
    const steps = known.map(({ action, data, timeMs }, index) => {
      const nextMs = known[index + 1]?.timeMs ?? timeMs
      return { action, data, thinkSeconds: Math.max(0, nextMs - timeMs) / 1000 }
    })
    return [{ person: first.person, geo: first.geo, device: first.device, steps }]
  })
}

/** Counts what happened and how many different people did it. */
export interface People {
  count: number
  readonly persons: Set<string>
}

/** The count of `key`, by one more and by this person; the people are only counted up to `most`. */
export function countPerson<Key>(
  counts: Map<Key, People>,
  key: Key,
  person: string,
  most: number,
): void {
  const known = counts.get(key)
  if (known === undefined) counts.set(key, { count: 1, persons: new Set([person]) })
  else {
    known.count += 1
    if (known.persons.size < most) known.persons.add(person)
  }
}
