/**
 * Exchange: one step in one arm, as one timed request with the redirects its action follows.
 *
 * What arrives is only stamped and queued; checks and captures run later, when everything else
 * that lay ready was stamped too. Otherwise parsing the answer of the first twin would count as
 * latency of the second.
 */

import { checkResponse } from '../actions/expect.ts'
import type { Action } from '../actions/ontology.ts'
import type { Arm } from '../core/arm.ts'
import type { HttpMethod } from '../core/contract/ontology.ts'
import type { JsonValue } from '../core/contract/profile.ts'
import type { Outcome } from '../core/contract/sample.ts'
import type { ConnectionLimit } from '../core/wire/connection-limit.ts'
import {
  ABORTED,
  MAX_KEPT_BYTES,
  TOO_LATE,
  type ArmAddress,
  type ArmClient,
  type WireAnswer,
  type WireEnd,
  type WireHeaders,
  type WireListener,
} from './client.ts'
import { createFrozenCookies, type Cookies } from './cookies.ts'
import type { Bucket } from './schedule.ts'
import {
  homeOf,
  pathOfRedirect,
  turnsIntoGet,
  withoutBodyHeaders,
  type Home,
} from './step/redirect.ts'

/** What came of one step in one arm. */
export interface Exchange {
  readonly arm: Arm
  readonly outcome: Outcome
  readonly status?: number
  /** Body bytes on the wire, all redirects together. */
  readonly bytes: number
  readonly sentMs: number
  readonly endedMs: number
  /** From the intended moment. */
  readonly latencyMs: number
  /** From the send. */
  readonly serviceMs: number
  readonly reason?: string
  /** It had to wait for a connection of ours, so its latency is not the target's alone. */
  readonly waitedFor?: ConnectionLimit
  /** Only of a step that is remembered, and only if its request was sent. */
  readonly remembered?: Remembered
}

/** What was said, for those who want to see it. Hold it no longer than needed: chunks are shared. */
export interface Remembered {
  /** The first one, where redirects were followed; with its cookies. */
  readonly request: ExchangeRequest
  /** Of the last answer; empty where none came. */
  readonly headers: WireHeaders
  /**
   * The beginning of the last answer's body: `MAX_KEPT_BYTES` of it where answers are compared, else
   * at least `REMEMBERED_BYTES`, if it has as many.
   */
  readonly chunks: readonly Buffer[]
  /** Length of the last answer's body on the wire. */
  readonly bodyBytes: number
}

/** Kept of the body of a step that is remembered, if its action needs no more. */
export const REMEMBERED_BYTES = 4096

export interface ExchangeResult {
  readonly exchange: Exchange
  readonly captured: Readonly<Record<string, JsonValue>>
  /** The `Retry-After` of a 429 or 503, as it was written. */
  readonly retryAfter: string | undefined
}

/** What stays the same for all requests of one arm. */
export interface Route extends Home {
  readonly arm: Arm
  readonly client: ArmClient
  readonly bucket: Bucket
  /** Flat: Host and what else the arm's requests carry. */
  readonly headers: readonly string[]
  /** Path of the address, put before the action's path; without a trailing slash. */
  readonly basePath: string
}

export function createRoute(address: ArmAddress, client: ArmClient, bucket: Bucket): Route {
  const url = new URL(address.url)
  return {
    arm: address.arm,
    client,
    bucket,
    headers: [
      ...(address.host === undefined ? [] : ['host', address.host]),
      ...Object.entries(address.headers ?? {}).flat(),
    ],
    ...homeOf(address),
    basePath: url.pathname.replace(/\/+$/, ''),
  }
}

export interface ExchangeRequest {
  readonly method: HttpMethod
  readonly path: string
  /** Flat, without cookies. */
  readonly headers: string[]
  readonly body: string | Buffer | undefined
}

export interface ExchangeTiming {
  readonly intendedMs: number
  readonly timeoutMs: number
  /**
   * Hands over request and answer with the exchange, the body's beginning or all that is ever kept
   * of one; the same for all arms of a step.
   */
  readonly remember: 'beginning' | 'whole' | undefined
  /** As in `WireRequest`. */
  readonly elsewhere?: boolean
}

/** Something that arrived and waits to be worked on. */
export interface Arrival {
  /** Undefined when it goes on with a redirect, which it may not after an abort. */
  proceed(mayFollow: boolean, nowMs: number): ExchangeResult | undefined
}

