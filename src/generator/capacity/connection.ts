/**
 * One connection of autocannon, watched, and mended where autocannon leaves something open. Read in
 * its source (9.0.0, lib/httpClient.js and http-parser-js), and held by tests:
 *
 * - A connection that ends is opened anew without a word. What was asked on it is neither an
 *   answer nor an error, and stays in the queue, so that every later latency counts from the moment
 *   of an earlier request. Here it is counted as lost, and latencies are our own.
 * - The parser keeps its state over a new connection: the rest of an answer that broke off would be
 *   taken out of the next one. Here it begins anew.
 * - An old socket may fail after it ended, and then opens a second connection beside the new one.
 *   Here the old one is dropped first.
 * - What the parser says of garbage is not looked at. Here the connection is dropped.
 * - Bodies are joined to strings. Here they are passed over, so that memory stays flat.
 * - A 1xx counts as the answer, and an answer that ends with its connection never does. Both are
 *   named, and nothing is measured then.
 * - Certificates are never checked (`rejectUnauthorized: false`). Here each connection is.
 *
 * A timeout opens the next connection (and sends) first and tells afterwards, so what looks lost at
 * the send may turn out a timeout a moment later.
 */

import type { EventEmitter } from 'node:events'
import type { Client } from 'autocannon'

/** Why this target cannot be measured with autocannon. */
export type Unfit = 'early-hints' | 'close-delimited' | 'certificate'

export interface ConnectionListener {
  /** The whole answer came; `request` is the index into the connection's requests. */
  answered(request: number, status: number, latencyMs: number): void
  /** The connection broke before the whole answer had come. */
  lost(request: number): void
  timedOut(request: number): void
  /** The target asked for a pause, in the words of its `Retry-After`. */
  asked(pause: string): void
  unfit(why: Unfit): void
}

export interface Pending {
  readonly request: number
  readonly sinceMs: number
}

export interface WatchedConnection {
  /** What is on its way, if anything is. */
  pending(): Pending | undefined
  /** Ends it at once; nothing is told afterwards. */
  destroy(): void
}

/** @param mayBeAnyone whether any certificate will do */
export function watchConnection(
  client: Client,
  requestCount: number,
  listener: ConnectionListener,
  mayBeAnyone: boolean,
): WatchedConnection {
  const watched = new Watched(insidesOf(client), requestCount, listener, mayBeAnyone)
  const events: EventEmitter = client
  events.on('request', () => watched.sent())
  events.on('headers', (info: unknown) => watched.headed(info))
  events.on('response', (status: unknown) => watched.answered(Number(status)))
  events.on('timeout', () => watched.timedOut())
  return watched
}

interface Socket {
  readonly authorized?: boolean
  on(event: string, listener: () => void): unknown
  once(event: string, listener: () => void): unknown
  removeAllListeners(event: string): unknown
  destroy(error?: Error): unknown
}

/** The parts of autocannon's client that are not in its types. */
interface Insides {
  conn: Socket | undefined
  readonly parser: {
    readonly type: unknown
    /** What came of a line that has not ended yet. */
    readonly line: string
    readonly trailers: readonly string[]
    reinitialize(type: unknown): void
    execute(chunk: Buffer): unknown
  }
  readonly pipelinedRequests: { clear(): void; addBody(data: unknown): void }
  destroy(): void
}

/** Of a line without an end, and of lines behind a body: its parser limits only the head. */
const MOST_LINE_CHARS = 65_536
const MOST_TRAILERS = 512

/** Another autocannon inside would be mended wrongly, so it is not used at all. */
function insidesOf(client: Client): Insides {
  const inside = client as unknown as Insides
  const isKnown =
    typeof inside.parser?.reinitialize === 'function' &&
    typeof inside.parser.execute === 'function' &&
    typeof inside.pipelinedRequests?.clear === 'function' &&
    typeof inside.pipelinedRequests.addBody === 'function' &&
    typeof inside.destroy === 'function'
  if (!isKnown) throw new Error('this version of autocannon is not the one that is known here')
  return inside
}

