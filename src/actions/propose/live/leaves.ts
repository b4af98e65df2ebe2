/** The texts and numbers of a JSON document, each with its JSONPath. */

import type { JsonValue } from '../../../core/contract/profile.ts'
import { memberPath } from '../body/shape.ts'

export interface Leaf {
  /** JSONPath. */
  readonly path: string
  readonly value: string | number
}

/** Texts and numbers of a document, as far as the limits go; true and null name nothing. */
export function leavesOf(document: JsonValue, most: number): Leaf[] {
  const leaves: Leaf[] = []
  const visit = (value: JsonValue, path: string, level: number): void => {
    if (leaves.length >= most || level > 20) return
    if (typeof value === 'string' || typeof value === 'number') leaves.push({ path, value })
    else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, `${path}[${index}]`, level + 1)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        visit(item, memberPath(path, key), level + 1)
      }
    }
  }
  visit(document, '$', 0)
  return leaves
}
