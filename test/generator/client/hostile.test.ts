/** Targets that break the rules: each ends as an outcome, and nothing of it stays. */

import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { MAX_KEPT_BYTES } from '../../../src/generator/client.ts'
import { serveHttp, serveTcp, type ArmServer } from '../arm-server.ts'
import { ask, clientOf, opened } from './asking.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** Does this with every connection that sent something. */
async function tcp(answer: (socket: Socket, count: number) => void): Promise<ArmServer> {
  const server = await serveTcp((socket) => {
    let count = 0
    socket.on('data', () => answer(socket, (count += 1)))
  })
  return opened(server)
}

/** Writes until nobody reads any more. */
function flood(socket: Socket, chunk: string | Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk)) if (socket.writableLength > 1e6) break
    if (!socket.destroyed) socket.once('drain', more)
  }
  more()
}

const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`
const MIB = Buffer.alloc(1_048_576, 'x')

const unanswered: Record<string, (socket: Socket) => void> = {
  'a reset before a byte': (socket) => socket.resetAndDestroy(),
  'a reset within the status line': (socket) =>
    socket.write('HTTP/1.1 20', () => socket.resetAndDestroy()),
  'a reset within the headers': (socket) =>
    socket.write(`${HEAD}content-le`, () => socket.resetAndDestroy()),
  'headers of 80 KB': (socket) =>
    socket.write(`${HEAD}${'x-flood: 12345678\r\n'.repeat(4_300)}\r\n`),
  'one header of 80 KB': (socket) => socket.write(`${HEAD}x-flood: ${'1'.repeat(80_000)}\r\n\r\n`),
  'headers without an end': (socket) => {
    socket.write(HEAD)
    flood(socket, 'x-flood: 12345678\r\n'.repeat(100))
  },
  'random bytes': (socket) => socket.write(Buffer.from('00ff13376c6f6c0d0a0d0a', 'hex')),
  'HTML without HTTP': (socket) => socket.end('<html>hello</html>'),
  'an HTTP/2 preface': (socket) => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'NUL in a header': (socket) => socket.write(`${HEAD}x-nul: a\0b\r\ncontent-length: 0\r\n\r\n`),
  'a header without a colon': (socket) => socket.write(`${HEAD}no colon here\r\n\r\n`),
  'two lengths that differ': (socket) =>
    socket.write(`${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`),
  'length and chunking at once': (socket) =>
    socket.write(`${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
  'a status of letters': (socket) => socket.write('HTTP/1.1 OK 200\r\n\r\n'),
}

const broken: Record<string, (socket: Socket) => void> = {
  'a body that is cut short': (socket) => socket.end(`${HEAD}content-length: 100\r\n\r\nhalf`),
  'a reset within the body': (socket) =>
    socket.write(`${HEAD}content-length: 100\r\n\r\nhalf`, () => socket.resetAndDestroy()),
  'chunks that are none': (socket) => socket.write(`${CHUNKED}4\r\nhalf\r\nnonsense\r\n`),
  'a chunk of endless length': (socket) =>
    socket.write(`${CHUNKED}4\r\nhalf\r\n${'f'.repeat(40)}\r\n`),
  'chunks without an end': (socket) => socket.end(`${CHUNKED}4\r\nhalf\r\n`),
}

describe('a client of a hostile target', () => {
  for (const [name, answer] of Object.entries(unanswered)) {
    it(`finds no answer in ${name}`, async () => {
      const client = clientOf(await tcp(answer))
      const told = await ask(client)
      expect(told).toMatchObject({ end: 'unanswered', status: undefined, bytes: 0 })
      expect(told.reason).toMatch(/./)
      expect(client.load()).toMatchObject({ connections: 0, inFlight: 0 })
    })
  }
  for (const [name, answer] of Object.entries(broken)) {
    it(`finds half an answer in ${name}`, async () => {
      const client = clientOf(await tcp(answer))
      const told = await ask(client)
      expect(told).toMatchObject({ end: 'broken', status: 200, bytes: 4, text: 'half' })
      expect(client.load()).toMatchObject({ connections: 0, inFlight: 0 })
    })
  }

  const slow: Record<string, (socket: Socket) => void> = {
    'headers that drip': (socket) => drip(socket, HEAD, 'x'),
    'a body that drips': (socket) => drip(socket, `${HEAD}content-length: 10000\r\n\r\n`, 'x'),
    'chunks that drip': (socket) => drip(socket, CHUNKED, '1\r\nx\r\n'),
    '1xx answers without an end': (socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    'a flood of 1xx answers': (socket) =>
      flood(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(500)),
    'a body without an end': (socket) => {
      socket.write(`${HEAD}\r\n`)
      flood(socket, MIB)
    },
    'chunks without an end, fast': (socket) => {
      socket.write(CHUNKED)
      flood(socket, Buffer.concat([Buffer.from('100000\r\n'), MIB, Buffer.from('\r\n')]))
    },
  }
  for (const [name, answer] of Object.entries(slow)) {
    it(`ends ${name} at the timeout, and keeps one MiB at most`, async () => {
      const server = await tcp(answer)
      const client = clientOf(server)
      const before = process.memoryUsage().arrayBuffers
      const told = await ask(client, { timeoutMs: 150, keepBytes: MAX_KEPT_BYTES })
      expect(told.end).toBe('timeout')
      expect(told.endedMs - told.startedMs).toBeCloseTo(150, 3)
      expect(told.text.length).toBeLessThanOrEqual(MAX_KEPT_BYTES)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000)
      expect(client.load()).toMatchObject({ connections: 0, inFlight: 0 })
      await server.abandoned()
    })
  }

  it('takes nothing behind an answer for the next one', async () => {
    const evil = 'HTTP/1.1 500 Smuggled\r\ncontent-length: 0\r\n\r\n'
    const server = await tcp((socket) => socket.write(`${OK}${evil}`))
    const client = clientOf(server)
    for (let count = 0; count < 3; count += 1) {
      expect(await ask(client)).toMatchObject({ end: 'answered', status: 200, text: 'ok' })
    }
    expect(server.accepted()).toBe(3)
  })
  it('takes an answer that comes before the request was sent', async () => {
    const early = 'HTTP/1.1 413 Too Long\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
    const server = await opened(serveTcp((socket) => socket.once('data', () => socket.end(early))))
    const body = Buffer.alloc(20_000_000)
    const answer = await ask(clientOf(server), { method: 'POST', body })
    // Which of both comes first is for the system to say: the answer, or the end of the sending.
    if (answer.end !== 'answered') expect(answer.end).toBe('unanswered')
    else expect(answer.status).toBe(413)
  })
  it('shows the first line of a TLS server that was asked in plain text', async () => {
    const alert = Buffer.from('15030100020246', 'hex')
    const answer = await ask(clientOf(await tcp((socket) => socket.end(alert))))
    expect(answer).toMatchObject({ end: 'unanswered' })
  })
  it('goes on after all of this: the next target is answered', async () => {
    const server = await opened(serveHttp((_, response) => response.end('ok')))
    const client = clientOf(server)
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(client)))
    expect(answers.every(({ end }) => end === 'answered')).toBe(true)
  })
})

function drip(socket: Socket, head: string, drop: string): void {
  socket.write(head)
  const timer = setInterval(() => socket.write(drop), 5)
  socket.on('close', () => clearInterval(timer))
}
