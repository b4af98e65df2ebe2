/**
 * What a part of a form, or a raw body, holds: a template, given bytes, or generated ones.
 *
 * A file beside the ontology is read when the ontology is loaded and stands in the document as
 * bytes from then on, so that worker threads, which see only the document, send it too.
 */

import { createRandom } from '../../core/random.ts'
import type { Place } from '../place.ts'
import { compileTemplate, fillText } from '../template.ts'
import type { Missing, Template, TemplateContext } from '../template.ts'

export type Content =
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }

export interface ContentDocument {
  readonly content?: string | undefined
  readonly base64?: string | undefined
  readonly file?: string | undefined
  readonly size?: string | undefined
}

/** Of one file, or of what is generated; uploads stay in memory for the whole run. */
export const MAX_CONTENT_BYTES = 16 * 2 ** 20

const KEYS = ['content', 'base64', 'file', 'size'] as const
const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 2 ** 10, mb: 2 ** 20 }
/** Text that any server takes and that no compression makes small. */
const LETTERS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')

/** @throws UsageError with code `bad-body` or `bad-template` */
export function compileContent(document: ContentDocument, place: Place): Content {
  const given = KEYS.filter((key) => document[key] !== undefined)
  const [key] = given
  if (key === undefined || given.length > 1) {
    const why = key === undefined ? 'it has no content' : `it has ${given.join(' and ')}`
    throw place.fault('bad-body', why, `give one of ${KEYS.join(', ')}`)
  }
  const at = place.at(key)
  if (document.base64 !== undefined) return bytes(Buffer.from(document.base64, 'base64'), at)
  if (document.size !== undefined) return bytes(generated(sizeOf(document.size, at)), at)
  if (document.file !== undefined) {
    const why = `the file "${document.file}" is not read, for the ontology is none itself`
    throw at.fault('bad-body', why, 'load the ontology from a file, or give base64')
  }
  return { kind: 'template', template: compileTemplate(document.content ?? '', at) }
}

export function fillContent(content: Content, context: TemplateContext): string | Buffer | Missing {
  return content.kind === 'bytes' ? content.bytes : fillText(content.template, context)
}

function bytes(buffer: Buffer, place: Place): Content {
  if (buffer.length > MAX_CONTENT_BYTES) {
    throw place.fault(
      'bad-body',
      `it is larger than ${MAX_CONTENT_BYTES / 2 ** 20} MiB`,
      'send less',
    )
  }
  return { kind: 'bytes', bytes: buffer }
}

function sizeOf(text: string, place: Place): number {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)\s*(b|kb|mb)?$/i.exec(text.trim())
  const size = Math.round(Number(match?.[1]) * (UNITS[(match?.[2] ?? 'b').toLowerCase()] ?? 1))
  if (match && size <= MAX_CONTENT_BYTES) return size
  throw match
    ? place.fault('bad-body', `"${text}" is larger than 16 MiB`, 'send less')
    : place.fault('bad-body', `"${text}" is not a size`, 'write it like 500b, 64kb or 2mb')
}

/** The same bytes each time: twins send the same, and so do two runs. */
function generated(size: number): Buffer {
  const random = createRandom(size, 'content')
  const buffer = Buffer.allocUnsafe(size)
  for (let index = 0; index < size;) {
    // Eight letters of six bits in the 53 bits of a draw.
    let bits = random.next() * 2 ** 48
    for (let letter = 0; letter < 8 && index < size; letter += 1) {
      buffer[index] = LETTERS[Math.floor(bits % 64)] ?? 0
      bits = Math.floor(bits / 64)
      index += 1
    }
  }
  return buffer
}
