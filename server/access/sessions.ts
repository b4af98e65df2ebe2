/**
 * Sign-ins of the page. The cookie is a random number that means nothing elsewhere and is known to
 * this process only; the token itself never stays in a browser. Kept by its hash, so that neither
 * the memory nor the time of a look-up tells one that works.
 */

import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../src/core/clock.ts'
import type { AccessRole } from '../../src/core/contract/config.ts'

export interface Caller {
  /** Of the token; `local` where there are none. */
  readonly name: string
  readonly role: AccessRole
}

export const SESSION_SECONDS = 12 * 3600
const SESSIONS = 1000

export interface Sessions {
  /** A new one; gives its id. The oldest ends where there are too many. */
  open(caller: Caller): string
  /** Undefined where there is none, or not any more. */
  find(id: string): Caller | undefined
  close(id: string): void
}

export function createSessions(clock: Clock): Sessions {
  const open = new Map<string, { readonly caller: Caller; readonly endsMs: number }>()

  return {
    open(caller) {
      const id = randomBytes(32).toString('base64url')
      open.set(hashOf(id), { caller, endsMs: clock.nowMs() + SESSION_SECONDS * 1000 })
      const oldest = open.keys().next().value
      if (open.size > SESSIONS && oldest !== undefined) open.delete(oldest)
      return id
    },
    find(id) {
      const session = open.get(hashOf(id))
      if (session === undefined) return undefined
      if (clock.nowMs() < session.endsMs) return session.caller
      open.delete(hashOf(id))
      return undefined
    },
    close(id) {
      open.delete(hashOf(id))
    },
  }
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64')
}
