/**
 * Who may ask. Any page in a browser can reach 127.0.0.1, so loopback alone protects nothing: the
 * Host must be one of ours (DNS rebinding), a write or an event stream must not come from another
 * origin, and a write must carry JSON, which a plain form cannot send (cross-site forgery).
 */

import type { MiddlewareHandler } from 'hono'
import type { Hosts } from './access/hosts.ts'
import { ProblemError } from './problem.ts'

const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'DELETE', 'PATCH'])

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Refuses a foreign Host and a foreign origin. */
export function guardRequests(hosts: Hosts): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    if (!hosts.has(nameOf(host))) {
      throw new ProblemError(403, 'host-not-allowed', `Cannot answer for host "${shown(host)}"`, {
        where: 'header host',
        mend: `use ${hosts.names().join(' or ')}`,
      })
    }
    const isWrite = WRITES.has(context.req.method)
    if (isWrite || context.req.path.endsWith('/events')) {
      refuseForeignOrigin(host, context.req.header('origin'), context.req.header('sec-fetch-site'))
    }
    await next()
  }
}

/** Sets the headers on an answer, also on a refusal. */
export function protect(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value)
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
  return response
}

/**
 * @throws ProblemError 415 if the body is not declared as one of `allowed`
 */
export function requireContentType(header: string | undefined, allowed: readonly string[]): string {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim())
  const name = type.toLowerCase()
  const charset = parameters.find((part) => part.toLowerCase().startsWith('charset='))
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/i.test(charset)
  if (allowed.includes(name) && isUtf8) return name
  const value = header === undefined ? 'is missing' : `is "${shown(header)}"`
  throw new ProblemError(415, 'unsupported-media-type', `Cannot read body: content-type ${value}`, {
    where: 'header content-type',
    mend: `send content-type: ${allowed.join(' or ')}`,
  })
}

export function isWrite(method: string): boolean {
  return WRITES.has(method)
}

function refuseForeignOrigin(
  host: string,
  origin: string | undefined,
  fetchSite: string | undefined,
): void {
  // Programs send neither header; a browser sends at least one of them on these requests.
  const isOwnOrigin =
    origin === undefined || origin.toLowerCase() === `http://${host}`.toLowerCase()
  const isOwnSite = fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none'
  if (isOwnOrigin && isOwnSite) return
  const from = shown(origin ?? fetchSite ?? '')
  throw new ProblemError(403, 'origin-not-allowed', `Cannot act for a page of origin "${from}"`, {
    where: 'header origin',
    mend: 'use the page of this server, or a program that sends no origin',
  })
}

function nameOf(host: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[^:]*)(?::\d+)?$/i.exec(host)
  return (match?.[1] ?? '').toLowerCase()
}

function shown(text: string): string {
  return text.slice(0, 100)
}
