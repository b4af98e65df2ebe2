/**
 * The one file that knows undici: sends requests to one arm and tells what came back.
 *
 * One request per connection at a time (pipelining would make a request wait for its
 * predecessor), HTTP/1.1 only, and an own list of free connections: `Client.dispatch` with a
 * handler that is reused costs about half of a pool's request(). The connection object itself is
 * the handler, so a request allocates one answer and nothing else here.
 *
 * What ends a request: the last byte of its body, an error, or its timeout. undici's timers are
 * off; one sweep looks at everything in flight, and a request that timed out ends at its deadline
 * exactly, however late the sweep came by.
 *
 * A server may close an idle connection in the very moment a request goes out on it. Such a
 * request (GET, HEAD, OPTIONS; not one byte came back; the connection had been used before) is
 * sent once more on a new connection, by the same rule in each arm.
 */

import type { Socket } from 'node:net'
import { buildConnector, Client, type Dispatcher } from 'undici'
import type { Arm } from '../core/arm.ts'
import type { Clock } from '../core/clock.ts'
import type { HttpMethod } from '../core/contract/ontology.ts'

/** Bytes of a body that are kept for checks and captures. */
export const MAX_KEPT_BYTES = 1_048_576

export const TOO_LATE = 'no whole answer in time'
export const ABORTED = 'the run was aborted'

const SWEEP_MS = 20
const DROPPED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface ArmAddress {
  readonly arm: Arm
  readonly url: string
  /** Sent as Host, and the name that a certificate is checked against. */
  readonly host?: string
  /** PEM text of the authority that signed the target's certificate. */
  readonly ca?: string
}

export interface WireRequest {
  readonly method: HttpMethod
  /** With query. */
  readonly path: string
  /** Flat: name, value, name, value, … */
  readonly headers: string[]
  readonly body: string | Buffer | undefined
  /** How much of the answer's body is kept, in bytes; the rest is only counted. */
  readonly keepBytes: number
  /** Counts from the moment of `send`, connecting included. */
  readonly timeoutMs: number
  /**
   * Goes out on the connection that rested longest, not on the one that was used last: behind a
   * balancer that is most likely another instance.
   */
  readonly elsewhere?: boolean
}

export type WireHeaders = Readonly<Record<string, string | string[] | undefined>>

/**
 * `answered`: the whole answer came. `broken`: it broke off after its head. `unanswered`: no valid
 * head came (refused, reset, no such name, garbage, head too long). `unsendable`: the request is
 * no valid HTTP, nothing was sent.
 */
export type WireEnd = 'answered' | 'broken' | 'unanswered' | 'timeout' | 'unsendable' | 'aborted'

export interface WireAnswer {
  readonly end: WireEnd
  readonly status: number | undefined
  readonly headers: WireHeaders
  /** What was kept of the body, as it came over the wire. */
  readonly chunks: readonly Buffer[]
  /** Length of the body on the wire. */
  readonly bytes: number
  readonly startedMs: number
  readonly endedMs: number
  /** Why there is no whole answer. */
  readonly reason: string | undefined
}

/** Called from within undici: must be quick and must not throw. */
export interface WireListener {
  /**
   * The request goes out: the moment before it is written, or, where a connection must be opened
   * first, the moment that begins, because that time is the target's too.
   */
  started(atMs: number): void
  /** The request met a closing connection and goes out once more. */
  repeated(atMs: number): void
  ended(answer: WireAnswer): void
}

export interface ArmClient {
  send(request: WireRequest, listener: WireListener): void
  /** Everything in flight ends as `aborted` before this returns. */
  abort(): void
  /** Closes every connection; call `abort` first if anything may be in flight. */
  close(): Promise<void>
}

export function createArmClient(address: ArmAddress, clock: Clock): ArmClient {
  return new Connections(address, clock)
}

