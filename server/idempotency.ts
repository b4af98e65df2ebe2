/**
 * `Idempotency-Key`: the same key with the same body gives the same answer, so that a pipeline may
 * repeat a POST whose answer got lost without starting a second run. Answers are kept in memory
 * (bounded, a day at most); a refusal is not kept, because trying again later is its mend.
 */

import { createHash } from 'node:crypto'
import type { Clock } from '../src/core/clock.ts'
import { ProblemError } from './problem.ts'

const KEPT_ANSWERS = 1000
const KEPT_MS = 24 * 3600 * 1000
const KEY = /^[\x21-\x7e]{1,255}$/

interface Kept {
  readonly bodyHash: string
  readonly at: number
  readonly answer: Promise<StoredAnswer>
}

interface StoredAnswer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly text: string
}

export interface Idempotency {
  /**
   * The kept answer, or that of `act`.
   * @param scope method and path: one key may serve two routes
   * @throws ProblemError 422 if the key was used with another body
   */
  answer(scope: string, key: string, body: Buffer, act: () => Promise<Response>): Promise<Response>
}

export function createIdempotency(clock: Clock): Idempotency {
  const kept = new Map<string, Kept>()

  function forget(nowMs: number): void {
    for (const [name, entry] of kept) {
      if (kept.size < KEPT_ANSWERS && nowMs - entry.at < KEPT_MS) return
      kept.delete(name)
    }
  }

  return {
    async answer(scope, key, body, act) {
      if (!KEY.test(key)) throw badKey()
      const name = `${scope} ${key}`
      const bodyHash = createHash('sha256').update(body).digest('base64')
      forget(clock.nowMs())
      const known = kept.get(name)
      if (known !== undefined) {
        if (known.bodyHash !== bodyHash) throw reusedKey()
        return responseOf(await known.answer)
      }
      const answer = act().then(stored)
      const entry = { bodyHash, at: clock.nowMs(), answer }
      kept.set(name, entry)
      try {
        const result = await answer
        if (result.status >= 300) kept.delete(name)
        return responseOf(result)
      } catch (error) {
        kept.delete(name)
        throw error
      }
    },
  }
}

async function stored(response: Response): Promise<StoredAnswer> {
  return {
    status: response.status,
    headers: [...response.headers.entries()],
    text: await response.text(),
  }
}

function responseOf(answer: StoredAnswer): Response {
  const headers = answer.headers.map(([name, value]): [string, string] => [name, value])
  return new Response(answer.text, { status: answer.status, headers })
}

function badKey(): ProblemError {
  return new ProblemError(
    400,
    'bad-idempotency-key',
    'Cannot use idempotency key: it must have 1 to 255 visible characters',
    { where: 'header idempotency-key', mend: 'send a UUID' },
  )
}

function reusedKey(): ProblemError {
  return new ProblemError(
    422,
    'idempotency-key-reused',
    'Cannot use idempotency key: it was used with another body',
    { where: 'header idempotency-key', mend: 'send a new key with a new body' },
  )
}
