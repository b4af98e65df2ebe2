import { afterEach, describe, expect, it } from 'vitest'
import type { Arm } from '../../../src/core/arm.ts'
import type { Exchange } from '../../../src/generator/traffic.ts'
import { isRepeated, orderOfArms } from '../../../src/generator/twins.ts'
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
} from '../arm-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function http(listener: Listener): Promise<ArmServer> {
  const server = await serveHttp(listener)
  open.push(server)
  return server
}

const SHOP = ontologyOf(`
version: 1
actions:
  home: { request: { path: /, query: { of: "{{session.id}}" } } }
  token: { request: { path: /token }, capture: { token: { json: $.token } } }
  use: { request: { path: "/use/{{captured.token}}" } }
  order: { request: { method: POST, path: /orders, json: { of: "{{arm}}" } }, shared_state: ok }
  move: { request: { path: /move }, follow_redirects: 1 }
`)
const COMPARED = new Set(SHOP.actions.keys())
const HOMES = [profileOf('u1', ['home'], ['home'], ['home'])]
const SINGLE = { kind: 'single-file', rate: 2_000 } as const

type Given = Partial<Parameters<typeof recordTraffic>[0]>

function record(baseline: ArmServer, canary: ArmServer, given: Given = {}): Recorded {
  const recorded = recordTraffic({
    arms: [
      { arm: 'baseline', url: baseline.url },
      { arm: 'canary', url: canary.url },
    ],
    ontology: SHOP,
    profiles: HOMES,
    compared: COMPARED,
    repeatShare: 1,
    ...given,
  })
  open.push(recorded.traffic)
  return recorded
}

function isTwice({ repeats }: Recorded['steps'][number]): boolean {
  return repeats.length > 0
}

function outcomesOf(exchanges: readonly Exchange[]): string[] {
  return exchanges.map(({ arm, outcome }) => `${arm} ${outcome}`).toSorted()
}

