/** What of an answer is not compared, as the ontology says it; who compiles that stands elsewhere. */

import type { Json } from './json.ts'
import type { Step } from './path.ts'

/** A place of the two documents that are compared, on the way down from `$`. */
export interface IgnoredPlace {
  /** Neither this value nor anything below it is compared. */
  readonly isIgnored: boolean
  /** Undefined where nothing is ignored from here on down. */
  at(step: Step): IgnoredPlace | undefined
}

export interface Ignored {
  /** Of paths that are not of JSON: `status`, `header:date`, `html:small`. */
  path(path: string): boolean
  /** The place of `$`: what is ignored in either of the two documents is ignored in both. */
  root(first: Json, other: Json): IgnoredPlace | undefined
}
