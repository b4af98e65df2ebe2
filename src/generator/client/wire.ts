/** What goes over the wire to one arm and what comes back, whatever the protocol. */

import type { Arm } from '../../core/arm.ts'
import type { HttpMethod } from '../../core/contract/ontology.ts'
import type { ConnectionLimit } from '../../core/wire/connection-limit.ts'

/** Bytes of a body that are kept for checks and captures. */
export const MAX_KEPT_BYTES = 1_048_576

export const TOO_LATE = 'no whole answer in time'
export const ABORTED = 'the run was aborted'

/** How an arm is reached, beside its address. */
export interface Reach {
  /** The unix socket that is connected to instead of the url's host. */
  readonly socketPath?: string
  /** Sent as Host, and the name that a certificate is checked against. */
  readonly host?: string
  readonly tls?: Tls
  /** HTTP/2 and nothing else: by ALPN over TLS, with prior knowledge without. */
  readonly http2?: boolean
  readonly proxy?: Proxy
  /** Sent with every request; a header of the action's own wins. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Tls {
  /** PEM text of the authority that signed the target's certificate. */
  readonly ca?: string
  /** PEM texts of the certificate that we show, and of its key. */
  readonly cert?: string
  readonly key?: string
  /** The name that is asked for and checked; default: the host. */
  readonly serverName?: string
  /** Takes any certificate. */
  readonly insecure?: boolean
}

export interface Proxy {
  readonly url: string
  /** The whole `proxy-authorization` header. */
  readonly authorization?: string
}

export interface ArmAddress extends Reach {
  readonly arm: Arm
  /** Of a unix socket: `http://localhost` and a path. */
  readonly url: string
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
  /** Counts from the moment of `send`, waiting and connecting included. */
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
 * no valid HTTP, nothing was sent. `unserved`: it waited for a connection until its time was over,
 * because no more are opened; nothing was sent.
 */
export type WireEnd =
  | 'answered'
  | 'broken'
  | 'unanswered'
  | 'timeout'
  | 'unsendable'
  | 'unserved'
  | 'aborted'

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
  /** It had to wait for a connection, for this reason; left out = it did not. */
  readonly waitedFor?: ConnectionLimit
}

/** Called from within the HTTP library: must be quick and must not throw. */
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

/** What a client holds at this moment. */
export interface ClientLoad {
  readonly connections: number
  readonly inFlight: number
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** Requests that ever had to wait because no more connections are opened. */
  readonly everWaited: number
}

export interface ArmClient {
  send(request: WireRequest, listener: WireListener): void
  load(): ClientLoad
  /** Everything in flight ends as `aborted` before this returns. */
  abort(): void
  /** Closes every connection; call `abort` first if anything may be in flight. */
  close(): Promise<void>
}
