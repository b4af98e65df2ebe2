/** Bodies: JSON, form, multipart or raw, compiled to pieces that are joined for every request. */

import type { ActionDocument } from '../../core/contract/ontology.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import { hash53 } from '../../core/random.ts'
import { hasControls } from './headers.ts'
import type { Place } from '../place.ts'
import { compileFields, fillFields, refuseTemplateInName } from './target.ts'
import type { Field } from './target.ts'
import { compileTemplate, fillText, missing, referencesOf, textOf } from '../template.ts'
import type { Missing, Reference, Template, TemplateContext } from '../template.ts'

type RequestDocument = ActionDocument['request']
type PartDocument = NonNullable<RequestDocument['multipart']>[string]

interface Part {
  readonly name: string
  readonly content: Template
  readonly file: { readonly filename: Template; readonly contentType: Template } | undefined
}

/** JSON text, cut where a value comes in. */
type JsonPiece = string | Exclude<Template, { kind: 'text' }>

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly filled: FilledBody }
  | { readonly kind: 'json'; readonly pieces: readonly JsonPiece[] }
  | { readonly kind: 'form'; readonly fields: readonly Field[] }
  | { readonly kind: 'multipart'; readonly parts: readonly Part[] }
  | { readonly kind: 'raw'; readonly template: Template }

export interface CompiledBody {
  readonly body: Body
  readonly references: readonly Reference[]
}

export interface FilledBody {
  /** Undefined = the request has no body. */
  readonly text: string | undefined
  /** Undefined where the action has to say it itself (raw) or there is no body. */
  readonly contentType: string | undefined
}

const KINDS = ['json', 'form', 'multipart', 'raw'] as const

const NO_BODY: FilledBody = { text: undefined, contentType: undefined }
const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** @throws UsageError with code `bad-body` for two bodies at once, or `bad-template` */
export function compileBody(request: RequestDocument, place: Place): CompiledBody {
  const given = KINDS.filter((kind) => request[kind] !== undefined)
  const [first, second] = given
  if (second !== undefined) {
    throw place
      .at(second)
      .fault('bad-body', `a request has one body, and "${first}" is one already`, 'keep one')
  }
  if (first === 'json') return compileJson(request.json ?? null, place.at('json'))
  if (first === 'form') return compileForm(request.form ?? {}, place.at('form'))
  if (first === 'multipart') return compileMultipart(request.multipart ?? {}, place.at('multipart'))
  if (first === undefined) return { body: { kind: 'none' }, references: [] }
  const template = compileTemplate(request.raw ?? '', place.at('raw'))
  return { body: { kind: 'raw', template }, references: referencesOf(template) }
}

/** The body as it is sent, or what it lacks. */
export function fillBody(body: Body, context: TemplateContext): FilledBody | Missing {
  if (body.kind === 'none') return NO_BODY
  if (body.kind === 'fixed') return body.filled
  if (body.kind === 'multipart') return fillMultipart(body.parts, context)
  if (body.kind === 'json') return withType(fillJson(body.pieces, context), JSON_TYPE)
  if (body.kind === 'form') {
    return withType(fillFields(body.fields, context, encodeForm), FORM_TYPE)
  }
  return withType(fillText(body.template, context), undefined)
}

function withType(text: string | Missing, contentType: string | undefined): FilledBody | Missing {
  return typeof text === 'string' ? { text, contentType } : text
}

function compileJson(value: JsonValue, place: Place): CompiledBody {
  const pieces: JsonPiece[] = []
  addJson(value, place, pieces)
  const references = pieces.flatMap((piece) =>
    typeof piece === 'string' ? [] : referencesOf(piece),
  )
  if (references.length > 0) return { body: { kind: 'json', pieces }, references }
  const filled = { text: JSON.stringify(value), contentType: JSON_TYPE }
  return { body: { kind: 'fixed', filled }, references }
}

function addJson(value: JsonValue, place: Place, pieces: JsonPiece[]): void {
  if (typeof value === 'string') {
    const template = compileTemplate(value, place)
    if (template.kind === 'text') addText(pieces, JSON.stringify(value))
    else pieces.push(template)
  } else if (Array.isArray(value)) {
    addText(pieces, '[')
    for (const [index, item] of value.entries()) {
      if (index > 0) addText(pieces, ',')
      addJson(item, place.at(index), pieces)
    }
    addText(pieces, ']')
  } else if (typeof value === 'object' && value !== null) {
    addText(pieces, '{')
    for (const [index, [key, item]] of Object.entries(value).entries()) {
      refuseTemplateInName(key, place.at(key))
      addText(pieces, `${index > 0 ? ',' : ''}${JSON.stringify(key)}:`)
      addJson(item, place.at(key), pieces)
    }
    addText(pieces, '}')
  } else addText(pieces, JSON.stringify(value))
}

