/**
 * From a schema to a value that fits it.
 *
 * A published schema can be endless (it refers to itself), enormous (a hundred optional fields,
 * each with a hundred of its own) or absurd (a billion items at least). So it is first made plain:
 * its references followed, `allOf` joined, of `oneOf` and `anyOf` the first taken with which the
 * whole fits, of objects what is required or has an example, everything within a budget. Only that plain schema is sampled.
 */

import { sample } from 'openapi-sampler'
import type { JsonValue } from '../../../core/contract/profile.ts'
import { at, entriesAt, isThing, listAt, textAt } from './document.ts'
import type { OpenApiDocument, Thing } from './document.ts'
import { copyOf, examplesIn } from './examples.ts'
import { fits } from './fits.ts'
import { choicesOf, flatOf, flatten, typeOf } from './flat.ts'
import { textOfPattern } from './pattern/text.ts'

export interface Sample {
  readonly value: JsonValue
  /** The document itself names the value: an example, a default, a constant or a choice. */
  readonly isGiven: boolean
}

/** A body; or in an address, a header or a cookie, as it is or in JSON. */
type Place = 'body' | 'text' | 'json'

/** What the sampler reads; no references, no choices. */
type Plain = Parameters<typeof sample>[0]

const MAX_DEPTH = 8
const MAX_NODES = 500
/** Levels below which a value that may be null is null. */
const MAX_OWN = 3
const MAX_ITEMS = 5
const MAX_TEXT = 1000
const MAX_PARTS = 50
/** Alternatives that are tried. */
const MAX_TRIES = 8
/** Of the outermost object, where nothing of it is required. */
const SOME_FIELDS = 5

/**
 * A value for what the schema describes: the first example that fits it, of the holders and of the
 * schema itself; else a made-up one. An example that does not fit is mended where that is enough.
 * @param holders parameters or media types, which have examples of their own
 */
export function sampleOf(
  document: OpenApiDocument,
  schema: unknown,
  holders: readonly unknown[] = [],
  place: Place = 'body',
): Sample {
  const isText = place === 'text'
  const examples = [...holders, schema]
    .flatMap((holder) => examplesIn(document, holder))
    .filter((value) => place === 'body' || !(isEmpty(value) || hasBlank(value)))
    .map((value) => adapted(document, schema, value, isText))
  const given = examples.find((value) => fits(document, schema, value, isText))
  if (given !== undefined) return { value: given, isGiven: true }
  const plain = plainOf(schema, { document, isText, left: MAX_NODES }, 0)
  const made = sampled(plain) ?? null
  const [first] = examples
  if (first === undefined) return { value: made, isGiven: false }
  const mended = mendedOf(document, schema, first, made)
  if (mended !== undefined) return { value: mended, isGiven: true }
  // Where nothing fits, the document's own word is worth more than ours.
  return fits(document, schema, made, isText)
    ? { value: made, isGiven: false }
    : { value: first, isGiven: true }
}

function isEmpty(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.every(isEmpty)
  return value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)
}

/** `<field>` in an example is for the reader to fill in. */
function hasBlank(value: JsonValue): boolean {
  return /<[A-Za-z][\w .-]{0,50}>/.test(JSON.stringify(value))
}

/** What is right but written as another type: `"5"` for a number, JSON in a text, `a,b` a list. */
function adapted(
  document: OpenApiDocument,
  schema: unknown,
  value: JsonValue,
  isText: boolean,
): JsonValue {
  const type = typeOf(document.resolve(schema))
  if (typeof value === 'number' && type === 'string' && !isText) return String(value)
  if (typeof value !== 'string') return value
  if (type === 'array' && isText && !value.startsWith('[')) return value.split(',')
  if (type === undefined || type === 'string' || isText) return value
  const read = guarded((): unknown => JSON.parse(value))
  return read === undefined ? value : (copyOf(read) ?? value)
}

/** The made-up object with as much of the example as fits. */
function mendedOf(
  document: OpenApiDocument,
  schema: unknown,
  example: JsonValue,
  made: JsonValue,
): JsonValue | undefined {
  if (!isThing(example) || !isThing(made)) return undefined
  const flat = flatOf(document, schema)
  const isOpen = at(flat, 'additionalProperties') !== false
  const kept = Object.entries(example).filter(([name, value]) => {
    const property = at(at(flat, 'properties'), name)
    return property === undefined ? isOpen : fits(document, property, value)
  })
  const mended: JsonValue = Object.fromEntries([...Object.entries(made), ...kept])
  return fits(document, schema, mended) ? mended : undefined
}

/** What a service itself sets is not sent to it, though examples often show it. */
export function withoutReadOnly(
  document: OpenApiDocument,
  schema: unknown,
  value: JsonValue,
): JsonValue {
  if (!isThing(value)) return value
  const properties = at(flatOf(document, schema), 'properties')
  const kept = Object.entries(value).filter(
    ([name]) => at(document.resolve(at(properties, name)), 'readOnly') !== true,
  )
  return Object.fromEntries(kept)
}

function sampled(plain: Plain): JsonValue | undefined {
  return copyOf(guarded(() => sample(plain, { quiet: true })))
}

