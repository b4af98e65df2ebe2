/** Regular expressions of an ontology: compiled at load, and held against a limited piece of text. */

import { messageOf } from '../../core/errors.ts'
import type { Place } from '../place.ts'

/** A pattern may need time that grows with the square of the text, so it sees no more than this. */
export const MAX_PATTERN_CHARS = 2 ** 16

/** @throws UsageError with code `bad-regex` */
export function compileRegex(pattern: string, place: Place): RegExp {
  try {
    return new RegExp(pattern)
  } catch (fault) {
    throw place.fault(
      'bad-regex',
      `"${pattern}" is not a regular expression (${messageOf(fault)})`,
      'write a JavaScript pattern without slashes; "\\" before a character takes it literally',
      fault,
    )
  }
}

/**
 * Finds the first group of a pattern, or the whole match of one without groups.
 * @throws UsageError with code `bad-regex`
 */
export function compileFinder(pattern: string, place: Place): (text: string) => string | undefined {
  const regex = compileRegex(pattern, place)
  return (text) => {
    const match = regex.exec(text.slice(0, MAX_PATTERN_CHARS))
    return match === null ? undefined : (match[1] ?? match[0])
  }
}
