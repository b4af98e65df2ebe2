/**
 * HTTP/1.1 to one arm; the one file that knows undici.
 *
 * One request per connection at a time (pipelining would make a request wait for its
 * predecessor) and an own list of free connections: `Client.dispatch` with a handler that is
 * reused costs about half of a pool's request(). The connection object itself is the handler, so a
 * request allocates what it was asked with and its answer, and nothing else here.
 *
 * What ends a request: the last byte of its body, an error, or its timeout. undici's timers are
 * off; one sweep looks at everything in flight, and a request that timed out ends at its deadline
 * exactly, however late the sweep came by.
 *
 * A server may close an idle connection in the very moment a request goes out on it. Such a
 * request (GET, HEAD, OPTIONS; not one byte came back; the connection had been used before) is
 * sent once more on a new connection, by the same rule in each arm.
 *
 * A target that stands still takes a connection for each request. From a number on no more are
 * opened, and requests wait in the order in which they were asked. How long a request would have
 * taken that had not waited for us is unknown, so its answer says that it waited.
 */

import { TLSSocket } from 'node:tls'
import { Client, type buildConnector, type Dispatcher } from 'undici'
import type { Clock } from '../../core/clock.ts'
import { MOST_CONNECTIONS, type ConnectionLimit } from '../../core/wire/connection-limit.ts'
import { foundUndici, refuseOldUndici } from './library.ts'
import { createOpener, type Open, type Opening } from './open.ts'
import { Pending, WaitingLine, type Asked } from './pending.ts'
import { codeOf, isRefusal, reasonOf } from './reason.ts'
import {
  ABORTED,
  TOO_LATE,
  type ArmAddress,
  type ArmClient,
  type ClientLoad,
  type WireEnd,
  type WireHeaders,
  type WireListener,
  type WireRequest,
} from './wire.ts'

const SWEEP_MS = 20
const DROPPED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
/** What this machine lacks for one more connection: the target has no part in it. */
const OWN_LIMITS: Readonly<Record<string, ConnectionLimit>> = {
  EMFILE: 'files',
  ENFILE: 'files',
  EADDRNOTAVAIL: 'ports',
}

/** @param most connections that are open at once */
export function createHttp1Client(
  address: ArmAddress,
  clock: Clock,
  most = MOST_CONNECTIONS,
): ArmClient {
  refuseOldUndici(foundUndici())
  return new Connections(address, clock, most)
}

class Connections implements ArmClient {
  readonly clock: Clock
  readonly open: Open
  /** What may be the reason where a new connection ends without a word. */
  readonly hint: string
  readonly #origin: string
  readonly #free: Connection[] = []
  readonly #all = new Set<Connection>()
  readonly #inFlight = new Set<Connection>()
  readonly #waiting: WaitingLine
  #most: number
  #limit: ConnectionLimit = 'connections'
  #sweep: NodeJS.Timeout | undefined

  constructor(address: ArmAddress, clock: Clock, most: number) {
    this.clock = clock
    this.open = createOpener(address)
    this.#most = most
    this.#origin = new URL(address.url).origin
    // In TLS 1.3 the server says so only after the handshake, and its word may be lost.
    const hint = address.tls?.cert === undefined ? 'ask for a client' : 'not take our'
    this.hint = this.#origin.startsWith('https:') ? `; it may ${hint} certificate` : ''
    this.#waiting = new WaitingLine('it waited for a connection, all of them were busy')
  }

  send(request: WireRequest, listener: WireListener): void {
    const nowMs = this.clock.nowMs()
    const deadlineMs = nowMs + request.timeoutMs
    this.#sweep ??= setTimeout(() => this.#sweepOnce(), SWEEP_MS)
    const connection = this.#waiting.length > 0 ? undefined : this.#take(request.elsewhere === true)
    if (connection !== undefined) {
      this.#inFlight.add(connection)
      connection.pending.begin(request, listener, nowMs, deadlineMs, false)
      connection.send(request, nowMs)
    } else {
      const asked = { request, listener, askedMs: nowMs, deadlineMs, isRetry: false }
      this.#waiting.push(asked, this.#limit)
    }
  }

  load(): ClientLoad {
    return {
      connections: this.#all.size,
      inFlight: this.#inFlight.size,
      waiting: this.#waiting.length,
      everWaited: this.#waiting.everWaited,
    }
  }

