/**
 * The request target (RFC 9112): path and query of a request, with every value kept inside its
 * place.
 *
 * A value in a path is percent-encoded, so it cannot add a segment, a query or a fragment. Encoding
 * leaves dots alone, and servers resolve `..` and `%2e%2e` alike, so a filled segment that is empty
 * or only dots is refused instead: it would make the request another request. Where a route of the
 * action names a tail (`GET /files/*path`), `{{data.path}}` as the last segment of the request may
 * hold several segments, each under the same rules.
 */

import type { ActionDocument } from '../../core/contract/ontology.ts'
import type { Place } from '../place.ts'
import {
  compileTemplate,
  dataNameOf,
  fillText,
  missing,
  referencesOf,
  textOf,
} from '../template.ts'
import type { Missing, Reference, Template, TemplateContext } from '../template.ts'

type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'filled'; readonly pieces: Pieces }
  | { readonly kind: 'tail'; readonly reference: Reference }
type Pieces = readonly (string | Reference)[]

export interface Field {
  readonly name: string
  /** Percent-encoded, with the equals sign: `q=`. */
  readonly start: string
  readonly template: Template
}

export interface RequestTarget {
  /** Set where nothing in the target depends on the context. */
  readonly fixed: string | undefined
  readonly segments: readonly Segment[]
  /** What stands behind a `?` in the path itself. */
  readonly pathQuery: Pieces
  readonly fields: readonly Field[]
  readonly references: readonly Reference[]
}

type FieldMap = NonNullable<ActionDocument['request']['query']>

const DOTS_ONLY = /^(?:\.|%2e){1,2}$/i

/**
 * @param tailName name of the `*tail` in the action's routes, if one has it
 * @throws UsageError with code `bad-path` or `bad-template`
 */
export function compileTarget(
  path: string,
  query: FieldMap | undefined,
  tailName: string | undefined,
  place: Place,
): RequestTarget {
  const at = place.at('path')
  const whole = compileTemplate(path, at)
  checkPath(path, at)
  const cut = path.indexOf('?')
  const pathname = cut === -1 ? path : path.slice(0, cut)
  const search = cut === -1 ? '' : path.slice(cut + 1)
  const fields = compileFields(query, place.at('query'), encodeURIComponent)
  const references = [
    ...referencesOf(whole),
    ...fields.flatMap((field) => referencesOf(field.template)),
  ]
  return {
    fixed: references.length === 0 ? fixedTarget(pathname, search, fields) : undefined,
    segments: pathname
      .slice(1)
      .split('/')
      .map((text, index, all) =>
        compileSegment(text, index === all.length - 1 ? tailName : undefined, at),
      ),
    pathQuery: piecesOf(compileTemplate(search, at)),
    fields,
    references,
  }
}

/** The path with its query, or what it lacks. */
export function fillTarget(target: RequestTarget, context: TemplateContext): string | Missing {
  return target.fixed ?? joinTarget(target, context)
}

/** @throws UsageError with code `bad-template`, also for templates in names */
export function compileFields(
  fields: FieldMap | undefined,
  place: Place,
  encode: (text: string) => string,
): Field[] {
  return Object.entries(fields ?? {}).flatMap(([name, written]) => {
    refuseTemplateInName(name, place.at(name))
    const start = `${encode(name.toWellFormed())}=`
    const values = Array.isArray(written) ? written : [written]
    return values.map((value) => ({
      name,
      start,
      template: compileTemplate(String(value), place.at(name)),
    }))
  })
}

/** Fields joined by `&`: a missing one is left out, a list is repeated. */
export function fillFields(
  fields: readonly Field[],
  context: TemplateContext,
  encode: (text: string) => string,
): string {
  let joined = ''
  const add = (start: string, text: string | undefined): void => {
    if (text === undefined) return
    joined += (joined === '' ? '' : '&') + start + encode(text.toWellFormed())
  }
  for (const { start, template } of fields) {
    if (template.kind === 'reference') {
      const value = template.reference.read(context)
      if (Array.isArray(value)) for (const item of value) add(start, textOf(item))
      else add(start, textOf(value))
    } else {
      const text = fillText(template, context)
      add(start, typeof text === 'string' ? text : undefined)
    }
  }
  return joined
}

