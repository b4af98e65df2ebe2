/** One request as it passes through the recorder: what is noted of it until its answer is complete. */

import type { IncomingMessage } from 'node:http'
import { isAssetPath } from '../derive/read/asset.ts'
import type { LoggedRequest } from '../derive/read/request.ts'
import { type BodyBudget, Tap } from './tap.ts'

/** Bodies that can hold values an application gave or was given. */
const READABLE =
  /^(?:text\/(?!css|javascript)|application\/(?:[\w.+-]*json|x-www-form-urlencoded|xhtml)|multipart\/form-data)/i
/** What a page brings along, whatever its path looks like. */
const ASSET = /^(?:image|font|audio|video|text\/css|text\/javascript)\b|javascript/i
/** Headers that are looked at; cookies are not, the jar of each user keeps them. */
const REQUEST_HEADERS = /^(?:authorization|content-type|(?:x-|csrf|xsrf)[\w-]*)$/
const RESPONSE_HEADERS = /^(?:content-type|content-encoding|location|content-location|x-[\w-]+)$/
const MOST_HEADER_CHARS = 4096

/** Address and user are pseudonyms already. */
export type Who = Pick<LoggedRequest, 'address' | 'user' | 'userAgent'>

export interface Noted {
  /** Path with query. */
  readonly target: string
  readonly timeMs: number
  readonly who: Who
  readonly budget: BodyBudget
  /** Headers of the request to look at beside the usual ones, in lower case. */
  readonly headers: ReadonlySet<string>
}

/** Its bodies are decoded only when the recording is over. */
export class Entry {
  readonly timeMs: number
  readonly method: string
  readonly target: string
  readonly requestTap: Tap
  readonly responseTap: Tap
  who: Who
  status = 0
  /** Its answer has passed, or will not. */
  isOver = false
  readonly #requestHeaders: Readonly<Record<string, string>>
  readonly #requestEncoding: string | undefined
  #responseHeaders: Readonly<Record<string, string>> = {}

  constructor(request: IncomingMessage, noted: Noted) {
    const { target, timeMs, who, budget, headers } = noted
    this.timeMs = timeMs
    this.method = request.method ?? 'GET'
    this.target = target
    this.who = who
    this.#requestHeaders = pick(request, (name) => REQUEST_HEADERS.test(name) || headers.has(name))
    this.#requestEncoding = headerOf(request, 'content-encoding')
    this.requestTap = new Tap(budget)
    this.responseTap = new Tap(budget)
    const type = headerOf(request, 'content-type')
    if (type !== undefined && !READABLE.test(type)) this.requestTap.drop()
  }

  answered(answer: IncomingMessage): void {
    this.status = answer.statusCode ?? 0
    this.#responseHeaders = pick(answer, (name) => RESPONSE_HEADERS.test(name))
    const cookies = answer.headers['set-cookie']
    if (cookies !== undefined) {
      const joined = cookies.slice(0, 50).join('\n').slice(0, MOST_HEADER_CHARS)
      this.#responseHeaders = { ...this.#responseHeaders, 'set-cookie': joined }
    }
    const type = headerOf(answer, 'content-type')
    const [path = ''] = this.target.split('?', 1)
    if (isAssetPath(path) || (type !== undefined && !READABLE.test(type))) this.responseTap.drop()
  }

  /** What was noted; to be called once, when the recording is over. */
  request(): LoggedRequest {
    const request = this.copy()
    this.requestTap.drop()
    this.responseTap.drop()
    return request
  }

  /** The same, while more may follow. */
  copy(): LoggedRequest {
    const { who, timeMs, method, target, status } = this
    const requestBody = this.requestTap.text(this.#requestEncoding)
    const isAsset = method === 'GET' && ASSET.test(this.#responseHeaders['content-type'] ?? '')
    const responseBody = this.responseTap.text(this.#responseHeaders['content-encoding'])
    return {
      ...who,
      geo: 'ZZ',
      timeMs,
      method,
      target,
      status,
      ...(isAsset ? { isAsset } : {}),
      bodies: {
        requestHeaders: this.#requestHeaders,
        responseHeaders: this.#responseHeaders,
        ...(requestBody === undefined || requestBody === '' ? {} : { requestBody }),
        ...(responseBody === undefined || responseBody === '' ? {} : { responseBody }),
      },
    }
  }
}

function pick(
  message: IncomingMessage,
  isWanted: (name: string) => boolean,
): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) {
    if (typeof value !== 'string' || value.length > MOST_HEADER_CHARS) continue
    if (isWanted(name)) picked[name] = value
  }
  return picked
}

function headerOf(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name]
  return typeof value === 'string' ? value : undefined
}
