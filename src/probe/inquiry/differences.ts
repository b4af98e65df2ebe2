/** Differences of two answers: their status, and where their JSON bodies differ. Pure. */

import { Elements } from '../../analysis/answers/elements.ts'
import { placeOf, type Step } from '../../analysis/answers/path.ts'
import { isSame } from '../../analysis/answers/same.ts'
import type { JsonValue } from '../../core/contract/profile.ts'

/** What of an answer is compared. */
export interface Answer {
  readonly status?: number
  /** Redacted. */
  readonly body?: string
}

/** A side that is left out has nothing there. */
export interface Difference {
  /** `status`, or a JSONPath like `$.items[0].price`. */
  readonly path: string
  readonly baseline?: JsonValue
  readonly canary?: JsonValue
}

/** More than these would not be read. */
const MOST_DIFFERENCES = 20
/** A value that is longer as JSON is shown as the beginning of that text. */
const MOST_SHOWN_CHARS = 300
const DEEPEST = 100

/** At most 20, in the order of the baseline's body; none in bodies of which one is no JSON. */
export function differencesOf(baseline: Answer, canary: Answer): Difference[] {
  const found: Difference[] = []
  if (baseline.status !== canary.status) {
    found.push({
      path: 'status',
      ...(baseline.status === undefined ? {} : { baseline: baseline.status }),
      ...(canary.status === undefined ? {} : { canary: canary.status }),
    })
  }
  const [left, right] = [jsonOf(baseline.body), jsonOf(canary.body)]
  if (left !== undefined && right !== undefined) compare([], left.value, right.value, found)
  return found
}

function jsonOf(body: string | undefined): { readonly value: JsonValue } | undefined {
  if (body === undefined || !/^\s*[[{]/.test(body)) return undefined
  try {
    const value: JsonValue = JSON.parse(body)
    return { value }
  } catch {
    return undefined
  }
}

type Value = JsonValue | undefined

function compare(steps: readonly Step[], left: Value, right: Value, found: Difference[]): void {
  if (found.length >= MOST_DIFFERENCES || left === right) return
  const isDeep = steps.length >= DEEPEST
  if (!isDeep && Array.isArray(left) && Array.isArray(right) && !isReordered(left, right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      compare([...steps, index], left[index], right[index], found)
    }
  } else if (!isDeep && isRecord(left) && isRecord(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      compare([...steps, key], own(left, key), own(right, key), found)
    }
  } else if (JSON.stringify(left) !== JSON.stringify(right)) {
    found.push({
      path: placeOf(steps),
      ...(left === undefined ? {} : { baseline: shown(left) }),
      ...(right === undefined ? {} : { canary: shown(right) }),
    })
  }
}

/** Values that may be looked at to see whether elements only moved; a body here is short. */
const MOST_WORK = 10_000

/** The same elements in another order: index by index nothing would be where it was. */
function isReordered(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  if (left.length !== right.length) return false
  const plain = { work: { left: MOST_WORK }, place: undefined, firstOwn: undefined }
  const sameness = { ...plain, otherOwn: undefined }
  const moved = left.flatMap((value, index) =>
    isSame(value, right[index] ?? null, sameness) ? [] : [index],
  )
  const stayed = new Elements(sameness).findStayed(left, moved, right, moved)
  return stayed?.left.length === 0
}

function isRecord(value: Value): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(record: Record<string, JsonValue>, key: string): Value {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function shown(value: JsonValue): JsonValue {
  const text = JSON.stringify(value)
  return text.length <= MOST_SHOWN_CHARS ? value : `${text.slice(0, MOST_SHOWN_CHARS)}…`
}