/** @throws UsageError with code `bad-template` if a name holds a template */
export function refuseTemplateInName(name: string, place: Place): void {
  if (!name.includes('{{')) return
  throw place.fault('bad-template', 'a name holds a template', 'use templates in values only')
}

function joinTarget(target: RequestTarget, context: TemplateContext): string | Missing {
  let path = ''
  for (const segment of target.segments) {
    const text = fillSegment(segment, context)
    if (typeof text !== 'string') return text
    path += `/${text}`
  }
  let search = fillPieces(target.pathQuery, context)
  if (typeof search !== 'string') return search
  const query = fillFields(target.fields, context, encodeURIComponent)
  if (query !== '') search += (search === '' ? '' : '&') + query
  return search === '' ? path : `${path}?${search}`
}

function fillSegment(segment: Segment, context: TemplateContext): string | Missing {
  if (segment.kind === 'text') return segment.text
  if (segment.kind === 'tail') return fillTail(segment.reference, context)
  const text = fillPieces(segment.pieces, context)
  if (typeof text !== 'string') return text
  if (text !== '' && !DOTS_ONLY.test(text)) return text
  const culprit = segment.pieces.find((piece) => typeof piece !== 'string')
  return culprit === undefined ? text : missing(culprit, refusal(text))
}

function fillTail(reference: Reference, context: TemplateContext): string | Missing {
  const text = textOf(reference.read(context))
  if (text === undefined) return missing(reference)
  const parts = text.toWellFormed().split('/')
  const bad = parts.find((part) => part === '' || DOTS_ONLY.test(part))
  if (bad !== undefined) return missing(reference, refusal(bad))
  return parts.map(encodeURIComponent).join('/')
}

function fillPieces(pieces: Pieces, context: TemplateContext): string | Missing {
  let filled = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      filled += piece
      continue
    }
    const text = textOf(piece.read(context))
    if (text === undefined) return missing(piece)
    filled += encodeURIComponent(text.toWellFormed())
  }
  return filled
}

function refusal(text: string): string {
  return text === '' ? 'leaves a path segment empty' : 'makes a path segment of dots only'
}

function compileSegment(text: string, tailName: string | undefined, place: Place): Segment {
  const template = compileTemplate(text, place)
  if (template.kind === 'text') return { kind: 'text', text: encodeLiteral(template.text) }
  const { reference } = template.kind === 'reference' ? template : { reference: undefined }
  if (reference && tailName !== undefined && dataNameOf(reference) === tailName) {
    return { kind: 'tail', reference }
  }
  return { kind: 'filled', pieces: piecesOf(template) }
}

function piecesOf(template: Template): Pieces {
  if (template.kind === 'text') return template.text === '' ? [] : [encodeLiteral(template.text)]
  if (template.kind === 'reference') return [template.reference]
  return template.pieces.map((piece) => (typeof piece === 'string' ? encodeLiteral(piece) : piece))
}

/** What the author wrote stays as it is; only what cannot stand in a request line is encoded. */
function encodeLiteral(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent)
}

function checkPath(path: string, place: Place): void {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) {
    throw place.fault('bad-path', 'the path has a control character', 'remove it')
  }
  if (path.startsWith('//')) {
    throw place.fault('bad-path', 'the path begins with "//", which names a host', 'begin with "/"')
  }
  const literal = path.replaceAll(/\{\{.*?\}\}/g, '')
  if (literal.includes('#')) {
    throw place.fault('bad-path', 'the path has a fragment, which is never sent', 'remove "#…"')
  }
}

function fixedTarget(pathname: string, search: string, fields: readonly Field[]): string {
  const query = [search === '' ? [] : encodeLiteral(search), ...fields.map(fixedField)].flat()
  const path = encodeLiteral(pathname)
  return query.length === 0 ? path : `${path}?${query.join('&')}`
}

function fixedField({ start, template }: Field): string {
  return start + (template.kind === 'text' ? encodeURIComponent(template.text.toWellFormed()) : '')
}
