/** A request that is under way or waits to be: what came of it so far, and how its end is told. */

import type { ConnectionLimit } from '../../core/wire/connection-limit.ts'
import {
  ABORTED,
  TOO_LATE,
  type WireAnswer,
  type WireEnd,
  type WireHeaders,
  type WireListener,
  type WireRequest,
} from './wire.ts'

const NO_HEADERS: WireHeaders = {}
const NO_CHUNKS: readonly Buffer[] = []
const NOT_SENT = 'it was never sent'

/** A request with the moments that count for it. */
export interface Asked {
  readonly request: WireRequest
  readonly listener: WireListener
  readonly askedMs: number
  readonly deadlineMs: number
  /** The second time that it goes out. */
  readonly isRetry: boolean
  /** It waits, or waited, for a connection. */
  readonly waitedFor?: ConnectionLimit
}

/** Requests that wait for a connection, in the order in which they were asked. */
export class WaitingLine {
  everWaited = 0
  readonly #waiting: Asked[] = []
  readonly #why: string

  /** @param why what is told of a request that waited in vain */
  constructor(why: string) {
    this.#why = why
  }

  get length(): number {
    return this.#waiting.length
  }

  push(asked: Asked, waitedFor: ConnectionLimit): void {
    this.everWaited += 1
    this.#waiting.push({ ...asked, waitedFor })
  }

  /** It was the first before. */
  putBack(asked: Asked, waitedFor: ConnectionLimit): void {
    this.everWaited += 1
    this.#waiting.unshift({ ...asked, waitedFor })
  }

  shift(): Asked | undefined {
    return this.#waiting.shift()
  }

  /**
   * Ends those whose time is over, each at its deadline.
   * @param refusal why the target takes none of them; left out = we could open no more connections
   */
  expire(nowMs: number, refusal?: string): void {
    if (this.#waiting.every(({ deadlineMs }) => deadlineMs > nowMs)) return
    for (const asked of this.#waiting.splice(0)) {
      if (asked.deadlineMs > nowMs) this.#waiting.push(asked)
      else if (refusal !== undefined)
        endUnsent(unwaited(asked), 'timeout', asked.deadlineMs, refusal)
      else endUnsent(asked, 'unserved', asked.deadlineMs, `${NOT_SENT}: ${this.#why}`)
    }
  }

  abort(nowMs: number): void {
    for (const asked of this.#waiting.splice(0)) endUnsent(asked, 'aborted', nowMs, ABORTED)
  }
}

/** It waited for the target, and not for us. */
function unwaited({ request, listener, askedMs, deadlineMs, isRetry }: Asked): Asked {
  return { request, listener, askedMs, deadlineMs, isRetry }
}

/** Tells the end of a request that was never sent. */
export function endUnsent(asked: Asked, end: WireEnd, endedMs: number, reason: string): void {
  asked.listener.ended({
    end,
    status: undefined,
    headers: NO_HEADERS,
    chunks: NO_CHUNKS,
    bytes: 0,
    startedMs: asked.askedMs,
    endedMs,
    reason,
    ...waitOf(asked.waitedFor),
  })
}

/** What came of one request; used again for each request of a connection that carries one. */
export class Pending {
  deadlineMs = 0
  status: number | undefined
  /** Undefined when nothing is under way. */
  request: WireRequest | undefined
  isRetry = false
  #listener: WireListener | undefined
  #waitedFor: ConnectionLimit | undefined
  #askedMs = 0
  #startedMs: number | undefined
  #headers: WireHeaders = NO_HEADERS
  #chunks: Buffer[] | undefined
  #keptBytes = 0
  #bytes = 0

  begin(
    request: WireRequest,
    listener: WireListener,
    askedMs: number,
    deadlineMs: number,
    isRetry: boolean,
    waitedFor?: ConnectionLimit,
  ): void {
    this.request = request
    this.isRetry = isRetry
    this.deadlineMs = deadlineMs
    this.status = undefined
    this.#listener = listener
    this.#waitedFor = waitedFor
    this.#askedMs = askedMs
    this.#startedMs = undefined
    this.#headers = NO_HEADERS
    this.#chunks = undefined
    this.#keptBytes = 0
    this.#bytes = 0
  }

  /** The request goes out; only the first call counts. */
  start(nowMs: number): void {
    if (this.#startedMs !== undefined || this.#listener === undefined) return
    this.#startedMs = nowMs
    this.#listener.started(nowMs)
  }

  head(status: number, headers: WireHeaders): void {
    this.status = status
    this.#headers = headers
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length
    const room = (this.request?.keepBytes ?? 0) - this.#keptBytes
    if (room <= 0) return
    const kept = chunk.subarray(0, room)
    this.#keptBytes += kept.length
    if (this.#chunks === undefined) this.#chunks = [kept]
    else this.#chunks.push(kept)
  }

  /** Nothing of it was sent yet: hands the request over, to go out by another connection. */
  handOver(): Asked | undefined {
    const asked = this.#asked()
    this.#end()
    return asked
  }

  /** Its sending failed: hands it over to go out once more, of which its listener hears. */
  handOverAgain(nowMs: number): Asked | undefined {
    const asked = this.#asked()
    const startedMs = this.#startedMs
    this.#end()
    if (asked === undefined) return undefined
    const { listener } = asked
    listener.repeated(nowMs)
    return {
      ...asked,
      isRetry: true,
      listener: {
        started: () => undefined,
        repeated: () => undefined,
        ended: (answer) => listener.ended({ ...answer, startedMs: startedMs ?? answer.startedMs }),
      },
    }
  }

  /**
   * Ends it, unless it had ended before.
   * @param owner gets the connection back before anybody hears of the end
   */
  finish(
    end: WireEnd,
    reason: string | undefined,
    nowMs: number,
    owner: { released(reusable: boolean): void },
  ): void {
    const listener = this.#listener
    if (listener === undefined) return
    const late = end !== 'aborted' && end !== 'unsendable' && nowMs >= this.deadlineMs
    const answer: WireAnswer = {
      end: late ? 'timeout' : end,
      status: this.status,
      headers: this.#headers,
      chunks: this.#chunks ?? NO_CHUNKS,
      bytes: this.#bytes,
      startedMs: this.#startedMs ?? this.#askedMs,
      endedMs: late ? this.deadlineMs : nowMs,
      reason: late ? TOO_LATE : reason,
      ...waitOf(this.#waitedFor),
    }
    this.#end()
    owner.released(end === 'answered' || end === 'unsendable')
    listener.ended(answer)
  }

  #asked(): Asked | undefined {
    if (this.request === undefined || this.#listener === undefined) return undefined
    return {
      request: this.request,
      listener: this.#listener,
      askedMs: this.#askedMs,
      deadlineMs: this.deadlineMs,
      isRetry: this.isRetry,
      ...waitOf(this.#waitedFor),
    }
  }

  #end(): void {
    this.request = undefined
    this.#listener = undefined
    this.#chunks = undefined
    this.#headers = NO_HEADERS
  }
}

function waitOf(waitedFor: ConnectionLimit | undefined): { waitedFor?: ConnectionLimit } {
  return waitedFor === undefined ? {} : { waitedFor }
}
