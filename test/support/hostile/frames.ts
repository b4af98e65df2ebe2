/** Targets that break the rules of HTTP/2, as the frames that they write. */

import type { Socket } from 'node:net'
import { serveTcp, type ArmServer } from '../../generator/arm-server.ts'

/** RFC 9113, 6. */
const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const PUSH_PROMISE = 5
const PING = 6
const GOAWAY = 7
const WINDOW_UPDATE = 8
const CONTINUATION = 9

const END_STREAM = 1
const END_HEADERS = 4

function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload)
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, body])
}

function setting(id: number, value: number): Buffer {
  const body = Buffer.alloc(6)
  body.writeUInt16BE(id, 0)
  body.writeUInt32BE(value, 2)
  return body
}

const uint32 = (value: number): Buffer => {
  const body = Buffer.alloc(4)
  body.writeUInt32BE(value)
  return body
}

const HELLO = frame(SETTINGS, 0, 0)
const OK = Buffer.from([0x88])
const LENGTH_2 = Buffer.concat([OK, Buffer.from([0x0f, 0x0d, 1]), Buffer.from('2')])
/** A header that is not kept in any table. */
const field = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ])

function flood(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk)) if (socket.writableLength > 1e6) break
    if (!socket.destroyed) socket.once('drain', more)
  }
  more()
}

const many = (one: Buffer, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => one))

type Answer = (socket: Socket, stream: number) => void

/**
 * Says hello and answers each request, of which it knows the stream only.
 * @param hello what it says first; default: settings without any
 */
export function serveFrames(answer: Answer, hello: Buffer = HELLO): Promise<ArmServer> {
  return serveTcp((socket) => {
    socket.write(hello)
    let held = Buffer.alloc(0)
    let isOpen = false
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      if (!isOpen && held.length >= 24) {
        isOpen = true
        held = held.subarray(24)
      }
      if (!isOpen) return
      while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
        if (held.readUInt8(3) === HEADERS) answer(socket, held.readUInt32BE(5))
        held = held.subarray(9 + held.readUIntBE(0, 3))
      }
    })
  })
}

interface HostileFrames {
  readonly answer: Answer
  readonly hello?: Buffer
}

/** They end without a whole answer, one way or the other. */
export const hostileFrames: Readonly<Record<string, HostileFrames>> = {
  'a reset stream': {
    answer: (socket, stream) => socket.write(frame(RST_STREAM, 0, stream, uint32(8))),
  },
  'streams that are always refused': {
    answer: (socket, stream) => socket.write(frame(RST_STREAM, 0, stream, uint32(7))),
  },
  'a GOAWAY that looked at nothing': {
    answer: (socket) => socket.write(frame(GOAWAY, 0, 0, Buffer.alloc(8))),
  },
  'a GOAWAY at once': { answer: () => undefined, hello: frame(GOAWAY, 0, 0, Buffer.alloc(8)) },
  'a connection that is reset': { answer: (socket) => socket.resetAndDestroy() },
  'a connection that ends': { answer: (socket) => socket.end() },
  'no settings at all': { answer: () => undefined, hello: Buffer.alloc(0) },
  'no answer': { answer: () => undefined },
  'a flood of settings': { answer: (socket) => flood(socket, many(HELLO, 1_000)) },
  'a flood of pings': {
    answer: (socket) => flood(socket, many(frame(PING, 0, 0, Buffer.alloc(8)), 1_000)),
  },
  'a flood of empty data': {
    answer: (socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, OK))
      flood(socket, many(frame(DATA, 0, stream), 1_000))
    },
  },
  'a promise that nobody asked for': {
    answer: (socket, stream) =>
      socket.write(
        frame(PUSH_PROMISE, END_HEADERS, stream, Buffer.concat([uint32(2), Buffer.from([0x82])])),
      ),
  },
  'a header of 100 KB': {
    answer: (socket, stream) => {
      socket.write(frame(HEADERS, 0, stream, OK))
      const block = many(field('x-flood', 'x'.repeat(100)), 100)
      for (let part = 0; part < 10; part += 1) socket.write(frame(CONTINUATION, 0, stream, block))
      socket.write(frame(CONTINUATION, END_HEADERS, stream))
    },
  },
  'thousands of small headers': {
    answer: (socket, stream) => {
      socket.write(frame(HEADERS, 0, stream, OK))
      const block = many(field('x', 'y'), 2_000)
      socket.write(frame(CONTINUATION, END_HEADERS, stream, block))
    },
  },
  'headers without an end': {
    answer: (socket, stream) => {
      socket.write(frame(HEADERS, 0, stream, OK))
      flood(socket, frame(CONTINUATION, 0, stream, many(field('x-flood', 'x'.repeat(100)), 100)))
    },
  },
  'data before any header': {
    answer: (socket, stream) => socket.write(frame(DATA, END_STREAM, stream, 'early')),
  },
  'more data than it said': {
    answer: (socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, LENGTH_2))
      socket.write(frame(DATA, END_STREAM, stream, 'more than two'))
    },
  },
  'less data than it said': {
    answer: (socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, LENGTH_2))
      socket.write(frame(DATA, END_STREAM, stream, '1'))
    },
  },
  'a body that stays half': {
    answer: (socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, OK))
      socket.write(frame(DATA, 0, stream, 'half'))
    },
  },
  'a frame that is too long': {
    answer: (socket) => socket.write(Buffer.from('ffffff0000000000017878', 'hex')),
  },
  'headers that cannot be unpacked': {
    answer: (socket, stream) =>
      socket.write(
        frame(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.from('ffffffffff', 'hex')),
      ),
  },
  'an answer without a status': {
    answer: (socket, stream) =>
      socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, field('x-note', 'a'))),
  },
  'a window that overflows': {
    answer: (socket) => socket.write(frame(WINDOW_UPDATE, 0, 0, uint32(0x7fffffff))),
  },
  'a window update of nothing': {
    answer: (socket, stream) => socket.write(frame(WINDOW_UPDATE, 0, stream, uint32(0))),
  },
  'settings that are invalid': {
    answer: () => undefined,
    hello: frame(SETTINGS, 0, 0, setting(5, 1)),
  },
  'random bytes': { answer: () => undefined, hello: Buffer.alloc(64, 0x7f) },
}

/** It takes no byte of a body. */
export const windowOfZero = frame(SETTINGS, 0, 0, setting(4, 0))

/** It takes no request at all. */
export const streamsOfZero = frame(SETTINGS, 0, 0, setting(3, 0))

/** It answers with two bytes, twice. */
export const answersTwice: Answer = (socket, stream) => {
  const answer = [
    frame(HEADERS, END_HEADERS, stream, LENGTH_2),
    frame(DATA, END_STREAM, stream, 'ok'),
  ]
  socket.write(Buffer.concat([...answer, ...answer]))
}
