import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LoggedRequest } from '../../../src/profiles/derive/read/request.ts'
import {
  startRecorder,
  type Recorder,
  type RecorderOptions,
} from '../../../src/profiles/record/recorder.ts'
import { CERTIFICATE, KEY } from '../../generator/certificate.ts'
import { refusalOf } from './refusal.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

async function serverOf(
  answer: Answer,
): Promise<{ url: string; server: ReturnType<typeof createServer> }> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

async function recorderOf(url: string, changes: Partial<RecorderOptions> = {}): Promise<Recorder> {
  const recorder = await startRecorder({
    target: { url },
    listen: '127.0.0.1:0',
    wallMs: () => Date.now(),
    graceMs: 100,
    ...changes,
  })
  onTestFinished(async () => void (await recorder.stop()))
  return recorder
}

async function recordedOf(recorder: Recorder): Promise<LoggedRequest[]> {
  return await recorder.stop()
}

describe('startRecorder()', () => {
  it('refuses addresses that others reach, and targets that are more than an origin', async () => {
    const options = { target: { url: 'http://127.0.0.1:1' }, wallMs: () => 0 }
    const refused = async (changes: Partial<RecorderOptions>): Promise<string> =>
      (await refusalOf(startRecorder({ ...options, listen: '127.0.0.1:0', ...changes }))).code
    expect(await refused({ listen: '0.0.0.0:0' })).toBe('bad-listen')
    expect(await refused({ listen: '[::]:0' })).toBe('bad-listen')
    expect(await refused({ listen: '8081' })).toBe('bad-listen')
    expect(await refused({ target: { url: 'http://a/b' } })).toBe('bad-url')
    expect(await refused({ target: { url: 'http://me:secret@a' } })).toBe('bad-url')
  })
  it('passes request and answer on, names the application and leads back to itself', async () => {
    const seen: IncomingMessage['headers'][] = []
    const { url } = await serverOf((asked, response) => {
      seen.push(asked.headers)
      const cookies = ['sid=1; Domain=shop.test; Path=/', 'b=2']
      const kept = { 'x-kept': 'yes', connection: 'close' }
      response.writeHead(302, { location: `${url}/next`, 'set-cookie': cookies, ...kept })
      response.end()
    })
    const recorder = await recorderOf(url)
    const answer = await fetch(`${recorder.url}/a?b=1`, {
      redirect: 'manual',
      headers: { origin: recorder.url, 'x-mine': '1' },
    })
    expect(answer.headers.get('location')).toBe(`${recorder.url}/next`)
    expect(answer.headers.getSetCookie()).toEqual(['sid=1; Path=/', 'b=2'])
    expect(answer.headers.get('x-kept')).toBe('yes')
    expect(seen[0]).toMatchObject({
      host: new URL(url).host,
      origin: url,
      'x-mine': '1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': new URL(recorder.url).host,
    })
    const [entry] = await recordedOf(recorder)
    expect(entry).toMatchObject({ method: 'GET', target: '/a?b=1', status: 302 })
    expect(JSON.stringify(entry)).not.toContain('127.0.0.1"')
  })
  it('reads bodies that are compressed, and never holds long, binary or cookie values', async () => {
    const { url } = await serverOf((asked, response) => {
      const isLong = asked.url === '/long'
      asked.resume().on('end', () => {
        const type = asked.url === '/image' ? 'image/png' : 'application/json'
        response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' })
        response.end(gzipSync(isLong ? randomBytes(400_000) : '{"id":7}'))
      })
    })
    const recorder = await recorderOf(url)
    for (const path of ['/json', '/image', '/long']) {
      const headers = { cookie: 'sid=secret', 'content-type': 'application/json' }
      const sent = await fetch(`${recorder.url}${path}`, {
        method: 'POST',
        headers,
        body: '{"a":1}',
      })
      await sent.arrayBuffer()
    }
    const entries = await recordedOf(recorder)
    expect(entries.map(({ bodies }) => [bodies?.requestBody, bodies?.responseBody])).toEqual([
      ['{"a":1}', '{"id":7}'],
      ['{"a":1}', undefined],
      ['{"a":1}', undefined],
    ])
    expect(JSON.stringify(entries)).not.toContain('sid=secret')
  })
  it('streams both ways and keeps a slow client from filling the memory', async () => {
    const CHUNK = 2 ** 18
    const CHUNKS = 160
    let written = 0
    const { url } = await serverOf((asked, response) => {
      asked.resume()
      const write = (): void => {
        while (written < CHUNKS) {
          written += 1
          if (!response.write(Buffer.alloc(CHUNK))) return void response.once('drain', write)
        }
        response.end()
      }
      write()
    })
    const recorder = await recorderOf(url)
    const asked = request(`${recorder.url}/stream`).end()
    const [answer]: IncomingMessage[] = await once(asked, 'response')
    answer?.pause()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(written).toBeLessThan(CHUNKS * 0.75)
    let bytes = 0
    for await (const chunk of answer ?? []) bytes += chunk.length
    expect(bytes).toBe(CHUNKS * CHUNK)
  })
  it('answers 502 for a target that is gone or breaks off, and records the failure', async () => {
    const { url, server } = await serverOf((asked, response) => {
      if (asked.url === '/cut') {
        response.writeHead(200, { 'content-length': '100' }).write('half')
        setImmediate(() => response.destroy())
      } else response.end('fine')
    })
    const recorder = await recorderOf(url)
    await expect(fetch(`${recorder.url}/cut`).then((answer) => answer.text())).rejects.toThrow()
    expect(await (await fetch(`${recorder.url}/`)).text()).toBe('fine')
    server.close()
    server.closeAllConnections()
    const gone = await fetch(`${recorder.url}/gone`, { method: 'POST', body: 'x' })
    expect(gone.status).toBe(502)
    expect(recorder.counts()).toMatchObject({ requests: 3, failed: 2 })
    expect((await recordedOf(recorder)).map(({ status }) => status)).toEqual([502, 200, 502])
  })
  it('passes WebSockets through unrecorded, and early hints', async () => {
    const { url, server } = await serverOf((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.end('late')
    })
    server.on('upgrade', (_, socket, head) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      )
      socket.on('error', () => socket.destroy())
      socket.pipe(socket)
      if (head.length > 0) socket.write(head)
    })
    const recorder = await recorderOf(url)
    const socket = connect(Number(new URL(recorder.url).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nping',
    )
    let text = ''
    for await (const chunk of socket) {
      text += String(chunk)
      if (text.endsWith('ping')) break
    }
    expect(text).toMatch(/^HTTP\/1.1 101 /)
    const asked = request(`${recorder.url}/`).end()
    const [[hint], [answer]] = await Promise.all([
      once(asked, 'information'),
      once(asked, 'response'),
    ])
    expect(hint).toMatchObject({ statusCode: 103 })
    answer.resume()
    expect(recorder.counts()).toMatchObject({ requests: 1, tunnels: 1 })
  })
  it('reaches an https target that its authority vouches for', async () => {
    const server = createSecureServer({ key: KEY, cert: CERTIFICATE }, (asked, response) => {
      response.end(String(asked.headers.host))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const trusting = await recorderOf('', { target: { url, host: 'shop.test', ca: CERTIFICATE } })
    expect(await (await fetch(trusting.url)).text()).toBe('shop.test')
    const strict = await recorderOf('', { target: { url, host: 'shop.test' } })
    expect((await fetch(strict.url)).status).toBe(502)
    const careless = await recorderOf('', { target: { url, insecure: true } })
    expect((await fetch(careless.url)).status).toBe(200)
  })
  it('tells people apart by a cookie, from the answer that gives it on', async () => {
    let given = 0
    const { url } = await serverOf((asked, response) => {
      given += 1
      const cookie =
        asked.headers.cookie === undefined ? { 'set-cookie': `uid=person-${given}` } : {}
      response.writeHead(200, cookie).end()
    })
    const recorder = await recorderOf(url, { clientCookie: 'uid' })
    await (await fetch(`${recorder.url}/a`)).text()
    await (await fetch(`${recorder.url}/b`, { headers: { cookie: 'x=1; uid=person-1' } })).text()
    await (await fetch(`${recorder.url}/a`)).text()
    expect(recorder.counts()).toMatchObject({ people: 2, clients: 2, sessions: 2, actions: 2 })
    const users = (await recordedOf(recorder)).map(({ user }) => user)
    expect(users[0]).toBe(users[1])
    expect(new Set(users).size).toBe(2)
    expect(users.join(' ')).not.toContain('person-1')
  })
  it('passed() gives what is over once, failures too, and the tape keeps it', async () => {
    const { url } = await serverOf((asked, response) => {
      if (asked.url === '/broken') asked.socket.destroy()
      else response.writeHead(200, { 'content-type': 'text/plain' }).end('well')
    })
    const recorder = await recorderOf(url)
    for (const path of ['/a', '/broken', '/b']) {
      // eslint-disable-next-line no-await-in-loop -- one after the other
      await (await fetch(`${recorder.url}${path}`)).text()
    }
    // The last byte is with the client before the recorder knows that it has arrived.
    const seen: LoggedRequest[] = []
    while (seen.length < 3) {
      seen.push(...recorder.passed(2))
      // eslint-disable-next-line no-await-in-loop -- it is asked again
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(seen.map(({ target, status }) => [target, status])).toEqual([
      ['/a', 200],
      ['/broken', 502],
      ['/b', 200],
    ])
    expect(recorder.passed(9)).toEqual([])
    const recorded = await recordedOf(recorder)
    expect(recorded).toEqual(seen)
    expect(recorded[0]?.bodies?.responseBody).toBe('well')
  })
})
