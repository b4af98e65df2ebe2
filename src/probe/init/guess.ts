/** What a file that somebody hands over is, by its beginning. Pure. */

import type { ImportFormat } from '../../profiles/derive/read/formats.ts'

export type SourceKind = 'openapi' | ImportFormat

const COMMON = /^\S+ \S+ .*\[[^\]]+\] "[^"]*" \d{3} (?:\d+|-)/
const COMBINED = /^\S+ \S+ .*\[[^\]]+\] "[^"]*" \d{3} (?:\d+|-) "[^"]*" "/

/**
 * @param beginning the first few thousand characters
 * @returns undefined for what is none of these
 */
export function guessKind(beginning: string): SourceKind | undefined {
  const text = beginning.replace(/^\uFEFF/, '').trimStart()
  if (/^["']?(?:openapi|swagger)["']?\s*:/m.test(text) || /"(?:openapi|swagger)"\s*:/.test(text)) {
    return 'openapi'
  }
  // Sorted by their names, the version comes last.
  if (/^\{\s*"(?:basePath|components|definitions|consumes)"\s*:/.test(text)) return 'openapi'
  if (/^\{[^]*"paths"\s*:\s*\{\s*"\//.test(text)) return 'openapi'
  if (/^\{\s*"log"\s*:\s*\{/.test(text)) return 'har'
  if (/^\{\s*"resourceSpans"\s*:/.test(text)) return 'otlp'
  const [line = ''] = text.split('\n', 1)
  if (line.startsWith('{')) return 'json'
  if (COMBINED.test(line)) return 'combined'
  return COMMON.test(line) ? 'common' : undefined
}
