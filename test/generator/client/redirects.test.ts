import { describe, expect, it } from 'vitest'
import {
  exchangeOf,
  ontologyOf,
  profileOf,
  recordTraffic,
  serveHttp,
  type Listener,
} from '../arm-server.ts'
import type { Reach } from '../../../src/generator/client.ts'
import { opened } from './asking.ts'

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  go:
    kind: navigate
    request: { method: GET, path: /start }
    follow_redirects: 3
`)

async function play(listener: Listener, reach: Reach = {}) {
  const paths: (string | undefined)[] = []
  const { url } = await opened(
    serveHttp((request, response) => {
      paths.push(request.url)
      return listener(request, response)
    }),
  )
  const { traffic, steps, until } = recordTraffic({
    arms: [{ arm: 'baseline', url, ...reach }],
    ontology: ONTOLOGY,
    profiles: [profileOf('u1', ['go'])],
  })
  traffic.start({ kind: 'closed', concurrency: 1 })
  await until(() => steps.length > 0)
  await traffic.close()
  return { exchange: exchangeOf(steps[0]?.exchanges ?? [], 'baseline'), paths }
}

describe('redirects', () => {
  it('of a loop end where the action says, as an outcome', async () => {
    const { exchange, paths } = await play((request, response) => {
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' })
      response.end()
    })
    expect(exchange).toMatchObject({ outcome: 'http_error', status: 302 })
    expect(paths.slice(0, 4)).toEqual(['/start', '/a', '/b', '/a'])
  })
  it('lead home under the name of the Host, with the port of the address too', async () => {
    for (const origin of ['http://shop.test', 'http://shop.test:PORT', 'http://127.0.0.1:PORT']) {
      const { exchange, paths } = await play(
        (request, response) => {
          if (request.url === '/end') return response.end('ok')
          const port = String(request.socket.localPort)
          return response.writeHead(302, { location: `${origin.replace('PORT', port)}/end` }).end()
        },
        { host: 'shop.test' },
      )
      expect(exchange).toMatchObject({ outcome: 'ok', status: 200 })
      expect(paths.slice(0, 2)).toEqual(['/start', '/end'])
    }
  })
  it('lead home by https, with secure cookies, where TLS ends before the target', async () => {
    const seen: string[] = []
    const headers = { 'x-forwarded-proto': 'https' }
    const { exchange } = await play(
      (request, response) => {
        seen.push(`${request.url} ${request.headers.cookie ?? ''}`)
        if (request.url === '/end') return response.end('ok')
        const cookies = ['sid=1; Secure; Path=/', '__Host-a=2; Secure; Path=/; Domain=shop.test']
        const location = 'https://shop.test/end'
        return response.writeHead(303, { location, 'set-cookie': cookies }).end()
      },
      { host: 'shop.test', headers },
    )
    expect(exchange).toMatchObject({ outcome: 'ok', status: 200 })
    expect(seen.slice(0, 2)).toEqual(['/start ', '/end sid=1'])
  })
  it('lead nowhere by https where nobody said so', async () => {
    const { exchange } = await play(
      (_, response) => response.writeHead(302, { location: 'https://shop.test/end' }).end(),
      { host: 'shop.test' },
    )
    expect(exchange).toMatchObject({ status: 302 })
  })
  const away = [
    'http://169.254.169.254/latest/meta-data',
    'http://localhost:1/',
    '//other.test/',
    'https://127.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://[::1',
    '\u0001',
  ]
  for (const location of away) {
    it(`never leave the arm for ${JSON.stringify(location)}`, async () => {
      const { exchange } = await play((_, response) => {
        response.socket?.end(
          `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`,
        )
      })
      expect(exchange.status === 302 || exchange.outcome === 'connect_error').toBe(true)
    })
  }
})
