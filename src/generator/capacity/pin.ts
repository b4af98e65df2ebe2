/**
 * The address that a name stands for, looked up once and kept for the whole measurement: autocannon
 * would look it up for every connection, and nobody would check what it found.
 */

import type { LookupAddress } from 'node:dns'
import { connect, isIP } from 'node:net'
import { createLookup } from '../client/lookup.ts'
import { isLoopback } from '../guard.ts'
import type { CapacityTarget } from './target.ts'

const WITHIN_MS = 2_000

/**
 * The same target by its address, with the name in Host.
 * @throws Error if the name stands for nothing that may be connected to, or nothing listens there
 */
export async function pinned(target: CapacityTarget): Promise<CapacityTarget> {
  const url = new URL(target.origin)
  const name = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(name) !== 0 || target.socketPath !== undefined) return target
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  for (const { address } of await addressesOf(name, isLoopback(target.origin))) {
    if (!(await listens(address, port))) continue
    const host = isIP(address) === 6 ? `[${address}]` : address
    return {
      ...target,
      origin: `${url.protocol}//${host}:${port}`,
      requests: target.requests.map((request) => ({
        ...request,
        headers: { host: url.host, ...request.headers },
      })),
    }
  }
  throw new Error(`nothing listens at ${url.host}`)
}

function addressesOf(name: string, isOwn: boolean): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    createLookup(isOwn)(name, { all: true }, (fault, found) => {
      if (fault === null) resolve(typeof found === 'string' ? [] : found)
      else reject(fault)
    })
  })
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (is: boolean): void => {
      socket.destroy()
      resolve(is)
    }
    socket.setTimeout(WITHIN_MS, () => end(false))
    socket.on('connect', () => end(true))
    socket.on('error', () => end(false))
  })
}
