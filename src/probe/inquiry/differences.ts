/** Differences of two answers: their status, and where their JSON bodies differ. Pure. */

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
  if (left !== undefined && right !== undefined) compare('$', left.value, right.value, 0, found)
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

function compare(
  path: string,
  left: Value,
  right: Value,
  depth: number,
  found: Difference[],
): void {
  if (found.length >= MOST_DIFFERENCES || left === right) return
  if (depth < DEEPEST && Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      compare(`${path}[${index}]`, left[index], right[index], depth + 1, found)
    }
  } else if (depth < DEEPEST && isRecord(left) && isRecord(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      compare(path + member(key), own(left, key), own(right, key), depth + 1, found)
    }
  } else if (JSON.stringify(left) !== JSON.stringify(right)) {
    found.push({
      path,
      ...(left === undefined ? {} : { baseline: shown(left) }),
      ...(right === undefined ? {} : { canary: shown(right) }),
    })
  }
}

function isRecord(value: Value): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(record: Record<string, JsonValue>, key: string): Value {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

/** A member's step of a JSONPath: short where the name allows it, else as RFC 9535 normalises it. */
function member(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `['${escapedName(key)}']`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  "'": "\\'",
  '\\': '\\\\',
}

function escapedName(key: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what RFC 9535 wants escaped
  return key.replace(/['\\\u0000-\u001f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return ESCAPES[character] ?? `\\u${code}`
  })
}

function shown(value: JsonValue): JsonValue {
  const text = JSON.stringify(value)
  return text.length <= MOST_SHOWN_CHARS ? value : `${text.slice(0, MOST_SHOWN_CHARS)}…`
}
