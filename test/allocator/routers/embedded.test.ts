import { createHash, randomBytes } from 'node:crypto'
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createEmbeddedAdapter,
  type EmbeddedOptions,
} from '../../../src/allocator/routers/embedded.ts'
import { createRouter, type Router } from '../../../src/allocator/routers/router.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import {
  serve,
  serveHttp,
  serveTcp,
  type ArmServer,
  type Listener,
} from '../../generator/arm-server.ts'
import { CERTIFICATE, KEY } from '../../generator/certificate.ts'

const toClose: { close(): Promise<void> }[] = []
const agents: Agent[] = []
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy()
  for (const part of toClose.splice(0).toReversed()) await part.close()
})

async function arm(listener: Listener): Promise<ArmServer> {
  const server = await serveHttp(listener)
  toClose.push(server)
  return server
}

async function proxy(
  baseline: string,
  canary: string,
  more: Partial<EmbeddedOptions> = {},
): Promise<Router & { readonly at: string }> {
  const adapter = createEmbeddedAdapter({
    name: 'local',
    settings: { kind: 'embedded', listen: '127.0.0.1:0', target: 'shop' },
    clock: systemClock,
    baseline: { url: baseline },
    canary: { url: canary },
    ...more,
  })
  const router = createRouter('local', adapter, systemClock)
  await router.open()
  toClose.push(router)
  return Object.assign(router, { at: router.url() ?? '' })
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

function ask(url: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text }),
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

const fine: Listener = (_request, response) => response.end('fine')

/** The address of a port on which nobody listens any more. */
async function nobody(): Promise<string> {
  const server = await serveHttp(fine)
  await server.close()
  return server.url
}

