/** A connection that is upgraded (WebSocket): the handshake is passed on, then bytes both ways. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { isNoConnection } from './arm.ts'
import { pathOf, statusOf, type Passage } from './forward.ts'
import { endToEnd, requestHeaders } from '../../../core/wire/headers.ts'

/** A tunnel without a byte for so long is forgotten. */
const TUNNEL_IDLE_MS = 3_600_000

/** @param opened is told of the client's side once the arm agreed */
export function tunnel(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  { arm, clock, answerHeaders }: Passage,
  opened: (client: Duplex) => void,
): void {
  const startedMs = clock.nowMs()
  const protocol = request.headers.upgrade ?? ''
  const address = request.socket.remoteAddress ?? 'unknown'
  const host = arm.host === undefined ? {} : { host: arm.host }
  const outgoing = arm.send({
    method: request.method ?? 'GET',
    path: pathOf(request.url ?? '/'),
    headers: requestHeaders(request.rawHeaders, { address, ...host }).concat(
      'Connection',
      'Upgrade',
      'Upgrade',
      protocol,
    ),
    isFresh: true,
  })
  arm.tally.began()
  client.on('error', () => client.destroy())
  client.once('close', () => outgoing.destroy())
  outgoing.once('upgrade', (answer, armSide, armHead) => {
    arm.tally.answered(101, clock.nowMs() - startedMs)
    const upgrade = ['Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? protocol]
    const headers = [...endToEnd(answer.rawHeaders), ...upgrade, ...answerHeaders()]
    client.write(headText(101, 'Switching Protocols', headers))
    if (armHead.length > 0) client.write(armHead)
    if (head.length > 0) armSide.write(head)
    join(client, armSide)
    opened(client)
  })
  outgoing.once('response', (answer) => {
    const status = answer.statusCode ?? 502
    arm.tally.answered(status, clock.nowMs() - startedMs)
    const headers = [...endToEnd(answer.rawHeaders), 'Connection', 'close', ...answerHeaders()]
    client.write(headText(status, answer.statusMessage ?? '', headers))
    answer.on('error', () => client.destroy())
    answer.pipe(client)
  })
  outgoing.once('error', (error) => {
    if (client.destroyed || !client.writable) return
    arm.tally.failed(isNoConnection(error))
    const headers = ['Connection', 'close', 'Content-Length', '0']
    client.end(headText(statusOf(error), 'Bad Gateway', headers))
  })
  outgoing.end()
}

function join(client: Duplex, armSide: Duplex): void {
  for (const [from, to] of [
    [client, armSide],
    [armSide, client],
  ] as const) {
    if ('setTimeout' in from && typeof from.setTimeout === 'function') {
      from.setTimeout(TUNNEL_IDLE_MS, () => from.destroy())
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
