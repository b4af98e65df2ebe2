import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createArmClient,
  MAX_KEPT_BYTES,
  type ArmAddress,
  type ArmClient,
  type WireAnswer,
  type WireRequest,
} from '../../src/generator/client.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { serve, serveHttp, serveTcp, type ArmServer } from './arm-server.ts'
import { CERTIFICATE, KEY } from './certificate.ts'

const open: (ArmServer | ArmClient)[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function tcp(listener: (socket: Socket) => void): Promise<ArmServer> {
  const server = await serveTcp(listener)
  open.push(server)
  return server
}

/** Answers every request of every connection with these bytes. */
function answering(bytes: string | Buffer, then: 'keep' | 'end' | 'reset' = 'keep') {
  return tcp((socket) => {
    socket.on('data', () => {
      socket.write(bytes, () => {
        if (then === 'end') socket.end()
        if (then === 'reset') socket.resetAndDestroy()
      })
    })
  })
}

function clientOf(address: Omit<ArmAddress, 'arm'>): ArmClient {
  const client = createArmClient({ arm: 'canary', ...address }, systemClock)
  open.push(client)
  return client
}

const GET: WireRequest = {
  method: 'GET',
  path: '/',
  headers: [],
  body: undefined,
  keepBytes: 0,
  timeoutMs: 5_000,
}

interface Told extends WireAnswer {
  readonly repeats: number
}

function ask(client: ArmClient, request: Partial<WireRequest> = {}): Promise<Told> {
  return new Promise((resolve) => {
    let repeats = 0
    client.send(
      { ...GET, ...request },
      {
        started: () => undefined,
        repeated: () => (repeats += 1),
        ended: (answer) => resolve({ ...answer, repeats }),
      },
    )
  })
}

describe('a client of a broken target', () => {
  const wrong = {
    'a refused connection': async () => {
      const server = await tcp(() => undefined)
      await server.close()
      return server
    },
    'a connection that is reset': () => tcp((socket) => socket.resetAndDestroy()),
    'a connection that is closed': () => tcp((socket) => socket.end()),
    garbage: () => answering('Not HTTP at all, sorry.\r\n\r\n'),
    'a header flood': () =>
      answering(`HTTP/1.1 200 OK\r\n${'x-flood: 1234567890\r\n'.repeat(5_000)}\r\n`),
    'an early hint that nothing follows': () =>
      answering('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 'end'),
    'a status line that never ends': () => answering(`HTTP/1.1 200 ${'a'.repeat(100_000)}`, 'end'),
    'an upgrade that nobody asked for': () =>
      answering('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  }
  for (const [name, start] of Object.entries(wrong)) {
    it(`tells ${name} from an answer`, async () => {
      const client = clientOf(await start())
      const answer = await ask(client)
      expect(answer).toMatchObject({ end: 'unanswered', status: undefined })
      expect(answer.reason).toMatch(/./)
      expect(await ask(client)).toMatchObject({ end: 'unanswered' })
    })
  }

  const cut = {
    'a body that is cut short': () =>
      answering('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', 'end'),
    'a chunked body without an end': () =>
      answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'reset'),
    'invalid chunking': () =>
      answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense\r\n'),
  }
  for (const [name, start] of Object.entries(cut)) {
    it(`says that the answer broke off after ${name}`, async () => {
      const answer = await ask(clientOf(await start()))
      expect(answer).toMatchObject({ end: 'broken', status: 200, bytes: 4 })
    })
  }

  it('ends a hang at its timeout exactly', async () => {
    const client = clientOf(await tcp(() => undefined))
    const answer = await ask(client, { timeoutMs: 60 })
    expect(answer).toMatchObject({ end: 'timeout', status: undefined })
    expect(answer.endedMs - answer.startedMs).toBeCloseTo(60, 3)
  })
  it('ends an answer that drips, whatever its head was', async () => {
    const server = await serveHttp((_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 5)
      response.on('close', () => clearInterval(drip))
    })
    open.push(server)
    const client = clientOf(server)
    const answer = await ask(client, { timeoutMs: 120 })
    expect(answer).toMatchObject({ end: 'timeout', status: 200 })
    expect(answer.bytes).toBeGreaterThan(0)
    expect(await ask(client, { timeoutMs: 60 })).toMatchObject({ end: 'timeout' })
  })
  it('does not send what is no valid HTTP', async () => {
    const server = await answering('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    const client = clientOf(server)
    const split = { headers: ['x-note', 'a\r\nx-evil: 1'] }
    expect(await ask(client, split)).toMatchObject({ end: 'unsendable' })
    expect(server.accepted()).toBe(0)
    expect(await ask(client)).toMatchObject({ end: 'answered', status: 200 })
  })
})

describe('a client', () => {
  it('skips 1xx answers', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'
    const server = await answering(`${early}HTTP/1.1 204 No Content\r\n\r\n`)
    expect(await ask(clientOf(server))).toMatchObject({ end: 'answered', status: 204 })
  })
  it('counts a body of 10 MB, keeps the first MiB of it only if asked, and stays connected', async () => {
    const body = Buffer.alloc(10_000_000, 'x')
    const server = await serveHttp((_, response) => response.end(body))
    open.push(server)
    const client = clientOf(server)
    const counted = await ask(client)
    expect(counted).toMatchObject({ end: 'answered', bytes: 10_000_000, chunks: [] })
    const kept = await ask(client, { keepBytes: MAX_KEPT_BYTES })
    expect(kept.bytes).toBe(10_000_000)
    expect(kept.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(MAX_KEPT_BYTES)
    expect(server.accepted()).toBe(1)
  })
  it('opens as many connections as requests are under way, and uses them again', async () => {
    const server = await serveHttp((_, response) => response.end('ok'))
    open.push(server)
    const client = clientOf(server)
    for (let round = 0; round < 5; round += 1) await Promise.all([ask(client), ask(client)])
    expect(server.accepted()).toBe(2)
    await client.close()
    await new Promise((resolve) => setImmediate(resolve))
  })
  it('repeats a GET, once, when the kept connection was closed before the first byte', async () => {
    const server = await tcp((socket) => {
      let seen = 0
      socket.on('data', () => {
        seen += 1
        if (seen === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
        else socket.resetAndDestroy()
      })
    })
    const client = clientOf(server)
    expect(await ask(client)).toMatchObject({ end: 'answered', repeats: 0 })
    expect(await ask(client)).toMatchObject({ end: 'answered', repeats: 1 })
    expect(server.accepted()).toBe(2)
    expect(await ask(client, { method: 'POST', body: 'x' })).toMatchObject({
      end: 'unanswered',
      repeats: 0,
    })
  })
  it('does not repeat what met a new connection, or had a byte of its answer', async () => {
    const fresh = await tcp((socket) => socket.on('data', () => socket.resetAndDestroy()))
    expect(await ask(clientOf(fresh))).toMatchObject({ end: 'unanswered', repeats: 0 })
    const begun = await tcp((socket) => {
      let seen = 0
      socket.on('data', () => {
        seen += 1
        if (seen === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
        else socket.write('HTTP/1.1 200', () => socket.end())
      })
    })
    const client = clientOf(begun)
    await ask(client)
    expect(await ask(client)).toMatchObject({ end: 'unanswered', repeats: 0 })
  })
  it('ends everything that is under way at an abort, also what still connects', async () => {
    const server = await tcp(() => undefined)
    const client = clientOf(server)
    const asked = [ask(client), ask(client, { method: 'POST', body: 'x' })]
    client.abort()
    for (const answer of await Promise.all(asked)) expect(answer.end).toBe('aborted')
    expect(await ask(client, { timeoutMs: 40 })).toMatchObject({ end: 'timeout' })
  })
  it('leaves no connection behind that was still shaking hands', async () => {
    const mute = await tcp((socket) => socket.resume())
    const client = clientOf({ url: `https://127.0.0.1:${mute.port}` })
    expect(await ask(client, { timeoutMs: 60 })).toMatchObject({ end: 'timeout' })
    const asked = ask(client)
    await client.close()
    expect(await asked).toMatchObject({ end: 'aborted' })
    await mute.abandoned()
  })
  it('checks the certificate against Host, and trusts the authority it was given', async () => {
    const seen: (string | undefined)[] = []
    const server = await serve(
      createHttpsServer({ cert: CERTIFICATE, key: KEY }, (request, response) => {
        seen.push(request.headers.host)
        response.end('ok')
      }),
    )
    open.push(server)
    const url = `https://127.0.0.1:${server.port}`
    const named = { headers: ['host', 'shop.test'] }
    const distrusting = await ask(clientOf({ url }), named)
    expect(distrusting).toMatchObject({ end: 'unanswered' })
    const misnamed = await ask(clientOf({ url, tls: { ca: CERTIFICATE } }))
    expect(misnamed).toMatchObject({ end: 'unanswered' })
    const trusted = await ask(clientOf({ url, tls: { ca: CERTIFICATE } }), named)
    expect(trusted).toMatchObject({ end: 'answered', status: 200 })
    expect(seen).toEqual(['shop.test'])
  })
})