describe('createEmbeddedAdapter()', () => {
  it('cannot be read from another process, nor listen where someone does', async () => {
    const { url } = await arm(fine)
    const settings = { kind: 'embedded', listen: url.slice(7), target: 'shop' } as const
    const options = { name: 'local', settings, clock: systemClock }
    const adapter = createEmbeddedAdapter({ ...options, baseline: { url }, canary: { url } })
    const router = createRouter('local', adapter, systemClock)
    expect(await router.read()).toMatchObject({ error: { code: 'router-elsewhere' } })
    await expect(router.set(500)).rejects.toMatchObject({ code: 'router-elsewhere' })
    await expect(router.open()).rejects.toMatchObject({ code: 'router-listen' })
    expect(await router.preflight()).toMatchObject([
      { level: 'error', code: 'router-listen', mend: expect.stringContaining('another address') },
      { level: 'ok', code: 'backend-up' },
      { level: 'ok', code: 'backend-up' },
    ])
  })

  it('gives a user without an id a cookie, and keeps the user where it sent it', async () => {
    const baseline = await arm((_request, response) => response.end('baseline'))
    const canary = await arm((_request, response) => response.end('canary'))
    const router = await proxy(baseline.url, canary.url)
    await router.set(5000)
    for (let user = 0; user < 20; user += 1) {
      const first = await ask(router.at)
      const [cookie = ''] = first.headers['set-cookie'] ?? []
      expect(cookie).toMatch(/^outrider_user=[\w-]{36}; Path=\/; Max-Age=604800; HttpOnly/)
      const again = await ask(router.at, { headers: { cookie: cookie.split(';')[0] ?? '' } })
      expect(again.body).toBe(first.body)
      expect(again.headers['set-cookie']).toBeUndefined()
    }
    const { users, baseline: one, canary: other } = await router.counts()
    expect((users?.baseline ?? 0) + (users?.canary ?? 0)).toBe(20)
    expect(one.requests + other.requests).toBe(40)
    expect((one.latency?.count ?? 0) + (other.latency?.count ?? 0)).toBe(40)
  })

  it('keeps connections alive on both sides', async () => {
    const baseline = await arm(fine)
    const router = await proxy(baseline.url, baseline.url)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    const sockets = new Set<Socket>()
    agent.on('free', (socket: Socket) => sockets.add(socket))
    for (let index = 0; index < 10; index += 1) await ask(router.at, { agent })
    expect(baseline.accepted()).toBe(1)
    expect(sockets.size).toBe(1)
  })

  it('streams bodies both ways, before they end', async () => {
    const baseline = await arm((incoming, response) => {
      incoming.pipe(response)
    })
    const router = await proxy(baseline.url, baseline.url)
    const parts: string[] = []
    await new Promise<void>((resolve, reject) => {
      const sent = request(router.at, { method: 'POST' }, (response) => {
        response.setEncoding('utf8').on('data', (part: string) => {
          parts.push(part)
          // The second part is sent only when the first has come back.
          if (part === 'one') sent.end('two')
        })
        response.once('end', resolve)
        response.once('error', reject)
      })
      sent.once('error', reject)
      sent.write('one')
    })
    expect(parts).toEqual(['one', 'two'])
  })

  it('passes large bodies on to the byte', async () => {
    const sums: string[] = []
    const body = randomBytes(3_000_000).toString('base64')
    const baseline = await arm(async (incoming, response) => {
      const sum = createHash('sha256')
      for await (const part of incoming) sum.update(String(part))
      sums.push(sum.digest('hex'))
      response.end(body)
    })
    const router = await proxy(baseline.url, baseline.url)
    const headers = { 'content-length': body.length }
    const answer = await ask(router.at, { method: 'PUT', headers }, body)
    expect(answer.body === body).toBe(true)
    expect(sums).toEqual([createHash('sha256').update(body).digest('hex')])
  })

  it('answers 502 for an arm that is down, counts it, and does not ask the other one', async () => {
    const baseline = await arm(fine)
    const router = await proxy(baseline.url, await nobody())
    await router.set(10_000)
    expect(await ask(router.at)).toMatchObject({ status: 502 })
    expect(await router.counts()).toMatchObject({
      baseline: { requests: 0 },
      canary: { requests: 1, serverErrors: 1 },
    })
    expect(await router.read()).not.toHaveProperty('effectiveBp')
    await router.set(5000)
    expect(await router.read()).toMatchObject({ configuredBp: 5000, effectiveBp: 0 })
    const warnings = (await router.preflight()).filter(({ level }) => level === 'warning')
    expect(warnings).toMatchObject([{ code: 'canary-down', message: /^canary / }])
  })

  it('sends a read again that met a closing connection, but never a write', async () => {
    let requests = 0
    // Answers the first request of a connection and drops the connection at the second.
    const dropping = await serveTcp((socket) => {
      let seen = 0
      socket.on('data', () => {
        requests += 1
        seen += 1
        if (seen === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
        else socket.destroy()
      })
    })
    toClose.push(dropping)
    const router = await proxy(dropping.url, dropping.url)
    expect((await ask(router.at)).status).toBe(200)
    expect((await ask(router.at)).status).toBe(200)
    expect(requests).toBe(3)
    expect((await ask(router.at)).status).toBe(200)
    const post = { method: 'POST', headers: { 'content-length': 1 } }
    const statuses = [
      (await ask(router.at, post, 'x')).status,
      (await ask(router.at, post, 'x')).status,
    ]
    expect(statuses).toContain(502)
    expect((await router.counts()).baseline.serverErrors).toBe(
      statuses.filter((status) => status === 502).length,
    )
  })

  it.each([
    ['garbage', 'what?\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 042 Odd\r\ncontent-length: 0\r\n\r\n'],
  ])('answers 502 to %s', async (_what, text) => {
    const server = await serveTcp((socket) => socket.once('data', () => socket.end(text)))
    toClose.push(server)
    const router = await proxy(server.url, server.url)
    expect(await ask(router.at)).toMatchObject({ status: 502 })
    expect((await router.counts()).baseline.serverErrors).toBe(1)
  })

  it('cuts an answer that the arm cut, so that nobody takes it for whole', async () => {
    const server = await serveTcp((socket) =>
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
      ),
    )
    toClose.push(server)
    const router = await proxy(server.url, server.url)
    await expect(ask(router.at)).rejects.toThrow('aborted')
    expect((await router.counts()).baseline.serverErrors).toBe(1)
  })

  it('gives up at the arm what the user gave up, without blaming the arm', async () => {
    const baseline = await arm(() => undefined)
    const router = await proxy(baseline.url, baseline.url)
    const sent = request(router.at)
    sent.on('error', () => undefined)
    sent.end()
    await expect.poll(() => baseline.connections()).toBe(1)
    sent.destroy()
    await baseline.abandoned()
    expect((await router.counts()).baseline).toEqual({ requests: 1, serverErrors: 0 })
  })

  it('does not let a body pass for a second request', async () => {
    const seen: (string | undefined)[] = []
    const { url } = await arm((incoming, response) => {
      seen.push(incoming.url)
      incoming.resume()
      incoming.once('end', () => response.end('fine'))
    })
    const router = await proxy(url, url)
    const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'
    const headers = { connection: 'content-length', 'content-length': hidden.length }
    expect((await ask(`${router.at}/open`, { headers }, hidden)).status).toBe(200)
    expect((await ask(`${router.at}/next`)).status).toBe(200)
    expect(seen).toEqual(['/open', '/next'])
  })

  it('finishes what is under way before it closes', async () => {
    let answer: (() => void) | undefined
    const baseline = await arm((_request, response) => {
      answer = () => response.end('late')
    })
    const router = await proxy(baseline.url, baseline.url)
    const asked = ask(router.at)
    await expect.poll(() => answer).toBeDefined()
    const closing = router.close()
    answer?.()
    expect(await asked).toMatchObject({ status: 200, body: 'late' })
    await closing
    await expect(ask(router.at)).rejects.toThrow('ECONNREFUSED')
  })

  it('ends at the end of its grace what never ends', async () => {
    const baseline = await arm(() => undefined)
    const router = await proxy(baseline.url, baseline.url, { graceMs: 50 })
    const asked = ask(router.at)
    await expect.poll(() => baseline.connections()).toBe(1)
    await Promise.all([expect(asked).rejects.toThrow(), router.close()])
  })

  it('speaks TLS to an arm whose authority it was given', async () => {
    const server = { key: KEY, cert: CERTIFICATE }
    const secure = await serve(
      createSecureServer(server, (_request, response) => response.end('secret')),
    )
    toClose.push(secure)
    const url = secure.url.replace('http:', 'https:')
    const known = { url, ca: CERTIFICATE, host: 'shop.test' }
    const router = await proxy(url, url, { baseline: known })
    expect((await ask(router.at)).body).toBe('secret')
    await router.set(10_000)
    expect((await ask(router.at)).status).toBe(502)
  })
})

