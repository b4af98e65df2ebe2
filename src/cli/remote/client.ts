/**
 * Asks a server over HTTP. What comes back is held against the schemas of the contract, and is
 * limited in size and time; a problem document becomes the error it was at the server.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import {
  CapacityError,
  ConflictError,
  OutriderError,
  TargetError,
  UsageError,
  type ErrorDetails,
} from '../../core/errors.ts'
import { problemSchema, type Problem } from '../../core/contract/http.ts'
import type { Parsed, Schema } from '../../core/json-schema.ts'
import type { ServerAddress } from './address.ts'
import { networkReason } from './reason.ts'

const ANSWER_MS = 60_000
const MOST_CHARACTERS = 64 * 1024 * 1024
/** As often as a target is asked before the start. */
const TRIES = 3
const FIRST_PAUSE_MS = 500

export interface Ask {
  readonly method: 'GET' | 'POST'
  /** With its query, from the first slash on. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Where a value of the body came from, for errors; default: its JSON pointer. */
  readonly locate?: (pointer: string) => string
}

export interface ApiClient {
  readonly url: string
  /**
   * The answer as the schema reads it. A lost connection is tried again, so a write needs an
   * `Idempotency-Key` or must not mind.
   * @throws OutriderError with the code of the problem document, or `server-unreachable` or
   *   `bad-answer`
   */
  ask<Of extends Schema>(ask: Ask, schema: Of): Promise<Parsed<Of>>
  /** An answer whose body is a stream; one try. @throws OutriderError as `ask` */
  open(ask: Ask, signal?: AbortSignal): Promise<Response>
  /** The error of an answer that is not as it should be. */
  badAnswer(ask: Ask, why: string): OutriderError
  /** The error of a connection that failed. */
  unreachable(thrown: unknown): OutriderError
}

export function createClient({ url, token }: ServerAddress): ApiClient {
  const unreachable = (thrown: unknown): OutriderError =>
    new TargetError(`Cannot reach the server ${url}: ${networkReason(thrown)}`, {
      code: 'server-unreachable',
      mend: 'look whether outrider serve runs there',
      cause: thrown,
    })
  const badAnswer = (ask: Ask, why: string): OutriderError =>
    new TargetError(`Cannot read the answer of ${url} to ${ask.method} ${ask.path}: ${why}`, {
      code: 'bad-answer',
      mend: 'look whether outrider serve runs there, in the same version as this command',
    })

  async function open(ask: Ask, signal = AbortSignal.timeout(ANSWER_MS)): Promise<Response> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await send(
      url,
      { ...ask, headers: { ...headers, ...ask.headers } },
      signal,
    ).catch((thrown: unknown) => {
      throw unreachable(thrown)
    })
    if (response.ok) return response
    const text = await readText(response).catch((thrown: unknown) => {
      throw unreachable(thrown)
    })
    const problem = problemSchema.safeParse(parseJson(text))
    if (problem.success) throw errorOfProblem(problem.data, ask)
    // What stands before a server that is away for a moment answers so.
    if (GATEWAY_STATUSES.has(response.status)) {
      throw unreachable(new Error(`it answered with status ${response.status}`))
    }
    throw badAnswer(ask, `status ${response.status} without a problem document`)
  }

  async function askOnce<Of extends Schema>(ask: Ask, schema: Of): Promise<Parsed<Of>> {
    const response = await open(ask)
    const text = await readText(response).catch((thrown: unknown) => {
      throw unreachable(thrown)
    })
    const value = parseJson(text)
    if (value === undefined) throw badAnswer(ask, 'it is not JSON')
    const result = schema.safeParse(value)
    if (result.success) return result.data
    const path = result.error.issues[0]?.path.map(String).join('.') ?? ''
    throw badAnswer(ask, path === '' ? 'it has another form' : `"${path}" has another form`)
  }

  return {
    url,
    open,
    badAnswer,
    unreachable,
    async ask(ask, schema) {
      for (let tried = 1; ; tried += 1) {
        try {
          return await askOnce(ask, schema)
        } catch (thrown) {
          if (tried === TRIES || !isLost(thrown)) throw thrown
          await sleep(FIRST_PAUSE_MS * 2 ** (tried - 1))
        }
      }
    },
  }
}

function send(url: string, ask: Ask, signal: AbortSignal): Promise<Response> {
  const { method, path, headers, body } = ask
  const isWrite = body !== undefined
  return fetch(`${url}${path}`, {
    method,
    signal,
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(isWrite ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(isWrite ? { body: JSON.stringify(body) } : {}),
  })
}

/** A connection that failed for a moment, but no answer that took too long. */
function isLost(thrown: unknown): boolean {
  if (!(thrown instanceof OutriderError) || thrown.code !== 'server-unreachable') return false
  return !(thrown.cause instanceof Error && thrown.cause.name === 'TimeoutError')
}

const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504])

function errorOfProblem(problem: Problem, { locate }: Ask): OutriderError {
  const { status, code, detail, pointer, mend } = problem
  const where = pointer === undefined ? problem.where : (locate?.(pointer) ?? pointer)
  const details: ErrorDetails = {
    code,
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
  }
  if (status === 502) return new TargetError(detail, details)
  if (code === 'act-refused') return new ConflictError(detail, details)
  if (status === 409 || status === 429 || status === 503) return new CapacityError(detail, details)
  return status < 500 ? new UsageError(detail, details) : new OutriderError(detail, details)
}

/** Undefined for what is no JSON; JSON has no undefined of its own. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function readText(response: Response): Promise<string> {
  let text = ''
  for await (const part of textOf(response)) {
    text += part
    if (text.length > MOST_CHARACTERS) throw new Error('its answer does not end')
  }
  return text
}

/** The body as it comes. */
export async function* textOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const part of response.body ?? []) yield decoder.decode(part, { stream: true })
  yield decoder.decode()
}
