import {
  constants,
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { serve, serveHttp, serveTcp, type ArmServer } from '../arm-server.ts'
import { ask, clientOf, opened } from './asking.ts'
import { AUTHORITY, SHOP_CERTIFICATE, SHOP_KEY } from './certificates.ts'

type Answer = (request: Http2ServerRequest, response: Http2ServerResponse) => unknown

interface H2Server extends ArmServer {
  readonly sessions: ServerHttp2Session[]
}

/** In cleartext, as inside of a cluster. */
async function h2c(answer: Answer, settings = {}): Promise<H2Server> {
  const sessions: ServerHttp2Session[] = []
  const server = createServer({ settings }, (request, response) => void answer(request, response))
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => undefined)
  })
  server.on('stream', (stream: ServerHttp2Stream) => stream.on('error', () => undefined))
  return { ...(await opened(serve(server))), sessions }
}

const reach = { http2: true } as const

describe('a client of HTTP/2', () => {
  it('says so where HTTP/1.1 answers in cleartext', async () => {
    const server = await opened(serveHttp((_, response) => response.end('old')))
    const answer = await ask(clientOf({ url: server.url, ...reach }))
    expect(answer).toMatchObject({ end: 'unanswered', status: undefined })
    expect(answer.reason).toContain('it does not speak HTTP/2')
  })
  it('says so where ALPN knows no h2, or nobody knows ALPN', async () => {
    const options = { cert: SHOP_CERTIFICATE, key: SHOP_KEY }
    const refusing = await opened(serve(createHttpsServer(options)))
    const tls = { ca: AUTHORITY }
    const refused = await ask(
      clientOf({ url: `https://127.0.0.1:${refusing.port}`, tls, ...reach }),
    )
    expect(refused).toMatchObject({ end: 'unanswered' })
    expect(refused.reason).toContain('it does not speak HTTP/2')
    const { createServer: createTlsServer } = await import('node:tls')
    const mute = await opened(serve(createTlsServer(options)))
    const unheard = await ask(clientOf({ url: `https://127.0.0.1:${mute.port}`, tls, ...reach }))
    expect(unheard.reason).toBe('it does not speak HTTP/2: it took no h2 by ALPN')
  })
  it('says so where plain TCP hangs up, and ends at the timeout where it is silent', async () => {
    const leaving = await opened(serveTcp((socket) => socket.on('data', () => socket.end('no'))))
    const left = await ask(clientOf({ url: leaving.url, ...reach }))
    expect(left.end).toBe('unanswered')
    const silent = await opened(serveTcp((socket) => socket.resume()))
    const answer = await ask(clientOf({ url: silent.url, ...reach }), { timeoutMs: 60 })
    expect(answer).toMatchObject({ end: 'timeout', status: undefined })
    expect(answer.endedMs - answer.startedMs).toBeCloseTo(60, 3)
  })
  it('sends all requests over one connection, by TLS with ALPN', async () => {
    let streams = 0
    let most = 0
    const server = await opened(
      serve(
        createSecureServer({ cert: SHOP_CERTIFICATE, key: SHOP_KEY }, (request, response) => {
          most = Math.max(most, (streams += 1))
          setTimeout(() => {
            streams -= 1
            response.setHeader('x-authority', request.authority)
            response.end(request.httpVersion)
          }, 20)
        }),
      ),
    )
    const address = { url: `https://127.0.0.1:${server.port}`, host: 'shop.test' }
    const client = clientOf({ ...address, tls: { ca: AUTHORITY }, ...reach })
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(client)))
    for (const answer of answers) {
      expect(answer).toMatchObject({ end: 'answered', status: 200, text: '2.0' })
      expect(answer.headers).toMatchObject({ 'x-authority': 'shop.test' })
    }
    expect(most).toBeGreaterThan(20)
    expect(server.accepted()).toBe(1)
    expect(client.load()).toMatchObject({ connections: 1, inFlight: 0, everWaited: 0 })
  })
  it('sends method, path, headers and body, and Host as :authority', async () => {
    const server = await h2c(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const { authority, method, url, headers } = request
      const { 'content-length': length, 'x-note': note, cookie, host } = headers
      response.end(JSON.stringify([authority, method, url, length, note, cookie, host ?? '', text]))
    })
    const headers = ['host', 'shop.test', 'x-note', '\u00e9', 'cookie', 'a=1']
    const body = 'x'.repeat(300_000)
    const answer = await ask(clientOf({ url: server.url, ...reach }), {
      method: 'POST',
      path: '/a?b=c',
      headers,
      body,
      keepBytes: 1_000_000,
    })
    const said = ['shop.test', 'POST', '/a?b=c', '300000', '\u00e9', 'a=1', '', body]
    expect(JSON.parse(answer.text)).toEqual(said)
  })
  it('does not send what is no valid HTTP', async () => {
    const server = await h2c((_, response) => response.end('ok'))
    const client = clientOf({ url: server.url, ...reach })
    for (const headers of [
      ['x-note', 'a\r\nx-evil: 1'],
      ['x note', 'a'],
      ['connection', 'close'],
    ]) {
      expect(await ask(client, { headers })).toMatchObject({ end: 'unsendable' })
    }
    expect(await ask(client, { path: '/a b' })).toMatchObject({ end: 'unsendable' })
    expect(await ask(client)).toMatchObject({ end: 'answered' })
  })
  it('ends a request that hangs, and the others of its connection go on', async () => {
    const server = await h2c((request, response) => {
      if (request.url === '/hang') return
      setTimeout(() => response.end('ok'), 120)
    })
    const client = clientOf({ url: server.url, ...reach })
    expect(await ask(client)).toMatchObject({ end: 'answered' })
    const [hung, first, second] = await Promise.all([
      ask(client, { path: '/hang', timeoutMs: 50 }),
      ask(client),
      ask(client, { path: '/2' }),
    ])
    expect(hung).toMatchObject({ end: 'timeout' })
    expect(hung.endedMs - hung.startedMs).toBeLessThanOrEqual(50)
    for (const answer of [first, second]) expect(answer).toMatchObject({ end: 'answered' })
  })
  it('leaves a connection on which nothing is heard any more', async () => {
    const server = await opened(
      serveTcp((socket) => {
        if (server.accepted() > 0) proxyTo(socket, real.port)
        else socket.write(Buffer.from('000000040000000000', 'hex'))
      }),
    )
    const real = await h2c((_, response) => response.end('ok'))
    const client = clientOf({ url: server.url, ...reach })
    expect(await ask(client, { timeoutMs: 60 })).toMatchObject({ end: 'timeout' })
    expect(client.load()).toMatchObject({ connections: 0 })
    expect(await ask(client)).toMatchObject({ end: 'answered' })
  })
  it('ends everything at an abort', async () => {
    const server = await h2c(() => undefined)
    const client = clientOf({ url: server.url, ...reach })
    const asked = [ask(client), ask(client, { method: 'POST', body: 'x' })]
    client.abort()
    for (const answer of await Promise.all(asked)) expect(answer.end).toBe('aborted')
    const late = ask(client)
    await client.close()
    expect(await late).toMatchObject({ end: 'aborted' })
  })
  it('opens a second connection where the streams of the first are all taken', async () => {
    const waiting: Http2ServerResponse[] = []
    const server = await h2c((_, response) => waiting.push(response), { maxConcurrentStreams: 2 })
    const client = clientOf({ url: server.url, ...reach })
    const asked = Array.from({ length: 6 }, () => ask(client))
    while (waiting.length < 6) await new Promise((resolve) => setImmediate(resolve))
    for (const response of waiting) response.end('ok')
    for (const answer of await Promise.all(asked)) expect(answer.end).toBe('answered')
    expect(server.accepted()).toBe(3)
  })
})

