/** Redirects: where an answer leads, and what a request becomes on the way there. Pure. */

import type { HttpMethod } from '../../core/contract/ontology.ts'
import type { ArmAddress, WireAnswer } from '../client.ts'

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** The places that are the arm itself. */
export interface Home {
  /** Scheme and host that the target believes to have. */
  readonly publicOrigin: string
  /** All under which it may speak of itself. */
  readonly origins: readonly string[]
}

/**
 * Where TLS ends before the target, the header `x-forwarded-proto: https` tells it so: then it
 * speaks of itself with https, and its secure cookies are sent back. And a server that does not
 * know what lies before it adds the port at which it listens to the host that it was asked for.
 */
export function homeOf({ url, host, headers = {} }: ArmAddress): Home {
  const own = new URL(url)
  const isSecure = headers['x-forwarded-proto']?.trim().toLowerCase() === 'https'
  const name = host ?? own.host
  const publicOrigin = `${isSecure ? 'https:' : own.protocol}//${name}`
  const there = `${own.protocol}//${name}`
  const withPort = URL.canParse(there) ? new URL(there) : own
  withPort.port = own.port
  const said = [publicOrigin, there, withPort.origin, own.origin].filter((one) => URL.canParse(one))
  return { publicOrigin, origins: [...new Set(said.map((one) => new URL(one).origin))] }
}

/** Undefined unless the redirect stays on the arm: the traffic was cleared for this target only. */
export function pathOfRedirect(answer: WireAnswer, path: string, home: Home): string | undefined {
  const said = answer.headers['location']
  const location = typeof said === 'string' ? said : said?.[0]
  if (location === undefined || !REDIRECTS.has(answer.status ?? 0)) return undefined
  const base = home.publicOrigin + path
  if (!URL.canParse(location, base)) return undefined
  const url = new URL(location, base)
  return home.origins.includes(url.origin) ? url.pathname + url.search : undefined
}

/** As browsers do (Fetch standard, HTTP-redirect fetch, step 12). */
export function turnsIntoGet(status: number | undefined, method: HttpMethod): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

export function withoutBodyHeaders(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? ''
    if (!name.startsWith('content-')) kept.push(name, headers[index + 1] ?? '')
  }
  return kept
}
