import { describe, expect, it } from 'vitest'
import {
  exchangeOf,
  ontologyOf,
  profileOf,
  recordTraffic,
  serveHttp,
  type Listener,
} from '../arm-server.ts'
import { opened } from './asking.ts'

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  go:
    kind: navigate
    request: { method: GET, path: /start }
    follow_redirects: 3
`)

async function play(listener: Listener) {
  const paths: (string | undefined)[] = []
  const { url } = await opened(
    serveHttp((request, response) => {
      paths.push(request.url)
      return listener(request, response)
    }),
  )
  const { traffic, steps, until } = recordTraffic({
    arms: [{ arm: 'baseline', url }],
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
