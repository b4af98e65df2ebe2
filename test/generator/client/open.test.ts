import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createSecureServer, createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { serve, serveHttp, serveTcp, type ArmServer } from '../arm-server.ts'
import { ask, clientOf, opened } from './asking.ts'
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  EXPIRED_CERTIFICATE,
  EXPIRED_KEY,
  OTHER_CERTIFICATE,
  OTHER_KEY,
  SHOP_CERTIFICATE,
  SHOP_KEY,
} from './certificates.ts'

const SHOP = { cert: SHOP_CERTIFICATE, key: SHOP_KEY }
const TLS = { ca: AUTHORITY }

/** Answers with the Host, the name that was asked for in TLS and the name of the client. */
async function https(options: ServerOptions): Promise<ArmServer & { readonly https: string }> {
  const server = await opened(
    serve(
      createHttpsServer(options, (request, response) => {
        const socket = request.socket as TLSSocket
        const peer = socket.getPeerCertificate()
        response.end([request.headers.host, socket.servername, peer.subject?.CN ?? ''].join(' '))
      }),
    ),
  )
  return { ...server, https: `https://127.0.0.1:${server.port}` }
}

describe('a client over TLS', () => {
  const wrong = {
    'its certificate has expired': { cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY },
    "its certificate is for other names: shop.test. is not in the cert's altnames: DNS:other.test":
      {
        cert: OTHER_CERTIFICATE,
        key: OTHER_KEY,
      },
  }
  for (const [reason, options] of Object.entries(wrong)) {
    it(`says that ${reason.slice(0, 40)}`, async () => {
      const server = await https(options)
      const answer = await ask(clientOf({ url: server.https, host: 'shop.test', tls: TLS }))
      expect(answer).toMatchObject({ end: 'unanswered', status: undefined })
      expect(answer.reason).toContain(reason)
      const careless = { url: server.https, host: 'shop.test', tls: { insecure: true } }
      expect(await ask(clientOf(careless))).toMatchObject({ end: 'answered' })
    })
  }
  it('says that it does not know the authority', async () => {
    const server = await https(SHOP)
    const answer = await ask(clientOf({ url: server.https }))
    expect(answer.reason).toContain('signed by an authority that is not trusted here')
  })
  it('says where no TLS is spoken, and where it should be', async () => {
    const plain = await opened(serveHttp((_, response) => response.end('ok')))
    const unsafe = await ask(clientOf({ url: `https://127.0.0.1:${plain.port}` }))
    expect(unsafe.reason).toContain('what answers there does not speak TLS')
    const server = await https(SHOP)
    const bare = await ask(clientOf({ url: server.url }))
    expect(bare).toMatchObject({ end: 'unanswered' })
  })
  it('asks for the name of the server and sends another Host', async () => {
    const server = await https(SHOP)
    const named = { host: 'any.test', tls: { ...TLS, serverName: 'shop.test' } }
    // As a step stamps it.
    const headers = ['host', 'any.test']
    const answer = await ask(clientOf({ url: server.https, ...named }), { headers })
    expect(answer).toMatchObject({ end: 'answered', text: 'any.test shop.test ' })
  })
  it('checks an address that is no name', async () => {
    const server = await https(SHOP)
    expect(await ask(clientOf({ url: server.https, tls: TLS }))).toMatchObject({ end: 'answered' })
    const other = await https({ cert: OTHER_CERTIFICATE, key: OTHER_KEY })
    const answer = await ask(clientOf({ url: other.https, tls: TLS }))
    expect(answer.reason).toContain('its certificate is for other names')
  })
  it('shows its certificate, and says where one is asked for', async () => {
    const server = await https({
      ...SHOP,
      ca: AUTHORITY,
      requestCert: true,
      rejectUnauthorized: true,
    })
    const own = { cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }
    const known = await ask(clientOf({ url: server.https, tls: { ...TLS, ...own } }))
    expect(known.text).toMatch(/ prober$/)
    const unknown = await ask(clientOf({ url: server.https, tls: TLS }))
    expect(unknown).toMatchObject({ end: 'unanswered' })
    expect(unknown.reason).toMatch(/asks? for a client certificate/)
  })
})

