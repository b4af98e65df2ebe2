/** A place in the ontology file: names the field, its line and what is wrong there. */

import { UsageError } from '../core/errors.ts'
import type { YamlSource } from '../core/yaml.ts'

export interface Place {
  at(...keys: readonly PropertyKey[]): Place
  /** The error to throw for this place; its `mend` says what to do. */
  fault(code: string, why: string, mend: string, cause?: unknown): UsageError
}

/** The place of the whole document; `at` goes down from there. */
export function placeOf(source: YamlSource, path: readonly PropertyKey[] = []): Place {
  return {
    at: (...keys) => placeOf(source, [...path, ...keys]),
    fault(code, why, mend, cause) {
      const where = source.locate(path)
      const field = path.length === 0 ? '' : `"${path.map(String).join('.')}" in `
      return new UsageError(`Cannot read ontology: ${field}${where}: ${why}`, {
        code,
        where,
        mend,
        cause,
      })
    },
  }
}
