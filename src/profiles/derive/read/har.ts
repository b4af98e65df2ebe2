/**
 * HTTP archives (HAR 1.2), as the network panel of a browser or a proxy exports them. Of the headers
 * only those pass that name no person and open no door; bodies are there for proposing an ontology.
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */

import { UsageError } from '../../../core/errors.ts'
import { parseTime } from './times.ts'
import {
  fieldOf,
  isObject,
  listAt,
  objectAt,
  parseDocument,
  readWhole,
  textAt,
  type JsonObject,
} from './document.ts'
import { isAssetPath } from './asset.ts'
import type { Bodies, LoggedRequest, Reader } from './request.ts'

export interface HarOptions {
  /** Like `https://shop.example`; left out = the origin of the most requests. */
  readonly origin?: string
}

/** Bodies beyond this are left out: nobody proposes an action from them. */
const BODY_LIMIT = 1024 * 1024
/** What may be known of headers; cookies, credentials and whatever is not here are dropped. */
const ALLOWED_HEADERS = new Set([
  'accept',
  'content-type',
  'location',
  'x-csrf-token',
  'x-requested-with',
  'x-xsrf-token',
])
/** Kinds of resources in Chrome's archives that a page brings along. */
const ASSET_TYPES = new Set([
  'stylesheet',
  'image',
  'font',
  'media',
  'script',
  'manifest',
  'texttrack',
  'ping',
  'csp-violation-report',
])
const ASSET_CONTENT = /^(?:image|font|audio|video|text\/css|text\/javascript)\b|javascript/i

/** One batch: everything the archive holds. */
export function createHarReader(options: HarOptions): Reader {
  return async function* read(lines, { file, counts }) {
    const document = parseDocument(await readWhole(lines, file), 'har', file)
    const log = objectAt(document, 'log')
    if (!Array.isArray(fieldOf(log, 'entries'))) throw noArchive(file)
    const entries = listAt(log, 'entries')
    const read = entries.map(readEntry)
    counts.entries += entries.length
    const whole = read.filter((entry) => entry !== undefined)
    counts.malformed += entries.length - whole.length
    if (whole.length === 0) throw noEntry(file, entries.length)
    const origin = options.origin ?? mainOrigin(whole)
    checkOrigin(origin, whole, file)
    yield whole.map(({ request, origin: own }) =>
      own === origin ? request : { ...request, leftOut: 'otherOrigins' },
    )
  }
}

interface Entry {
  readonly origin: string
  readonly request: LoggedRequest
}

function readEntry(entry: unknown): Entry | undefined {
  const request = objectAt(entry, 'request')
  const response = objectAt(entry, 'response')
  const timeMs = parseTime(textAt(entry, 'startedDateTime'))
  const written = textAt(request, 'url')
  const status = Number(fieldOf(response, 'status') ?? 0)
  if (request === undefined || timeMs === undefined || written === '') return undefined
  if (!URL.canParse(written) || !Number.isInteger(status)) return undefined
  const url = new URL(written)
  const target = `${url.pathname}${url.search}`
  return {
    origin: /^https?:$/.test(url.protocol) ? url.origin : url.protocol,
    request: {
      address: '',
      user: clientOf(entry),
      userAgent: headersOf(request).get('user-agent'),
      geo: 'ZZ',
      timeMs,
      method: textAt(request, 'method').toUpperCase(),
      target,
      status,
      isAsset: isAsset(entry, response, url.pathname),
      bodies: bodiesOf(request, response),
    },
  }
}

/** Proxies name the client in a field of their own; a browser is one client. */
function clientOf(entry: unknown): string {
  for (const name of ['_clientIPAddress', '_clientAddress', '_client']) {
    const client = textAt(entry, name)
    if (client !== '') return client
  }
  return 'browser'
}

function isAsset(entry: unknown, response: JsonObject | undefined, path: string): boolean {
  const type = textAt(entry, '_resourceType')
  if (type === 'document' || type === 'xhr' || type === 'fetch') return isAssetPath(path)
  const content = textAt(objectAt(response, 'content'), 'mimeType')
  return ASSET_TYPES.has(type) || isAssetPath(path) || ASSET_CONTENT.test(content)
}

function headersOf(message: JsonObject | undefined): Map<string, string> {
  return new Map(
    listAt(message, 'headers').map((header) => [
      textAt(header, 'name').toLowerCase(),
      textAt(header, 'value'),
    ]),
  )
}

function allowedHeaders(message: JsonObject | undefined): Record<string, string> {
  const headers = [...headersOf(message)].filter(([name]) => ALLOWED_HEADERS.has(name))
  return Object.fromEntries(headers)
}

function bodiesOf(request: JsonObject, response: JsonObject | undefined): Bodies {
  const requestBody = postedText(objectAt(request, 'postData'))
  const responseBody = contentText(objectAt(response, 'content'))
  return {
    requestHeaders: allowedHeaders(request),
    responseHeaders: allowedHeaders(response),
    ...(requestBody === undefined ? {} : { requestBody }),
    ...(responseBody === undefined ? {} : { responseBody }),
  }
}

/** The text, or the form fields where the archive has only those. */
function postedText(posted: JsonObject | undefined): string | undefined {
  const text = contentText(posted)
  if (text !== undefined || posted === undefined) return text
  const fields = listAt(posted, 'params').filter(isObject)
  if (fields.length === 0) return undefined
  const pairs = fields.map((field): [string, string] => [
    textAt(field, 'name'),
    textAt(field, 'value'),
  ])
  return new URLSearchParams(pairs).toString()
}

/** Undefined for a body that is missing, too long, or no text. */
function contentText(content: JsonObject | undefined): string | undefined {
  const text = textAt(content, 'text')
  if (text === '' || text.length > BODY_LIMIT * 2) return undefined
  const isEncoded = textAt(content, 'encoding') === 'base64'
  const decoded = isEncoded ? decodeText(text) : text
  return decoded === undefined || decoded.length > BODY_LIMIT ? undefined : decoded
}

function decodeText(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))
  } catch {
    return undefined
  }
}

/** Assets do not count: they often come from a host of their own. */
function mainOrigin(entries: readonly Entry[]): string {
  const counts = new Map<string, number>()
  for (const { origin, request } of entries) {
    const weight = request.isAsset === true ? 0 : 1
    if (origin.startsWith('http')) counts.set(origin, (counts.get(origin) ?? 0) + weight)
  }
  const [first] = [...counts].toSorted(([, left], [, right]) => right - left)
  return first?.[0] ?? ''
}

function checkOrigin(origin: string, entries: readonly Entry[], file: string): void {
  if (entries.some((entry) => entry.origin === origin)) return
  const seen = [...new Set(entries.map((entry) => entry.origin))].slice(0, 10)
  throw new UsageError(`Cannot import har file: ${file} has no request to "${origin}"`, {
    code: 'unknown-origin',
    where: '--origin',
    mend: `it has requests to ${seen.join(', ')}`,
  })
}

function noArchive(file: string): UsageError {
  return new UsageError(`Cannot import har file: ${file} has no log.entries`, {
    code: 'bad-log',
    where: file,
    mend: 'export it as HAR 1.2 ("Save all as HAR with content"), or name another --format',
  })
}

function noEntry(file: string, count: number): UsageError {
  const why = count === 0 ? 'has no entry' : `has ${count} entries, none of them can be read`
  return new UsageError(`Cannot import har file: ${file} ${why}`, {
    code: 'bad-log',
    where: file,
    mend: 'each needs startedDateTime, request.method, request.url and response.status',
  })
}
