/** One request of HTTP/2 and its stream: what goes out, what comes back, what its end means. */

import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { messageOf } from '../../core/errors.ts'
import { Pending, type Asked } from './pending.ts'
import { codeOf, reasonOf } from './reason.ts'
import type { WireEnd, WireRequest } from './wire.ts'

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } =
  constants

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const DROPS = new Set(['ECONNRESET', 'EPIPE'])
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE'])

/** What a stream asks of the connection that carries it. */
export interface Carrier {
  readonly authority: string
  readonly scheme: string
  nowMs(): number
  /** Something came: the connection lives. */
  heard(): void
  /** The connection is about to call `lost` of all its streams. */
  isEnding(): boolean
  /** Whether it ended by the server's doing, without an error of the protocol. */
  wasDropped(): boolean
  /** Streams with a higher number were not looked at before the server said that it leaves. */
  lastAccepted(): number
  /** Why the connection is no more. */
  fault(): string | undefined
  left(stream: Stream): void
  retry(asked: Asked): void
}

export class Stream {
  readonly pending = new Pending()
  readonly #carrier: Carrier
  readonly #wasUsed: boolean
  /** What the connection had heard when this request came to it. */
  readonly heardBefore: number
  #native: ClientHttp2Stream | undefined
  #fault: Error | undefined

  /** @param wasUsed whether the connection had answered something before */
  constructor(carrier: Carrier, asked: Asked, wasUsed: boolean, heardBefore: number) {
    this.#carrier = carrier
    this.#wasUsed = wasUsed
    this.heardBefore = heardBefore
    const { request, listener, askedMs, deadlineMs, isRetry, waitedFor } = asked
    this.pending.begin(request, listener, askedMs, deadlineMs, isRetry, waitedFor)
  }

  write(session: ClientHttp2Session): void {
    const { request } = this.pending
    if (request === undefined) return
    const headers = headersOf(request, this.#carrier)
    if (typeof headers === 'string') return this.#finish('unsendable', headers)
    const { body } = request
    const hasBody = body !== undefined && body.length > 0
    this.pending.start(this.#carrier.nowMs())
    let native: ClientHttp2Stream
    try {
      native = session.request(headers, { endStream: !hasBody })
    } catch (thrown) {
      if (session.closed || session.destroyed) return this.#closed()
      return this.#finish('unsendable', messageOf(thrown))
    }
    this.#native = native
    this.#listen(native)
    if (hasBody) native.end(body)
  }

  /** Ends it, and only it. */
  giveUp(end: 'timeout' | 'aborted', reason: string): void {
    this.#finish(end, reason)
  }

  /** The connection is no more. */
  lost(): void {
    this.#closed()
  }

  released(): void {
    const native = this.#native
    if (native !== undefined && !native.destroyed) {
      // The answer may be there before the request was sent whole.
      if (!native.closed) native.close(NGHTTP2_CANCEL)
      // On a busy connection the event that frees a closed stream may never come.
      native.destroy()
    }
    this.#carrier.left(this)
  }

  #listen(native: ClientHttp2Stream): void {
    native.on('response', (headers: IncomingHttpHeaders) => {
      this.#carrier.heard()
      const { ':status': status, ...rest } = headers
      this.pending.head(Number(status), rest)
    })
    native.on('headers', () => this.#carrier.heard())
    native.on('data', (chunk: Buffer) => {
      this.#carrier.heard()
      this.pending.take(chunk)
    })
    native.on('end', () => {
      const isWhole = this.pending.status !== undefined && native.rstCode === NGHTTP2_NO_ERROR
      if (isWhole) this.#finish('answered', undefined)
    })
    native.on('error', (fault) => {
      this.#fault ??= fault
    })
    // Where the connection ends, it knows better why; it calls 'lost'.
    native.on('close', () => {
      if (!this.#carrier.isEnding()) this.#closed()
    })
  }

  /** Nothing more comes. */
  #closed(): void {
    const { request, status } = this.pending
    if (request === undefined) return
    if (this.#mayRetry(request)) {
      const asked = this.pending.handOverAgain(this.#carrier.nowMs())
      this.released()
      if (asked !== undefined) this.#carrier.retry(asked)
      return
    }
    this.#finish(status === undefined ? 'unanswered' : 'broken', this.#reason())
  }

  #mayRetry({ method }: WireRequest): boolean {
    if (this.pending.isRetry || this.pending.status !== undefined) return false
    const { rstCode, id = 0 } = this.#native ?? {}
    if (rstCode === NGHTTP2_REFUSED_STREAM || id > this.#carrier.lastAccepted()) return true
    const wasDropped =
      this.#carrier.wasDropped() && (this.#fault === undefined || isDrop(this.#fault))
    return wasDropped && this.#wasUsed && REPEATABLE.has(method)
  }

  #reason(): string {
    const { rstCode = NGHTTP2_NO_ERROR } = this.#native ?? {}
    const fault = this.#carrier.fault()
    if (fault !== undefined) return fault
    // Node ends a stream so, too, whose headers are more than it takes.
    const calm = rstCode === NGHTTP2_ENHANCE_YOUR_CALM && this.pending.status === undefined
    const more = calm ? ': its headers are too many or too long, or it wants fewer requests' : ''
    if (rstCode !== NGHTTP2_NO_ERROR) {
      return `the stream was ended with ${nameOfError(rstCode)}${more}`
    }
    return this.#fault === undefined
      ? 'it closed the stream without an answer'
      : reasonOf(this.#fault)
  }

  #finish(end: WireEnd, reason: string | undefined): void {
    this.pending.finish(end, reason, this.#carrier.nowMs(), this)
  }
}

/** The headers as HTTP/2 writes them, or why they cannot be sent. */
function headersOf(
  { method, path, headers, body }: WireRequest,
  { authority, scheme }: Carrier,
): OutgoingHttpHeaders | string {
  if (/[^\u0021-\u00ff]/.test(path)) return 'invalid request path'
  const all = new Map<string, string>()
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? '').toLowerCase()
    const value = headers[index + 1] ?? ''
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return 'invalid header key'
    if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value)) return `invalid ${name} header`
    const before = all.get(name)
    const between = name === 'cookie' ? '; ' : ', '
    all.set(name, before === undefined ? value : before + between + value)
  }
  const asked = all.get('host')
  all.delete('host')
  if (body !== undefined || !WITHOUT_BODY.has(method)) {
    all.set('content-length', String(body === undefined ? 0 : Buffer.byteLength(body)))
  }
  const pseudo = { ':method': method, ':scheme': scheme, ':authority': asked ?? authority }
  return { ...pseudo, ':path': path, ...Object.fromEntries(all) }
}

/** Whether a connection just ended, as idle ones do. */
export function isDrop(fault: Error): boolean {
  return DROPS.has(codeOf(fault))
}

/** RFC 9113, 7, in the order of their codes. */
const ERRORS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

export function nameOfError(code: number): string {
  return ERRORS[code] ?? `error ${code}`
}
