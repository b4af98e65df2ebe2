import { afterEach, describe, expect, it } from 'vitest'
import {
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

async function http(listener: Listener): Promise<ArmServer> {
  const server = await serveHttp(listener)
  open.push(server)
  return server
}

function record(server: ArmServer, given: Partial<Parameters<typeof recordTraffic>[0]>): Recorded {
  const recorded = recordTraffic({
    arms: [
      { arm: 'baseline', url: server.url },
      { arm: 'canary', url: server.url },
    ],
    ontology: HOME,
    profiles: [profileOf('u1', ['home'], ['home'], ['home'])],
    ...given,
  })
  open.push(recorded.traffic)
  return recorded
}

const HOME = ontologyOf('version: 1\nactions:\n  home: { request: { path: / } }\n')
const OK: Listener = (_, response) => response.end('ok')
const CLOSED = { kind: 'closed', concurrency: 6 } as const

describe('traffic', () => {
  it('abort() ends what is in flight at once, sends nothing more and leaves nothing open', async () => {
    const server = await http(() => undefined)
    const { traffic, until, steps, sent } = record(server, {})
    traffic.start(CLOSED)
    await until(() => sent.length === 12)
    expect(traffic.counts().inFlight).toBe(6)
    traffic.abort()
    expect(traffic.counts().inFlight).toBe(0)
    expect(steps).toHaveLength(6)
    for (const { exchanges } of steps) {
      expect(exchanges.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted'])
    }
    traffic.start(CLOSED)
    await traffic.stop()
    await traffic.close()
    await server.abandoned()
    expect(sent).toHaveLength(12)
  })
  it('stop() lets what is in flight end, and close() leaves no connection open', async () => {
    const server = await http((_, response) => setTimeout(() => response.end('ok'), 30))
    const { traffic, until, steps } = record(server, {})
    traffic.start(CLOSED)
    await until(() => steps.length >= 6)
    await traffic.stop()
    const ended = steps.length
    expect(traffic.counts().inFlight).toBe(0)
    for (const { exchanges } of steps) {
      expect(exchanges.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
    }
    await traffic.close()
    await server.abandoned()
    expect(steps).toHaveLength(ended)
  })
  it('changePace() waits for what is in flight, and open sessions go on', async () => {
    const server = await http((_, response) => setTimeout(() => response.end('ok'), 20))
    const { traffic, until, steps, sessions } = record(server, {})
    traffic.start(CLOSED)
    await until(() => steps.length === 6)
    await traffic.changePace({ kind: 'single-file', rate: 1_000 })
    expect(traffic.counts().inFlight).toBe(0)
    const before = steps.length
    await until(() => sessions.length >= 7)
    await traffic.stop()
    const later = steps.slice(before).map(({ step }) => Number(step.session.slice(1)))
    expect(later).toEqual(later.toSorted((left, right) => left - right))
    expect(new Set(steps.map(({ step }) => step.pair)).size).toBe(steps.length)
    expect(later.at(-1)).toBeGreaterThan(6)
  })
  it('cleans up at the end of a session, with the captures of the step it belongs to', async () => {
    const { server, paths, ontology } = await orders()
    const { traffic, until, sessions, steps } = record(server, {
      ontology,
      profiles: [profileOf('u1', ['order'], ['order'])],
    })
    traffic.start({ kind: 'single-file', rate: 1_000 })
    await until(() => sessions.length === 1)
    traffic.abort()
    expect(steps.slice(0, 4).map(({ step }) => step.action)).toEqual([
      'order',
      'order',
      'cancel',
      'cancel',
    ])
    expect(cancelled(paths)).toEqual(ordered(paths))
    expect(sessions[0]?.completed.get('canary')).toBe(true)
  })
  it('stop() cleans up sessions that it cuts short, unseen by the watcher', async () => {
    const { server, paths, ontology } = await orders()
    const { traffic, until, steps } = record(server, {
      ontology,
      profiles: [profileOf('u1', ...Array.from({ length: 50 }, () => ['order'] as const))],
    })
    traffic.start(CLOSED)
    await until(() => steps.length >= 20)
    await traffic.stop()
    expect(steps.every(({ step }) => step.action === 'order')).toBe(true)
    expect(ordered(paths)).toHaveLength(2 * steps.length)
    expect(cancelled(paths).length).toBeGreaterThanOrEqual(40)
    expect(cancelled(paths)).toEqual(ordered(paths))
  })
  it('pauses all arms when one of them asks for it', async () => {
    let [calls, asked] = [0, 0]
    const server = await http((_, response) => {
      calls += 1
      if (calls === 20) {
        asked = performance.now()
        response.writeHead(429, { 'retry-after': '1' })
      }
      response.end('ok')
    })
    const { traffic, until, steps, sent } = record(server, {})
    traffic.start({ kind: 'spaced', spacing: 'poisson', rate: 200, concurrency: 20 })
    await until(() => steps.some(({ step }) => step.intendedMs > asked + 900 && asked > 0))
    const counts = traffic.counts()
    await traffic.stop()
    const during = sent.filter(({ sentMs }) => sentMs > asked + 50 && sentMs < asked + 950)
    expect(during).toEqual([])
    expect(counts.busy).toBeGreaterThan(100)
    expect(counts.notSent).toBe(0)
  })
  it('holds the rate cap of each arm, whatever the pace asks for', async () => {
    const server = await http(OK)
    const { traffic, until, sent } = record(server, { maxRps: 200 })
    traffic.start({ kind: 'closed', concurrency: 50 })
    await until(() => sent.length > 0)
    await until(() => (sent.at(-1)?.sentMs ?? 0) - (sent[0]?.sentMs ?? 0) > 600)
    await traffic.stop()
    for (const arm of ['baseline', 'canary']) {
      const times = sent.filter((one) => one.arm === arm).map(({ sentMs }) => sentMs)
      const first = times[0] ?? 0
      const within = times.filter((time) => time <= first + 500).length
      expect(within).toBeLessThanOrEqual(200 * 0.75 + 2)
      expect(within).toBeGreaterThan(50)
    }
  })
  it('sends all arms of a step with three arms and waits for the slowest', async () => {
    const server = await http(OK)
    const slow = await http((_, response) => setTimeout(() => response.end('ok'), 40))
    const { traffic, until, steps } = record(server, {
      arms: [
        { arm: 'baseline', url: server.url },
        { arm: 'canary', url: server.url },
        { arm: 'control', url: slow.url },
      ],
    })
    traffic.start({ kind: 'single-file', rate: 1_000 })
    await until(() => steps.length === 4)
    await traffic.stop()
    for (const [index, { step }] of steps.slice(1).entries()) {
      const before = exchangeOf(steps[index]?.exchanges ?? [], 'control').endedMs
      expect(step.intendedMs).toBeGreaterThanOrEqual(before)
    }
  })
})

async function orders() {
  const paths: string[] = []
  let count = 0
  const server = await http((request, response) => {
    paths.push(`${request.method} ${request.url}`)
    count += 1
    if (request.method === 'POST') paths.push(`made ${count}`)
    response.end(JSON.stringify({ id: count }))
  })
  const ontology = ontologyOf(`
version: 1
actions:
  order:
    request: { method: POST, path: /orders, json: { of: "{{arm}}-{{session.id}}" } }
    capture: { order_id: { json: $.id } }
    cleanup: cancel
  cancel: { request: { method: DELETE, path: "/orders/{{captured.order_id}}" }, shared_state: ok }
`)
  return { server, paths, ontology }
}

function ordered(paths: readonly string[]): string[] {
  return paths
    .filter((line) => line.startsWith('made '))
    .map((line) => line.slice(5))
    .toSorted()
}

function cancelled(paths: readonly string[]): string[] {
  const prefix = 'DELETE /orders/'
  return paths
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length))
    .toSorted()
}
