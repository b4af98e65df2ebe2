/** A response as expectations and captures see it; its body is decoded and parsed at most once. */

import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
  type ZlibOptions,
} from 'node:zlib'
import type { JsonValue } from '../../core/contract/profile.ts'
import { messageOf } from '../../core/errors.ts'

/** What came back. `header` takes any case; `body` may be left out where the action needs none. */
export interface ReceivedResponse {
  readonly status: number
  header(name: string): string | undefined
  cookie(name: string): string | undefined
  readonly body: Buffer | undefined
  /** What `max_ms` is held against. */
  readonly latencyMs: number
}

export type Found =
  | { readonly kind: 'found'; readonly value: JsonValue }
  | { readonly kind: 'none'; readonly why: string }

export interface Received {
  readonly response: ReceivedResponse
  text(): string
  json(): Found
}

/** Larger bodies are read up to here; as JSON they are not read at all. */
const MAX_BODY_BYTES = 8 * 2 ** 20

export function createReceived(response: ReceivedResponse): Received {
  let text: string | undefined
  let parsed: Found | undefined
  const read = (): string => {
    text ??= decode(response)
    return text
  }
  return {
    response,
    text: read,
    json() {
      parsed ??= parseJson(read(), response.header('content-encoding'))
      return parsed
    },
  }
}

function decode(response: ReceivedResponse): string {
  const { body } = response
  if (body === undefined || body.length === 0) return ''
  const plain = decompress(body, response.header('content-encoding'))
  const text = plain.subarray(0, MAX_BODY_BYTES).toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/**
 * Some servers compress without being asked. What cannot be decompressed stays as it is: the very
 * same object.
 */
export function decompress(body: Buffer, encoding: string | undefined): Buffer {
  const limit = { maxOutputLength: MAX_BODY_BYTES }
  try {
    switch (encoding?.trim().toLowerCase()) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(body, limit)
      case 'deflate':
        return inflated(body, limit)
      case 'br':
        return brotliDecompressSync(body, limit)
      case 'zstd':
        return zstdDecompressSync(body, limit)
      default:
        return body
    }
  } catch {
    return body
  }
}

/** Many servers send what `deflate` names without the zlib head that it should have. */
export function inflated(body: Uint8Array, options: ZlibOptions): Buffer {
  const first = body[0] ?? 0
  // RFC 1950, 2.2: method 8, and both bytes a multiple of 31.
  const hasHead = (first & 15) === 8 && (first * 256 + (body[1] ?? 0)) % 31 === 0
  return hasHead ? inflateSync(body, options) : inflateRawSync(body, options)
}

function parseJson(text: string, encoding: string | undefined): Found {
  if (text === '') return { kind: 'none', why: 'the body is empty' }
  if (text.length >= MAX_BODY_BYTES) return { kind: 'none', why: 'the body is larger than 8 MiB' }
  try {
    const value: JsonValue = JSON.parse(text)
    return { kind: 'found', value }
  } catch (fault) {
    // What cannot be unpacked is still packed here, and would be quoted as gibberish.
    const isPacked = /^(?:x-)?(?:gzip|deflate|br|zstd)$/i.test(encoding?.trim() ?? '')
    if (isPacked && !/^\s*[[{"\w-]/.test(text)) return { kind: 'none', why: packedWords(encoding) }
    return { kind: 'none', why: `the body is not JSON (${messageOf(fault).slice(0, 80)})` }
  }
}

function packedWords(encoding = ''): string {
  return `the body cannot be unpacked (${encoding.trim()}): it is damaged, too long, or more than 8 MiB`
}
