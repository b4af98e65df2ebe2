/** Limits of the door: how much, how often, how many at once. */

import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../src/core/clock.ts'
import { ProblemError } from './problem.ts'

export const LIMITS = {
  /** Bytes of a JSON body. */
  bodyBytes: 1024 * 1024,
  /** Bytes of a body of many profiles. */
  profileBodyBytes: 32 * 1024 * 1024,
  /** Requests per second, over all callers. */
  requestsPerSecond: 200,
  requestBurst: 400,
  /** Requests that are being answered at once; event streams count for themselves. */
  requestsAtOnce: 64,
  eventStreams: 64,
} as const

export type Limits = { readonly [Name in keyof typeof LIMITS]: number }

/** Answers 429 above the rate and 503 above the queue. */
export function limitRequests(limits: Limits, clock: Clock): MiddlewareHandler {
  let tokens = limits.requestBurst
  let filledMs = clock.nowMs()
  let atOnce = 0
  return async (_context, next) => {
    const nowMs = clock.nowMs()
    const earned = ((nowMs - filledMs) / 1000) * limits.requestsPerSecond
    tokens = Math.min(limits.requestBurst, tokens + earned)
    filledMs = nowMs
    if (tokens < 1) throw tooMany(429, 'too-many-requests', 'more requests than it may answer')
    if (atOnce >= limits.requestsAtOnce) throw tooMany(503, 'too-busy', 'its queue is full')
    tokens -= 1
    atOnce += 1
    try {
      await next()
    } finally {
      atOnce -= 1
    }
  }
}

export interface Seats {
  /** A place; gives the way to leave it again. @throws ProblemError 503 if all are taken */
  take(): () => void
}

/** Places for so many at once. */
export function createSeats(count: number): Seats {
  let taken = 0
  return {
    take() {
      if (taken >= count) {
        throw tooMany(503, 'too-many-streams', `all ${count} event streams are taken`)
      }
      taken += 1
      let isLeft = false
      return () => {
        if (!isLeft) taken -= 1
        isLeft = true
      }
    },
  }
}

/**
 * The whole body, read piece by piece so that an undeclared length cannot fill the memory.
 * @throws ProblemError 413 above `maxBytes`
 */
export async function readBody(request: Request, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  if (request.body === null) return Buffer.alloc(0)
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of request.body) {
    bytes += part.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function tooLarge(maxBytes: number): ProblemError {
  const kib = Math.round(maxBytes / 1024)
  return new ProblemError(413, 'body-too-large', `Cannot read body: it is over ${kib} KiB`, {
    mend: 'send less at once',
    // What is left of the body is not read, so the connection cannot be used again.
    headers: { connection: 'close' },
  })
}

function tooMany(status: number, code: string, why: string): ProblemError {
  return new ProblemError(status, code, `Cannot answer now: ${why}`, {
    mend: 'try again in a second',
    headers: { 'retry-after': '1' },
  })
}
