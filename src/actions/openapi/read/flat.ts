/**
 * A schema without references, `allOf` joined, of `oneOf` and `anyOf` one taken: what its keywords
 * finally say. One level deep; its properties are as they were written.
 */

import { at, entriesAt, isThing, listAt, textAt } from './document.ts'
import type { OpenApiDocument, Thing } from './document.ts'

const MAX_DEPTH = 8
const MAX_NODES = 500
const MAX_PARTS = 50

interface Walk {
  readonly document: OpenApiDocument
  /** Schemas that may still be looked at. */
  left: number
}

/** Schemas as deep as they nest: `allOf` joined, the first of `oneOf` and `anyOf` taken. */
export function flatOf(document: OpenApiDocument, schema: unknown): Thing {
  return flatten(schema, { document, left: MAX_NODES }, 0, 0)
}

/** `string`, `array`, …: the first that is not `null`. */
export function typeOf(flat: unknown): string | undefined {
  const type = at(flat, 'type')
  const written = Array.isArray(type) ? type.find((name) => name !== 'null') : type
  if (typeof written === 'string') return written
  if (isThing(at(flat, 'properties'))) return 'object'
  if (at(flat, 'items') !== undefined) return 'array'
  return undefined
}

/** @param choice which of `oneOf` and `anyOf` is taken */
export function flatten(schema: unknown, walk: Walk, depth: number, choice: number): Thing {
  const resolved = walk.document.resolve(schema)
  walk.left -= 1
  if (!isThing(resolved) || walk.left < 0 || depth > MAX_DEPTH) return {}
  const choices = choicesOf(resolved, walk.document)
  const parts = listAt(resolved, 'allOf').slice(0, MAX_PARTS)
  const chosen = choices[choice % Math.max(1, choices.length)]
  if (chosen === undefined && parts.length === 0) return namedOf(resolved, schema)
  const { allOf: _all, oneOf: _one, anyOf: _any, ...own } = resolved
  const flat = parts.map((part) => flatten(part, walk, depth + 1, choice)).reduce(join, own)
  if (chosen === undefined) return namedOf(flat, schema)
  const { discriminator, ...others } = flat
  const whole = join(others, flatten(chosen, walk, depth + 1, choice))
  return namedOf(discriminator === undefined ? whole : { ...whole, discriminator }, chosen)
}

/** Alternatives that are more than `null`. */
export function choicesOf(resolved: unknown, document: OpenApiDocument): unknown[] {
  return [...listAt(resolved, 'oneOf'), ...listAt(resolved, 'anyOf')]
    .slice(0, MAX_PARTS)
    .filter((choice) => at(document.resolve(choice), 'type') !== 'null')
}

/** With a discriminator, the property that says which schema it is says this one. */
function namedOf(flat: Thing, written: unknown): Thing {
  const { discriminator, ...others } = flat
  const reference = textAt(written, '$ref')
  // In 2.0 it is the bare name of the property.
  const property =
    typeof discriminator === 'string' ? discriminator : textAt(discriminator, 'propertyName')
  if (property === undefined || reference === undefined) return flat
  const own = reference.split('/').at(-1) ?? ''
  const mapping = entriesAt(discriminator, 'mapping')
  const isOwn = (target: unknown): boolean => target === reference || target === own
  const name = (mapping.find(([, target]) => isOwn(target)) ?? mapping[0])?.[0] ?? own
  const properties = mapAt(flat, 'properties')
  const known = at(properties, property)
  if (at(known, 'const') !== undefined || at(known, 'enum') !== undefined) return others
  return {
    ...others,
    properties: { ...properties, [property]: { type: 'string', const: name } },
    required: [...listAt(flat, 'required'), property],
  }
}

function join(one: Thing, other: Thing): Thing {
  return {
    ...other,
    ...one,
    properties: Object.fromEntries([
      ...Object.entries(mapAt(other, 'properties')),
      ...Object.entries(mapAt(one, 'properties')),
    ]),
    required: [...listAt(one, 'required'), ...listAt(other, 'required')],
  }
}

function mapAt(value: unknown, key: string): Thing {
  const map = at(value, key)
  return isThing(map) ? map : {}
}
