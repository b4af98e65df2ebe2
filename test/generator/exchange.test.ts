import { afterEach, describe, expect, it } from 'vitest'
import type { Remembered } from '../../src/generator/traffic.ts'
import {
  bodyOf,
  exchangeOf,
  ontologyOf,
  profileOf,
  recordTraffic,
  serveHttp,
  type ArmServer,
  type Listener,
  type Recorded,
} from './arm-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  login: { request: { path: /login }, follow_redirects: 2 }
  pay: { request: { method: POST, path: /pay, json: { sku: S1 } } }
`)
const PROFILES = [profileOf('u1', ['login'], ['pay'])]

async function played(
  listener: Listener,
  remembers: (action: string) => boolean,
): Promise<Recorded['steps']> {
  const server: ArmServer = await serveHttp(listener)
  const { traffic, until, sessions, steps } = recordTraffic({
    arms: [
      { arm: 'baseline', url: server.url },
      { arm: 'canary', url: `${server.url}/base` },
    ],
    ontology: ONTOLOGY,
    profiles: PROFILES,
    remembers,
  })
  open.push(traffic, server)
  traffic.start({ kind: 'single-file', rate: 2_000 })
  await until(() => sessions.length === 1)
  await traffic.stop()
  return steps
}

const shop: Listener = async (request, response) => {
  const body = await bodyOf(request)
  if (request.url?.endsWith('/login')) {
    response.writeHead(302, { location: '/home', 'set-cookie': 'sid=1' }).end()
    return
  }
  response.setHeader('x-seen', request.method ?? '')
  response.end(body === '' ? 'home' : 'x'.repeat(100_000))
}

function textOf({ chunks }: Remembered): string {
  return Buffer.concat(chunks).toString()
}

describe('an exchange that is remembered', () => {
  it('is not where nobody asked for it, and asking is once a step for all arms', async () => {
    const asked: string[] = []
    const steps = await played(shop, (action) => {
      asked.push(action)
      return action === 'pay'
    })
    expect(asked.slice(0, 2)).toEqual(['login', 'pay'])
    for (const arm of ['baseline', 'canary'] as const) {
      expect(exchangeOf(steps[0]?.exchanges ?? [], arm)).not.toHaveProperty('remembered')
      expect(exchangeOf(steps[1]?.exchanges ?? [], arm)).toHaveProperty('remembered')
    }
  })
  it('hands over the request with its cookies and the beginning of the answer', async () => {
    const steps = await played(shop, () => true)
    const { remembered } = exchangeOf(steps[1]?.exchanges ?? [], 'canary')
    expect(remembered?.request).toMatchObject({ method: 'POST', path: '/base/pay' })
    expect(remembered?.request.body?.toString()).toBe('{"sku":"S1"}')
    const { headers = [] } = remembered?.request ?? {}
    expect(headers[headers.indexOf('cookie') + 1]).toBe('sid=1')
    expect(remembered?.headers['x-seen']).toBe('POST')
    expect(remembered?.bodyBytes).toBe(100_000)
    expect(remembered && textOf(remembered)).toBe('x'.repeat(4096))
  })
  it('has the first request and the last answer where it was redirected', async () => {
    const steps = await played(shop, () => true)
    const { remembered, status } = exchangeOf(steps[0]?.exchanges ?? [], 'baseline')
    expect(status).toBe(200)
    expect(remembered?.request).toMatchObject({ method: 'GET', path: '/login' })
    expect(remembered && textOf(remembered)).toBe('home')
  })
  it('has a request and no answer where none came', async () => {
    const steps = await played(
      (request) => request.socket.destroy(),
      () => true,
    )
    const { remembered, outcome } = exchangeOf(steps[1]?.exchanges ?? [], 'canary')
    expect(outcome).toBe('connect_error')
    expect(remembered).toMatchObject({ headers: {}, chunks: [], bodyBytes: 0 })
  })
})
