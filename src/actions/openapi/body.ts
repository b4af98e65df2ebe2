/** The body of an operation, from its example or its schema: JSON, form, multipart or raw text. */

import type { OntologyInput } from '../../core/contract/ontology.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import { at, entriesAt, isThing, shown, textAt } from './read/document.ts'
import type { OpenApiDocument, Thing } from './read/document.ts'
import { exampleIn } from './read/examples.ts'
import { flatOf, typeOf } from './read/flat.ts'
import { sampleOf, withoutReadOnly, xmlOf } from './read/schema.ts'

type Request = OntologyInput['actions'][string]['request']

export interface WrittenBody {
  /** One of `json`, `form`, `multipart`, `raw`, or none of them. */
  readonly fields: Pick<Request, 'json' | 'form' | 'multipart' | 'raw'>
  /** Where the request has to say it itself. */
  readonly contentType: string | undefined
  /** It holds a file. */
  readonly uploads: boolean
  readonly notes: readonly string[]
}

type Scalar = string | number | boolean
type Parts = NonNullable<Request['multipart']>

const NONE: WrittenBody = { fields: {}, contentType: undefined, uploads: false, notes: [] }
/** What stands in for a file that the document cannot show. */
const FILE_SIZE = '1kb'
const MAX_FIELDS = 200

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/
const TEXT_TYPE = /^text\/|^application\/(?:[\w.-]+\+)?(?:xml|yaml|graphql|x-ndjson)$/
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/

/** In the order in which they are liked. */
const LIKED: readonly ((type: string) => boolean)[] = [
  (type) => type === 'application/json',
  (type) => JSON_TYPE.test(type),
  (type) => type === 'application/x-www-form-urlencoded',
  (type) => type === 'multipart/form-data',
  (type) => TEXT_TYPE.test(type),
  () => true,
]

export function bodyOf(document: OpenApiDocument, method: string, operation: unknown): WrittenBody {
  const body = document.resolve(at(operation, 'requestBody'))
  const contents = entriesAt(body, 'content').map(([type, media]) => ({
    type: type.split(';')[0]?.trim().toLowerCase() ?? '',
    media,
  }))
  for (const isLiked of LIKED) {
    const content = contents.find(({ type }) => isLiked(type))
    if (content === undefined) continue
    if (method === 'GET' || method === 'HEAD') {
      return { ...NONE, notes: [`its body is left out: ${method} has none`] }
    }
    return written(document, content.type, content.media)
  }
  return NONE
}

function written(document: OpenApiDocument, type: string, media: unknown): WrittenBody {
  const schema = at(media, 'schema')
  if (JSON_TYPE.test(type)) {
    const json = valueOf(document, media)
    const contentType = type === 'application/json' ? undefined : type
    return { ...NONE, fields: { json }, contentType }
  }
  if (type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data') {
    const value = valueOf(document, media)
    if (!isThing(value)) {
      const note = `its ${type} body is left out: it is no object but ${shown(value)}`
      return { ...NONE, notes: [note] }
    }
    return type === 'multipart/form-data'
      ? multipartOf(document, flatOf(document, schema), media, value)
      : { ...NONE, fields: { form: formOf(media, value) } }
  }
  return rawOf(document, type, media)
}

function valueOf(document: OpenApiDocument, media: unknown): JsonValue {
  const schema = at(media, 'schema')
  return withoutReadOnly(document, schema, sampleOf(document, schema, [media]).value)
}

/** Lists are repeated; an object is taken apart where the document says so, else it is JSON. */
function formOf(media: unknown, value: Readonly<Record<string, JsonValue>>): Request['form'] {
  const form: Record<string, Scalar | Scalar[]> = {}
  for (const [name, item] of Object.entries(value).slice(0, MAX_FIELDS)) {
    const encoding = entriesAt(media, 'encoding').find(([known]) => known === name)?.[1]
    if (isThing(item) && !Array.isArray(item) && textAt(encoding, 'style') === 'deepObject') {
      for (const [key, inner] of Object.entries(item)) form[`${name}[${key}]`] = scalarOf(inner)
    } else form[name] = Array.isArray(item) ? item.map(scalarOf) : scalarOf(item)
  }
  return form
}

function scalarOf(value: JsonValue): Scalar {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : value
}

function multipartOf(
  document: OpenApiDocument,
  flat: Thing,
  media: unknown,
  value: Readonly<Record<string, JsonValue>>,
): WrittenBody {
  const parts: Parts = {}
  let uploads = false
  for (const [name, item] of Object.entries(value).slice(0, MAX_FIELDS)) {
    const property = entriesAt(flat, 'properties').find(([known]) => known === name)?.[1]
    const encoding = entriesAt(media, 'encoding').find(([known]) => known === name)?.[1]
    const contentType = textAt(encoding, 'contentType')?.split(',')[0]?.trim()
    const type = contentType !== undefined && MEDIA_TYPE.test(contentType) ? contentType : undefined
    if (isFile(document, property)) {
      uploads = true
      parts[name] = {
        filename: `${name.replaceAll(/[^\w.-]+/g, '_')}.bin`,
        content_type: type ?? 'application/octet-stream',
        size: FILE_SIZE,
      }
    } else if (typeof item === 'object' && item !== null && !isListOfScalars(item)) {
      parts[name] = { content: JSON.stringify(item), content_type: type ?? 'application/json' }
    } else if (Array.isArray(item)) parts[name] = item.map(scalarOf)
    else if (type === undefined) parts[name] = scalarOf(item)
    else parts[name] = { content: String(scalarOf(item)), content_type: type }
  }
  return { ...NONE, fields: { multipart: parts }, uploads }
}

function isListOfScalars(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null)
}

/** 3.0 says `format: binary`; 3.1 a media type, or nothing at all about the content. */
function isFile(document: OpenApiDocument, property: unknown): boolean {
  const flat = flatOf(document, property)
  if (typeOf(flat) === 'array') {
    const items = at(flat, 'items')
    return items !== undefined && typeOf(flatOf(document, items)) !== 'array'
      ? isFile(document, items)
      : false
  }
  return (
    textAt(flat, 'format') === 'binary' ||
    textAt(flat, 'contentMediaType') === 'application/octet-stream'
  )
}

function rawOf(document: OpenApiDocument, type: string, media: unknown): WrittenBody {
  if (!MEDIA_TYPE.test(type)) {
    // `*/*` and the like: JSON is what such servers mostly mean.
    if (!type.includes('*'))
      return { ...NONE, notes: [`its body of type ${shown(type)} is left out`] }
    return { ...NONE, fields: { json: valueOf(document, media) } }
  }
  if (!TEXT_TYPE.test(type)) {
    return { ...NONE, fields: { raw: { size: FILE_SIZE } }, contentType: type, uploads: true }
  }
  const isXml = type.endsWith('xml')
  const schema = at(media, 'schema')
  const made = isXml ? xmlOf(document, schema) : undefined
  const value = exampleIn(document, media) ?? made ?? sampleOf(document, schema).value
  const raw = typeof value === 'string' ? value : JSON.stringify(value)
  // The sampler's XML may hold what the check of examples has not seen.
  return { ...NONE, fields: { raw: raw.replaceAll(/\{(?=\{)/g, '{ ') }, contentType: type }
}
