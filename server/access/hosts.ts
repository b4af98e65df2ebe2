/**
 * The names under which this server may be asked for. A page of a stranger can make its own name
 * lead to our address (DNS rebinding), but not make the browser send another Host.
 */

import { hostname, networkInterfaces } from 'node:os'

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

export interface Hosts {
  /** @param name without its port, an IPv6 address in brackets */
  has(name: string): boolean
  /** For a sentence. */
  names(): readonly string[]
}

/** @param host as it is configured, without brackets */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** @param listenHost name or address the server listens on, without brackets */
export function createHosts(listenHost: string): Hosts {
  const own = bracketed(listenHost.toLowerCase())
  const fixed = new Set([...LOOPBACK_NAMES, own])
  // Addresses come and go while a server runs, so they are looked up when they are asked for.
  const now = (): string[] => (isLoopback(listenHost) ? [] : machineNames())
  return {
    has: (name) => fixed.has(name) || now().includes(name),
    names: () => [...new Set([...fixed, ...now()])],
  }
}

function machineNames(): string[] {
  const name = hostname().toLowerCase()
  const addresses = Object.values(networkInterfaces()).flatMap((cards) =>
    (cards ?? []).map(({ address }) => bracketed(address.replace(/%.*$/, '').toLowerCase())),
  )
  return [name, name.split('.')[0] ?? name, ...addresses]
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
