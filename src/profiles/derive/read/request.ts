/**
 * What a reader finds: one request as its source wrote it, still with addresses and agents. It lives
 * until the next line of code turns it into a pseudonymous exchange (select.ts) and no longer.
 */

import type { RecordedExchange } from '../../../actions/propose/recorded.ts'
import type { LineBatches } from './lines.ts'

/** Why a reader itself leaves a request out. */
export type LeftOut = 'notRequests' | 'otherOrigins' | 'innerSpans'

export type Bodies = Pick<
  RecordedExchange,
  'requestHeaders' | 'requestBody' | 'responseHeaders' | 'responseBody'
>

export interface LoggedRequest {
  readonly leftOut?: LeftOut
  /** Of the client; empty where the source does not know it. */
  readonly address: string
  /** Name or session id of the user, or whatever else tells clients apart; empty if unknown. */
  readonly user: string
  /** Empty where the client named none; undefined where the source has no agents at all. */
  readonly userAgent: string | undefined
  /** ISO 3166; `ZZ` where it is not known. */
  readonly geo: string
  readonly timeMs: number
  /** Empty where the client sent no HTTP. */
  readonly method: string
  /** Path with query. */
  readonly target: string
  /** 0 where no answer came. */
  readonly status: number
  /** The source knows that a page brought it along; left out = the path tells. */
  readonly isAsset?: boolean
  readonly bodies?: Bodies
}

/** How much was read; the reader counts while it reads. */
export interface ReadCounts {
  /** Lines, HAR entries or spans. */
  entries: number
  /** Of these, what could not be read. */
  malformed: number
}

export interface ReadContext {
  /** The name that errors show. */
  readonly file: string
  readonly counts: ReadCounts
}

/** Turns the lines of a source into requests, batch by batch. */
export type Reader = (lines: LineBatches, context: ReadContext) => AsyncIterable<LoggedRequest[]>

/** What is no request at all, such as other lines of an application's log. */
export function notARequest(leftOut: LeftOut): LoggedRequest {
  return {
    leftOut,
    address: '',
    user: '',
    userAgent: undefined,
    geo: 'ZZ',
    timeMs: 0,
    method: '',
    target: '',
    status: 0,
  }
}

/** A country as ISO 3166 writes it, else `ZZ`. */
export function geoOf(text: string): string {
  return /^[a-z]{2}$/i.test(text) && text.toUpperCase() !== 'XX' ? text.toUpperCase() : 'ZZ'
}
