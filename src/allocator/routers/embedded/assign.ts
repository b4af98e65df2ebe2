/**
 * Who goes where: a user is hashed to a bucket of 0 to 9999, and buckets below the weight are the
 * canary's. So a user stays on the canary while the weight grows, nobody is remembered, and every
 * process decides the same. Pure.
 */

import { hash } from 'node:crypto'
import type { EmbeddedSettings } from '../../../core/contract/routers.ts'
import { FULL_BP } from '../../../core/weight.ts'

export type ServedArm = 'baseline' | 'canary'

/** The cookie that the proxy gives to users it cannot tell apart otherwise. */
export const OWN_COOKIE = 'outrider_user'

/** Longer keys are as good cut. */
const KEY_CHARS = 500

/**
 * A whole number of 48 bits for this user of this router; the router's name is the salt, so that
 * not the same users are the first on every canary.
 */
export function userHash(router: string, key: string): number {
  return Number.parseInt(hash('sha256', `${router}\n${key}`).slice(0, 12), 16)
}

export function armOf(userHash: number, weightBp: number): ServedArm {
  return userHash % FULL_BP < weightBp ? 'canary' : 'baseline'
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** What tells the user: the configured cookie or header, else the proxy's own cookie. */
export function findUserKey(
  headers: Headers,
  source: EmbeddedSettings['user_key'],
): string | undefined {
  const { cookie } = headers
  const cookies = typeof cookie === 'string' ? cookie : ''
  const own = findCookie(cookies, OWN_COOKIE)
  if (source === undefined) return own
  if ('cookie' in source) return findCookie(cookies, source.cookie) ?? own
  const value = headers[source.header.toLowerCase()]
  const text = typeof value === 'string' ? value : value?.[0]
  return text === undefined || text === '' ? own : text.slice(0, KEY_CHARS)
}

function findCookie(cookies: string, name: string): string | undefined {
  for (const part of cookies.split(';')) {
    const equals = part.indexOf('=')
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue
    const value = part.slice(equals + 1).trim()
    return value === '' ? undefined : value.slice(0, KEY_CHARS)
  }
  return undefined
}
