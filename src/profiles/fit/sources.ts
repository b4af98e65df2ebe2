/** Fields whose value comes from an earlier action: what was looked at goes into the cart. */

import type { JsonValue } from '../../core/contract/profile.ts'
import type { FitSession } from './session.ts'

export interface Source {
  /** `action.name` */
  readonly field: string
  /** How often it is taken; the rest is drawn anew. */
  readonly reuse: number
}

/** More fields than these are not compared with each other. */
const MOST_FIELDS = 100
const FEWEST_STEPS = 30
/** A field is believed to come from another if it has its last value so much above chance. */
const LEAST_REUSE = 0.5

export function fieldKey(action: string, field: string): string {
  return `${action}.${field}`
}

interface Match {
  steps: number
  same: number
  readonly people: Set<string>
}

/** By field, where its values come from; only where the sessions say so clearly. */
export function findSources(sessions: readonly FitSession[], k: number): Map<string, Source> {
  const counts = new Map<string, Map<string, number>>()
  const matches = new Map<string, Map<string, Match>>()
  for (const session of sessions) {
    countSession(session, counts, matches, k)
    if (counts.size > MOST_FIELDS) return new Map()
  }
  const candidates = [...matches].flatMap(([field, others]) =>
    [...others].flatMap(([other, { steps, same, people }]) => {
      if (steps < FEWEST_STEPS || people.size < k) return []
      const chance = chanceOf(counts.get(field), counts.get(other))
      const reuse = chance < 1 ? (same / steps - chance) / (1 - chance) : 0
      return reuse < LEAST_REUSE ? [] : [{ field, other, reuse, steps }]
    }),
  )
  const found = new Map<string, Source>()
  const sources = new Set<string>()
  const sorted = candidates.toSorted(
    (left, right) => right.reuse * right.steps - left.reuse * left.steps,
  )
  for (const { field, other, reuse } of sorted) {
    if (found.has(field) || found.has(other) || sources.has(field)) continue
    found.set(field, { field: other, reuse: Math.min(1, Math.round(1000 * reuse) / 1000) })
    sources.add(other)
  }
  return found
}

function countSession(
  { person, steps }: FitSession,
  counts: Map<string, Map<string, number>>,
  matches: Map<string, Map<string, Match>>,
  k: number,
): void {
  const last = new Map<string, { action: string; text: string }>()
  for (const { action, data } of steps) {
    const own = Object.entries(data).map(([name, value]): [string, string] => [
      fieldKey(action, name),
      textOf(value),
    ])
    for (const [field, text] of own) {
      const values = counts.get(field) ?? new Map<string, number>()
      counts.set(field, values)
      values.set(text, (values.get(text) ?? 0) + 1)
      const others = matches.get(field) ?? new Map<string, Match>()
      matches.set(field, others)
      for (const [other, before] of last) {
        if (before.action === action) continue
        const match = others.get(other) ?? { steps: 0, same: 0, people: new Set() }
        others.set(other, match)
        match.steps += 1
        if (before.text !== text) continue
        match.same += 1
        if (match.people.size < k) match.people.add(person)
      }
    }
    for (const [field, text] of own) last.set(field, { action, text })
  }
}

function textOf(value: JsonValue): string {
  return JSON.stringify(value)
}

/** How often two values, drawn by their popularity, are the same. */
function chanceOf(
  one: ReadonlyMap<string, number> | undefined,
  other: ReadonlyMap<string, number> | undefined,
): number {
  let same = 0
  for (const [text, count] of one ?? []) same += count * (other?.get(text) ?? 0)
  return same / Math.max(1, totalOf(one) * totalOf(other))
}

function totalOf(counts: ReadonlyMap<string, number> | undefined): number {
  let total = 0
  for (const count of counts?.values() ?? []) total += count
  return total
}
