/** The application behind the recorder: how it is reached, and how its name stands in headers. */

import { Agent, request as requestHttp, type ClientRequest } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { endToEnd, findHeader, requestHeaders, type RawHeaders } from '../../core/wire/headers.ts'

const MOST_CONNECTIONS = 512
/** Neither side may be silent for longer in the middle of a request. */
const IDLE_MS = 120_000

export interface UpstreamOptions {
  /** Scheme, host and port. */
  readonly url: string
  /** Sent as Host and as the name of the TLS server; left out = the host of the url. */
  readonly host?: string
  /** PEM text of the authority that signed the certificate. */
  readonly ca?: string
  /** Takes any certificate. */
  readonly insecure?: boolean
}

export interface Outgoing {
  readonly method: string
  /** Path with query. */
  readonly path: string
  readonly headers: string[]
  /** Without the pool: nothing on this connection came before. */
  readonly isFresh: boolean
}

export class Upstream {
  readonly #options: UpstreamOptions
  readonly #url: URL
  readonly #agent: Agent

  constructor(options: UpstreamOptions) {
    this.#options = options
    this.#url = new URL(options.url)
    const limits = { keepAlive: true, maxSockets: MOST_CONNECTIONS, scheduling: 'lifo' } as const
    this.#agent = this.#isSecure() ? new SecureAgent(limits) : new Agent(limits)
  }

  send({ method, path, headers, isFresh }: Outgoing): ClientRequest {
    const { hostname, port } = this.#url
    const { host, ca, insecure } = this.#options
    const send = this.#isSecure() ? requestHttps : requestHttp
    const outgoing = send({
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      method,
      path,
      headers,
      agent: isFresh ? false : this.#agent,
      ...(ca === undefined ? {} : { ca }),
      ...(insecure === true ? { rejectUnauthorized: false } : {}),
      ...(host === undefined ? {} : { servername: host.replace(/:\d+$/, '') }),
    })
    outgoing.setTimeout(IDLE_MS, () => outgoing.destroy(new Error('it was silent for too long')))
    return outgoing
  }

  /** A page that came through the recorder names it as its origin, and the application would not know it. */
  requestHeaders(raw: RawHeaders, address: string): string[] {
    const asked = findHeader(raw, 'host') ?? ''
    const headers = requestHeaders(raw, { address, host: this.#name() })
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index]?.toLowerCase()
      if (name !== 'origin' && name !== 'referer') continue
      headers[index + 1] = replaceOrigin(
        headers[index + 1] ?? '',
        `http://${asked}`,
        this.#origin(),
      )
    }
    return headers
  }

  /** Links and cookies that name the application are led back to the recorder. @param asked Host of the client */
  answerHeaders(raw: RawHeaders, asked: string): string[] {
    const headers = endToEnd(raw)
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index]?.toLowerCase()
      const value = headers[index + 1] ?? ''
      if (name === 'location' || name === 'content-location') {
        headers[index + 1] = replaceOrigin(value, this.#origin(), `http://${asked}`)
      }
      if (name === 'set-cookie') headers[index + 1] = withoutDomain(value)
    }
    return headers
  }

  close(): void {
    this.#agent.destroy()
  }

  #name(): string {
    return this.#options.host ?? this.#url.host
  }

  #origin(): string {
    return `${this.#url.protocol}//${this.#name()}`
  }

  #isSecure(): boolean {
    return this.#url.protocol === 'https:'
  }
}

function replaceOrigin(value: string, from: string, to: string): string {
  if (!value.toLowerCase().startsWith(from.toLowerCase())) return value
  const rest = value.slice(from.length)
  return rest === '' || /^[/?#]/.test(rest) ? to + rest : value
}

/** A cookie for the application's domain would not be kept for the recorder's address. */
function withoutDomain(cookie: string): string {
  return cookie.replaceAll(/;\s*domain=[^;]*/gi, '')
}
