/**
 * Whether a value is what a schema asks for. Examples of published documents often are not, and of
 * several alternatives only one may be meant.
 *
 * It is asked before something is written down, so doubt counts for the value: a keyword that is not
 * known, a reference that leads nowhere, a schema that goes on for ever.
 */

import { at, entriesAt, isThing, listAt, textAt } from './document.ts'
import type { OpenApiDocument, Thing } from './document.ts'
import { fitsPattern } from './pattern/text.ts'

const MAX_CHECKS = 2000
const MAX_DEPTH = 12
const MAX_PARTS = 50
const MAX_CHOICES = 1000

interface Walk {
  readonly document: OpenApiDocument
  /** The value stands in a path, a query or a header, where everything is text. */
  readonly isText: boolean
  left: number
}

/** @param isText the value will be sent as text, so `"5"` is a number and 5 is a text */
export function fits(
  document: OpenApiDocument,
  schema: unknown,
  value: unknown,
  isText = false,
): boolean {
  return check(schema, value, { document, isText, left: MAX_CHECKS }, 0)
}

function check(written: unknown, value: unknown, walk: Walk, depth: number): boolean {
  const schema = walk.document.resolve(written)
  walk.left -= 1
  if (schema === false) return false
  if (!isThing(schema) || walk.left < 0 || depth > MAX_DEPTH) return true
  if (value === null && at(schema, 'nullable') === true) return true
  return (
    isOfType(schema, value, walk.isText) &&
    isListed(schema, value, walk.isText) &&
    fitsBounds(schema, value, walk.isText) &&
    fitsParts(schema, value, walk, depth) &&
    fitsChoices(schema, value, walk, depth)
  )
}

function isOfType(schema: Thing, value: unknown, isText: boolean): boolean {
  const written = at(schema, 'type')
  const types = typeof written === 'string' ? [written] : listAt(schema, 'type')
  return types.length === 0 || types.some((type) => isA(type, value, isText))
}

function isA(type: unknown, value: unknown, isText: boolean): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string' || (isText && typeof value !== 'object')
    case 'integer':
      return Number.isInteger(numberOf(value, isText))
    case 'number':
      return numberOf(value, isText) !== undefined
    case 'boolean':
      return typeof value === 'boolean' || (isText && /^(?:true|false)$/.test(String(value)))
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value) || (isText && typeof value !== 'object')
    case 'object':
      return isThing(value)
    default:
      return true
  }
}

function numberOf(value: unknown, isText: boolean): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (!isText || typeof value !== 'string' || !/^-?\d{1,15}(?:\.\d{1,10})?$/.test(value)) return
  return Number(value)
}

function isListed(schema: Thing, value: unknown, isText: boolean): boolean {
  const written = writtenOf(value, isText)
  const same = (one: unknown): boolean => writtenOf(one, isText) === written
  const wanted = at(schema, 'const')
  if (wanted !== undefined && !same(wanted)) return false
  const choices = listAt(schema, 'enum')
  return choices.length === 0 || choices.length > MAX_CHOICES || choices.some(same)
}

function writtenOf(value: unknown, isText: boolean): string | undefined {
  return isText && typeof value === 'string' ? value : JSON.stringify(value)
}

function fitsBounds(schema: Thing, value: unknown, isText: boolean): boolean {
  const number = numberOf(value, isText)
  const isNumeric = ['integer', 'number'].includes(String(at(schema, 'type')))
  if (number !== undefined && (typeof value === 'number' || isNumeric)) {
    if (!isInRange(schema, number)) return false
  }
  const asText = typeof value === 'string' || (isText && typeof value === 'number')
  if (!asText || isNumeric) return true
  const text = String(value)
  const length = text.replaceAll(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, '_').length
  if (length < numberAt(schema, 'minLength', 0)) return false
  if (length > numberAt(schema, 'maxLength', Infinity)) return false
  const pattern = textAt(schema, 'pattern')
  if (pattern !== undefined && fitsPattern(pattern, text) === false) return false
  const format = FORMATS[textAt(schema, 'format') ?? '']
  return format === undefined || format.test(text)
}

/** Only what no reader of the format can take differently. */
const FORMATS: Readonly<Record<string, RegExp | undefined>> = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  date: /^\d{4}-\d\d-\d\d$/,
  'date-time': /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/,
  email: /^[^@\s]+@[^@\s]+$/,
  ipv4: /^\d{1,3}(?:\.\d{1,3}){3}$/,
}

function isInRange(schema: Thing, number: number): boolean {
  const above = at(schema, 'exclusiveMinimum')
  const below = at(schema, 'exclusiveMaximum')
  const least = numberAt(schema, 'minimum', -Infinity)
  const most = numberAt(schema, 'maximum', Infinity)
  if (number < least || (above === true && number === least)) return false
  if (number > most || (below === true && number === most)) return false
  if (typeof above === 'number' && number <= above) return false
  if (typeof below === 'number' && number >= below) return false
  const step = numberAt(schema, 'multipleOf', 0)
  if (step <= 0) return true
  const times = number / step
  return Math.abs(times - Math.round(times)) < 1e-9 || !Number.isFinite(times)
}

function numberAt(schema: Thing, key: string, otherwise: number): number {
  const found = at(schema, key)
  return typeof found === 'number' && Number.isFinite(found) ? found : otherwise
}

function fitsParts(schema: Thing, value: unknown, walk: Walk, depth: number): boolean {
  if (Array.isArray(value)) {
    if (value.length < numberAt(schema, 'minItems', 0)) return false
    if (value.length > numberAt(schema, 'maxItems', Infinity)) return false
    const items = at(schema, 'items')
    return value.slice(0, MAX_PARTS).every((item) => check(items, item, walk, depth + 1))
  }
  if (!isThing(value)) return true
  const known = at(schema, 'properties')
  const isMissing = (name: unknown): boolean => {
    if (typeof name !== 'string' || Object.hasOwn(value, name)) return false
    // What only answers have is not asked for, even where it is called required.
    return at(walk.document.resolve(at(known, name)), 'readOnly') !== true
  }
  if (listAt(schema, 'required').slice(0, MAX_CHOICES).some(isMissing)) return false
  const own = Object.entries(value)
  if (own.length < numberAt(schema, 'minProperties', 0)) return false
  const others = at(schema, 'additionalProperties')
  return own.every(([name, item]) => {
    const property = at(known, name)
    if (property !== undefined) return check(property, item, walk, depth + 1)
    if (others === false) return entriesAt(schema, 'patternProperties').length > 0
    return check(others, item, walk, depth + 1)
  })
}

function fitsChoices(schema: Thing, value: unknown, walk: Walk, depth: number): boolean {
  const count = (key: string): number =>
    listAt(schema, key)
      .slice(0, MAX_PARTS)
      .filter((part) => check(part, value, walk, depth + 1)).length
  const all = listAt(schema, 'allOf').slice(0, MAX_PARTS)
  if (!all.every((part) => check(part, value, walk, depth + 1))) return false
  if (listAt(schema, 'anyOf').length > 0 && count('anyOf') === 0) return false
  if (listAt(schema, 'oneOf').length === 0) return true
  // With a discriminator it is that which says which one is meant.
  const found = count('oneOf')
  return found === 1 || (found > 1 && at(schema, 'discriminator') !== undefined) || walk.left < 0
}
