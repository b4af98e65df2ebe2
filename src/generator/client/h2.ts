/**
 * HTTP/2 to one arm: requests share few connections, each a stream of its own.
 *
 * node:http2 is used as it is. A library in between holds requests back and sends refused ones
 * again by itself, and both would be measured as the target's time. Here a request goes out at
 * once on a connection with a free stream, else on a new one, else it waits in the order in which
 * it was asked.
 *
 * What ends a request ends its stream only: a timeout or an abort cancels it, the others go on. A
 * connection takes no new requests once the server said that it leaves (GOAWAY), or when a request
 * timed out and nothing at all was heard on it since that request went out.
 *
 * A request goes out once more, on whatever connection is there, if the server says that it did not
 * look at it (REFUSED_STREAM, or beyond a GOAWAY), or if it is a GET, HEAD or OPTIONS that met a
 * closing connection before one byte of its answer came.
 */

import { connect, constants, type ClientHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../../core/clock.ts'
import { MOST_H2_CONNECTIONS } from '../../core/wire/connection-limit.ts'
import { isDrop, nameOfError, Stream, type Carrier } from './h2-stream.ts'
import { createOpener, type Open, type Opening } from './open.ts'
import { WaitingLine, type Asked } from './pending.ts'
import { isRefusal, NO_HTTP2, reasonOf, reasonOfNoHttp2 } from './reason.ts'
import {
  ABORTED,
  TOO_LATE,
  type ArmAddress,
  type ArmClient,
  type ClientLoad,
  type WireListener,
  type WireRequest,
} from './wire.ts'

/** With all connections as many requests at once as HTTP/1.1. */
const MAX_STREAMS = 100

const SWEEP_MS = 20
const TAKES_NONE = 'it takes no request at all (MAX_CONCURRENT_STREAMS is 0)'
/** As Chrome asks for: the target is not to wait for our leave to go on. */
const STREAM_WINDOW = 6_291_456
const CONNECTION_WINDOW = 15_728_640

const { NGHTTP2_NO_ERROR } = constants

export function createHttp2Client(address: ArmAddress, clock: Clock): ArmClient {
  return new Sessions(address, clock)
}

class Sessions implements ArmClient {
  readonly clock: Clock
  readonly open: Open
  readonly authority: string
  readonly scheme: string
  readonly #all = new Set<Session>()
  readonly #waiting = new WaitingLine('it waited for a stream, all connections were full')
  #sweep: NodeJS.Timeout | undefined

  constructor(address: ArmAddress, clock: Clock) {
    const url = new URL(address.url)
    this.clock = clock
    this.open = createOpener(address)
    this.authority = address.host ?? url.host
    this.scheme = url.protocol.slice(0, -1)
  }

  send(request: WireRequest, listener: WireListener): void {
    const nowMs = this.clock.nowMs()
    const deadlineMs = nowMs + request.timeoutMs
    const asked = { request, listener, askedMs: nowMs, deadlineMs, isRetry: false }
    this.#sweep ??= setTimeout(() => this.#sweepOnce(), SWEEP_MS)
    if (this.#waiting.length > 0 || !this.#carry(asked)) this.#waiting.push(asked, 'streams')
  }

  load(): ClientLoad {
    let inFlight = 0
    for (const session of this.#all) inFlight += session.streams.size
    return {
      connections: this.#all.size,
      inFlight,
      waiting: this.#waiting.length,
      everWaited: this.#waiting.everWaited,
    }
  }

  abort(): void {
    this.#waiting.abort(this.clock.nowMs())
    for (const session of this.#all) session.giveUp('aborted', ABORTED, Number.POSITIVE_INFINITY)
  }

  async close(): Promise<void> {
    this.abort()
    clearTimeout(this.#sweep)
    this.#sweep = undefined
    const sessions = [...this.#all]
    this.#all.clear()
    await Promise.all(sessions.map((session) => session.destroy()))
  }

  /** The session takes no more requests, and what it still has ends with it or before. */
  gone(session: Session): void {
    this.#all.delete(session)
  }

  /** A stream is free again. */
  serve(): void {
    while (this.#waiting.length > 0) {
      const next = this.#roomiest()
      const asked = next === undefined ? undefined : this.#waiting.shift()
      if (next === undefined || asked === undefined) return
      next.send(asked, this.clock.nowMs())
    }
  }

  retry(asked: Asked): void {
    if (!this.#carry(asked)) this.#waiting.putBack(asked, 'streams')
  }

  #carry(asked: Asked): boolean {
    const session = asked.request.elsewhere === true ? this.#other() : this.#roomiest()
    session?.send(asked, asked.isRetry ? this.clock.nowMs() : asked.askedMs)
    return session !== undefined
  }

  /** The fullest that has room, so that the connections stay few; else a new one. */
  #roomiest(): Session | undefined {
    let best: Session | undefined
    for (const session of this.#all) {
      if (!session.hasRoom()) continue
      if (best === undefined || session.streams.size > best.streams.size) best = session
    }
    return best ?? this.#openOne()
  }

  /** The one that rested longest; where there is one only, a second is opened. */
  #other(): Session | undefined {
    const withRoom = [...this.#all].filter((session) => session.hasRoom())
    if (this.#all.size < 2) return this.#openOne()
    return withRoom.toSorted((left, right) => left.usedMs - right.usedMs)[0] ?? this.#openOne()
  }

  #openOne(): Session | undefined {
    if (this.#all.size >= MOST_H2_CONNECTIONS) return undefined
    const session = new Session(this)
    this.#all.add(session)
    return session
  }

  #sweepOnce(): void {
    const now = this.clock.nowMs()
    const isRefused = this.#all.size > 0 && [...this.#all].every((one) => one.takesNone())
    this.#waiting.expire(now, isRefused ? `${TOO_LATE}: ${TAKES_NONE}` : undefined)
    for (const session of this.#all) session.giveUp('timeout', TOO_LATE, now)
    const more = this.#waiting.length > 0 || [...this.#all].some(({ streams }) => streams.size > 0)
    this.#sweep = more ? setTimeout(() => this.#sweepOnce(), SWEEP_MS) : undefined
  }
}

/** One connection and the streams on it. */
class Session implements Carrier {
  readonly authority: string
  readonly scheme: string
  readonly streams = new Set<Stream>()
  /** When it was given its last request. */
  usedMs = 0
  readonly #owner: Sessions
  readonly #opening: Opening
  #native: ClientHttp2Session | undefined
  /** Whether the server said how many streams it takes. */
  #isReady = false
  #isLeaving = false
  #isLost = false
  #most = MAX_STREAMS
  #heard = 0
  #answered = false
  #lastAccepted = Number.POSITIVE_INFINITY
  /** One side broke the rules of the protocol, as the other sees it. */
  #isAtOdds = false
  #fault: string | undefined

  constructor(owner: Sessions) {
    this.#owner = owner
    this.authority = owner.authority
    this.scheme = owner.scheme
    this.#opening = owner.open(undefined, (fault, socket) => {
      if (socket === null) this.#lost(reasonOf(fault ?? new Error('no connection')))
      else this.#begin(socket)
    })
  }

  hasRoom(): boolean {
    return !this.#isLeaving && this.streams.size < this.#most
  }

  /** The target lets no request through: that is no limit of ours. */
  takesNone(): boolean {
    return this.#most === 0
  }

  send(asked: Asked, nowMs: number): void {
    const stream = new Stream(this, asked, this.#answered, this.#heard)
    this.usedMs = nowMs
    this.streams.add(stream)
    if (this.#isReady && this.#native !== undefined) stream.write(this.#native)
    else stream.pending.start(nowMs)
  }

  /** Those whose time is over at this moment. */
  giveUp(end: 'timeout' | 'aborted', reason: string, untilMs: number): void {
    for (const stream of this.streams) {
      if (stream.pending.deadlineMs > untilMs) continue
      if (stream.heardBefore === this.#heard) this.#isLeaving = true
      stream.giveUp(end, reason)
    }
  }

  async destroy(): Promise<void> {
    const native = this.#native
    const isOpen = native !== undefined && !native.destroyed
    const closed = isOpen && new Promise<void>((resolve) => native.once('close', resolve))
    native?.destroy()
    this.#opening.destroy()
    await closed
  }

  nowMs(): number {
    return this.#owner.clock.nowMs()
  }

  heard(): void {
    this.#heard += 1
    this.#answered = true
  }

  isEnding(): boolean {
    return this.#native?.destroyed === true && !this.#isLost
  }

  wasDropped(): boolean {
    return this.#isLost && !this.#isAtOdds
  }

  lastAccepted(): number {
    return this.#lastAccepted
  }

  fault(): string | undefined {
    return this.#fault
  }

  left(stream: Stream): void {
    this.streams.delete(stream)
    if (this.#isLeaving && this.streams.size === 0) {
      this.#owner.gone(this)
      void this.destroy()
    }
    this.#owner.serve()
  }

  retry(asked: Asked): void {
    this.#owner.retry(asked)
  }

  #begin(socket: Socket): void {
    if (socket instanceof TLSSocket && socket.alpnProtocol !== 'h2') {
      socket.destroy()
      return this.#lost(`${NO_HTTP2}: it took no h2 by ALPN`)
    }
    const native = connect(`${this.scheme}://${this.authority}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    })
    this.#native = native
    native.on('connect', () => native.setLocalWindowSize(CONNECTION_WINDOW))
    native.on('remoteSettings', ({ maxConcurrentStreams = MAX_STREAMS }) => {
      this.#most = Math.min(MAX_STREAMS, maxConcurrentStreams)
      if (this.#isReady) return
      this.#isReady = true
      this.#writeQueued(native)
    })
    native.on('goaway', (code, lastAccepted) => {
      this.#isLeaving = true
      this.#lastAccepted = lastAccepted
      if (code === NGHTTP2_NO_ERROR) return
      this.#isAtOdds = true
      this.#fault = `the server left with ${nameOfError(code)}`
    })
    native.on('error', (fault) => {
      this.#isAtOdds ||= !isDrop(fault)
      const isSaid = this.#isReady || isRefusal(fault)
      this.#fault ??= isSaid ? reasonOf(fault) : reasonOfNoHttp2(fault)
    })
    native.on('close', () => this.#lost(undefined))
    // After an alert of TLS a session of node:http2 leaves its socket open and never closes.
    socket.once('error', (fault) => socket.destroy(fault))
  }

  /** What came while nobody knew yet how many the server takes; more than these go elsewhere. */
  #writeQueued(native: ClientHttp2Session): void {
    const queued = [...this.streams]
    const beyond = queued.slice(this.#most).flatMap((stream) => {
      this.streams.delete(stream)
      return stream.pending.handOver() ?? []
    })
    for (const stream of queued.slice(0, this.#most)) stream.write(native)
    for (const asked of beyond) this.#owner.retry(asked)
  }

  #lost(fault: string | undefined): void {
    this.#fault ??= fault ?? 'it broke off the connection'
    this.#isLeaving = true
    this.#isLost = true
    this.#owner.gone(this)
    for (const stream of this.streams) stream.lost()
    this.#owner.serve()
  }
}
