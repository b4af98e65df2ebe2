/** Multipart bodies (RFC 7578): plain values, files, and parts with a type of their own. */

import type { ActionDocument } from '../../core/contract/ontology.ts'
import { hash53 } from '../../core/random.ts'
import type { Place } from '../place.ts'
import { compileTemplate, fillText, missing, referencesOf, textOf } from '../template.ts'
import type { Missing, Reference, Template, TemplateContext } from '../template.ts'
import { compileContent, fillContent } from './content.ts'
import type { Content } from './content.ts'
import { hasControls } from './headers.ts'
import { refuseTemplateInName } from './target.ts'

type PartsDocument = NonNullable<ActionDocument['request']['multipart']>
type PartDocument = Exclude<PartsDocument[string], readonly unknown[]>

export interface Part {
  readonly name: string
  readonly content: Content
  readonly filename: Template | undefined
  readonly contentType: Template | undefined
}

export interface FilledMultipart {
  readonly body: string | Buffer
  readonly contentType: string
}

/** @throws UsageError with code `bad-body`, `bad-header` or `bad-template` */
export function compileParts(
  document: PartsDocument,
  place: Place,
): { parts: Part[]; references: Reference[] } {
  const parts = Object.entries(document).flatMap(([name, written]) => {
    refuseTemplateInName(name, place)
    const at = place.at(name)
    return Array.isArray(written)
      ? written.map((part, index) => compilePart(name, part, at.at(index)))
      : [compilePart(name, written, at)]
  })
  const templates = parts.flatMap(({ content, filename, contentType }) => [
    ...(content.kind === 'template' ? [content.template] : []),
    ...(filename ? [filename] : []),
    ...(contentType ? [contentType] : []),
  ])
  return { parts, references: templates.flatMap(referencesOf) }
}

/**
 * The boundary is changed until no part holds it, so a value cannot end its part; it is no random
 * one, so twins with equal values send equal bytes.
 */
export function fillMultipart(
  parts: readonly Part[],
  context: TemplateContext,
): FilledMultipart | Missing {
  const filled: (string | Buffer)[][] = []
  for (const part of parts) {
    const pieces = fillPart(part, context)
    if (!Array.isArray(pieces)) return pieces
    filled.push(...pieces)
  }
  let boundary = 'outrider-boundary'
  const isHeld = (piece: string | Buffer): boolean => piece.includes(boundary)
  for (let attempt = 1; filled.some((pieces) => pieces.some(isHeld)); attempt += 1) {
    boundary = `outrider-boundary-${hash53(attempt, 'boundary')}`
  }
  const pieces = filled.flatMap((part) => [`--${boundary}\r\n`, ...part, '\r\n'])
  pieces.push(`--${boundary}--\r\n`)
  const contentType = `multipart/form-data; boundary=${boundary}`
  if (pieces.every((piece) => typeof piece === 'string')) {
    return { body: pieces.join(''), contentType }
  }
  const buffers = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))
  return { body: Buffer.concat(buffers), contentType }
}

function compilePart(name: string, part: PartDocument, place: Place): Part {
  if (typeof part !== 'object') {
    const template = compileTemplate(String(part), place)
    const content = { kind: 'template', template } as const
    return { name, content, filename: undefined, contentType: undefined }
  }
  const { filename } = part
  const byDefault = filename === undefined ? undefined : 'application/octet-stream'
  const contentType = part.content_type ?? byDefault
  const typeAt = place.at('content_type')
  if (contentType !== undefined && hasControls(contentType)) {
    throw typeAt.fault('bad-header', 'the value has a control character', 'write it on one line')
  }
  return {
    name,
    content: compileContent(part, place),
    filename: filename === undefined ? undefined : compileTemplate(filename, place.at('filename')),
    contentType: contentType === undefined ? undefined : compileTemplate(contentType, typeAt),
  }
}

/** A plain part whose value is a list becomes one part per item. */
function fillPart(part: Part, context: TemplateContext): (string | Buffer)[][] | Missing {
  const { name, content, filename, contentType } = part
  let head = `content-disposition: form-data; name="${quoted(name)}"`
  if (filename !== undefined) {
    const text = fillText(filename, context)
    if (typeof text !== 'string') return text
    head += `; filename="${quoted(text)}"`
  }
  if (contentType !== undefined) {
    const text = fillText(contentType, context)
    if (typeof text !== 'string') return text
    const culprit = hasControls(text) ? referencesOf(contentType)[0] : undefined
    if (culprit) return missing(culprit, `puts a control character into the type of "${name}"`)
    head += `\r\ncontent-type: ${text}`
  }
  head += '\r\n\r\n'
  if (filename === undefined && content.kind === 'template') {
    const { template } = content
    const value = template.kind === 'reference' ? template.reference.read(context) : undefined
    if (Array.isArray(value)) return value.map((item) => [head, textOf(item) ?? ''])
  }
  const filled = fillContent(content, context)
  return typeof filled === 'string' || Buffer.isBuffer(filled) ? [[head, filled]] : filled
}

/** HTML, 4.10.21.8: how names stand between quotes in multipart/form-data. */
function quoted(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}