describe('a client whose certificate a server refuses', () => {
  const asking = { ...SHOP, ca: AUTHORITY, requestCert: true, rejectUnauthorized: true }
  // As HAProxy and nginx refuse it: by an alert, after the handshake of TLS 1.3.
  const serveBoth = async (): Promise<Record<'h1' | 'h2', number>> => {
    const h1 = await opened(serve(createHttpsServer(asking, (_, answer) => answer.end('ok'))))
    const h2 = await opened(serve(createSecureServer(asking, (_, answer) => answer.end('ok'))))
    return { h1: h1.port, h2: h2.port }
  }
  for (const http2 of [false, true]) {
    it(`hears of it at once over ${http2 ? 'HTTP/2' : 'HTTP/1.1'}`, async () => {
      const ports = await serveBoth()
      const url = `https://127.0.0.1:${http2 ? ports.h2 : ports.h1}`
      const answer = await ask(clientOf({ url, http2, tls: TLS }), { timeoutMs: 60_000 })
      expect(answer).toMatchObject({ end: 'unanswered', status: undefined })
      expect(answer.reason).toContain('it asks for a client certificate')
    })
  }
  it('says that it may not be trusted where the server only hangs up', async () => {
    const own = { cert: OTHER_CERTIFICATE, key: OTHER_KEY, ca: OTHER_CERTIFICATE }
    const options = { ...own, requestCert: true, rejectUnauthorized: true }
    const { port } = await opened(serve(createHttpsServer(options)))
    const tls = { insecure: true, cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }
    const answer = await ask(clientOf({ url: `https://127.0.0.1:${port}`, tls }))
    expect(answer.end).toBe('unanswered')
    expect(answer.reason).toContain('it may not take our certificate')
  })
  it('says what may be spoken there instead of HTTP/1.1', async () => {
    const only = await opened(serve(createHttp2Server((_, answer) => answer.end('ok'))))
    const answer = await ask(clientOf({ url: only.url }))
    expect(answer.end).toBe('unanswered')
    expect(answer.reason).toMatch(/no HTTP\/1\.1; it may speak HTTP\/2 only|closed the connection/)
  })
})

describe('a client of a unix socket', () => {
  it('connects to it, sends localhost as Host, and says when it is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'arm-'))
    const socketPath = join(folder, 'app.sock')
    const server = createServer((request, response) =>
      response.end(`${request.headers.host} ${request.url}`),
    )
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    const client = clientOf({ url: 'http://localhost', socketPath })
    expect(await ask(client, { path: '/a' })).toMatchObject({ text: 'localhost /a' })
    await client.close()
    await new Promise((resolve) => server.close(resolve))
    const gone = await ask(clientOf({ url: 'http://localhost', socketPath }))
    expect(gone).toMatchObject({ end: 'unanswered' })
    expect(gone.reason).toContain('there is no such socket')
    rmSync(folder, { recursive: true })
  })
})

describe('a client of an IPv6 address', () => {
  it('connects to it and sends it as Host', async () => {
    const server = createServer((request, response) => response.end(request.headers.host))
    const isThere = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true))
    })
    if (!isThere) return
    await opened({
      close: () =>
        new Promise<void>((resolve) => {
          server.closeAllConnections()
          server.close(() => resolve())
        }),
    })
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const answer = await ask(clientOf({ url: `http://[::1]:${port}` }))
    expect(answer).toMatchObject({ end: 'answered', text: `[::1]:${port}` })
  })
})

interface ProxyServer extends ArmServer {
  readonly asked: IncomingMessage[]
}

/** A proxy that opens tunnels, or answers CONNECT with this status. */
async function proxy(status = 200): Promise<ProxyServer> {
  const asked: IncomingMessage[] = []
  const server = createServer((_, response) => response.writeHead(500).end('no tunnel'))
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    asked.push(request)
    socket.on('error', () => undefined)
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const target = new URL(`http://${request.url}`)
    const upstream = connect(Number(target.port), target.hostname.replace(/^\[|\]$/g, ''))
    upstream.on('error', () => socket.destroy())
    upstream.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      socket.pipe(upstream).pipe(socket)
    })
    socket.on('close', () => upstream.destroy())
  })
  return { ...(await opened(serve(server))), asked }
}