function addText(pieces: JsonPiece[], text: string): void {
  const last = pieces.at(-1)
  if (typeof last === 'string') pieces[pieces.length - 1] = last + text
  else pieces.push(text)
}

function fillJson(pieces: readonly JsonPiece[], context: TemplateContext): string | Missing {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece
    } else if (piece.kind === 'reference') {
      const value = piece.reference.read(context)
      if (value === undefined) return missing(piece.reference)
      text += JSON.stringify(value)
    } else {
      const filled = fillText(piece, context)
      if (typeof filled !== 'string') return filled
      text += JSON.stringify(filled)
    }
  }
  return text
}

function compileForm(form: NonNullable<RequestDocument['form']>, place: Place): CompiledBody {
  const fields = compileFields(form, place, encodeForm)
  const references = fields.flatMap((field) => referencesOf(field.template))
  return { body: { kind: 'form', fields }, references }
}

function encodeForm(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}

function compileMultipart(
  document: NonNullable<RequestDocument['multipart']>,
  place: Place,
): CompiledBody {
  const parts = Object.entries(document).map(([name, part]) =>
    compilePart(name, part, place.at(name)),
  )
  const references = parts.flatMap(({ content, file }) => [
    ...referencesOf(content),
    ...(file ? [...referencesOf(file.filename), ...referencesOf(file.contentType)] : []),
  ])
  return { body: { kind: 'multipart', parts }, references }
}

function compilePart(name: string, part: PartDocument, place: Place): Part {
  refuseTemplateInName(name, place)
  if (typeof part !== 'object') {
    return { name, content: compileTemplate(String(part), place), file: undefined }
  }
  const contentType = part.content_type ?? 'application/octet-stream'
  if (hasControls(contentType)) {
    throw place
      .at('content_type')
      .fault('bad-header', 'the value has a control character', 'write it on one line')
  }
  return {
    name,
    content: compileTemplate(part.content, place.at('content')),
    file: {
      filename: compileTemplate(part.filename, place.at('filename')),
      contentType: compileTemplate(contentType, place.at('content_type')),
    },
  }
}

/**
 * The boundary is changed until no part holds it, so a value cannot end its part; it is no random
 * one, so twins with equal values send equal bytes.
 */
function fillMultipart(parts: readonly Part[], context: TemplateContext): FilledBody | Missing {
  const filled: string[] = []
  for (const part of parts) {
    const texts = fillPart(part, context)
    if (!Array.isArray(texts)) return texts
    filled.push(...texts)
  }
  let boundary = 'outrider-boundary'
  const isHeld = (text: string): boolean => text.includes(boundary)
  for (let attempt = 1; filled.some(isHeld); attempt += 1) {
    boundary = `outrider-boundary-${hash53(attempt, 'boundary')}`
  }
  const text = `${filled.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`
  return { text, contentType: `multipart/form-data; boundary=${boundary}` }
}

/** A plain part whose value is a list becomes one part per item. */
function fillPart(part: Part, context: TemplateContext): string[] | Missing {
  const head = `content-disposition: form-data; name="${quoted(part.name)}"`
  if (part.file) return fillFile(part, part.file, head, context)
  if (part.content.kind === 'reference') {
    const value = part.content.reference.read(context)
    if (Array.isArray(value)) return value.map((item) => `${head}\r\n\r\n${textOf(item) ?? ''}`)
  }
  const content = fillText(part.content, context)
  return typeof content === 'string' ? [`${head}\r\n\r\n${content}`] : content
}

function fillFile(
  part: Part,
  file: NonNullable<Part['file']>,
  head: string,
  context: TemplateContext,
): string[] | Missing {
  const filename = fillText(file.filename, context)
  if (typeof filename !== 'string') return filename
  const contentType = fillText(file.contentType, context)
  if (typeof contentType !== 'string') return contentType
  const content = fillText(part.content, context)
  if (typeof content !== 'string') return content
  const culprit = hasControls(contentType) ? referencesOf(file.contentType)[0] : undefined
  if (culprit) return missing(culprit, `puts a control character into the type of "${part.name}"`)
  const lines = `${head}; filename="${quoted(filename)}"\r\ncontent-type: ${contentType}`
  return [`${lines}\r\n\r\n${content}`]
}

/** HTML, 4.10.21.8: how names stand between quotes in multipart/form-data. */
function quoted(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}
