/**
 * Who asks, and whether they may. Without tokens, which is possible on loopback only, everybody on
 * this machine may do everything. With tokens a program says who it is by `Authorization: Bearer`,
 * and the page by the cookie of its sign-in. Tokens are compared by their hashes, all of them and in
 * constant time, so that the time of an answer says nothing.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Clock } from '../../src/core/clock.ts'
import { ACCESS_ROLES, type AccessRole, type AccessToken } from '../../src/core/contract/config.ts'
import { ProblemError } from '../problem.ts'
import { createAttempts } from './attempts.ts'
import { createSessions, SESSION_SECONDS, type Caller } from './sessions.ts'

/** What a route needs: a role, or nothing at all. */
export type Needed = AccessRole | 'anyone'

export interface Access {
  /** False = everybody on this machine may do everything. */
  readonly hasTokens: boolean
  /**
   * Who asks, if they may; undefined = nobody we know, where nobody needs to be known.
   * @throws ProblemError 401 `not-signed-in` or `wrong-token`, 403 `role-too-low`, 429
   */
  admit(context: Context, needed: Needed): Caller | undefined
  /** Who is signed in on the page; never counts as a try. */
  signedIn(context: Context): Caller | undefined
  /** @throws ProblemError 401 `wrong-token`, 429 `too-many-tries`, 400 `no-tokens` */
  signIn(context: Context, token: string): { readonly caller: Caller; readonly cookie: string }
  /** Ends the session; gives the cookie that takes the place of the old one. */
  signOut(context: Context): string
}

export const COOKIE = 'outrider_session'
const TRIES_PER_MINUTE = 10
/** Pairs of address and token that worked, so that a stranger's tries do not lock them out. */
const TRUSTED = 10_000
const LOCAL: Caller = { name: 'local', role: 'admin' }
/** A token that is longer than any of ours is none. */
const BEARER = /^bearer +([\x21-\x7e]{1,500})$/i

export function createAccess(tokens: readonly AccessToken[], clock: Clock): Access {
  const known = tokens.map(({ name, role, sha256 }) => ({
    caller: { name, role },
    hash: Buffer.from(sha256, 'hex'),
  }))
  const hasTokens = known.length > 0
  const sessions = createSessions(clock)
  const tries = createAttempts(clock, TRIES_PER_MINUTE)
  const trusted = new Set<string>()

  function callerOf(token: string | undefined, address: string): Caller {
    const caller = token === undefined ? undefined : findByToken(known, token)
    const pair = `${address} ${caller?.name}`
    if (caller !== undefined && trusted.has(pair)) return caller
    if (tries.isOver(address)) throw tooManyTries(tries.waitSeconds(address))
    if (caller === undefined) {
      tries.add(address)
      throw wrongToken()
    }
    const [oldest] = trusted
    if (trusted.size >= TRUSTED && oldest !== undefined) trusted.delete(oldest)
    trusted.add(pair)
    return caller
  }

  function signedIn(context: Context): Caller | undefined {
    if (!hasTokens) return LOCAL
    const id = getCookie(context, COOKIE)
    return id === undefined ? undefined : sessions.find(id)
  }

  function identify(context: Context): Caller {
    const header = context.req.header('authorization')
    if (hasTokens && header !== undefined) {
      return callerOf(BEARER.exec(header)?.[1], addressOf(context))
    }
    const caller = signedIn(context)
    if (caller === undefined) throw notSignedIn()
    return caller
  }

  return {
    hasTokens,
    signedIn,
    admit(context, needed) {
      if (needed === 'anyone') return keep(context, signedIn(context))
      const caller = identify(context)
      keep(context, caller)
      if (rankOf(caller.role) < rankOf(needed)) throw roleTooLow(context, caller, needed)
      return caller
    },
    signIn(context, token) {
      if (!hasTokens) throw noTokens()
      const caller = callerOf(token, addressOf(context))
      keep(context, caller)
      sessions.close(getCookie(context, COOKIE) ?? '')
      return { caller, cookie: cookieOf(context, sessions.open(caller), SESSION_SECONDS) }
    },
    signOut(context) {
      sessions.close(getCookie(context, COOKIE) ?? '')
      return cookieOf(context, '', 0)
    },
  }
}

/** Where the connection comes from; what a header claims of it is not asked. */
export function addressOf(context: Context): string {
  return getConnInfo(context).remote.address ?? 'unknown'
}

/** For the audit log, which looks when the answer is made. */
function keep(context: Context, caller: Caller | undefined): Caller | undefined {
  if (caller !== undefined) context.set('caller', caller)
  return caller
}

function findByToken(
  known: readonly { readonly caller: Caller; readonly hash: Buffer }[],
  token: string,
): Caller | undefined {
  const hash = createHash('sha256').update(token).digest()
  let found: Caller | undefined
  for (const one of known) if (timingSafeEqual(one.hash, hash)) found = one.caller
  return found
}

function rankOf(role: AccessRole): number {
  return ACCESS_ROLES.indexOf(role)
}

function cookieOf(context: Context, value: string, seconds: number): string {
  const isSecure = new URL(context.req.url).protocol === 'https:'
  const parts = ['Path=/', `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Strict']
  return [`${COOKIE}=${value}`, ...parts, ...(isSecure ? ['Secure'] : [])].join('; ')
}

function notSignedIn(): ProblemError {
  return new ProblemError(
    401,
    'not-signed-in',
    'Cannot answer: this server wants to know who asks',
    {
      where: 'header authorization',
      mend: 'send "Authorization: Bearer TOKEN", or sign in on the page',
      headers: { 'www-authenticate': 'Bearer realm="outrider"' },
    },
  )
}

function wrongToken(): ProblemError {
  return new ProblemError(401, 'wrong-token', 'Cannot answer: the token is none of this server', {
    mend: 'look for its sha256 in server.tokens of outrider.yaml; it may end in a line break',
    headers: { 'www-authenticate': 'Bearer realm="outrider", error="invalid_token"' },
  })
}

function tooManyTries(seconds: number): ProblemError {
  return new ProblemError(
    429,
    'too-many-tries',
    `Cannot try this token: ${TRIES_PER_MINUTE} wrong ones came from this address within a minute`,
    {
      mend: `try again in ${seconds} s`,
      headers: { 'retry-after': String(seconds) },
    },
  )
}

function roleTooLow(context: Context, caller: Caller, needed: AccessRole): ProblemError {
  const what = `${context.req.method} ${context.req.path.slice(0, 200)}`
  return new ProblemError(
    403,
    'role-too-low',
    `Cannot ${what}: it needs the role ${needed}, and "${caller.name}" is ${caller.role}`,
    { mend: `use a token with the role ${needed}` },
  )
}

function noTokens(): ProblemError {
  return new ProblemError(400, 'no-tokens', 'Cannot sign in: this server has no tokens', {
    mend: 'nothing is needed: whoever reaches it may use it',
  })
}