class Connections implements ArmClient {
  readonly clock: Clock
  readonly #origin: string
  readonly #ca: string | undefined
  readonly #free: Connection[] = []
  readonly #all = new Set<Connection>()
  readonly #inFlight = new Set<Connection>()
  #sweep: NodeJS.Timeout | undefined

  constructor(address: ArmAddress, clock: Clock) {
    this.clock = clock
    this.#origin = new URL(address.url).origin
    this.#ca = address.ca
  }

  send(request: WireRequest, listener: WireListener): void {
    const free = request.elsewhere === true ? this.#free.shift() : this.#free.pop()
    const connection = free ?? this.#open()
    this.#inFlight.add(connection)
    this.#sweep ??= setTimeout(() => this.#sweepOnce(), SWEEP_MS)
    connection.send(request, listener, false)
  }

  abort(): void {
    for (const connection of this.#inFlight) connection.giveUp('aborted', ABORTED)
  }

  async close(): Promise<void> {
    this.abort()
    clearTimeout(this.#sweep)
    this.#sweep = undefined
    const connections = [...this.#all]
    this.#all.clear()
    this.#free.length = 0
    await Promise.all(connections.map((connection) => connection.destroy()))
  }

  /** The request of this connection has ended; a connection in doubt is not used again. */
  release(connection: Connection, reusable: boolean): void {
    this.#inFlight.delete(connection)
    if (reusable) this.#free.push(connection)
    else {
      this.#all.delete(connection)
      void connection.destroy()
    }
  }

  /** Sends once more on a connection of its own, for a request that met a closing one. */
  retry(stale: Connection, request: WireRequest, listener: WireListener): void {
    this.release(stale, false)
    const connection = this.#open()
    this.#inFlight.add(connection)
    connection.send(request, listener, true)
  }

  #open(): Connection {
    const connection = new Connection(this, this.#origin, this.#ca)
    this.#all.add(connection)
    return connection
  }

  #sweepOnce(): void {
    const now = this.clock.nowMs()
    for (const connection of this.#inFlight) {
      if (connection.deadlineMs <= now) connection.giveUp('timeout', TOO_LATE)
    }
    const more = this.#inFlight.size > 0
    this.#sweep = more ? setTimeout(() => this.#sweepOnce(), SWEEP_MS) : undefined
  }
}

const NO_HEADERS: WireHeaders = {}
const NO_CHUNKS: readonly Buffer[] = []

/** One connection and the request on it; undici's handler for every request it ever carries. */
class Connection implements Dispatcher.DispatchHandler {
  deadlineMs = 0
  readonly #owner: Connections
  readonly #client: Client
  #socket: Socket | undefined
  #requestsOnSocket = 0
  #listener: WireListener | undefined
  #request: WireRequest | undefined
  #isRetry = false
  #sentAtMs = 0
  #startedMs: number | undefined
  #status: number | undefined
  #headers: WireHeaders = NO_HEADERS
  #chunks: Buffer[] | undefined
  #keptBytes = 0
  #bytes = 0
  #anyByte = false

  constructor(owner: Connections, origin: string, ca: string | undefined) {
    this.#owner = owner
    // The connector's own timeout is off: the sweep ends a request that cannot connect.
    const connect = buildConnector({
      allowH2: false,
      timeout: 0,
      ...(ca === undefined ? {} : { ca }),
    })
    this.#client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        // The types say nothing is returned; it is the socket, and an abort must be able to end it
        // while it still connects.
        const socket: unknown = connect(options, callback)
        this.#requestsOnSocket = 0
        this.#socket = isSocket(socket) ? socket : undefined
      },
    })
  }

  send(request: WireRequest, listener: WireListener, isRetry: boolean): void {
    const now = this.#owner.clock.nowMs()
    this.#request = request
    this.#listener = listener
    this.#isRetry = isRetry
    this.#sentAtMs = now
    this.#startedMs = undefined
    this.#status = undefined
    this.#headers = NO_HEADERS
    this.#chunks = undefined
    this.#keptBytes = 0
    this.#bytes = 0
    this.#anyByte = false
    this.deadlineMs = now + request.timeoutMs
    if (this.#socket === undefined || this.#socket.destroyed) this.#start(now)
    const { method, path, headers } = request
    this.#client.dispatch({ method, path, headers, body: request.body ?? null }, this)
  }

  giveUp(end: 'timeout' | 'aborted', reason: string): void {
    this.#finish(end, reason, false)
  }

  async destroy(): Promise<void> {
    this.#socket?.destroy()
    await this.#client.destroy()
  }

  onRequestStart(): void {
    this.#requestsOnSocket += 1
    if (this.#listener !== undefined) this.#start(this.#owner.clock.nowMs())
  }

  onResponseStarted(): void {
    this.#anyByte = true
  }

  onResponseStart(_: unknown, status: number, headers: WireHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#bytes += chunk.length
    const room = (this.#request?.keepBytes ?? 0) - this.#keptBytes
    if (room <= 0) return
    const kept = chunk.subarray(0, room)
    this.#keptBytes += kept.length
    if (this.#chunks === undefined) this.#chunks = [kept]
    else this.#chunks.push(kept)
  }

  onResponseEnd(): void {
    this.#finish('answered', undefined, true)
  }

  onResponseError(_: unknown, error: Error): void {
    const listener = this.#listener
    const request = this.#request
    if (listener === undefined || request === undefined) return
    const code = codeOf(error)
    if (code === 'UND_ERR_INVALID_ARG') return this.#finish('unsendable', error.message, true)
    if (this.#mayRetry(request, code)) {
      this.#listener = undefined
      const now = this.#owner.clock.nowMs()
      listener.repeated(now)
      this.#owner.retry(
        this,
        { ...request, timeoutMs: this.deadlineMs - now },
        {
          started: () => undefined,
          repeated: () => undefined,
          ended: (answer) => {
            listener.ended({ ...answer, startedMs: this.#startedMs ?? answer.startedMs })
          },
        },
      )
      return
    }
    this.#finish(this.#status === undefined ? 'unanswered' : 'broken', reasonOf(error, code), false)
  }

  #mayRetry(request: WireRequest, code: string): boolean {
    return (
      !this.#isRetry &&
      !this.#anyByte &&
      this.#requestsOnSocket > 1 &&
      DROPPED.has(code) &&
      REPEATABLE.has(request.method)
    )
  }

  #start(nowMs: number): void {
    if (this.#startedMs !== undefined) return
    this.#startedMs = nowMs
    this.#listener?.started(nowMs)
  }

  #finish(end: WireEnd, reason: string | undefined, reusable: boolean): void {
    const listener = this.#listener
    if (listener === undefined) return
    this.#listener = undefined
    this.#request = undefined
    const now = this.#owner.clock.nowMs()
    const late = end !== 'aborted' && end !== 'unsendable' && now >= this.deadlineMs
    const answer: WireAnswer = {
      end: late ? 'timeout' : end,
      status: this.#status,
      headers: this.#headers,
      chunks: this.#chunks ?? NO_CHUNKS,
      bytes: this.#bytes,
      startedMs: this.#startedMs ?? this.#sentAtMs,
      endedMs: late ? this.deadlineMs : now,
      reason: late ? TOO_LATE : reason,
    }
    this.#chunks = undefined
    this.#headers = NO_HEADERS
    this.#owner.release(this, reusable)
    listener.ended(answer)
  }
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'destroyed' in value && 'destroy' in value
}

function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : ''
}

/** An AggregateError (several addresses tried) has an empty message; its code says enough. */
function reasonOf(error: Error, code: string): string {
  const message = error.message.slice(0, 200)
  if (message === '') return code === '' ? error.name : code
  return code === '' || message.includes(code) ? message : `${message} (${code})`
}