describe('a client of HTTP/2, when the server leaves,', () => {
  it('lets the streams under way end, and goes on elsewhere', async () => {
    const server = await h2c((_, response) => {
      setTimeout(() => response.end('ok'), 60)
    })
    const client = clientOf({ url: server.url, ...reach })
    await ask(client)
    const underWay = ask(client, { path: '/slow' })
    await heardOf(server, () => server.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR))
    expect(await underWay).toMatchObject({ end: 'answered', repeats: 0 })
    expect(await ask(client)).toMatchObject({ end: 'answered' })
    expect(server.accepted()).toBe(2)
  })
  it('sends once more what the server refused to look at, whatever its method', async () => {
    let refusals = 0
    const server = await h2c((request, response) => {
      if (request.url !== '/always' && refusals > 0) return response.end('ok')
      refusals += 1
      return response.stream.close(constants.NGHTTP2_REFUSED_STREAM)
    })
    const client = clientOf({ url: server.url, ...reach })
    const taken = await ask(client, { method: 'POST', body: 'x' })
    expect(taken).toMatchObject({ end: 'answered', repeats: 1 })
    const refused = await ask(client, { path: '/always' })
    expect(refused).toMatchObject({ end: 'unanswered', repeats: 1 })
    expect(refused.reason).toContain('REFUSED_STREAM')
  })
  it('tells a stream that is reset before its answer from one that breaks off', async () => {
    const server = await h2c((request, response) => {
      if (request.url === '/early') return response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      response.writeHead(200)
      response.write('half', () => response.stream.close(constants.NGHTTP2_CANCEL))
    })
    const client = clientOf({ url: server.url, ...reach })
    const early = await ask(client, { path: '/early' })
    expect(early).toMatchObject({ end: 'unanswered', repeats: 0 })
    expect(early.reason).toContain('INTERNAL_ERROR')
    const broken = await ask(client)
    expect(broken).toMatchObject({ end: 'broken', status: 200, bytes: 4 })
    expect(broken.reason).toContain('CANCEL')
    expect(server.accepted()).toBe(1)
  })
  it('repeats a GET, and no POST, that met a connection as it was closed', async () => {
    let closes = false
    const server = await h2c((request, response) => {
      if (closes) request.stream.session?.socket.destroy()
      else response.end('ok')
      closes = request.url === '/last'
    })
    const client = clientOf({ url: server.url, ...reach })
    await ask(client, { path: '/last' })
    expect(await ask(client)).toMatchObject({ end: 'answered', repeats: 1 })
    await ask(client, { path: '/last' })
    const post = await ask(client, { method: 'POST', body: 'x' })
    expect(post).toMatchObject({ end: 'unanswered', repeats: 0 })
    expect(post.reason).toMatch(/broke off the connection/)
  })
  it('says with what the server left', async () => {
    const server = await h2c((request) => {
      request.stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    })
    const answer = await ask(clientOf({ url: server.url, ...reach }))
    expect(answer).toMatchObject({ end: 'unanswered' })
    expect(answer.reason).toContain('ENHANCE_YOUR_CALM')
  })
  it('takes an answer that comes before the request was sent', async () => {
    const server = await h2c((_, response) => {
      response.writeHead(413)
      response.end('too long')
    })
    const client = clientOf({ url: server.url, ...reach })
    const answer = await ask(client, { method: 'POST', body: Buffer.alloc(3_000_000) })
    expect(answer).toMatchObject({ end: 'answered', status: 413, text: 'too long' })
    expect(await ask(client)).toMatchObject({ end: 'answered', status: 413 })
  })
  it('counts a body of 10 MB and keeps what it was asked to keep', async () => {
    const body = Buffer.alloc(10_000_000, 'x')
    const server = await h2c((_, response) => response.end(body))
    const client = clientOf({ url: server.url, ...reach })
    const answer = await ask(client, { keepBytes: 10 })
    expect(answer).toMatchObject({ end: 'answered', bytes: 10_000_000, text: 'x'.repeat(10) })
  })
  it('ends a body without an end, and 1xx answers without an end, at the timeout', async () => {
    const server = await h2c((request, response) => {
      response.stream.on('error', () => undefined)
      const timer = setInterval(() => {
        if (response.stream.destroyed) clearInterval(timer)
        else if (request.url === '/hints') response.writeEarlyHints({ link: '</a>' })
        else response.write('.')
      }, 5)
    })
    const client = clientOf({ url: server.url, ...reach })
    const endless = await ask(client, { timeoutMs: 80 })
    expect(endless).toMatchObject({ end: 'timeout', status: 200 })
    const hints = await ask(client, { path: '/hints', timeoutMs: 80 })
    expect(hints).toMatchObject({ end: 'timeout', status: undefined })
  })
})

/** The server has the request that was just sent. */
async function heardOf(server: H2Server, then: () => void): Promise<void> {
  const [session] = server.sessions
  await new Promise<void>((resolve) => {
    session?.once('stream', () => resolve())
  })
  then()
}

function proxyTo(socket: Socket, port: number): void {
  const upstream = connect(port, '127.0.0.1')
  for (const one of [socket, upstream]) one.on('error', () => undefined)
  socket.pipe(upstream).pipe(socket)
}
