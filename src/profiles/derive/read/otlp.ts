/**
 * OpenTelemetry spans in OTLP/JSON (ExportTraceServiceRequest), one document a line, as the
 * collector's file exporter writes them, or one document in the whole file.
 *
 * Only what came from outside is a person's doing: of the SERVER spans of a trace those that no
 * other service's SERVER span encloses. A call from service to service has its parent among the
 * spans, or happens while another service of the same trace answers. Parents may come after their
 * children, so the spans are judged after the last one.
 * @see https://opentelemetry.io/docs/specs/otlp/ and the semantic conventions for HTTP, of which
 *   the present names and those before 1.23 are known
 */

import { UsageError } from '../../../core/errors.ts'
import {
  DOCUMENT_LIMIT,
  documentTooLarge,
  isObject,
  listAt,
  objectAt,
  parseDocument,
  textAt,
  type JsonObject,
} from './document.ts'
import type { LineBatches } from './lines.ts'
import { geoOf, type LoggedRequest, type ReadContext, type Reader } from './request.ts'

export interface OtlpOptions {
  /** Takes every SERVER span of this service; left out = the outermost of each trace. */
  readonly service?: string
}

/** Spans that are held until the last one was read. */
const SERVER_SPAN_LIMIT = 1_000_000
const SPAN_LIMIT = 5_000_000
const BATCH = 10_000
/** Spans of one trace that others are compared with. */
const COMPARED = 100

interface ServerSpan {
  readonly trace: string
  readonly id: string
  readonly parent: string
  readonly service: string
  readonly endMs: number
  readonly request: LoggedRequest
}

interface Spans {
  readonly ids: Set<string>
  readonly servers: ServerSpan[]
}

export function createOtlpReader(options: OtlpOptions): Reader {
  return async function* read(lines, context) {
    const spans: Spans = { ids: new Set(), servers: [] }
    let documents = 0
    for await (const document of documentsOf(lines, context)) {
      documents += 1
      addDocument(document, spans, context)
    }
    if (documents === 0 || spans.ids.size === 0) throw noSpans(context.file)
    if (spans.servers.length === 0) throw noServerSpans(context)
    checkService(options, spans, context.file)
    const isEntry = createEntryJudge(options, spans)
    for (let from = 0; from < spans.servers.length; from += BATCH) {
      yield spans.servers
        .slice(from, from + BATCH)
        .map((span) => (isEntry(span) ? span.request : { ...span.request, leftOut: 'innerSpans' }))
    }
  }
}

/** A document a line, else one that spans all lines. The last line may be one still being written. */
async function* documentsOf(lines: LineBatches, { file, counts }: ReadContext): AsyncGenerator {
  let lineNumber = 0
  let length = 0
  let whole: string[] | undefined
  let fault: unknown
  for await (const batch of lines) {
    for (const line of batch) {
      lineNumber += 1
      if (line.length > DOCUMENT_LIMIT) throw documentTooLarge(`${file}:${lineNumber}`)
      if (whole === undefined && line.trim() === '') continue
      if (fault !== undefined) throw fault
      if (whole === undefined && (lineNumber > 1 || isWholeLine(line))) {
        try {
          yield parseDocument(line, 'otlp', `${file}:${lineNumber}`)
        } catch (error) {
          if (lineNumber === 1) throw error
          fault = error
        }
        continue
      }
      whole ??= []
      whole.push(line)
      length += line.length + 1
      if (length > DOCUMENT_LIMIT) throw documentTooLarge(file)
    }
  }
  if (whole !== undefined) yield parseDocument(whole.join('\n'), 'otlp', file)
  if (fault === undefined) return
  counts.entries += 1
  counts.malformed += 1
}

