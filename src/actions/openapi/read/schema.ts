/**
 * From a schema to a value that fits it.
 *
 * A published schema can be endless (it refers to itself), enormous (a hundred optional fields,
 * each with a hundred of its own) or absurd (a billion items at least). So it is first made plain:
 * its references followed, `allOf` joined, of `oneOf` and `anyOf` the first taken, of objects what
 * is required or has an example, everything within a budget. Only that plain schema is sampled.
 */

import { sample } from 'openapi-sampler'
import type { JsonValue } from '../../../core/contract/profile.ts'
import { at, entriesAt, isThing, listAt, textAt } from './document.ts'
import type { OpenApiDocument, Thing } from './document.ts'
import { textOfPattern } from './pattern.ts'

export interface Sample {
  readonly value: JsonValue
  /** The document itself names the value: an example, a default, a constant or a choice. */
  readonly isGiven: boolean
}

/** What the sampler reads; no references, no choices. */
type Plain = Parameters<typeof sample>[0]

const MAX_DEPTH = 8
const MAX_NODES = 500
const MAX_ITEMS = 5
const MAX_TEXT = 1000
const MAX_PARTS = 50
/** Of the outermost object, where nothing of it is required. */
const SOME_FIELDS = 5
/** Examples larger than this are not written into an ontology. */
const MAX_EXAMPLE_CHARS = 20_000
const MAX_EXAMPLE_DEPTH = 30

/** A value that fits the schema; a made-up one where the document names none. */
export function sampleOf(document: OpenApiDocument, schema: unknown): Sample {
  const given = exampleIn(document, schema)
  if (given !== undefined) return { value: given, isGiven: true }
  const plain = plainOf(schema, { document, left: MAX_NODES }, 0)
  const value = copyOf(guarded(() => sample(plain, { quiet: true })))
  return { value: value ?? null, isGiven: false }
}

