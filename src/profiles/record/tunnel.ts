/** Upgraded connections (WebSocket): the handshake is passed on, then bytes both ways, unrecorded. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { targetOf, type Passage } from './forward.ts'

/** A tunnel without a byte for so long is forgotten. */
const IDLE_MS = 3_600_000

/** @param opened is told of the client's side once the application agreed */
export function tunnel(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  { upstream, tape }: Passage,
  opened: (client: Duplex) => void,
): void {
  const protocol = request.headers.upgrade ?? ''
  const address = request.socket.remoteAddress ?? 'unknown'
  const asked = request.headers.host ?? ''
  const outgoing = upstream.send({
    method: request.method ?? 'GET',
    path: targetOf(request),
    headers: upstream
      .requestHeaders(request.rawHeaders, address)
      .concat('Connection', 'Upgrade', 'Upgrade', protocol),
    isFresh: true,
  })
  tape.tunnelled()
  client.on('error', () => client.destroy())
  client.once('close', () => outgoing.destroy())
  outgoing.once('upgrade', (answer, side, sideHead) => {
    const agreed = ['Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? protocol]
    const headers = [...upstream.answerHeaders(answer.rawHeaders, asked), ...agreed]
    client.write(headText(101, 'Switching Protocols', headers))
    if (sideHead.length > 0) client.write(sideHead)
    if (head.length > 0) side.write(head)
    join(client, side)
    opened(client)
  })
  outgoing.once('response', (answer) => {
    const headers = [...upstream.answerHeaders(answer.rawHeaders, asked), 'Connection', 'close']
    client.write(headText(answer.statusCode ?? 502, answer.statusMessage ?? '', headers))
    answer.on('error', () => client.destroy())
    answer.pipe(client)
  })
  outgoing.once('error', () => {
    if (client.destroyed || !client.writable) return
    client.end(headText(502, 'Bad Gateway', ['Connection', 'close', 'Content-Length', '0']))
  })
  outgoing.end()
}

function join(client: Duplex, side: Duplex): void {
  for (const [from, to] of [
    [client, side],
    [side, client],
  ] as const) {
    if ('setTimeout' in from && typeof from.setTimeout === 'function') {
      from.setTimeout(IDLE_MS, () => from.destroy())
    }
    from.on('error', () => from.destroy())
    from.once('close', () => to.destroy())
    from.pipe(to)
  }
}

function headText(status: number, reason: string, headers: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} ${reason}`]
  for (let index = 0; index + 1 < headers.length; index += 2) {
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}
