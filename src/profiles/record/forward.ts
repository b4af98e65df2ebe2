/**
 * One request through the recorder: bodies stream both ways, with back-pressure; the tape only looks on.
 *
 * A kept connection that the application closed in the very moment is tried once more on a fresh one,
 * where that cannot do anything twice (RFC 9110, 9.2.2).
 */

import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { Entry } from './entry.ts'
import type { Tape } from './tape.ts'
import type { Upstream } from './upstream.ts'

export interface Passage {
  readonly upstream: Upstream
  readonly tape: Tape
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const BAD_GATEWAY = 502

export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { upstream, tape }: Passage,
): void {
  const target = targetOf(request)
  const entry = tape.begin(request, target)
  const hasBody =
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0
  let outgoing = send(request, upstream, false)
  response.once('close', () => {
    if (!response.writableFinished) outgoing.destroy()
  })
  listen()
  if (!hasBody) outgoing.end()
  else {
    if (entry !== undefined) request.on('data', (chunk: Buffer) => entry.requestTap.add(chunk))
    request.pipe(outgoing)
  }

  function listen(): void {
    outgoing.once('response', (answer) =>
      passOn(request, answer, response, entry, { upstream, tape }),
    )
    outgoing.on('information', ({ statusCode, headers }) => {
      const { link } = headers
      if (statusCode === 103 && link !== undefined && !response.headersSent) {
        response.writeEarlyHints({ link })
      }
    })
    outgoing.on('error', () => {
      // Who went away is no failure of the application; after its head, passOn() knows what broke.
      if (response.headersSent || response.destroyed) return
      const mayRepeat = outgoing.reusedSocket && !hasBody && REPEATABLE.has(request.method ?? '')
      if (!mayRepeat) return refuse(response, entry, tape)
      outgoing = send(request, upstream, true)
      listen()
      outgoing.end()
    })
  }
}

/** A client that takes the recorder for a forward proxy sends a whole URL. */
export function targetOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/^(?=\?|$)/, '/')
}

function send(request: IncomingMessage, upstream: Upstream, isFresh: boolean): ClientRequest {
  const address = request.socket.remoteAddress ?? 'unknown'
  const headers = upstream.requestHeaders(request.rawHeaders, address)
  if (request.headers['transfer-encoding'] !== undefined) {
    headers.push('Transfer-Encoding', 'chunked')
  }
  return upstream.send({
    method: request.method ?? 'GET',
    path: targetOf(request),
    headers,
    isFresh,
  })
}

function passOn(
  request: IncomingMessage,
  answer: IncomingMessage,
  response: ServerResponse,
  entry: Entry | undefined,
  { upstream, tape }: Passage,
): void {
  try {
    const asked = request.headers.host ?? ''
    response.writeHead(
      answer.statusCode ?? BAD_GATEWAY,
      upstream.answerHeaders(answer.rawHeaders, asked),
    )
  } catch {
    // A head that may not be sent on, such as status 42.
    answer.destroy()
    return refuse(response, entry, tape)
  }
  if (entry !== undefined) {
    tape.answered(entry, request, answer)
    answer.on('data', (chunk: Buffer) => entry.responseTap.add(chunk))
    answer.once('aborted', () => {
      if (!response.destroyed) tape.failed(entry, BAD_GATEWAY)
    })
  }
  pipeline(answer, response, (error) => {
    // Half a body says nothing.
    if (error) entry?.responseTap.drop()
    if (entry !== undefined) tape.over(entry)
  })
}

/** Our own answer in place of the application's. */
function refuse(response: ServerResponse, entry: Entry | undefined, tape: Tape): void {
  tape.failed(entry, BAD_GATEWAY)
  const text = '502: the application did not answer\n'
  const headers = ['Content-Type', 'text/plain', 'Content-Length', `${text.length}`]
  response.writeHead(BAD_GATEWAY, [...headers, 'Connection', 'close'])
  response.end(text)
}