/** The sample as XML, with the names that the schema says. */
export function xmlOf(document: OpenApiDocument, schema: unknown): string | undefined {
  const plain = plainOf(schema, { document, isText: false, left: MAX_NODES }, 0)
  const text = guarded(() => sample(plain, { quiet: true, format: 'xml' }))
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** One that the schema names itself, and that fits it. */
function givenIn(schema: unknown, { document, isText }: Walk): JsonValue | undefined {
  return examplesIn(document, schema)
    .map((value) => adapted(document, schema, value, isText))
    .find((value) => fits(document, schema, value, isText))
}

interface Walk {
  readonly document: OpenApiDocument
  readonly isText: boolean
  /** Schemas that may still be looked at. */
  left: number
}

/** Of several alternatives the first whose sample fits the whole; often only one of them may. */
function plainOf(schema: unknown, walk: Walk, depth: number): Plain {
  const { document, isText } = walk
  const given = givenIn(schema, walk)
  if (given !== undefined) return withExample(given)
  const resolved = document.resolve(schema)
  // What holds itself ends where it may.
  if (depth > MAX_OWN && fits(document, resolved, null)) return withExample(null)
  const own = choicesOf(resolved, document).length
  const parts = listAt(resolved, 'allOf').slice(0, MAX_PARTS)
  const inner = parts.map((part) => choicesOf(document.resolve(part), document).length)
  const count = Math.min(MAX_TRIES, Math.max(1, own, ...inner))
  let first: Plain | undefined
  for (let choice = 0; choice < count; choice += 1) {
    const plain = plainFlat(flatten(schema, walk, depth, choice), walk, depth)
    if (count === 1 || fits(document, schema, sampled(plain) ?? null, isText)) return plain
    first ??= plain
  }
  return first ?? {}
}

function plainFlat(flat: Thing, walk: Walk, depth: number): Plain {
  const example = givenIn(flat, walk)
  if (example !== undefined) return withExample(example)
  const type = typeOf(flat)
  const xml = at(flat, 'xml')
  const named = isThing(xml) ? { xml } : {}
  if (walk.left < 0 || depth > MAX_DEPTH) return type === 'array' ? withExample([]) : {}
  if (type === 'object') return { ...plainObject(flat, walk, depth), ...named }
  if (type === 'array') return { ...plainArray(flat, walk, depth), ...named }
  if (type === 'boolean') return withExample(true)
  if (type === 'integer' || type === 'number') return plainNumber(flat, type, walk)
  return plainText(flat)
}

/** The keyword is OpenAPI's, which the schema type does not know but the sampler reads first. */
function withExample(value: JsonValue): Plain {
  return { const: value }
}

function plainObject(flat: Thing, walk: Walk, depth: number): Plain {
  const required = new Set(listAt(flat, 'required'))
  const writable = entriesAt(flat, 'properties').filter(([name, property]) => {
    const resolved = walk.document.resolve(property)
    if (at(resolved, 'readOnly') === true) return false
    return required.has(name) || at(resolved, 'deprecated') !== true
  })
  let wanted = writable.filter(
    ([name, property]) => required.has(name) || examplesIn(walk.document, property).length > 0,
  )
  if (wanted.length === 0 && depth === 0) wanted = writable.slice(0, SOME_FIELDS)
  const least = numberAt(flat, 'minProperties') ?? 0
  if (wanted.length < least) wanted = writable.slice(0, Math.min(least, MAX_PARTS))
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

/** 1, or what is nearest to it of what the bounds and the step allow. */
function plainNumber(flat: Thing, type: 'integer' | 'number', walk: Walk): Plain {
  const step = numberAt(flat, 'multipleOf') ?? 0
  const least = numberAt(flat, 'minimum') ?? numberAt(flat, 'exclusiveMinimum')
  const most = numberAt(flat, 'maximum') ?? numberAt(flat, 'exclusiveMaximum')
  const bounds = [least, most].filter((bound) => bound !== undefined)
  const onStep = step > 0 ? [step, ...bounds.map((bound) => Math.ceil(bound / step) * step)] : []
  const near = bounds.flatMap((bound) => [bound, bound + 1, bound - 1, bound + step, bound - step])
  const middle = least !== undefined && most !== undefined ? [(least + most) / 2] : []
  const tried = [1, ...onStep, ...near, ...middle, 0].map((value) =>
    type === 'integer' ? Math.ceil(value) : value,
  )
  const value = tried.find((one) => fits(walk.document, { ...flat, type }, one))
  return withExample(value ?? least ?? 1)
}

/** What the sampler does not know, or takes differently. */
const FORMATS: Readonly<Record<string, string>> = {
  duration: 'PT1H',
  'json-pointer': '/a',
  'relative-json-pointer': '0/a',
  'uri-reference': '/a',
  'iri-reference': '/a',
  'uri-template': '/a',
  iri: 'https://example.test/a',
  'idn-email': 'user@example.test',
  'idn-hostname': 'example.test',
  byte: 'YQ==',
  decimal: '1.5',
  int32: '1',
  int64: '1',
}

function plainText(flat: Thing): Plain {
  const pattern = textAt(flat, 'pattern')
  const format = textAt(flat, 'format')
  const least = Math.min(numberAt(flat, 'minLength') ?? 0, MAX_TEXT)
  const most = numberAt(flat, 'maxLength')
  const matching = pattern === undefined ? undefined : textOfPattern(pattern, least, most)
  if (matching !== undefined) return withExample(matching)
  const known = Object.hasOwn(FORMATS, format ?? '') ? FORMATS[format ?? ''] : undefined
  if (known !== undefined && known.length >= least) return withExample(known)
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