  abort(): void {
    this.#waiting.abort(this.clock.nowMs())
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
    if (reusable) {
      this.#free.push(connection)
    } else {
      this.#all.delete(connection)
      void connection.destroy()
    }
    if (this.#waiting.length > 0) this.#serve()
  }

  /** Sends once more on a connection of its own, for a request that met a closing one. */
  retry(stale: Connection, asked: Asked): void {
    this.#inFlight.delete(stale)
    this.#all.delete(stale)
    void stale.destroy()
    this.#carry(this.#open(), asked)
  }

  /**
   * This machine had no room for the connection: from now on fewer are opened. False if there is no
   * other connection that the request could wait for.
   */
  waitInstead(connection: Connection, limit: ConnectionLimit): boolean {
    if (this.#inFlight.size < 2) return false
    this.#limit = limit
    this.#most = Math.max(1, this.#all.size - 1)
    const asked = connection.pending.handOver()
    if (asked !== undefined) this.#waiting.putBack(asked, limit)
    this.#inFlight.delete(connection)
    this.#all.delete(connection)
    void connection.destroy()
    return true
  }

  #take(elsewhere: boolean): Connection | undefined {
    const free = elsewhere ? this.#free.shift() : this.#free.pop()
    return free ?? (this.#all.size < this.#most ? this.#open() : undefined)
  }

  #open(): Connection {
    const connection = new Connection(this, this.#origin)
    this.#all.add(connection)
    return connection
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#take(false)
      const asked = connection === undefined ? undefined : this.#waiting.shift()
      if (connection === undefined || asked === undefined) return
      this.#carry(connection, asked)
    }
  }

  #carry(connection: Connection, asked: Asked): void {
    const { request, listener, askedMs, deadlineMs, isRetry, waitedFor } = asked
    this.#inFlight.add(connection)
    connection.pending.begin(request, listener, askedMs, deadlineMs, isRetry, waitedFor)
    connection.send(request, this.clock.nowMs())
  }

  #sweepOnce(): void {
    const now = this.clock.nowMs()
    this.#waiting.expire(now)
    for (const connection of this.#inFlight) {
      if (connection.pending.deadlineMs <= now) connection.giveUp('timeout', TOO_LATE)
    }
    const more = this.#inFlight.size > 0 || this.#waiting.length > 0
    this.#sweep = more ? setTimeout(() => this.#sweepOnce(), SWEEP_MS) : undefined
  }
}

/** One connection and the request on it; undici's handler for every request it ever carries. */
class Connection implements Dispatcher.DispatchHandler {
  readonly pending = new Pending()
  readonly #owner: Connections
  readonly #client: Client
  #opening: Opening | undefined
  #requestsOnSocket = 0
  #anyByte = false
  #hint = ''
  /** What TLS was told after its handshake, such as that a certificate is missing. */
  #refusal: Error | undefined

  constructor(owner: Connections, origin: string) {
    this.#owner = owner
    this.#client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: ({ servername }, callback) => this.#connect(servername, callback),
    })
  }

  /** What it is about is pending already. */
  send({ method, path, headers, body }: WireRequest, nowMs: number): void {
    this.#anyByte = false
    if (this.#opening === undefined || this.#opening.destroyed) this.pending.start(nowMs)
    this.#client.dispatch({ method, path, headers, body: body ?? null }, this)
  }

  giveUp(end: 'timeout' | 'aborted', reason: string): void {
    this.#finish(end, reason)
  }

  async destroy(): Promise<void> {
    this.#opening?.destroy()
    await this.#client.destroy()
  }

  released(reusable: boolean): void {
    this.#owner.release(this, reusable)
  }

  onRequestStart(): void {
    this.#requestsOnSocket += 1
    this.pending.start(this.#owner.clock.nowMs())
  }

  onResponseStarted(): void {
    this.#anyByte = true
  }

  onResponseStart(_: unknown, status: number, headers: WireHeaders): void {
    if (status >= 200) this.pending.head(status, headers)
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.pending.take(chunk)
  }

  onResponseEnd(): void {
    this.#finish('answered', undefined)
  }

  onResponseError(_: unknown, said: Error): void {
    const { request, status } = this.pending
    if (request === undefined) return
    // undici tells only that the connection was closed; TLS told before why.
    const error = DROPPED.has(codeOf(said)) ? (this.#refusal ?? said) : said
    const code = codeOf(error)
    if (code === 'UND_ERR_INVALID_ARG') return this.#finish('unsendable', error.message)
    const limit = OWN_LIMITS[code]
    if (limit !== undefined && this.#owner.waitInstead(this, limit)) return
    if (this.#mayRetry(request, code)) {
      const asked = this.pending.handOverAgain(this.#owner.clock.nowMs())
      if (asked !== undefined) this.#owner.retry(this, asked)
      return
    }
    const isAtFirst = !this.#anyByte && this.#requestsOnSocket === 1 && DROPPED.has(code)
    const reason = reasonOf(error) + (isAtFirst ? this.#hint : '')
    this.#finish(status === undefined ? 'unanswered' : 'broken', reason)
  }

  #connect(servername: string | undefined, callback: buildConnector.Callback): void {
    this.#requestsOnSocket = 0
    this.#refusal = undefined
    this.#opening = this.#owner.open(servername, (fault, socket) => {
      if (socket === null) return callback(fault ?? new Error('no connection'), null)
      this.#hint = this.#owner.hint
      if (socket instanceof TLSSocket) {
        if (socket.alpnProtocol === false) this.#hint += '; it may speak HTTP/2 only'
        socket.once('error', (alert) => (this.#refusal = isRefusal(alert) ? alert : undefined))
      }
      callback(null, socket)
    })
  }

  #mayRetry(request: WireRequest, code: string): boolean {
    return (
      !this.pending.isRetry &&
      !this.#anyByte &&
      this.#requestsOnSocket > 1 &&
      DROPPED.has(code) &&
      REPEATABLE.has(request.method)
    )
  }

  #finish(end: WireEnd, reason: string | undefined): void {
    this.pending.finish(end, reason, this.#owner.clock.nowMs(), this)
  }
}