/** The first line of a document that is written over several lines ends within it. */
function isWholeLine(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return /^\s*\{.*[^{[,]\s*$/.test(line)
  }
}

function addDocument(document: unknown, spans: Spans, context: ReadContext): void {
  const documents = Array.isArray(document) ? document : [document]
  for (const resource of documents.flatMap((one) => listAt(one, 'resourceSpans'))) {
    const attributes = attributesOf(objectAt(resource, 'resource'))
    const service = attributes.get('service.name') ?? ''
    const scopes = [
      ...listAt(resource, 'scopeSpans'),
      ...listAt(resource, 'instrumentationLibrarySpans'),
    ]
    for (const span of scopes.flatMap((scope) => listAt(scope, 'spans'))) {
      if (isObject(span)) addSpan(span, service, spans, context)
    }
  }
}

function addSpan(span: JsonObject, service: string, spans: Spans, context: ReadContext): void {
  const id = textAt(span, 'spanId').toLowerCase()
  const trace = textAt(span, 'traceId').toLowerCase()
  spans.ids.add(`${trace}/${id}`)
  if (spans.ids.size > SPAN_LIMIT) throw tooManySpans(context.file)
  const { kind } = span
  if (kind !== 2 && kind !== 'SPAN_KIND_SERVER') return
  const attributes = attributesOf(span)
  if (!attributes.has('http.method') && !attributes.has('http.request.method')) return
  context.counts.entries += 1
  const startMs = nanoToMs(span['startTimeUnixNano'])
  const request = startMs === undefined ? undefined : requestOf(attributes, trace, startMs)
  if (request === undefined) {
    context.counts.malformed += 1
    return
  }
  if (spans.servers.length >= SERVER_SPAN_LIMIT) throw tooManySpans(context.file)
  const parentId = textAt(span, 'parentSpanId').toLowerCase()
  const parent = /^0*$/.test(parentId) ? '' : `${trace}/${parentId}`
  const endMs = nanoToMs(span['endTimeUnixNano']) ?? request.timeMs
  spans.servers.push({ trace, id: `${trace}/${id}`, parent, service, endMs, request })
}

function requestOf(
  attributes: ReadonlyMap<string, string>,
  trace: string,
  timeMs: number,
): LoggedRequest | undefined {
  const first = (...names: readonly string[]): string =>
    names.map((name) => attributes.get(name)).find((value) => value !== undefined) ?? ''
  const target = targetOf(first)
  if (target === undefined) return undefined
  const user = first('enduser.id', 'user.id', 'session.id', 'enduser.pseudo.id')
  const address = first(
    'client.address',
    'http.client_ip',
    'net.sock.peer.addr',
    'net.peer.ip',
    'network.peer.address',
  )
  const agent = attributes.get('user_agent.original') ?? attributes.get('http.user_agent')
  const status = Number(first('http.response.status_code', 'http.status_code') || 0)
  return {
    address,
    // A trace is the least that belongs together.
    user: user === '' && address === '' ? `trace ${trace}` : user,
    userAgent: agent,
    geo: geoOf(first('client.geo.country_iso_code', 'geo.country.iso_code', 'geo.country_code')),
    timeMs,
    method: first('http.request.method', 'http.method').toUpperCase(),
    target,
    status: Number.isInteger(status) ? status : 0,
  }
}

/** Path and query; of a route only one without parameters, for the others are no address. */
function targetOf(first: (...names: readonly string[]) => string): string | undefined {
  const path = first('url.path')
  const query = first('url.query').replace(/^\?/, '')
  if (path.startsWith('/')) return query === '' ? path : `${path}?${query}`
  const target = first('http.target')
  if (target.startsWith('/')) return target
  const whole = first('url.full', 'http.url')
  if (URL.canParse(whole)) {
    const url = new URL(whole)
    return `${url.pathname}${url.search}`
  }
  const route = first('http.route')
  return route.startsWith('/') && !/[:{<*[]/.test(route) ? route : undefined
}

function attributesOf(holder: JsonObject | undefined): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const attribute of listAt(holder, 'attributes')) {
    const value = objectAt(attribute, 'value')
    const written = value?.['stringValue'] ?? value?.['intValue'] ?? value?.['doubleValue']
    const isScalar = typeof written === 'string' || typeof written === 'number'
    if (isScalar && written !== '') attributes.set(textAt(attribute, 'key'), String(written))
  }
  return attributes
}

/** Nanoseconds come as text, because a double does not hold them; milliseconds it does. */
function nanoToMs(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text)) return undefined
  const ms = Number(text) / 1e6
  return ms > 0 ? ms : undefined
}

function createEntryJudge(
  { service }: OtlpOptions,
  { ids, servers }: Spans,
): (span: ServerSpan) => boolean {
  if (service !== undefined) return (span) => span.service === service
  const byTrace = Map.groupBy(
    servers
      .filter(({ parent }) => parent === '' || !ids.has(parent))
      .toSorted((left, right) => left.request.timeMs - right.request.timeMs),
    ({ trace }) => trace,
  )
  return (span) => {
    if (span.parent !== '' && ids.has(span.parent)) return false
    const others = byTrace.get(span.trace) ?? []
    return !others.slice(0, COMPARED).some((other) => encloses(other, span))
  }
}

/** It began while another service of the trace was answering, and that one was there first. */
function encloses(outer: ServerSpan, inner: ServerSpan): boolean {
  return (
    outer.service !== inner.service &&
    inner.parent !== '' &&
    outer.request.timeMs < inner.request.timeMs &&
    inner.request.timeMs <= outer.endMs
  )
}

function checkService({ service }: OtlpOptions, { servers }: Spans, file: string): void {
  if (service === undefined || servers.some((span) => span.service === service)) return
  const names = [...new Set(servers.map((span) => span.service))].slice(0, 10)
  throw new UsageError(`Cannot import otlp file: ${file} has no SERVER span of "${service}"`, {
    code: 'unknown-service',
    where: '--service',
    mend: `it has those of ${names.join(', ')}`,
  })
}

function noSpans(file: string): UsageError {
  return new UsageError(`Cannot import otlp file: ${file} has no resourceSpans with spans`, {
    code: 'bad-log',
    where: file,
    mend: 'write OTLP as JSON, as the file exporter of the collector does',
  })
}

function noServerSpans({ file, counts }: ReadContext): UsageError {
  const why =
    counts.malformed === 0
      ? 'has no SERVER span of HTTP'
      : `has ${counts.malformed} SERVER spans of HTTP, none with a time and a path`
  return new UsageError(`Cannot import otlp file: ${file} ${why}`, {
    code: 'bad-log',
    where: file,
    mend: 'export the spans of the service that people reach, with url.path or http.target',
  })
}

function tooManySpans(file: string): UsageError {
  return new UsageError(`Cannot import otlp file: ${file} has too many spans to hold at once`, {
    code: 'import-too-large',
    where: file,
    mend: `import at most ${SERVER_SPAN_LIMIT} SERVER spans, such as an hour of them`,
  })
}
