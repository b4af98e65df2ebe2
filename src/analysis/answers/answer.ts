/** An answer as it is compared: read once, however often it is compared, and only if it must be. */

import { isUtf8 } from 'node:buffer'
import { contentType, type AnswerHeaders } from './headers.ts'
import { htmlParts, type HtmlParts } from './html.ts'
import { parseJson, type Json } from './json.ts'
import type { OwnWords } from './own.ts'
import { normalLines } from './text.ts'

/** What a body says, as far as we can read it. */
export type Parsed =
  | { readonly kind: 'json'; readonly value: Json }
  /** It said that it is JSON. */
  | { readonly kind: 'broken-json'; readonly text: string }
  | { readonly kind: 'html'; readonly parts: HtmlParts }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary' }
  | { readonly kind: 'empty' }

export interface AnswerBody {
  /** As it came over the wire; undefined where only its length is known. */
  readonly wire: Uint8Array | undefined
  /** Length on the wire. */
  readonly bytes: number
  /** What the wire's bytes stand for, without compression; undefined where they cannot be read. */
  plain(): Uint8Array | undefined
  parsed(): Parsed
}

export interface AnswerView {
  readonly status?: number
  readonly headers: AnswerHeaders
  readonly body: AnswerBody
  /** Words that only this arm's answers have; left out = none are looked for. */
  readonly own?: OwnWords
}

export interface Reading {
  /** Undoes a compression; undefined for what it cannot undo. Left out = there is none. */
  readonly decode?: (wire: Uint8Array) => Uint8Array | undefined
  readonly own?: OwnWords
}

/**
 * Nothing is parsed before it is compared with an answer that has other bytes.
 * @param headers by lower-cased names
 * @param body as it came over the wire, or its length where not all of it was kept
 */
export function readAnswer(
  status: number | undefined,
  headers: AnswerHeaders,
  body: Uint8Array | { readonly bytes: number },
  { decode = (wire) => wire, own }: Reading = {},
): AnswerView {
  const wire = body instanceof Uint8Array ? body : undefined
  const bytes = body instanceof Uint8Array ? body.length : body.bytes
  const plain = remembered(() => (wire === undefined ? undefined : decode(wire)))
  const parsed = remembered(() => parse(plain(), headers['content-type']))
  return {
    ...(status === undefined ? {} : { status }),
    headers,
    body: { wire, bytes, plain, parsed },
    ...(own === undefined ? {} : { own }),
  }
}

function remembered<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Longer bodies are compared byte by byte: reading them would hold up what is measured. */
const MOST_READ_BYTES = 1_048_576

type Format = 'json' | 'html' | 'text' | 'unknown' | 'binary'

function parse(bytes: Uint8Array | undefined, type: AnswerHeaders[string]): Parsed {
  if (bytes === undefined || bytes.length > MOST_READ_BYTES) return { kind: 'binary' }
  if (bytes.length === 0) return { kind: 'empty' }
  const declared = contentType([type ?? ''].flat()[0] ?? '').replace(/;.*/, '')
  const format = formatOf(declared)
  if (format === 'binary') return { kind: 'binary' }
  if (format === 'unknown' && !looksLikeText(bytes)) return { kind: 'binary' }
  const text = textOf(bytes)
  if (format === 'json' || (format !== 'html' && /^\s*[[{]/.test(text))) {
    const found = parseJson(text)
    if (found !== undefined) return { kind: 'json', value: found.value }
    if (format === 'json') return { kind: 'broken-json', text: normalLines(text) }
  }
  const isPage = format === 'html' || /^\s*<(!doctype html|html)[\s>]/i.test(text)
  if (isPage) return { kind: 'html', parts: htmlParts(text) }
  return { kind: 'text', text: normalLines(text) }
}

function formatOf(type: string): Format {
  if (/^(application|text)\/json$|\+json$/.test(type)) return 'json'
  if (/^(text\/html|application\/xhtml\+xml)$/.test(type)) return 'html'
  if (/^(image|audio|video|font)\/(?!svg)/.test(type)) return 'binary'
  const isText = /^text\/|[/+](xml|javascript|yaml|x-www-form-urlencoded|graphql|x-ndjson)$/
  return isText.test(type) ? 'text' : 'unknown'
}

const LOOKED_AT = 1024

function looksLikeText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.subarray(0, LOOKED_AT).includes(0)
}

/** Bytes that are no UTF-8 are taken one by one, so that different ones stay different. */
function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = buffer.toString(isUtf8(buffer) ? 'utf8' : 'latin1')
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
