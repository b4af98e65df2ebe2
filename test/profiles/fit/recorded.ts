/** Recorded sessions for tests: those of synthetic users, as an import would have them. */

import { parseOntology } from '../../../src/actions/load.ts'
import type { Ontology } from '../../../src/actions/ontology.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import type { RecordedStep } from '../../../src/profiles/derive/anonymise.ts'

/** @param personOf the person behind the user at this index; by default everybody is one */
export function recordedOf(
  users: readonly Profile[],
  personOf: (index: number) => string = (index) => `p${index}`,
): RecordedStep[][] {
  return users.map((user, index) =>
    user.behavioral_patterns.map(({ timestamp, action, data }) => ({
      client: personOf(index),
      person: personOf(index),
      timeMs: Date.UTC(2026, 0, 1) + Math.round(timestamp * 1000),
      device: user.device_type,
      geo: user.geo_location,
      action,
      data: { ...data },
    })),
  )
}

/** Sessions of nothing but actions, ten seconds apart. */
export function sessionsOf(
  sequences: readonly (readonly string[])[],
  personOf: (index: number) => string = (index) => `p${index}`,
): RecordedStep[][] {
  return sequences.map((actions, index) =>
    actions.map((action, step) => ({
      client: personOf(index),
      person: personOf(index),
      timeMs: step * 10_000,
      device: 'desktop' as const,
      geo: 'ZZ',
      action,
      data: {},
    })),
  )
}

/** An ontology with these actions and nothing else. */
export function ontologyOf(...actions: readonly string[]): Ontology {
  const lines = actions.map((name) => `  '${name}': { request: { path: /${name} } }`)
  return parseOntology(`version: 1\nactions:\n${lines.join('\n')}\n`, 'actions.yaml')
}

/** The same item so many times. */
export function times<Item>(count: number, item: Item): Item[] {
  return Array.from({ length: count }, () => item)
}
