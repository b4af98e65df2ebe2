/** Bodies as people see them: decompressed as far as they were kept, as text, redacted. */

import { constants, brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { inflated } from '../../actions/response/received.ts'
import { KEPT_BODY_BYTES, type KeptBody } from '../shard/examples.ts'
import type { Redactor } from './redact.ts'

export interface BodyText {
  readonly text: string
  /** Whether more followed than is here. */
  readonly cut: boolean
}

/** The beginning of the body; undefined for what is no text. */
export function textOf(body: KeptBody, encoding: string | undefined): BodyText | undefined {
  if (body.kept === undefined) return undefined
  const cut = body.kept.length < body.bytes
  const plain = decompressed(body.kept, encoding)
  if (plain === undefined) return undefined
  const isCut = cut || plain.length > KEPT_BODY_BYTES
  const text = Buffer.from(plain.subarray(0, KEPT_BODY_BYTES)).toString('utf8')
  // A character of several bytes may have been cut in the middle.
  return { text: isCut ? text.replace(/\uFFFD+$/, '') : text, cut: isCut }
}

/** What is shown of a body; undefined where there was none. */
export function shownBody(
  body: KeptBody,
  encoding: string | undefined,
  redact: Redactor,
): string | undefined {
  if (body.bytes === 0) return undefined
  const found = textOf(body, encoding)
  return found === undefined ? `binary, ${body.bytes} bytes` : redact.body(found.text, found.cut)
}

/** Four KiB of zeros can grow a thousandfold; more than this is not looked at. */
const LARGEST = 8 * 2 ** 20

function decompressed(body: Uint8Array, encoding: string | undefined): Uint8Array | undefined {
  const sync = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST }
  try {
    switch (encoding?.trim().toLowerCase()) {
      case undefined:
      case '':
      case 'identity':
        return body
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(body, sync)
      case 'deflate':
        return inflated(body, sync)
      case 'br': {
        const finishFlush = constants.BROTLI_OPERATION_FLUSH
        return brotliDecompressSync(body, { finishFlush, maxOutputLength: LARGEST })
      }
      case 'zstd': {
        const finishFlush = constants.ZSTD_e_flush
        return zstdDecompressSync(body, { finishFlush, maxOutputLength: LARGEST })
      }
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}
