/** A response as expectations and captures see it; its body is decoded and parsed at most once. */

import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
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
      parsed ??= parseJson(read())
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
        return inflateSync(body, limit)
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

function parseJson(text: string): Found {
  if (text === '') return { kind: 'none', why: 'the body is empty' }
  if (text.length >= MAX_BODY_BYTES) return { kind: 'none', why: 'the body is larger than 8 MiB' }
  try {
    const value: JsonValue = JSON.parse(text)
    return { kind: 'found', value }
  } catch (fault) {
    return { kind: 'none', why: `the body is not JSON (${messageOf(fault).slice(0, 80)})` }
  }
}
