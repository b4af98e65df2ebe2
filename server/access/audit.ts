/**
 * The audit log: every write that reached the API, what came of it, and every token that was wrong.
 * Noted when the answer is made; an answer never fails because it could not be noted.
 */

import type { Context, MiddlewareHandler } from 'hono'
import type { Clock } from '../../src/core/clock.ts'
import { messageOf } from '../../src/core/errors.ts'
import type { Outrider } from '../../src/outrider.ts'
import { NOBODY, type Endpoint } from '../endpoint.ts'
import { ProblemError, problemOf } from '../problem.ts'
import { isWrite } from '../security.ts'
import { addressOf, type Access } from './access.ts'
import { createAttempts } from './attempts.ts'
import type { Caller } from './sessions.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Left out while nobody said who they are. */
    caller: Caller | undefined
    endpoint: Endpoint | undefined
    /** The `:id` of the path. */
    subject: string | undefined
    /** Why a person wants what they ask for. */
    reason: string | undefined
  }
}

/** The log keeps so many lines in all: a stranger must not push those of others out of it. */
const NOTES_OF_STRANGERS = 10
const MOST_CHARACTERS = 500

export function auditWrites(
  { rollouts }: Outrider,
  access: Access,
  clock: Clock,
  log: (line: string) => void,
): MiddlewareHandler {
  const strangers = createAttempts(clock, NOTES_OF_STRANGERS)
  return async (context, next) => {
    await next()
    const isWrongToken = context.error instanceof ProblemError && context.res.status === 401
    const isNoted = isWrite(context.req.method) || (isWrongToken && isNamed(context))
    if (!isNoted) return
    // A path that is none asks nobody for a token, but may have a cookie.
    const caller = context.get('caller') ?? access.signedIn(context)
    if (caller === undefined) {
      if (strangers.isOver(addressOf(context))) return
      strangers.add(addressOf(context))
    }
    try {
      rollouts.noteAudit(entryOf(context, caller?.name ?? NOBODY))
    } catch (error) {
      log(`Cannot write the audit log: ${messageOf(error)}`)
    }
  }
}

/** A token was given; that none was given is what every page does before its sign-in. */
function isNamed(context: Context): boolean {
  return context.req.header('authorization') !== undefined
}

function entryOf(context: Context, who: string): Parameters<Outrider['rollouts']['noteAudit']>[0] {
  const { method, path } = context.req
  const detail = detailOf(context)
  return {
    who,
    what: `${method} ${context.get('endpoint')?.path ?? path}`.slice(0, MOST_CHARACTERS),
    subject: subjectOf(context).slice(0, MOST_CHARACTERS),
    status: context.res.status,
    ...(detail === '' ? {} : { detail: detail.slice(0, MOST_CHARACTERS) }),
  }
}

/** The id in the path, or the one that the write made. */
function subjectOf(context: Context): string {
  const location = context.res.headers.get('location')
  const made = location === null ? undefined : decodeURIComponent(location.split('/').at(-1) ?? '')
  return context.get('subject') ?? made ?? '-'
}

function detailOf(context: Context): string {
  const code = context.error === undefined ? undefined : problemOf(context.error).code
  return [code, context.get('reason')].filter((part) => part !== undefined).join(': ')
}