/** The sample as XML, with the names that the schema says. */
export function xmlOf(document: OpenApiDocument, schema: unknown): string | undefined {
  const plain = plainOf(schema, { document, left: MAX_NODES }, 0)
  const text = guarded(() => sample(plain, { quiet: true, format: 'xml' }))
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** Schemas as deep as they nest: `allOf` joined, the first of `oneOf` and `anyOf` taken. */
export function flatOf(document: OpenApiDocument, schema: unknown): Thing {
  return flatten(schema, { document, left: MAX_NODES }, 0)
}

/** `string`, `array`, …: the first that is not `null`. */
export function typeOf(flat: Thing): string | undefined {
  const type = at(flat, 'type')
  const written = Array.isArray(type) ? type.find((name) => name !== 'null') : type
  if (typeof written === 'string') return written
  if (isThing(at(flat, 'properties'))) return 'object'
  if (at(flat, 'items') !== undefined) return 'array'
  return undefined
}

/**
 * The example that a parameter, a media type or a schema has, small enough to be written down. Not
 * those of the properties of a schema.
 */
export function exampleIn(document: OpenApiDocument, holder: unknown): JsonValue | undefined {
  const resolved = document.resolve(holder)
  const [named] = entriesAt(resolved, 'examples')
  const candidates = [
    at(resolved, 'example'),
    listAt(resolved, 'examples')[0],
    named === undefined ? undefined : at(document.resolve(named[1]), 'value'),
    at(resolved, 'const'),
    scalarOf(at(resolved, 'default')),
    listAt(resolved, 'enum').find((value) => value !== null),
  ]
  for (const candidate of candidates) {
    if (candidate === undefined || candidate === null) continue
    const copy = copyOf(candidate)
    if (copy !== undefined) return copy
  }
  return undefined
}

/** A default of lists and objects is mostly the empty one, which says nothing. */
function scalarOf(value: unknown): unknown {
  return typeof value === 'object' ? undefined : value
}

interface Walk {
  readonly document: OpenApiDocument
  /** Schemas that may still be looked at. */
  left: number
}

function flatten(schema: unknown, walk: Walk, depth: number): Thing {
  const resolved = walk.document.resolve(schema)
  walk.left -= 1
  if (!isThing(resolved) || walk.left < 0 || depth > MAX_DEPTH) return {}
  const choices = [...listAt(resolved, 'oneOf'), ...listAt(resolved, 'anyOf')].slice(0, MAX_PARTS)
  const parts = listAt(resolved, 'allOf').slice(0, MAX_PARTS)
  if (choices.length === 0 && parts.length === 0) return resolved
  const chosen = choices.find((choice) => at(walk.document.resolve(choice), 'type') !== 'null')
  const all = chosen === undefined ? parts : [...parts, chosen]
  const { allOf: _all, oneOf: _one, anyOf: _any, ...own } = resolved
  return all.map((part) => flatten(part, walk, depth + 1)).reduce(join, own)
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

function plainOf(schema: unknown, walk: Walk, depth: number): Plain {
  const given = exampleIn(walk.document, schema)
  const flat = flatten(schema, walk, depth)
  const example = given ?? exampleIn(walk.document, flat)
  if (example !== undefined) return withExample(example)
  const type = typeOf(flat)
  const xml = at(flat, 'xml')
  const named = isThing(xml) ? { xml } : {}
  if (walk.left < 0 || depth > MAX_DEPTH) return type === 'array' ? withExample([]) : {}
  if (type === 'object') return { ...plainObject(flat, walk, depth), ...named }
  if (type === 'array') return { ...plainArray(flat, walk, depth), ...named }
  if (type === 'boolean') return withExample(true)
  if (type === 'integer' || type === 'number') return plainNumber(flat, type)
  return plainText(flat)
}

/** The keyword is OpenAPI's, which the schema type does not know but the sampler reads first. */
function withExample(value: JsonValue): Plain {
  return { const: value }
}

function plainObject(flat: Thing, walk: Walk, depth: number): Plain {
  const required = new Set(listAt(flat, 'required'))
  const writable = entriesAt(flat, 'properties').filter(([, property]) => {
    const resolved = walk.document.resolve(property)
    return at(resolved, 'readOnly') !== true && at(resolved, 'deprecated') !== true
  })
  let wanted = writable.filter(
    ([name, property]) => required.has(name) || exampleIn(walk.document, property) !== undefined,
  )
  if (wanted.length === 0 && depth === 0) wanted = writable.slice(0, SOME_FIELDS)
  const properties = wanted.map(([name, property]): [string, Plain] => [
    name,
    plainOf(property, walk, depth + 1),
  ])
  return { type: 'object', properties: Object.fromEntries(properties) }
}

function plainArray(flat: Thing, walk: Walk, depth: number): Plain {
  const most = numberAt(flat, 'maxItems') ?? MAX_ITEMS
  const least = Math.max(1, numberAt(flat, 'minItems') ?? 1)
  const minItems = Math.min(least, most, MAX_ITEMS)
  if (minItems < 1) return withExample([])
  return { type: 'array', items: plainOf(at(flat, 'items'), walk, depth), minItems }
}

function plainNumber(flat: Thing, type: 'integer' | 'number'): Plain {
  const minimum = numberAt(flat, 'minimum')
  const maximum = numberAt(flat, 'maximum')
  const step = numberAt(flat, 'multipleOf')
  const above = at(flat, 'exclusiveMinimum')
  const least = typeof above === 'number' ? above + 1 : (minimum ?? 1) + (above === true ? 1 : 0)
  const fitting = step === undefined || step <= 0 ? least : Math.ceil(least / step) * step
  const value = maximum !== undefined && fitting > maximum ? (minimum ?? maximum) : fitting
  const whole = type === 'integer' ? Math.ceil(value) : value
  return withExample(Number.isFinite(whole) ? whole : (minimum ?? 1))
}

function plainText(flat: Thing): Plain {
  const pattern = textAt(flat, 'pattern')
  const format = textAt(flat, 'format')
  const least = Math.min(numberAt(flat, 'minLength') ?? 0, MAX_TEXT)
  const most = numberAt(flat, 'maxLength')
  const matching = pattern === undefined ? undefined : textOfPattern(pattern)
  if (matching !== undefined && matching.length >= least) return withExample(matching)
  if (format !== undefined && format !== 'password') return { type: 'string', format }
  return {
    type: 'string',
    minLength: Math.max(0, least),
    ...(format === undefined ? {} : { format }),
    ...(most === undefined || most < 1 ? {} : { maxLength: most }),
  }
}

function numberAt(value: unknown, key: string): number | undefined {
  const found = at(value, key)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

/** The sampler is somebody else's; what it cannot do leaves the value out, never the import. */
function guarded(make: () => unknown): unknown {
  try {
    return make()
  } catch {
    return undefined
  }
}

/**
 * The value as JSON that an ontology can hold; undefined where it is none, or too large. Two braces
 * would begin a template, so they are parted.
 */
function copyOf(value: unknown): JsonValue | undefined {
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