class Watched implements WatchedConnection {
  readonly #client: Insides
  readonly #requestCount: number
  readonly #listener: ConnectionListener
  readonly #mayBeAnyone: boolean
  #socket: Socket | undefined
  #sentCount = 0
  #sinceMs: number | undefined
  /** Sent on a connection that had said it would close: never read by anyone. */
  #isClosing = false
  /** Given up at this very send; undefined once it is told. */
  #givenUp: number | undefined
  #isDestroyed = false

  constructor(
    client: Insides,
    requestCount: number,
    listener: ConnectionListener,
    mayBeAnyone: boolean,
  ) {
    this.#client = client
    this.#requestCount = requestCount
    this.#listener = listener
    this.#mayBeAnyone = mayBeAnyone
    const { parser, pipelinedRequests } = client
    pipelinedRequests.addBody = () => {}
    const execute = parser.execute.bind(parser)
    parser.execute = (chunk) => {
      const result = execute(chunk)
      const isFlood = parser.line.length > MOST_LINE_CHARS || parser.trailers.length > MOST_TRAILERS
      if (result instanceof Error || isFlood) this.#socket?.destroy(new Error('no valid answer'))
      return result
    }
  }

  pending(): Pending | undefined {
    if (this.#sinceMs === undefined || this.#isClosing) return undefined
    return { request: this.#request(), sinceMs: this.#sinceMs }
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#client.destroy()
  }

  sent(): void {
    if (this.#isDestroyed) return
    this.#settle()
    const { conn } = this.#client
    if (conn !== this.#socket) this.#renew(conn)
    this.#sentCount += 1
    this.#sinceMs = performance.now()
  }

  headed(info: unknown): void {
    if (this.#isDestroyed || !isHead(info)) return
    const { statusCode, shouldKeepAlive, headers } = info
    if (statusCode < 200) return this.#listener.unfit('early-hints')
    if (statusCode === 429 || statusCode === 503) {
      const pause = findHeader(headers, 'retry-after')
      if (pause !== undefined) this.#listener.asked(pause)
    }
    if (shouldKeepAlive) return
    const hasEnd =
      statusCode === 204 ||
      statusCode === 304 ||
      findHeader(headers, 'content-length') !== undefined ||
      findHeader(headers, 'transfer-encoding') !== undefined
    if (!hasEnd) return this.#listener.unfit('close-delimited')
    this.#isClosing = true
  }

  answered(status: number): void {
    if (this.#isDestroyed || this.#sinceMs === undefined) return
    const latencyMs = performance.now() - this.#sinceMs
    this.#sinceMs = undefined
    this.#listener.answered(this.#request(), status, latencyMs)
  }

  timedOut(): void {
    const request = this.#givenUp
    this.#givenUp = undefined
    if (this.#isDestroyed || request === undefined) return
    this.#listener.timedOut(request)
  }

  /** Whatever was sent before and has no answer now gets none. */
  #settle(): void {
    if (this.#sinceMs === undefined) return
    const request = this.#request()
    this.#sinceMs = undefined
    this.#client.pipelinedRequests.clear()
    if (this.#isClosing) return
    this.#givenUp = request
    queueMicrotask(() => {
      if (this.#givenUp === undefined || this.#isDestroyed) return
      this.#givenUp = undefined
      this.#listener.lost(request)
    })
  }

  #renew(socket: Socket | undefined): void {
    const old = this.#socket
    if (old !== undefined) {
      for (const event of ['error', 'end', 'data']) old.removeAllListeners(event)
      old.on('error', () => {})
      old.destroy()
    }
    const { parser } = this.#client
    parser.reinitialize(parser.type)
    this.#isClosing = false
    this.#socket = socket
    if (socket === undefined || this.#mayBeAnyone) return
    socket.once('secureConnect', () => {
      if (socket.authorized === false && !this.#isDestroyed) this.#listener.unfit('certificate')
    })
  }

  #request(): number {
    return (this.#sentCount - 1) % this.#requestCount
  }
}

interface Head {
  readonly statusCode: number
  readonly shouldKeepAlive: boolean
  readonly headers: readonly string[]
}

function isHead(value: unknown): value is Head {
  return typeof value === 'object' && value !== null && 'statusCode' in value && 'headers' in value
}

function findHeader(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1] ?? ''
  }
  return undefined
}