describe('a client behind a proxy', () => {
  it('reaches http and https targets, in HTTP/1.1 and HTTP/2, by tunnels it keeps', async () => {
    const between = await proxy()
    const plain = await opened(serveHttp((request, response) => response.end(request.url)))
    const safe = await https(SHOP)
    const h2 = await opened(
      serve(createSecureServer(SHOP, (request, response) => response.end(request.httpVersion))),
    )
    const through = { proxy: { url: between.url, authorization: 'Basic dTpw' } }
    const client = clientOf({ url: plain.url, ...through })
    for (let count = 0; count < 3; count += 1) {
      expect(await ask(client, { path: '/a' })).toMatchObject({ end: 'answered', text: '/a' })
    }
    expect(between.asked).toHaveLength(1)
    const tls = await ask(clientOf({ url: safe.https, tls: TLS, ...through }))
    expect(tls).toMatchObject({ end: 'answered' })
    const url = `https://127.0.0.1:${h2.port}`
    const answer = await ask(clientOf({ url, tls: TLS, http2: true, ...through }))
    expect(answer).toMatchObject({ end: 'answered', text: '2.0' })
    expect(between.asked.map((request) => request.url)).toEqual([
      `127.0.0.1:${plain.port}`,
      `127.0.0.1:${safe.port}`,
      `127.0.0.1:${h2.port}`,
    ])
    for (const { headers } of between.asked) {
      expect(headers['proxy-authorization']).toBe('Basic dTpw')
    }
  })
  const refusals = {
    407: 'the proxy: it wants user and password (407)',
    403: 'the proxy: it opens no tunnel to this place (403)',
    502: 'the proxy: it cannot reach the target (502)',
    429: 'the proxy: it refuses the tunnel (429)',
  }
  for (const [status, reason] of Object.entries(refusals)) {
    it(`says that it was refused with ${status}`, async () => {
      const between = await proxy(Number(status))
      const through = { proxy: { url: between.url } }
      const answer = await ask(clientOf({ url: 'http://shop.test', ...through }))
      expect(answer).toMatchObject({ end: 'unanswered', status: undefined, reason })
    })
  }
  it('tells a proxy that is not there, is none, or hangs up from the target', async () => {
    const away = await opened(serveTcp(() => undefined))
    await away.close()
    const gone = await ask(clientOf({ url: 'http://shop.test', proxy: { url: away.url } }))
    expect(gone.reason).toBe('the proxy: it refused the connection (ECONNREFUSED)')
    const none = await opened(serveTcp((socket) => socket.end('what?\r\n\r\n')))
    const garbage = await ask(clientOf({ url: 'http://shop.test', proxy: { url: none.url } }))
    expect(garbage.reason).toMatch(/^the proxy: /)
    const leaving = await opened(serveTcp((socket) => socket.destroy()))
    const left = await ask(clientOf({ url: 'http://shop.test', proxy: { url: leaving.url } }))
    expect(left.reason).toMatch(/^the proxy: /)
  })
  it('ends at the timeout where the proxy is silent, and leaves nothing open', async () => {
    const silent = await opened(serveTcp((socket) => socket.resume()))
    const client = clientOf({ url: 'https://shop.test', proxy: { url: silent.url } })
    expect(await ask(client, { timeoutMs: 50 })).toMatchObject({ end: 'timeout' })
    await silent.abandoned()
  })
  it('says that the name of the proxy cannot be resolved', async () => {
    const through = { proxy: { url: 'http://no-such-proxy.invalid:3128' } }
    const answer = await ask(clientOf({ url: 'http://shop.test', ...through }))
    expect(answer.reason).toContain('the proxy: its name cannot be resolved')
  })
  it('takes none that nobody named', async () => {
    const between = await proxy()
    const plain = await opened(serveHttp((_, response) => response.end('ok')))
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
    for (const name of names) process.env[name] = name.startsWith('NODE') ? '1' : between.url
    try {
      expect(await ask(clientOf({ url: plain.url }))).toMatchObject({ end: 'answered' })
    } finally {
      for (const name of names) delete process.env[name]
    }
    expect(between.accepted()).toBe(0)
  })
})
