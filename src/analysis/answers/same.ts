/** Whether two JSON values are the same, however deep they are nested. */

import type { IgnoredPlace } from './ignored.ts'
import { isList, isRecord, type Json } from './json.ts'
import type { OwnWords } from './own.ts'

/** Values that may still be looked at. */
export interface Work {
  left: number
}

export interface Sameness {
  readonly place: IgnoredPlace | undefined
  readonly firstOwn: OwnWords | undefined
  readonly otherOwn: OwnWords | undefined
  readonly work: Work
}

interface Facing {
  readonly first: Json
  readonly other: Json
  readonly place: IgnoredPlace | undefined
}

/** Values that there was no work left for count as different. */
export function isSame(first: Json, other: Json, sameness: Sameness): boolean {
  if (first === other) return true
  const open: Facing[] = [{ first, other, place: sameness.place }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    sameness.work.left -= 1
    if (sameness.work.left < 0) return false
    if (next.first === next.other || next.place?.isIgnored === true) continue
    if (!facesSame(next, sameness, open)) return false
  }
  return true
}

/** Of containers the containers in them are still to be looked at then. */
function facesSame({ first, other, place }: Facing, sameness: Sameness, open: Facing[]): boolean {
  if (isList(first)) return isList(other) && openLists(first, other, place, sameness, open)
  if (isRecord(first)) return isRecord(other) && openRecords(first, other, place, sameness, open)
  return isSameScalar(first, other, sameness)
}

function openLists(
  first: readonly Json[],
  other: readonly Json[],
  place: IgnoredPlace | undefined,
  sameness: Sameness,
  open: Facing[],
): boolean {
  if (first.length !== other.length) return false
  for (let index = 0; index < first.length; index += 1) {
    const [one, two] = [first[index] ?? null, other[index] ?? null]
    if (!openPart(one, two, place, index, sameness, open)) return false
  }
  return true
}

function openRecords(
  first: Readonly<Record<string, Json>>,
  other: Readonly<Record<string, Json>>,
  place: IgnoredPlace | undefined,
  sameness: Sameness,
  open: Facing[],
): boolean {
  let shared = 0
  for (const name of Object.keys(first)) {
    if (Object.hasOwn(other, name)) {
      shared += 1
      const [one, two] = [first[name] ?? null, other[name] ?? null]
      if (!openPart(one, two, place, name, sameness, open)) return false
    } else if (place?.at(name)?.isIgnored !== true) return false
  }
  const others = Object.keys(other)
  if (others.length === shared) return true
  return others.every((name) => Object.hasOwn(first, name) || place?.at(name)?.isIgnored === true)
}

/** Scalars are settled at once: most values that differ differ in one of them. */
function openPart(
  first: Json,
  other: Json,
  place: IgnoredPlace | undefined,
  step: string | number,
  sameness: Sameness,
  open: Facing[],
): boolean {
  if (first === other) return true
  const below = place?.at(step)
  if (below?.isIgnored === true) return true
  const isContainer = typeof first === 'object' && first !== null
  if (!isContainer) return isSameScalar(first, other, sameness)
  open.push({ first, other, place: below })
  return true
}

function isSameScalar(first: Json, other: Json, { firstOwn, otherOwn }: Sameness): boolean {
  const isNumber = isNumeric(first) && isNumeric(other)
  // The same number may be a bigint on one side only: 1e20 and 100000000000000000000.
  if (isNumber && first == other) return true
  if (!isNumber && (typeof first !== 'string' || typeof other !== 'string')) return false
  if (firstOwn === undefined || otherOwn === undefined) return false
  return firstOwn(String(first)) === otherOwn(String(other))
}

function isNumeric(value: Json): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}
