/** JSONPath (RFC 9535) at load and at work: compiled once, then asked without ever throwing. */

import { JSONPathEnvironment } from 'json-p3'
import type { JSONPathQuery } from 'json-p3'
import { messageOf } from '../../core/errors.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import type { Place } from '../place.ts'

const environment = new JSONPathEnvironment({ maxRecursionDepth: 200 })

export interface JsonPath {
  readonly text: string
  readonly query: JSONPathQuery
}

/** @throws UsageError with code `bad-json-path` */
export function compileJsonPath(text: string, place: Place): JsonPath {
  try {
    return { text, query: environment.compile(text) }
  } catch (fault) {
    throw place.fault(
      'bad-json-path',
      `"${text}" is not a JSONPath (${messageOf(fault)})`,
      'write it like $.items[0].id or $..id',
      fault,
    )
  }
}

/** The values at the path, in document order; none for a document that is too deep to search. */
export function valuesAt(path: JsonPath, document: JsonValue): JsonValue[] {
  try {
    const found = path.query.query(document).values()
    return found.filter((value): value is JsonValue => value !== undefined)
  } catch {
    return []
  }
}

/** Where the path leads, as the steps from `$`; nowhere in a document that is too deep to search. */
export function locationsOf(path: JsonPath, document: unknown): (string | number)[][] {
  try {
    // What a path leads through is JSON but for integers that need more digits than a double has.
    return path.query.query(document as JsonValue).locations()
  } catch {
    return []
  }
}
