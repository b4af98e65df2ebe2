/** The formats that can be imported, and the reader of each. */

import { accessLogFormat, createLineReader } from './by-line.ts'
import { DOCUMENT_LIMIT } from './document.ts'
import { createHarReader } from './har.ts'
import type { FieldMap } from './json-fields.ts'
import { createJsonLogFormat } from './json-log.ts'
import { createOtlpReader } from './otlp.ts'
import type { Reader } from './request.ts'

export const IMPORT_FORMATS = ['combined', 'common', 'json', 'har', 'otlp'] as const
export type ImportFormat = (typeof IMPORT_FORMATS)[number]

export interface FormatOptions {
  readonly format: ImportFormat
  /** The name that errors show. */
  readonly file: string
  /** Where the fields stand (json). */
  readonly fields?: FieldMap
  /** The origin of the site (har); default: that of the most requests. */
  readonly origin?: string
  /** The service that people reach (otlp); default: the outermost of each trace. */
  readonly service?: string
}

/** JSON lines carry headers and stacks, too. */
const JSON_LINE_LIMIT = 1024 * 1024

export function createReader({
  format,
  file,
  fields = {},
  origin,
  service,
}: FormatOptions): Reader {
  switch (format) {
    case 'combined':
    case 'common':
      return createLineReader(accessLogFormat(format))
    case 'json':
      return createLineReader(createJsonLogFormat(fields, file))
    case 'har':
      return createHarReader(origin === undefined ? {} : { origin })
    case 'otlp':
      return createOtlpReader(service === undefined ? {} : { service })
  }
}

/** Characters of one line in a file of this format; undefined = as usual. */
export function lineLimitOf(format: ImportFormat): number | undefined {
  if (format === 'json') return JSON_LINE_LIMIT
  return format === 'har' || format === 'otlp' ? DOCUMENT_LIMIT + 1 : undefined
}