export interface ExchangeHooks {
  started(arm: Arm, atMs: number): void
  arrived(arrival: Arrival): void
}

/** The arm's part of a step whose request cannot be built there. */
export function blockedExchange(
  arm: Arm,
  nowMs: number,
  reason: string,
  outcome: 'blocked' | 'aborted' = 'blocked',
): ExchangeResult {
  const times = { sentMs: nowMs, endedMs: nowMs, latencyMs: 0, serviceMs: 0 }
  return {
    exchange: { arm, outcome, bytes: 0, ...times, reason },
    captured: {},
    retryAfter: undefined,
  }
}

export class RunningExchange implements WireListener, Arrival {
  readonly arm: Arm
  readonly #route: Route
  readonly #action: Action
  readonly #cookies: Cookies
  readonly #timing: ExchangeTiming
  readonly #hooks: ExchangeHooks
  readonly #keepBytes: number
  readonly #asked: ExchangeRequest
  #firstCookie: string | undefined
  #request: ExchangeRequest
  #firstRequest: ExchangeRequest | undefined
  #path: string
  #sentMs: number | undefined
  #bytes = 0
  #redirects = 0
  #waitedFor: ConnectionLimit | undefined
  #answer: WireAnswer | undefined

  constructor(
    route: Route,
    action: Action,
    cookies: Cookies,
    request: ExchangeRequest,
    timing: ExchangeTiming,
    hooks: ExchangeHooks,
  ) {
    this.arm = route.arm
    this.#route = route
    this.#action = action
    this.#cookies = cookies
    this.#asked = request
    this.#request = request
    this.#timing = timing
    this.#hooks = hooks
    this.#path = route.basePath + request.path
    this.#keepBytes = keptBytesOf(action, timing)
  }

  /** May only wait for a limit before, never here: the twins go out in one tick. */
  send(nowMs: number): void {
    this.#dispatch(this.#timing.timeoutMs, nowMs)
  }

