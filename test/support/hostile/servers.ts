/** Targets that break the rules of HTTP/1.1, as what they do with a request. */

import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Socket } from 'node:net'
import { serveTcp, type ArmServer } from '../../generator/arm-server.ts'

export type Hostile = (socket: Socket, count: number) => void

/** Does this with every request. */
export function serveHostile(answer: Hostile): Promise<ArmServer> {
  return serveTcp((socket) => {
    let count = 0
    socket.on('data', () => answer(socket, (count += 1)))
  })
}

/** Does this with every connection, before anything was asked. */
export function serveRude(greet: (socket: Socket) => void): Promise<ArmServer> {
  return serveTcp((socket) => {
    socket.resume()
    greet(socket)
  })
}

/** Writes until nobody reads any more. */
function flood(socket: Socket, chunk: string | Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk)) if (socket.writableLength > 1e6) break
    if (!socket.destroyed) socket.once('drain', more)
  }
  more()
}

function drip(socket: Socket, head: string, drop: string): void {
  socket.write(head)
  const timer = setInterval(() => socket.write(drop), 5)
  socket.on('close', () => clearInterval(timer))
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`
const MIB = Buffer.alloc(1_048_576, 'x')

/** No valid head comes. */
export const unanswered: Readonly<Record<string, Hostile>> = {
  'a reset before a byte': (socket) => socket.resetAndDestroy(),
  'an end without an answer': (socket) => socket.end(),
  'a reset within the status line': (socket) =>
    socket.write('HTTP/1.1 20', () => socket.resetAndDestroy()),
  'a reset within the headers': (socket) =>
    socket.write(`${HEAD}content-le`, () => socket.resetAndDestroy()),
  'an end within the headers': (socket) => socket.end(`${HEAD}content-le`),
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
  'a length that is negative': (socket) => socket.write(`${HEAD}content-length: -1\r\n\r\nab`),
  'a length that is endless': (socket) =>
    socket.write(`${HEAD}content-length: ${'9'.repeat(40)}\r\n\r\nab`),
  'length and chunking at once': (socket) =>
    socket.write(`${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
  'a status of letters': (socket) => socket.write('HTTP/1.1 OK 200\r\n\r\n'),
  'an upgrade that nobody asked for': (socket) =>
    socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
}

/** The head comes, and four bytes of the body. */
export const broken: Readonly<Record<string, Hostile>> = {
  'a body that is cut short': (socket) => socket.end(`${HEAD}content-length: 100\r\n\r\nhalf`),
  'a reset within the body': (socket) =>
    socket.write(`${HEAD}content-length: 100\r\n\r\nhalf`, () => socket.resetAndDestroy()),
  'chunks that are none': (socket) => socket.write(`${CHUNKED}4\r\nhalf\r\nnonsense\r\n`),
  'a chunk of endless length': (socket) =>
    socket.write(`${CHUNKED}4\r\nhalf\r\n${'f'.repeat(40)}\r\n`),
  'chunks without an end': (socket) => socket.end(`${CHUNKED}4\r\nhalf\r\n`),
}

/** They do not come to an end by themselves. */
export const endless: Readonly<Record<string, Hostile>> = {
  'an answer that never comes': () => undefined,
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

const GIB = 2 ** 30
const whole = (encoding: string, body: Buffer): Hostile => {
  const head = `${HEAD}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`
  return (socket) => socket.write(Buffer.concat([Buffer.from(head), body]))
}

/** They are whole answers, of which a check cannot make anything. */
export function unreadable(): Readonly<Record<string, Hostile>> {
  const zeros = Buffer.alloc(GIB)
  const member = gzipSync(zeros.subarray(0, GIB / 64))
  return {
    'a gzip bomb of a GiB': whole('gzip', Buffer.concat(Array.from({ length: 64 }, () => member))),
    'a brotli bomb of a GiB': whole('br', brotliCompressSync(zeros, { params: { 1: 1 } })),
    'a zstd bomb of a GiB': whole('zstd', zstdCompressSync(zeros)),
    'gzip that is none': whole('gzip', Buffer.from('this is no gzip')),
    'gzip that is cut short': whole('gzip', gzipSync('{"total":42}'.repeat(99)).subarray(0, 30)),
    'an encoding that nobody knows': whole('sdch', Buffer.from('{"total":42}')),
  }
}

/** The first answer is fine; what comes behind it or at the next request is not. */
export const fickle: Readonly<Record<string, Hostile>> = {
  'a second answer that nobody asked for': (socket) =>
    socket.write(`${OK}HTTP/1.1 500 Smuggled\r\ncontent-length: 0\r\n\r\n`),
  'garbage behind the answer': (socket) => socket.write(`${OK}\0\0\0\0garbage`),
  'a longer body than it said': (socket) => socket.write(`${OK}and more of it`),
  'a reset when a connection is used again': (socket, count) =>
    void (count === 1 ? socket.write(OK) : socket.resetAndDestroy()),
  'an end when a connection is used again': (socket, count) =>
    void (count === 1 ? socket.write(OK) : socket.end()),
}