describe('repeats', () => {
  it('are not sent without a share, and not for actions whose answers nobody compares', async () => {
    let requests = 0
    const server = await http((_, response) => {
      requests += 1
      response.end('ok')
    })
    for (const given of [{ repeatShare: 0 }, { compared: new Set(['use']) }]) {
      requests = 0
      const { traffic, until, steps } = record(server, server, given)
      traffic.start(SINGLE)
      await until(() => steps.length === 10)
      await traffic.stop()
      expect(requests).toBe(2 * steps.length)
      expect(steps.some(isTwice)).toBe(false)
    }
  })
  it('send the same request to both twins once more, and keep nothing of its answer', async () => {
    const seen: Record<string, string[]> = { baseline: [], canary: [] }
    const shop = (arm: string): Listener => {
      let answers = 0
      return (request, response) => {
        answers += 1
        const { cookie = '-', traceparent } = request.headers
        seen[arm]?.push(`${request.url} ${cookie} ${String(traceparent)}`)
        response.setHeader('set-cookie', `last=${answers}; Path=/`)
        response.end(JSON.stringify({ token: `t${answers}` }))
      }
    }
    const { traffic, until, steps, sessions } = record(
      await http(shop('baseline')),
      await http(shop('canary')),
      { profiles: [profileOf('u1', ['token'], ['use'], ['home'])] },
    )
    traffic.start(SINGLE)
    await until(() => sessions.length === 1)
    traffic.abort()
    for (const arm of ['baseline', 'canary']) {
      const asked = seen[arm]?.slice(0, 6) ?? []
      expect(asked.filter((_, index) => index % 2 === 1)).toEqual(
        asked.filter((_, index) => index % 2 === 0),
      )
      expect(asked.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
        '/token -',
        '/token -',
        '/use/t1 last=1',
        '/use/t1 last=1',
        '/?of=s1 last=3',
        '/?of=s1 last=3',
      ])
    }
    expect(steps[0]?.repeats.map(({ arm }) => arm).toSorted()).toEqual(['baseline', 'canary'])
  })
  it('keep whole bodies of first and second answers', async () => {
    const body = 'x'.repeat(200_000)
    const server = await http((_, response) => response.end(body))
    const { traffic, until, steps } = record(server, server)
    traffic.start(SINGLE)
    await until(() => steps.length === 2)
    traffic.abort()
    const [first] = steps
    for (const arm of ['baseline', 'canary'] as const) {
      for (const exchanges of [first?.exchanges ?? [], first?.repeats ?? []]) {
        const { remembered } = exchangeOf(exchanges, arm)
        expect(Buffer.concat(remembered?.chunks ?? []).toString()).toBe(body)
      }
    }
  })
  it('follow redirects with the cookies of the user as they are', async () => {
    const seen: string[] = []
    const server = await http((request, response) => {
      seen.push(`${request.url} ${request.headers.cookie ?? '-'}`)
      if (request.url === '/move') {
        response.writeHead(302, { location: '/there', 'set-cookie': `n=${seen.length}; Path=/` })
      }
      response.end('ok')
    })
    const quiet = await http((_, response) => response.end('ok'))
    const { traffic, until, sessions } = record(server, quiet, {
      profiles: [profileOf('u1', ['move'])],
    })
    traffic.start(SINGLE)
    await until(() => sessions.length === 1)
    traffic.abort()
    expect(seen.slice(0, 4)).toEqual(['/move -', '/there n=1', '/move -', '/there n=1'])
  })
  it('go out on another connection where there is one', async () => {
    const ports = new Map<string, (number | undefined)[]>()
    const server = await http((request, response) => {
      const id = String(request.headers.traceparent)
      ports.set(id, [...(ports.get(id) ?? []), request.socket.remotePort])
      response.end('ok')
    })
    const quiet = await http((_, response) => response.end('ok'))
    const { traffic, until, steps } = record(server, quiet)
    traffic.start({ kind: 'closed', concurrency: 4 })
    await until(() => steps.length >= 8)
    await traffic.changePace(SINGLE)
    ports.clear()
    const before = steps.length
    await until(() => steps.length >= before + 20)
    traffic.abort()
    const twice = [...ports.values()].filter((used) => used.length === 2)
    expect(twice.length).toBeGreaterThanOrEqual(20)
    expect(twice.every(([first, second]) => first !== second)).toBe(true)
  })
  it('are the pairs of the coin, in the order of a coin of their own', async () => {
    const asked = new Map<string, Arm[]>()
    const shop =
      (arm: Arm): Listener =>
      (request, response) => {
        const { traceparent } = request.headers
        const id = String(traceparent).split('-')[1] ?? ''
        asked.set(id, [...(asked.get(id) ?? []), arm])
        response.end('ok')
      }
    const { traffic, until, steps } = record(
      await http(shop('baseline')),
      await http(shop('canary')),
      { seed: 5, repeatShare: 0.3 },
    )
    traffic.start(SINGLE)
    await until(() => steps.length >= 400)
    await traffic.stop()
    const whole = steps.slice(0, 400)
    for (const step of whole) {
      expect(isTwice(step)).toBe(isRepeated(5, step.step.pair, 0.3))
    }
    const share = whole.filter(isTwice).length / whole.length
    expect(Math.abs(share - 0.3)).toBeLessThan(0.08)
    const arms = [{ arm: 'baseline' as Arm }, { arm: 'canary' as Arm }]
    for (const { step, repeats } of whole.filter(isTwice)) {
      const inOrder = repeats.toSorted((left, right) => left.sentMs - right.sentMs)
      const coin = orderOfArms(5, `${step.pair}:repeat`, arms).map(({ arm }) => arm)
      expect(inOrder.map(({ arm }) => arm)).toEqual(coin)
    }
    expect([...asked.values()].every((order) => order.length === 2 || order.length === 4)).toBe(
      true,
    )
  })
  it('are never sent for what changes something, nor where an arm failed', async () => {
    const paths: string[] = []
    const good = await http(async (request, response) => {
      await bodyOf(request)
      paths.push(`${request.method} ${request.url?.split('?')[0]}`)
      response.end('{"token":"t"}')
    })
    const bad = await http(async (request, response) => {
      await bodyOf(request)
      response.statusCode = request.url?.startsWith('/?') ? 500 : 200
      response.end('{"token":"t"}')
    })
    const { traffic, until, sessions, steps } = record(good, bad, {
      profiles: [profileOf('u1', ['order'], ['home'], ['token'])],
    })
    traffic.start(SINGLE)
    await until(() => sessions.length === 1)
    traffic.abort()
    expect(paths.slice(0, 4)).toEqual(['POST /orders', 'GET /', 'GET /token', 'GET /token'])
    expect(steps.slice(0, 3).map(isTwice)).toEqual([false, false, true])
  })
  it('change no latency, are told with their step alone, and the next step waits for them', async () => {
    let [active, most, asked] = [0, 0, 0]
    const slowTwice: Listener = (_, response) => {
      asked += 1
      active += 1
      most = Math.max(most, active)
      setTimeout(
        () => {
          active -= 1
          response.end('ok')
        },
        asked % 2 === 0 ? 60 : 0,
      )
    }
    const quick = await http((_, response) => response.end('ok'))
    const ended: string[] = []
    const { traffic, until, steps, sent } = record(quick, await http(slowTwice), {
      watcher: {
        sent: () => undefined,
        ended: (step, { arm }) => ended.push(`${step.pair} ${arm}`),
        step: () => undefined,
        session: () => undefined,
      },
    })
    traffic.start(SINGLE)
    await until(() => steps.length === 6)
    traffic.abort()
    expect(most).toBe(1)
    const whole = steps.slice(0, 6)
    expect(new Set(ended).size).toBe(ended.length)
    for (const { step, exchanges, repeats } of whole) {
      expect(sent.filter((one) => one.step.pair === step.pair)).toHaveLength(2)
      expect(exchangeOf(exchanges, 'canary').latencyMs).toBeLessThan(55)
      expect(exchangeOf(repeats, 'canary').serviceMs).toBeGreaterThan(55)
      expect(exchangeOf(repeats, 'canary').latencyMs).toBeGreaterThan(55)
    }
    for (const [index, { step }] of whole.slice(1).entries()) {
      const before = exchangeOf(whole[index]?.repeats ?? [], 'canary').endedMs
      expect(step.intendedMs).toBeGreaterThanOrEqual(before)
    }
  })
  it('may fail without harm to the session, whose captures and outcome stay', async () => {
    let asked = 0
    const fragile = await http((_, response) => {
      asked += 1
      response.statusCode = asked % 2 === 0 ? 500 : 200
      response.end('{"token":"t"}')
    })
    const { traffic, until, sessions, steps } = record(fragile, fragile, {
      profiles: [profileOf('u1', ['token'], ['use'])],
      arms: [
        { arm: 'baseline', url: fragile.url },
        { arm: 'canary', url: (await http((_, response) => response.end('{"token":"t"}'))).url },
      ],
    })
    traffic.start(SINGLE)
    await until(() => sessions.length === 1)
    traffic.abort()
    expect(steps.slice(0, 2).map(({ repeats }) => outcomesOf(repeats))).toEqual([
      ['baseline http_error', 'canary ok'],
      ['baseline http_error', 'canary ok'],
    ])
    expect([...(sessions[0]?.completed.values() ?? [])]).toEqual([true, true])
  })
})

