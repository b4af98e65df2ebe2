/** Targets that break the rules: each ends as an outcome, and nothing of it stays. */

import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { MAX_KEPT_BYTES } from '../../../src/generator/client.ts'
import { serveHttp, serveTcp, type ArmServer } from '../arm-server.ts'
import { ask, clientOf, opened } from './asking.ts'
import {
  broken,
  endless,
  fickle,
  serveHostile,
  serveRude,
  unanswered,
  type Hostile,
} from '../../support/hostile/servers.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** Does this with every connection that sent something. */
const tcp = (answer: Hostile): Promise<ArmServer> => opened(serveHostile(answer))

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
  it('says what is wrong in words', async () => {
    const words: Record<string, RegExp> = {
      'headers of 80 KB': /^its headers are too long/,
      'two lengths that differ': /^its body does not have the length that its headers say/,
      'an upgrade that nobody asked for': /^it changed to another protocol/,
      'an end without an answer': /^it closed the connection/,
      'a reset within the headers': /^it broke off the connection/,
      'a header without a colon': /does not match the HTTP\/1.1 protocol/,
    }
    for (const [name, expected] of Object.entries(words)) {
      const told = await ask(clientOf(await tcp(unanswered[name] ?? (() => undefined))))
      expect(told.reason).toMatch(expected)
    }
  })
  for (const [name, answer] of Object.entries(broken)) {
    it(`finds half an answer in ${name}`, async () => {
      const client = clientOf(await tcp(answer))
      const told = await ask(client)
      expect(told).toMatchObject({ end: 'broken', status: 200, bytes: 4, text: 'half' })
      expect(client.load()).toMatchObject({ connections: 0, inFlight: 0 })
    })
  }

  for (const [name, answer] of Object.entries(endless)) {
    it(`ends ${name} at the timeout, and keeps one MiB at most`, async () => {
      const server = await tcp(answer)
      const client = clientOf(server)
      const before = process.memoryUsage().arrayBuffers
      const told = await ask(client, { timeoutMs: 150, keepBytes: MAX_KEPT_BYTES })
      expect(told).toMatchObject({ end: 'timeout', reason: 'no whole answer in time' })
      expect(told.endedMs - told.startedMs).toBeCloseTo(150, 3)
      expect(told.text.length).toBeLessThanOrEqual(MAX_KEPT_BYTES)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000)
      expect(client.load()).toMatchObject({ connections: 0, inFlight: 0 })
      await server.abandoned()
    })
  }

  for (const [name, answer] of Object.entries(fickle)) {
    it(`takes only what it asked for where there is ${name}`, async () => {
      const server = await tcp(answer)
      const client = clientOf(server)
      for (let count = 0; count < 3; count += 1) {
        expect(await ask(client)).toMatchObject({ end: 'answered', status: 200, text: 'ok' })
      }
      expect(server.accepted()).toBe(3)
    })
  }
  it('finds no answer where a connection is ended or spoken on before anything was asked', async () => {
    const rude: ((socket: Socket) => void)[] = [
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
      (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'),
    ]
    for (const greet of rude) {
      const client = clientOf(await opened(serveRude(greet)))
      const told = await ask(client, { timeoutMs: 300 })
      expect(told.end).toBe('unanswered')
      expect(told.reason).toMatch(/./)
      expect(client.load()).toMatchObject({ connections: 0, inFlight: 0 })
    }
  })
  it('takes or leaves an answer that was there before the question, but knows which', async () => {
    const client = clientOf(await opened(serveRude((socket) => socket.write(OK))))
    const { end, status, reason } = await ask(client, { timeoutMs: 300 })
    if (end === 'answered') expect(status).toBe(200)
    else expect(reason).toMatch(/./)
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
