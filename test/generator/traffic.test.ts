import { afterEach, describe, expect, it } from 'vitest'
import type { Arm } from '../../src/core/arm.ts'
import { orderOfArms } from '../../src/generator/twins.ts'
import {
  bodyOf,
  exchangeOf,
  ontologyOf,
  profileOf,
  recordTraffic,
  serveHttp,
  serveTcp,
  type ArmServer,
  type Listener,
  type Recorded,
} from './arm-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function http(listener: Listener): Promise<ArmServer> {
  const server = await serveHttp(listener)
  open.push(server)
  return server
}

function record(given: Parameters<typeof recordTraffic>[0]): Recorded {
  const recorded = recordTraffic(given)
  open.push(recorded.traffic)
  return recorded
}

function twins(baseline: ArmServer, canary: ArmServer) {
  return [
    { arm: 'baseline' as const, url: baseline.url },
    { arm: 'canary' as const, url: canary.url },
  ]
}

const HOME = ontologyOf('version: 1\nactions:\n  home: { request: { path: / } }\n')
const HOMES = [profileOf('u1', ['home'], ['home'], ['home'])]
const SINGLE = { kind: 'single-file', rate: 2_000 } as const

describe('createTraffic()', () => {
  it('refuses profiles of which nothing may be sent', () => {
    const given = { arms: [], ontology: HOME, profiles: HOMES, skipped: new Set(['home']) }
    expect(() => recordTraffic(given)).toThrow('none of 1 profiles has a step that may be sent')
  })
  it('keeps cookies and captures of the arms apart, and brings templates and identity along', async () => {
    const seen: Record<string, string[]> = { baseline: [], canary: [] }
    const shop =
      (arm: string): Listener =>
      async (request, response) => {
        const body = await bodyOf(request)
        const { cookie = '-', traceparent, host } = request.headers
        seen[arm]?.push(`${request.method} ${request.url} ${cookie} ${body}`)
        expect(request.headers['x-synthetic']).toBe('outrider')
        expect(traceparent).toMatch(/^00-\w{32}-\w{16}-01$/)
        expect(request.headers['user-agent']).toContain('Mobile')
        expect(host).toBe('shop.test')
        if (request.url === '/login') response.setHeader('set-cookie', `sid=${arm}; Path=/`)
        response.end(JSON.stringify({ cart: `c-${arm}` }))
      }
    const ontology = ontologyOf(`
version: 1
actions:
  login:
    request: { method: POST, path: /login, json: { who: "{{arm}}-{{session.id}}" } }
    capture: { cart: { json: $.cart } }
  pay: { request: { method: POST, path: "/carts/{{captured.cart}}", form: { n: "{{data.n}}" } } }
`)
    const [baseline, canary] = [await http(shop('baseline')), await http(shop('canary'))]
    const { traffic, until, sessions, steps } = record({
      arms: twins(baseline, canary).map((arm) => ({ ...arm, host: 'shop.test' })),
      ontology,
      profiles: [profileOf('u1', ['login'], ['pay', { n: 3 }])],
    })
    traffic.start(SINGLE)
    await until(() => sessions.length === 1)
    await traffic.stop()
    for (const arm of ['baseline', 'canary']) {
      expect(seen[arm]?.slice(0, 2)).toEqual([
        `POST /login - {"who":"${arm}-s1"}`,
        `POST /carts/c-${arm} sid=${arm} n=3`,
      ])
    }
    expect(steps[1]?.step).toMatchObject({ pair: 's1.2', session: 's1', previous: 'login' })
    expect(sessions[0]?.completed).toEqual(
      new Map([
        ['baseline', true],
        ['canary', true],
      ]),
    )
  })
  it('blocks later steps only in the arm where the capture failed', async () => {
    const ontology = ontologyOf(`
version: 1
actions:
  login: { request: { path: /login }, capture: { cart: { json: $.cart } } }
  pay: { request: { path: "/carts/{{captured.cart}}" } }
`)
    const good = await http((_, response) => response.end('{"cart":"c1"}'))
    const bad = await http((_, response) => response.end('{"cat":"c1"}'))
    const profiles = [profileOf('u1', ['login'], ['pay'])]
    const { traffic, until, sessions, steps, sent } = record({
      arms: twins(good, bad),
      ontology,
      profiles,
    })
    traffic.start(SINGLE)
    await until(() => sessions.length === 1)
    traffic.abort()
    const outcomes = (index: number): unknown[] =>
      (['baseline', 'canary'] as const).map(
        (arm) => exchangeOf(steps[index]?.exchanges ?? [], arm).outcome,
      )
    expect(outcomes(0)).toEqual(['ok', 'assertion_failed'])
    expect(outcomes(1)).toEqual(['ok', 'blocked'])
    expect(exchangeOf(steps[1]?.exchanges ?? [], 'canary').reason).toContain('captured.cart')
    expect(sent.filter(({ step }) => step.pair === 's1.2').map(({ arm }) => arm)).toEqual([
      'baseline',
    ])
    expect(sessions[0]?.completed).toEqual(
      new Map([
        ['baseline', true],
        ['canary', false],
      ]),
    )
  })
  it('counts latency from the intended moment: a stall of one user shows in the next step', async () => {
    let count = 0
    const stalling = await http((_, response) => {
      count += 1
      setTimeout(() => response.end('ok'), count === 1 ? 300 : 0)
    })
    const quick = await http((_, response) => response.end('ok'))
    const { traffic, until, steps } = record({
      arms: twins(quick, stalling),
      ontology: HOME,
      profiles: HOMES,
    })
    traffic.start({ kind: 'spaced', spacing: 'constant', rate: 100, concurrency: 1 })
    await until(() => steps.length >= 3)
    const counts = traffic.counts()
    await traffic.stop()
    const [first] = steps
    const stalledMs = exchangeOf(first?.exchanges ?? [], 'canary').latencyMs
    expect(stalledMs).toBeGreaterThan(290)
    expect(exchangeOf(first?.exchanges ?? [], 'baseline').latencyMs).toBeLessThan(stalledMs - 100)
    expect(counts.busy).toBeGreaterThan(20)
    expect(counts.due).toBe(counts.sent + counts.busy + counts.notSent)
    for (const { exchanges, step } of steps) {
      for (const { latencyMs, serviceMs, endedMs } of exchanges) {
        expect(latencyMs).toBeGreaterThanOrEqual(serviceMs)
        expect(endedMs - latencyMs).toBeCloseTo(step.intendedMs, 6)
      }
    }
  })
  it('counts a delay of its own as latency from the intended moment, not as service', async () => {
    const server = await http((_, response) => response.end('ok'))
    const { traffic, until, steps } = record({
      arms: [{ arm: 'baseline', url: server.url }],
      ontology: HOME,
      profiles: HOMES,
    })
    traffic.start({ kind: 'spaced', spacing: 'constant', rate: 100, concurrency: 40 })
    await until(() => steps.length >= 5)
    const stalledMs = performance.now()
    while (performance.now() < stalledMs + 150) continue
    await until(() => steps.length >= 40)
    await traffic.stop()
    const stalled = steps.filter(
      ({ step }) => step.intendedMs > stalledMs && step.intendedMs < stalledMs + 100,
    )
    expect(stalled.length).toBeGreaterThan(5)
    for (const { exchanges } of stalled) {
      for (const { latencyMs, serviceMs } of exchanges) {
        expect(latencyMs - serviceMs).toBeGreaterThan(40)
      }
    }
    expect(traffic.counts().notSent).toBe(0)
  })
  it('sends the twins in the order of the coin, one right after the other', async () => {
    const server = await http((_, response) => response.end('ok'))
    const { traffic, until, steps, sent } = record({
      arms: twins(server, server),
      ontology: HOME,
      profiles: HOMES,
      seed: 11,
    })
    traffic.start({ kind: 'closed', concurrency: 8 })
    await until(() => steps.length >= 300)
    await traffic.stop()
    const byPair = Map.groupBy(sent.slice(64), ({ step }) => step.pair)
    const whole = [...byPair].filter(([, twin]) => twin.length === 2)
    expect(whole.length).toBeGreaterThan(200)
    const arms = [{ arm: 'baseline' as Arm }, { arm: 'canary' as Arm }]
    for (const [pair, twin] of whole) {
      expect(twin.map(({ arm }) => arm)).toEqual(orderOfArms(11, pair, arms).map(({ arm }) => arm))
    }
  })
  it('never has two steps under way in single file', async () => {
    let [active, most] = [0, 0]
    const server = await http((_, response) => {
      active += 1
      most = Math.max(most, active)
      setTimeout(() => {
        active -= 1
        response.end('ok')
      }, 2)
    })
    const { traffic, until, steps } = record({
      arms: [{ arm: 'baseline', url: server.url }],
      ontology: HOME,
      profiles: HOMES,
    })
    traffic.start(SINGLE)
    await until(() => steps.length >= 40)
    await traffic.stop()
    expect(most).toBe(1)
  })
  it('plays the same sessions with the same requests for the same seed', async () => {
    const ontology = ontologyOf(`
version: 1
actions:
  a: { request: { path: "/a/{{data.n}}", query: { of: "{{session.id}}" } } }
  b: { request: { method: POST, path: /b, json: { n: "{{data.n}}" } } }
`)
    const profiles = Array.from({ length: 20 }, (_, n) =>
      profileOf(`u${n}`, ['a', { n }], ['b', { n }]),
    )
    const play = async (seed: number): Promise<string[]> => {
      const requests: string[] = []
      const server = await http(async (request, response) => {
        const body = await bodyOf(request)
        requests.push(`${request.url} ${body} ${String(request.headers.traceparent)}`)
        response.end('ok')
      })
      const arms = [{ arm: 'baseline' as const, url: server.url }]
      const { traffic, until, steps } = record({ arms, ontology, profiles, seed })
      traffic.start({ kind: 'closed', concurrency: 5 })
      await until(() => steps.length >= 100)
      await traffic.stop()
      const early = new Set(
        steps.map(({ step }) => step.session).filter((id) => Number(id.slice(1)) < 40),
      )
      expect(early.size).toBe(39)
      return requests.filter((line) => /of=s[1-3]?\d /.test(line)).toSorted()
    }
    const [once, again, other] = [await play(3), await play(3), await play(4)]
    expect(once).toEqual(again)
    expect(once).not.toEqual(other)
  })
  it('follows redirects only when the action says so, and only on the arm', async () => {
    const paths: string[] = []
    const far = await http((_, response) => response.end('far'))
    const server = await http(async (request, response) => {
      await bodyOf(request)
      paths.push(`${request.method} ${request.url} ${request.headers.cookie ?? '-'}`)
      if (request.url === '/in') {
        response.writeHead(303, { location: '/home?a=1', 'set-cookie': 'sid=1; Path=/' }).end()
      } else if (request.url === '/out') response.writeHead(302, { location: far.url }).end()
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end()
      else response.end('home')
    })
    const ontology = ontologyOf(`
version: 1
actions:
  stays: { request: { method: POST, path: /in, json: {} }, expect: { status: 303 } }
  follows: { request: { method: POST, path: /in, json: {} }, follow_redirects: 3, expect: { status: 200 } }
  leaves: { request: { path: /out }, follow_redirects: 3, expect: { status: 302 } }
  loops: { request: { path: /loop }, follow_redirects: 2, expect: { status: 302 } }
`)
    const { traffic, until, sessions, steps } = record({
      arms: [{ arm: 'baseline', url: server.url }],
      ontology,
      profiles: [profileOf('u1', ['stays'], ['follows'], ['leaves'], ['loops'])],
    })
    traffic.start(SINGLE)
    await until(() => sessions.length === 1)
    traffic.abort()
    expect(steps.slice(0, 4).map(({ exchanges }) => exchanges[0]?.outcome)).toEqual(
      Array.from({ length: 4 }, () => 'ok'),
    )
    expect(paths.slice(0, 7)).toEqual([
      'POST /in -',
      'POST /in sid=1',
      'GET /home?a=1 sid=1',
      'GET /out sid=1',
      'GET /loop sid=1',
      'GET /loop sid=1',
      'GET /loop sid=1',
    ])
    expect(far.accepted()).toBe(0)
  })
  it('ends as timeout, connect error or failed answer, and goes on', async () => {
    const hang = await serveTcp(() => undefined)
    const reset = await serveTcp((socket) => socket.resetAndDestroy())
    const cut = await serveTcp((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
    )
    open.push(hang, reset, cut)
    const { traffic, until, steps } = record({
      arms: [
        { arm: 'baseline', url: hang.url },
        { arm: 'canary', url: reset.url },
        { arm: 'control', url: cut.url },
      ],
      ontology: HOME,
      profiles: HOMES,
      timeoutMs: 400,
    })
    traffic.start(SINGLE)
    await until(() => steps.length === 3)
    await traffic.stop()
    for (const { exchanges } of steps.slice(0, 3)) {
      const [timeout, refused, broken] = (['baseline', 'canary', 'control'] as const).map((arm) =>
        exchangeOf(exchanges, arm),
      )
      expect(timeout?.outcome).toBe('timeout')
      expect(timeout?.serviceMs).toBeCloseTo(400, 3)
      expect(refused?.outcome).toBe('connect_error')
      expect(broken).toMatchObject({ outcome: 'http_error', status: 200, bytes: 4 })
    }
  })
})
