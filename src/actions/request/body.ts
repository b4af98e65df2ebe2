/** Bodies: JSON, form, multipart or raw, compiled to pieces that are joined for every request. */

import type { ActionDocument } from '../../core/contract/ontology.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import type { Place } from '../place.ts'
import { compileContent, fillContent } from './content.ts'
import type { Content } from './content.ts'
import { compileParts, fillMultipart } from './multipart.ts'
import type { Part } from './multipart.ts'
import { compileFields, fillFields, refuseTemplateInName } from './target.ts'
import type { Field } from './target.ts'
import { compileTemplate, fillText, missing, referencesOf } from '../template.ts'
import type { Missing, Reference, Template, TemplateContext } from '../template.ts'

type RequestDocument = ActionDocument['request']
/** JSON text, cut where a value comes in. */
type JsonPiece = string | Exclude<Template, { kind: 'text' }>

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly filled: FilledBody }
  | { readonly kind: 'json'; readonly pieces: readonly JsonPiece[] }
  | { readonly kind: 'form'; readonly fields: readonly Field[] }
  | { readonly kind: 'multipart'; readonly parts: readonly Part[] }
  | { readonly kind: 'raw'; readonly content: Content }

export interface CompiledBody {
  readonly body: Body
  readonly references: readonly Reference[]
}

export interface FilledBody {
  /** Undefined = the request has no body. */
  readonly body: string | Buffer | undefined
  /** Undefined where the action has to say it itself (raw) or there is no body. */
  readonly contentType: string | undefined
}

const KINDS = ['json', 'form', 'multipart', 'raw'] as const

const NO_BODY: FilledBody = { body: undefined, contentType: undefined }
const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** @throws UsageError with code `bad-body`, `bad-header` or `bad-template` */
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
  if (first === undefined) return { body: { kind: 'none' }, references: [] }
  if (first === 'raw') return compileRaw(request.raw ?? '', place.at('raw'))
  const { parts, references } = compileParts(request.multipart ?? {}, place.at('multipart'))
  return { body: { kind: 'multipart', parts }, references }
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
  return withType(fillContent(body.content, context), undefined)
}

function withType(
  body: string | Buffer | Missing,
  contentType: string | undefined,
): FilledBody | Missing {
  return typeof body === 'string' || Buffer.isBuffer(body) ? { body, contentType } : body
}

function compileRaw(raw: NonNullable<RequestDocument['raw']>, place: Place): CompiledBody {
  const content: Content =
    typeof raw === 'string'
      ? { kind: 'template', template: compileTemplate(raw, place) }
      : compileContent(raw, place)
  const references = content.kind === 'template' ? referencesOf(content.template) : []
  return { body: { kind: 'raw', content }, references }
}

function compileJson(value: JsonValue, place: Place): CompiledBody {
  const pieces: JsonPiece[] = []
  addJson(value, place, pieces)
  const references = pieces.flatMap((piece) =>
    typeof piece === 'string' ? [] : referencesOf(piece),
  )
  if (references.length > 0) return { body: { kind: 'json', pieces }, references }
  const filled = { body: JSON.stringify(value), contentType: JSON_TYPE }
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
