/** The values that a document itself shows. */

import type { JsonValue } from '../../../core/contract/profile.ts'
import { at, entriesAt, listAt } from './document.ts'
import type { OpenApiDocument } from './document.ts'

/** Examples larger than this are not written into an ontology. */
const MAX_EXAMPLE_CHARS = 20_000
const MAX_EXAMPLE_DEPTH = 30
const MAX_EXAMPLES = 5

/** The first example that a media type shows, whatever its schema says. */
export function exampleIn(document: OpenApiDocument, holder: unknown): JsonValue | undefined {
  return examplesIn(document, holder)[0]
}

/**
 * What a parameter, a media type or a schema names of values, each small enough to be written down.
 * Not those of the properties of a schema.
 */
export function examplesIn(document: OpenApiDocument, holder: unknown): JsonValue[] {
  const resolved = document.resolve(holder)
  const candidates = [
    at(resolved, 'example'),
    at(resolved, 'x-example'),
    ...listAt(resolved, 'examples').slice(0, MAX_EXAMPLES),
    ...entriesAt(resolved, 'examples')
      .slice(0, MAX_EXAMPLES)
      .map(([, named]) => at(document.resolve(named), 'value')),
    at(resolved, 'const'),
    scalarOf(at(resolved, 'default')),
    ...listAt(resolved, 'enum').slice(0, MAX_EXAMPLES),
  ]
  return candidates.flatMap((candidate) => {
    if (candidate === undefined || candidate === null) return []
    const copy = copyOf(candidate)
    return copy === undefined ? [] : [copy]
  })
}

/** A default of lists and objects is mostly the empty one, which says nothing. */
function scalarOf(value: unknown): unknown {
  return typeof value === 'object' ? undefined : value
}

/**
 * The value as JSON that an ontology can hold; undefined where it is none, or too large. Two braces
 * would begin a template, so they are parted.
 */
export function copyOf(value: unknown): JsonValue | undefined {
  if (!isSmall(value, { left: MAX_EXAMPLE_CHARS }, 0)) return undefined
  const text: string | undefined = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text.replaceAll(/\{(?=\{)/g, '{ '))
}

/** Also a value that holds itself, which YAML can write, ends here. */
function isSmall(value: unknown, budget: { left: number }, depth: number): boolean {
  if (typeof value === 'string') budget.left -= value.length
  budget.left -= 1
  if (budget.left < 0 || depth > MAX_EXAMPLE_DEPTH) return false
  if (typeof value !== 'object' || value === null) return true
  for (const [key, item] of Object.entries(value)) {
    budget.left -= key.length
    if (!isSmall(item, budget, depth + 1)) return false
  }
  return true
}
