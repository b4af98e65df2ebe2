/** One arm behind the embedded proxy: where it is, its connections, and what it served. */

import { Agent, request as requestHttp, type ClientRequest } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import { Tally } from './tally.ts'

/** Connections to one arm at a time; a request above that waits for a free one. */
const MOST_CONNECTIONS = 2_048
const MOST_IDLE_CONNECTIONS = 256
/** Neither side may be silent for longer in the middle of a request. */
const IDLE_MS = 60_000
const CONNECT_LIMIT_MS = 2_000

export interface ArmOptions {
  readonly url: string
  /** Host header and TLS server name; left out = what the client sent. */
  readonly host?: string
  /** PEM text of the authority that signed the arm's certificate. */
  readonly ca?: string
}

export interface Outgoing {
  readonly method: string
  /** As the client asked for it. */
  readonly path: string
  /** Flat: name, value, … */
  readonly headers: string[]
  /** Without the pool: nothing on this connection came before. */
  readonly isFresh?: boolean
}

export class ServedBy {
  readonly tally = new Tally()
  readonly host: string | undefined
  readonly #url: URL
  readonly #ca: string | undefined
  readonly #agent: Agent

  constructor({ url, host, ca }: ArmOptions) {
    this.#url = new URL(url)
    this.#ca = ca
    this.host = host
    const limits = {
      keepAlive: true,
      maxSockets: MOST_CONNECTIONS,
      maxFreeSockets: MOST_IDLE_CONNECTIONS,
      scheduling: 'lifo',
    } as const
    this.#agent = this.#isSecure() ? new SecureAgent(limits) : new Agent(limits)
  }

  /** The request, its head not yet sent; silence for a minute ends it. */
  send({ method, path, headers, isFresh = false }: Outgoing): ClientRequest {
    const url = this.#url
    const send = this.#isSecure() ? requestHttps : requestHttp
    const outgoing = send({
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method,
      path: path === '*' ? path : url.pathname.replace(/\/$/, '') + path,
      headers,
      agent: isFresh ? false : this.#agent,
      ...(this.#ca === undefined ? {} : { ca: this.#ca }),
      ...(this.host === undefined ? {} : { servername: this.host }),
    })
    outgoing.setTimeout(IDLE_MS, () => outgoing.destroy(new SilenceError()))
    return outgoing
  }

  /** Why nothing can connect to it, or undefined if something can. */
  findFault(): Promise<string | undefined> {
    const url = this.#url
    const port = Number(url.port || (this.#isSecure() ? 443 : 80))
    return new Promise((resolve) => {
      const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port })
      socket.setTimeout(CONNECT_LIMIT_MS)
      const settle = (fault: string | undefined): void => {
        socket.destroy()
        resolve(fault)
      }
      socket.once('connect', () => settle(undefined))
      socket.once('timeout', () => settle(`no connection in ${CONNECT_LIMIT_MS / 1000} s`))
      socket.once('error', (error) => settle(error.message))
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #isSecure(): boolean {
    return this.#url.protocol === 'https:'
  }
}

/** The arm said nothing for too long. */
export class SilenceError extends Error {
  override name = 'SilenceError'

  constructor() {
    super(`silent for ${IDLE_MS / 1000} s`)
  }
}

const NO_CONNECTION: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** True where not even a connection came about. */
export function isNoConnection(error: Error): boolean {
  return 'code' in error && NO_CONNECTION.has(String(error.code))
}
