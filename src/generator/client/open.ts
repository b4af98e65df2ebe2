/**
 * Opens connections to one arm: over TCP, a unix socket or the tunnel of a proxy, with TLS where
 * the address says https. Proxies of the environment are never taken.
 *
 * Also http targets are reached through a tunnel (CONNECT), not by handing the proxy whole URLs: a
 * proxy that reads the requests could answer from its cache or add failures of its own, and nobody
 * could tell these from the target's.
 */

import { request as requestHttp, type ClientRequest } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect as connectTcp, isIP, isIPv6, type LookupFunction, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type ConnectionOptions,
} from 'node:tls'
import { createLookup } from './lookup.ts'
import { reasonOf, toldFault } from './reason.ts'
import type { ArmAddress, Proxy } from './wire.ts'

/** A connection that is there or on its way. */
export interface Opening {
  readonly destroyed: boolean
  /** Ends it; whoever waits for it is not told. */
  destroy(): unknown
}

export type Opened = (fault: Error | null, socket: Socket | null) => void

/** @param servername what TLS asks for where the address names nothing, such as a Host header */
export type Open = (servername: string | undefined, opened: Opened) => Opening

const KEEP_ALIVE_MS = 60_000

interface Place {
  readonly host: string
  readonly port: number
  readonly lookup: LookupFunction
}

/** @throws Error of OpenSSL for a certificate or key that is none */
export function createOpener(address: ArmAddress): Open {
  const { proxy, socketPath } = address
  const url = new URL(address.url)
  const secure = url.protocol === 'https:' ? createSecure(address, url) : undefined
  if (proxy !== undefined) {
    const ask = createTunnel(proxy, url)
    const isNamed = proxy.authorization !== undefined
    return (servername, opened) => openTunnel(ask, isNamed, secure?.(servername), opened)
  }
  const place = socketPath === undefined ? placeOf(url) : { path: socketPath }
  return (servername, opened) => {
    if (secure === undefined) return watched(connectTcp(place), 'connect', opened)
    return watched(connectTls({ ...place, ...secure(servername) }), 'secureConnect', opened)
  }
}

function placeOf(url: URL): Place {
  const host = bare(url.hostname)
  // The names that lift the cap on the rate.
  const isLoopback = host === 'localhost' || host.endsWith('.localhost')
  return { host, port: portOf(url), lookup: createLookup(isLoopback) }
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80))
}

/** Tells once how it went, and keeps a late error from ending the process. */
function watched(socket: Socket, event: 'connect' | 'secureConnect', opened: Opened): Socket {
  let isTold = false
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
  socket.once(event, () => {
    isTold = true
    opened(null, socket)
  })
  socket.on('error', (fault) => {
    if (isTold) return
    isTold = true
    opened(fault, null)
  })
  return socket
}

type Secure = (servername: string | undefined) => ConnectionOptions

/** The secure context is made once for all connections: it takes longer than a handshake. */
function createSecure({ tls = {}, host, http2 = false }: ArmAddress, url: URL): Secure {
  const { ca, cert, key, serverName, insecure = false } = tls
  const secureContext = createSecureContext({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  })
  const fixed = {
    secureContext,
    ALPNProtocols: [http2 ? 'h2' : 'http/1.1'],
    rejectUnauthorized: !insecure,
  }
  const usual = bare(host?.replace(/:\d+$/, '') ?? url.hostname)
  return (asked) => {
    const name = serverName ?? (asked || usual)
    return {
      ...fixed,
      // An IP address cannot be asked for, but it is checked.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    }
  }
}

type Ask = () => ClientRequest

function createTunnel({ url, authorization }: Proxy, target: URL): Ask {
  const proxy = new URL(url)
  const ask = proxy.protocol === 'https:' ? requestHttps : requestHttp
  const host = isIPv6(bare(target.hostname)) ? target.hostname : bare(target.hostname)
  const path = `${host}:${portOf(target)}`
  const options = {
    ...placeOf(proxy),
    method: 'CONNECT',
    path,
    headers: {
      host: path,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
  }
  // A connection of its own, and none of the proxies that Node may take from the environment.
  return () => ask({ ...options, agent: false })
}

/** @param isNamed whether the proxy is told who we are */
function openTunnel(
  ask: Ask,
  isNamed: boolean,
  secure: ConnectionOptions | undefined,
  opened: Opened,
): Opening {
  const request = ask()
  let held: Opening = request
  let isTold = false
  const tell = (fault: Error): void => {
    if (!isTold) opened(fault, null)
    isTold = true
  }
  request.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
    isTold = true
    held = socket
    socket.on('error', () => undefined)
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy()
      return opened(proxyFault(refusalOf(statusCode, isNamed)), null)
    }
    if (head.length > 0) socket.unshift(head)
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
    if (secure === undefined) return opened(null, socket)
    held = watched(connectTls({ ...secure, socket }), 'secureConnect', opened)
  })
  request.on('response', () => tell(proxyFault('it answers without a tunnel')))
  request.on('error', (fault) => tell(proxyFault(reasonOf(fault))))
  request.end()
  return {
    get destroyed() {
      return held.destroyed
    },
    destroy: () => held.destroy(),
  }
}

function refusalOf(status: number, isNamed: boolean): string {
  switch (status) {
    case 407:
      return isNamed
        ? 'it does not take this user and password (407)'
        : 'it wants user and password (407)'
    case 403:
    case 405:
      return `it opens no tunnel to this place (${status})`
    case 502:
    case 503:
    case 504:
      return `it cannot reach the target (${status})`
    default:
      return `it refuses the tunnel (${status})`
  }
}

function proxyFault(why: string): Error {
  return toldFault('PROXY_REFUSED', `the proxy: ${why}`)
}