/** A WebSocket server that echoes bytes once the handshake is made. */
function echo(name: string): Promise<ArmServer> {
  return serveTcp((socket) => {
    socket.once('data', (head) => {
      const key = /sec-websocket-key: (\S+)/i.exec(head.toString())?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\nX-Arm: ${name}\r\n\r\n`,
      )
      socket.on('data', (bytes) => socket.write(bytes))
    })
  })
}

function handshake(url: string): { socket: Socket; saw(text: string): Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
  })
  socket.on('error', () => undefined)
  socket.write(
    'GET /live HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  return {
    socket,
    saw: async (part) => {
      await expect.poll(() => text).toContain(part)
      return text
    },
  }
}

describe('a WebSocket through the embedded proxy', () => {
  it('is passed on byte for byte, and abort() ends those of the canary only', async () => {
    const arms = [await echo('baseline'), await echo('canary')] as const
    toClose.push(...arms)
    const router = await proxy(arms[0].url, arms[1].url)
    const stays = handshake(router.at)
    // The example handshake of RFC 6455, section 1.3.
    expect(await stays.saw('\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 101 [^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/,
    )
    await router.set(10_000)
    const goes = handshake(router.at)
    await goes.saw('X-Arm: canary')
    goes.socket.write('to the canary')
    await goes.saw('to the canary')
    const ended = new Promise((resolve) => goes.socket.once('close', resolve))
    await router.abort()
    await ended
    stays.socket.write('still here')
    await stays.saw('still here')
    stays.socket.destroy()
    await arms[0].abandoned()
    expect(await router.counts()).toMatchObject({
      baseline: { requests: 1, serverErrors: 0 },
      canary: { requests: 1, serverErrors: 0 },
    })
  })

  it('that the arm refuses is refused in the arm’s words', async () => {
    const { url } = await arm((_request, response) => {
      response.statusCode = 403
      response.end('not you')
    })
    const router = await proxy(url, url)
    const refused = await handshake(router.at).saw('not you')
    expect(refused).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  })

  it('to an arm that is down is a 502', async () => {
    const url = await nobody()
    const router = await proxy(url, url)
    await handshake(router.at).saw('HTTP/1.1 502')
    expect((await router.counts()).baseline.serverErrors).toBe(1)
  })

  it('that asks for another protocol is an ordinary request', async () => {
    const seen: IncomingMessage['headers'][] = []
    const { url } = await arm((incoming, response) => {
      seen.push(incoming.headers)
      response.end('plain')
    })
    const router = await proxy(url, url)
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'x' }
    expect((await ask(router.at, { headers })).body).toBe('plain')
    expect(seen[0]).not.toHaveProperty('upgrade')
    expect(seen[0]).not.toHaveProperty('http2-settings')
  })
})
