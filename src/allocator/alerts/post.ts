/** One try to tell an alert: one request, and an answer in words that never name the address. */

import type { Address } from './channels.ts'
import type { Timers } from './timers.ts'

export type Answer =
  | { readonly kind: 'delivered' }
  /** The receiver does not want it: 4xx, but not 408 and 429. */
  | {
      readonly kind: 'refused' | 'unwell'
      readonly problem: string
      readonly retryAfterMs?: number
    }
  /** Given up because we end; it may have arrived. */
  | { readonly kind: 'stopped'; readonly problem: string }

export interface Post {
  readonly address: Address
  readonly body: string
  readonly idempotencyKey: string
}

export interface PostMeans {
  readonly fetch: typeof fetch
  readonly timers: Timers
  /** Wall time in milliseconds, for a `Retry-After` that is a date. */
  readonly wallMs: () => number
  readonly stop: AbortSignal
}

const TIMEOUT_MS = 10_000
const READ_BYTES = 1024

/** Never rejects: whatever goes wrong is an answer. */
export async function post(message: Post, means: PostMeans): Promise<Answer> {
  const silence = new AbortController()
  const signal = AbortSignal.any([means.stop, silence.signal])
  const cancel = means.timers.after(TIMEOUT_MS, () => silence.abort())
  // A fetch that ignores its signal must not hold us either.
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => undefined)
  signal.addEventListener('abort', () => aborted.reject(new Error('aborted')), { once: true })
  if (signal.aborted) aborted.reject(new Error('aborted'))
  try {
    return await Promise.race([exchange(message, means, signal), aborted.promise])
  } catch (error) {
    if (means.stop.aborted) return { kind: 'stopped', problem: 'this process ended' }
    const problem = silence.signal.aborted ? 'no answer within 10 s' : reasonOf(error)
    return { kind: 'unwell', problem }
  } finally {
    cancel()
  }
}

async function exchange(message: Post, means: PostMeans, signal: AbortSignal): Promise<Answer> {
  const { address, body, idempotencyKey } = message
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': idempotencyKey,
    'user-agent': 'outrider',
    ...(address.authorization === undefined ? {} : { authorization: address.authorization }),
  }
  const response = await means.fetch(address.url, {
    method: 'POST',
    headers,
    body,
    redirect: 'manual',
    signal,
  })
  if (response.ok) {
    // It has arrived: what the receiver goes on to say cannot change that.
    response.body?.cancel().catch(() => undefined)
    return { kind: 'delivered' }
  }
  const said = await firstBytes(response)
  const { status } = response
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  const retryAfterMs = retryAfter(response.headers.get('retry-after'), means.wallMs())
  const word = errorWord(said, address)
  return {
    kind: isRefusal ? 'refused' : 'unwell',
    problem: `${problemOf(status)}${word === undefined ? '' : ` ${word}`}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** At most 1 KiB, because an answer may have no end. */
async function firstBytes(response: Response): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  while (size <= READ_BYTES) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks).toString('utf8')
    chunks.push(value)
    size += value.byteLength
  }
  await reader.cancel()
  return Buffer.concat(chunks).subarray(0, READ_BYTES).toString('utf8')
}

function problemOf(status: number): string {
  if (status >= 300 && status < 400) return `HTTP ${status}, and redirects are not followed`
  return `HTTP ${status}`
}

/**
 * Slack says what is wrong by one word like `channel_is_archived`. Anything else that a receiver says
 * is left out, and so is a word that stands in the address: it could be a part of the secret.
 */
function errorWord(said: string, { url, authorization }: Address): string | undefined {
  const word = said.trim()
  if (!/^[a-z]{1,30}(_[a-z]{1,30}){1,6}$/.test(word)) return undefined
  return `${url} ${authorization ?? ''}`.toLowerCase().includes(word) ? undefined : word
}

/** Seconds or a date (RFC 9110, 10.2.3); what is neither is no wish. */
function retryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'no connection came about',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about',
  UND_ERR_SOCKET: 'the connection was closed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** By code alone: the messages of the network name the host. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const known = REASONS[code]
  if (known !== undefined) return known
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? `the request failed (${code})` : 'the request failed'
}
