/**
 * Recorded JSON bodies of one action as one template.
 *
 * Where all bodies have the same members (or lists of the same length) the template goes down into
 * them; a place that differs in more than its value becomes one value as a whole, because a member
 * that is missing in a body would block the step.
 */

import { isDeepStrictEqual } from 'node:util'
import type { JsonValue } from '../../../core/contract/profile.ts'
import type { Seen } from '../fields.ts'

export interface BodySample {
  readonly person: string
  readonly value: JsonValue
}

/** Gives what stands at a place in the template. @param path `$.items[0].sku` */
export type Fill = (seen: Seen, path: string) => JsonValue

const MOST_LEVELS = 8
const MOST_ITEMS = 20

/** @param samples at least one */
export function jsonTemplate(samples: readonly BodySample[], fill: Fill): JsonValue {
  return place(samples, '$', [], fill)
}

function place(
  samples: readonly BodySample[],
  path: string,
  keys: readonly (string | number)[],
  fill: Fill,
): JsonValue {
  const level = keys.length
  const values = samples.map((sample) => sample.value)
  const [first = null] = values
  const inside = (key: string | number): BodySample[] =>
    samples.map(({ person, value }) => ({ person, value: memberOf(value, key) ?? null }))
  if (level < MOST_LEVELS && values.every(isObject) && haveSameKeys(values)) {
    const members = Object.keys(first as object).filter((key) => !key.includes('{{'))
    return Object.fromEntries(
      members.map((key) => [key, place(inside(key), memberPath(path, key), [...keys, key], fill)]),
    )
  }
  if (level < MOST_LEVELS && values.every(isList) && haveSameLength(values)) {
    return (first as readonly JsonValue[]).map((_, index) =>
      place(inside(index), `${path}[${index}]`, [...keys, index], fill),
    )
  }
  const same = samples.filter(({ value }) => isDeepStrictEqual(value, first))
  const seen: Seen = {
    ...namesOf(keys),
    first,
    isVarying: same.length < samples.length,
    isAlways: true,
    people: new Set(same.map(({ person }) => person)).size,
  }
  return fill(seen, path)
}

function namesOf(keys: readonly (string | number)[]): Pick<Seen, 'name' | 'fields'> {
  const fields = keys.filter((key) => typeof key === 'string')
  const last = fields.at(-1)
  if (last === undefined) return { name: 'body' }
  return { name: keys.join('_'), fields: [last, fields.join('.')] }
}

/** A step down a JSONPath (RFC 9535). */
export function memberPath(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${quotedKey(key)}]`
}

function quotedKey(key: string): string {
  return JSON.stringify(key)
}

export function memberOf(value: JsonValue, key: string | number): JsonValue | undefined {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, key) ? value[key] : undefined
}

function isObject(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: JsonValue): boolean {
  return Array.isArray(value)
}

function haveSameKeys(values: readonly JsonValue[]): boolean {
  const keys = values.map((value) => JSON.stringify(Object.keys(value as object).toSorted()))
  return new Set(keys).size === 1
}

function haveSameLength(values: readonly JsonValue[]): boolean {
  const lengths = new Set(values.map((value) => (Array.isArray(value) ? value.length : -1)))
  const [length = 0] = lengths
  return lengths.size === 1 && length <= MOST_ITEMS
}
