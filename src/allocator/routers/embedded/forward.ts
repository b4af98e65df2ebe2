/**
 * One request through the proxy: bodies stream both ways, nothing is collected.
 *
 * A kept connection may be closed by the arm in the very moment a request goes out on it. Such a
 * request is sent once more on a fresh connection if that cannot do anything twice: an idempotent
 * method, no body, not one byte of an answer (RFC 9110, 9.2.2). Otherwise the user gets 502, which
 * counts against the arm. There is no way around a broken arm to the other one: that would hide
 * exactly the errors a rollout looks for.
 */

import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { Clock } from '../../../core/clock.ts'
import { SilenceError, isNoConnection, type ServedBy } from './arm.ts'
import { endToEnd, requestHeaders } from '../../../core/wire/headers.ts'

export interface Passage {
  readonly arm: ServedBy
  readonly clock: Clock
  /** Headers to add to the answer, as they are when it goes out. */
  readonly answerHeaders: () => readonly string[]
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  passage: Passage,
): void {
  const startedMs = passage.clock.nowMs()
  const hasBody =
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0
  let outgoing = send(request, passage, false)
  response.once('close', () => {
    if (!response.writableFinished) outgoing.destroy()
  })
  passage.arm.tally.began()
  listen()
  if (hasBody) request.pipe(outgoing)
  else outgoing.end()

  function listen(): void {
    outgoing.once('response', (answer) => passOn(answer, response, passage, startedMs))
    outgoing.on('error', (error) => {
      // Who went away is no failure of the arm; after its head, passOn() knows what broke.
      if (response.headersSent || response.destroyed) return
      const mayRepeat = outgoing.reusedSocket && !hasBody && REPEATABLE.has(request.method ?? '')
      if (!mayRepeat || error instanceof SilenceError) return refuse(error, response, passage)
      outgoing = send(request, passage, true)
      listen()
      outgoing.end()
    })
  }
}

function send(request: IncomingMessage, { arm }: Passage, isFresh: boolean): ClientRequest {
  const client = {
    address: request.socket.remoteAddress ?? 'unknown',
    ...(arm.host === undefined ? {} : { host: arm.host }),
  }
  const headers = requestHeaders(request.rawHeaders, client)
  if (request.headers['transfer-encoding'] !== undefined) {
    headers.push('Transfer-Encoding', 'chunked')
  }
  return arm.send({
    method: request.method ?? 'GET',
    path: pathOf(request.url ?? '/'),
    headers,
    isFresh,
  })
}

/** A client that takes us for a forward proxy sends a whole URL. */
export function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/^(?=\?|$)/, '/')
}

function passOn(
  answer: IncomingMessage,
  response: ServerResponse,
  { arm, clock, answerHeaders }: Passage,
  startedMs: number,
): void {
  const status = answer.statusCode ?? 502
  const headers = [...endToEnd(answer.rawHeaders), ...answerHeaders()]
  try {
    response.writeHead(status, headers)
  } catch {
    // A head that may not be sent on, such as status 42.
    answer.destroy()
    return refuse(new Error('its answer is no valid HTTP'), response, { arm, clock, answerHeaders })
  }
  answer.once('aborted', () => {
    // Where the user went away first, it is we who cut the answer.
    if (!response.destroyed) arm.tally.failed(false)
  })
  pipeline(answer, response, (error) => {
    if (!error) arm.tally.answered(status, clock.nowMs() - startedMs)
  })
}

/** Our own answer in place of the arm's. */
function refuse(error: Error, response: ServerResponse, { arm, answerHeaders }: Passage): void {
  arm.tally.failed(isNoConnection(error))
  const status = statusOf(error)
  const text = `${status}: the application did not answer\n`
  // What is left of the request's body is not read any more.
  const own = ['Content-Type', 'text/plain', 'Content-Length', `${text.length}`]
  response.writeHead(status, [...own, 'Connection', 'close', ...answerHeaders()])
  response.end(text)
}

export function statusOf(error: Error): 502 | 504 {
  return error instanceof SilenceError ? 504 : 502
}
