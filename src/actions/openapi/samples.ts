/** Sample users: each walks the safe actions of one part of the service. */

import type { JsonValue, ProfileInput } from '../../core/contract/profile.ts'
import { identifierOf } from '../propose/path/words.ts'
import type { Links } from './links.ts'
import type { Operation } from './operations.ts'

const MAX_PROFILES = 50
const MAX_STEPS = 30
/** Seconds between two steps. */
const GAP = 2

/** What a user has to bring for this action: values of the document, or made-up ones. */
export function dataOf(operation: Operation): Record<string, JsonValue> {
  const path = operation.target.values.map(({ key, sample }) => [key, sample])
  return { ...Object.fromEntries(path), ...operation.data }
}

/** Names in the data that no answer and no word of the document gives a real value for. */
export function lacksOf(operation: Operation, links: Links): string[] {
  const values = operation.target.values.filter(
    (value) => !value.isGiven && links.sourcesOf(operation, value).length === 0,
  )
  return values.map(({ key }) => key)
}

/**
 * Actions that change nothing, in an order in which each comes after what it needs. Left out is
 * what would ask for an identifier that nobody knows: both twins would only get "not found".
 */
export function profilesOf(operations: readonly Operation[], links: Links): ProfileInput[] {
  const groups = Map.groupBy(
    operations.filter((operation) => !operation.mutates),
    groupOf,
  )
  const profiles: ProfileInput[] = []
  for (const [group, members] of groups) {
    const steps = walk(members, links).slice(0, MAX_STEPS)
    if (steps.length === 0) continue
    const captured = new Set<string>()
    profiles.push({
      user_id: `sample-${identifierOf(group, 'root')}-${profiles.length + 1}`,
      device_type: profiles.length % 2 === 0 ? 'desktop' : 'mobile',
      labels: ['sample'],
      source: 'synthetic',
      behavioral_patterns: steps.map((operation, index) => {
        const data = knownDataOf(operation, links, captured)
        for (const name of Object.keys(links.captures(operation))) captured.add(name)
        return { timestamp: index * GAP, action: operation.name, data }
      }),
    })
    if (profiles.length === MAX_PROFILES) break
  }
  return profiles
}

/** The first word of the path that is no version. */
function groupOf({ target }: Operation): string {
  const words = target.path.split('/').filter((part) => part !== '' && !part.includes('{'))
  return words.find((word) => !/^(?:api|rest|v\d[\w.]*)$/i.test(word)) ?? words[0] ?? 'root'
}

function walk(members: readonly Operation[], links: Links): Operation[] {
  const captured = new Set<string>()
  const waiting = [...members]
  const steps: Operation[] = []
  for (;;) {
    const index = waiting.findIndex((operation) => isReady(operation, links, captured))
    const [next] = index === -1 ? [] : waiting.splice(index, 1)
    if (next === undefined) return steps
    steps.push(next)
    for (const name of Object.keys(links.captures(next))) captured.add(name)
  }
}

function isReady(operation: Operation, links: Links, captured: ReadonlySet<string>): boolean {
  return operation.target.values.every(
    (value) =>
      value.isGiven || links.sourcesOf(operation, value).some((name) => captured.has(name)),
  )
}

/** What the service itself listed is there; the document's example need not be. */
function knownDataOf(
  operation: Operation,
  links: Links,
  captured: ReadonlySet<string>,
): Record<string, JsonValue> {
  const known = operation.target.values.filter(
    (value) =>
      value.isGiven && !links.sourcesOf(operation, value).some((name) => captured.has(name)),
  )
  return {
    ...Object.fromEntries(known.map(({ key, sample }) => [key, sample])),
    ...operation.data,
  }
}