  /**
   * The same request with the same cookies, if possible on another connection; the user keeps nothing
   * of what comes of it.
   */
  again(intendedMs: number, hooks: ExchangeHooks): RunningExchange {
    return new RunningExchange(
      this.#route,
      this.#action,
      createFrozenCookies(this.#cookies, this.#firstCookie),
      this.#asked,
      { ...this.#timing, intendedMs, elsewhere: true },
      hooks,
    )
  }

  started(atMs: number): void {
    if (this.#sentMs !== undefined) return
    this.#sentMs = atMs
    this.#hooks.started(this.#route.arm, atMs)
  }

  repeated(atMs: number): void {
    this.#route.bucket.charge(atMs)
  }

  ended(answer: WireAnswer): void {
    this.#answer = answer
    this.#hooks.arrived(this)
  }

  proceed(mayFollow: boolean, nowMs: number): ExchangeResult | undefined {
    const answer = this.#answer
    if (answer === undefined) return undefined
    this.#bytes += answer.bytes
    this.#waitedFor ??= answer.waitedFor
    const setCookie = answer.headers['set-cookie']
    if (setCookie !== undefined) this.#cookies.take(setCookie, this.#path)
    const path = this.#redirectPath(answer)
    if (path === undefined) return this.#conclude(answer)
    if (!mayFollow) return this.#conclude({ ...answer, end: 'aborted', reason: ABORTED })
    const deadlineMs = (this.#sentMs ?? answer.startedMs) + this.#timing.timeoutMs
    if (deadlineMs > nowMs) {
      this.#follow(path, answer, deadlineMs - nowMs, nowMs)
      return undefined
    }
    return this.#conclude({ ...answer, end: 'timeout', endedMs: deadlineMs, reason: TOO_LATE })
  }

  /** Where the answer leads, if it is a redirect that the action lets us follow. */
  #redirectPath(answer: WireAnswer): string | undefined {
    if (answer.end !== 'answered' || this.#redirects >= this.#action.followRedirects) {
      return undefined
    }
    return pathOfRedirect(answer, this.#path, this.#route)
  }

  /** Redirects that are to be followed and never come to an end are no answer. */
  #lost(answer: WireAnswer): string | undefined {
    const { followRedirects, document } = this.#action
    if (followRedirects === 0 || document.expect?.status !== undefined) return undefined
    if (pathOfRedirect(answer, this.#path, this.#route) === undefined) return undefined
    return `more than ${followRedirects} redirects`
  }

  #follow(path: string, answer: WireAnswer, timeoutMs: number, nowMs: number): void {
    this.#redirects += 1
    this.#path = path
    if (turnsIntoGet(answer.status, this.#request.method)) {
      const headers = withoutBodyHeaders(this.#request.headers)
      this.#request = { ...this.#request, method: 'GET', headers, body: undefined }
    }
    this.#answer = undefined
    this.#dispatch(timeoutMs, nowMs)
  }

  #dispatch(timeoutMs: number, nowMs: number): void {
    const { method, headers, body } = this.#request
    const cookie = this.#cookies.header(this.#path)
    if (this.#redirects === 0) this.#firstCookie = cookie
    this.#route.bucket.charge(nowMs)
    const request = {
      method,
      path: this.#path,
      headers: cookie === undefined ? headers : withCookie(headers, cookie),
      body,
      keepBytes: this.#keepBytes,
      timeoutMs,
      elsewhere: this.#timing.elsewhere === true,
    }
    if (this.#timing.remember !== undefined) this.#firstRequest ??= request
    this.#route.client.send(request, this)
  }

  #conclude(answer: WireAnswer): ExchangeResult {
    const sentMs = this.#sentMs ?? answer.startedMs
    const { endedMs, status } = answer
    const serviceMs = Math.max(0, endedMs - sentMs)
    const checked = this.#check(answer, serviceMs)
    const { outcome, reason } = checked
    return {
      exchange: {
        arm: this.#route.arm,
        outcome,
        ...(status === undefined ? {} : { status }),
        bytes: this.#bytes,
        sentMs,
        endedMs,
        latencyMs: Math.max(0, endedMs - this.#timing.intendedMs),
        serviceMs,
        ...(reason === undefined ? {} : { reason }),
        ...(this.#waitedFor === undefined ? {} : { waitedFor: this.#waitedFor }),
        ...(this.#firstRequest === undefined ? {} : { remembered: this.#remembered(answer) }),
      },
      captured: checked.captured,
      retryAfter:
        status === 429 || status === 503 ? first(answer.headers['retry-after']) : undefined,
    }
  }

  #remembered({ headers, chunks, bytes }: WireAnswer): Remembered {
    return { request: this.#firstRequest ?? this.#request, headers, chunks, bodyBytes: bytes }
  }

  #check(answer: WireAnswer, serviceMs: number): Concluded {
    if (answer.end === 'answered' && answer.status !== undefined) {
      const lost = this.#lost(answer)
      if (lost !== undefined) return { outcome: 'http_error', reason: lost, captured: {} }
      const { headers, chunks, status } = answer
      return checkResponse(this.#action, {
        status,
        header: (name) => first(headers[name.toLowerCase()]),
        cookie: (name) => this.#cookies.value(name, this.#path),
        body: this.#action.needsBody ? joined(chunks) : undefined,
        // A limit on latency speaks of the target, so our own delay before the send is left out.
        latencyMs: serviceMs,
      })
    }
    const why = answer.reason ?? 'no answer'
    const reason = answer.end === 'broken' ? `the body broke off: ${why}` : why
    return { outcome: OUTCOMES[answer.end], reason, captured: {} }
  }
}

/** Of an exchange without a whole answer. A connect error is whatever came before a valid head. */
const OUTCOMES: Readonly<Record<WireEnd, Outcome>> = {
  answered: 'connect_error',
  unanswered: 'connect_error',
  broken: 'http_error',
  timeout: 'timeout',
  unsendable: 'blocked',
  // Whether the arm would have answered is unknown: it is no failure of it.
  unserved: 'aborted',
  aborted: 'aborted',
}

function keptBytesOf(action: Action, { remember }: ExchangeTiming): number {
  if (action.needsBody || remember === 'whole') return MAX_KEPT_BYTES
  return remember === 'beginning' ? REMEMBERED_BYTES : 0
}

interface Concluded {
  readonly outcome: Outcome
  readonly reason?: string
  readonly captured: Record<string, JsonValue>
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}

function first(value: WireHeaders[string]): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

/** Cookies of the jar join those that the action sets itself. */
function withCookie(headers: readonly string[], cookie: string): string[] {
  const all = [...headers]
  for (let index = 0; index < all.length; index += 2) {
    if (all[index] === 'cookie') {
      all[index + 1] = `${all[index + 1]}; ${cookie}`
      return all
    }
  }
  all.push('cookie', cookie)
  return all
}