describe('repeats and the end of things', () => {
  it('hold the rate cap of each arm together with the steps', async () => {
    const times: number[] = []
    const counting = await http((_, response) => {
      times.push(performance.now())
      response.end('ok')
    })
    const other = await http((_, response) => response.end('ok'))
    const { traffic, until, steps } = record(counting, other, { maxRps: 200, repeatShare: 0.5 })
    traffic.start({ kind: 'closed', concurrency: 50 })
    await until(() => (times.at(-1) ?? 0) - (times[0] ?? 0) > 700)
    await traffic.stop()
    const first = times[0] ?? 0
    const within = times.filter((time) => time <= first + 500).length
    // What was admitted may arrive a little later than it was sent.
    expect(within).toBeLessThanOrEqual(200 * 0.75 + 30)
    expect(within).toBeGreaterThan(50)
    const share = steps.filter(isTwice).length / steps.length
    expect(Math.abs(share - 0.5)).toBeLessThan(0.2)
  })
  it('abort() in the middle of a repeat ends it at once and leaves nothing open', async () => {
    let asked = 0
    const server = await http((_, response) => {
      asked += 1
      if (asked <= 2) response.end('ok')
    })
    const { traffic, until, steps } = record(server, server)
    const middle = Promise.withResolvers<void>()
    traffic.start(SINGLE)
    const looking = setInterval(() => {
      if (asked === 4) middle.resolve()
    }, 5)
    await middle.promise
    clearInterval(looking)
    expect(steps).toHaveLength(0)
    expect(traffic.counts().inFlight).toBe(1)
    traffic.abort()
    await until(() => steps.length === 1)
    expect(outcomesOf(steps[0]?.exchanges ?? [])).toEqual(['baseline ok', 'canary ok'])
    expect(outcomesOf(steps[0]?.repeats ?? [])).toEqual(['baseline aborted', 'canary aborted'])
    expect(traffic.counts().inFlight).toBe(0)
    await traffic.stop()
    await traffic.close()
    await server.abandoned()
    expect(asked).toBe(4)
  })
  it('stop() lets a repeat end, and starts none any more', async () => {
    const server = await http((_, response) => setTimeout(() => response.end('ok'), 20))
    const { traffic, until, steps, sent } = record(server, server)
    traffic.start({ kind: 'closed', concurrency: 5 })
    await until(() => sent.length >= 10)
    await traffic.stop()
    expect(traffic.counts().inFlight).toBe(0)
    expect(steps).toHaveLength(5)
    expect(steps.some(isTwice)).toBe(false)
  })
  it('changePace() does not wait for a repeat that the limits hold back', async () => {
    const server = await http((_, response) => response.end('ok'))
    // The burst admits one request; the next one would have to wait for five seconds.
    const { traffic, until, steps, sent } = record(server, server, { maxRps: 0.2 })
    traffic.start(SINGLE)
    await until(() => sent.length === 2)
    let changed = false
    const looking = setInterval(() => {
      if (changed) return
      changed = true
      void traffic.changePace({ kind: 'single-file', rate: 1 })
    }, 50)
    await until(() => steps.length === 1)
    clearInterval(looking)
    expect(steps[0]).toMatchObject({ repeats: [] })
    expect(traffic.counts().inFlight).toBe(0)
  })
  it('pause all arms when the second answer asks for it', async () => {
    let [asked, saidMs] = [0, 0]
    const server = await http((_, response) => {
      asked += 1
      if (asked === 4) {
        saidMs = performance.now()
        response.writeHead(429, { 'retry-after': '1' })
      }
      response.end('ok')
    })
    const { traffic, until, sent, steps } = record(server, server)
    traffic.start(SINGLE)
    await until(() => steps.length === 2)
    await traffic.stop()
    expect(outcomesOf(steps[0]?.repeats ?? []).filter((one) => one.endsWith(' ok'))).toHaveLength(1)
    expect(sent[2]?.sentMs).toBeGreaterThan(saidMs + 900)
  })
})
