import { afterEach, describe, expect, it } from 'vitest'
import { paceOfShard, type Pace } from '../../../src/generator/schedule.ts'
import { bodyOf, ontologyOf, profileOf, recordTraffic, serveHttp } from '../arm-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const ONTOLOGY = ontologyOf(`
version: 1
identity: { user_agent: by_device, accept_language: by_geo, geo_header: x-country }
actions:
  enter: { request: { method: POST, path: /enter, json: { who: "{{session.id}}", n: "{{data.n}}" } }, capture: { key: { json: $.key } }, shared_state: ok }
  look: { request: { path: "/look/{{data.n}}", query: { key: "{{captured.key}}" }, headers: { x-user: "{{profile.user_id}}" } } }
  leave: { request: { path: "/leave/{{session.id}}" } }
`)
const PROFILES = Array.from({ length: 12 }, (_, n) =>
  profileOf(`u${n}`, ['enter', { n }], ...(n % 3 === 0 ? [] : [['look', { n }] as const]), [
    'leave',
  ]),
)
const SESSIONS = 24

/** Which session a request belongs to; every one of them says it. */
const sessionIn = (line: string): number => Number(/\bs(\d+)\b/.exec(line)?.[1])

interface Play {
  readonly shards: number
  readonly slowMs?: number
  readonly pace?: Pace
  readonly seed?: number
  readonly focus?: readonly string[]
}

/** What each arm was asked in the first sessions, without the one header that names the run. */
async function requestsOf({ shards, slowMs = 0, seed = 5, focus = [], pace = CLOSED }: Play) {
  const seen: Record<'baseline' | 'canary', string[]> = { baseline: [], canary: [] }
  const serve = (arm: 'baseline' | 'canary') =>
    serveHttp(async (request, response) => {
      const body = await bodyOf(request)
      const { traceparent: _trace, host: _host, cookie = '', ...headers } = request.headers
      const key = `k-${sessionIn(body)}-s${sessionIn(body)}`
      if (request.url === '/enter') response.setHeader('set-cookie', `sid=${key}; Path=/`)
      seen[arm].push(
        `${request.method} ${request.url} ${cookie} ${body} ${JSON.stringify(headers)}`,
      )
      setTimeout(() => response.end(JSON.stringify({ key })), arm === 'canary' ? slowMs : 0)
    })
  const servers = { baseline: await serve('baseline'), canary: await serve('canary') }
  open.push(servers.baseline, servers.canary)
  const all = Array.from({ length: shards }, (_, index) => {
    const shard = { index, count: shards }
    const recorded = recordTraffic({
      arms: [
        { arm: 'baseline', url: servers.baseline.url },
        { arm: 'canary', url: servers.canary.url },
      ],
      ontology: ONTOLOGY,
      profiles: PROFILES,
      seed,
      shard,
    })
    open.push(recorded.traffic)
    recorded.traffic.focus(focus)
    recorded.traffic.start(paceOfShard(pace, shard))
    return recorded
  })
  const missing = new Set(Array.from({ length: SESSIONS }, (_, index) => `s${index + 1}`))
  await Promise.all(
    all.map(({ until, sessions }, index) =>
      until(() => {
        for (const { id } of sessions) missing.delete(id)
        return ![...missing].some((id) => (Number(id.slice(1)) - 1) % shards === index)
      }),
    ),
  )
  for (const { traffic } of all) await traffic.stop()
  const first = (lines: readonly string[]): string[] =>
    lines.filter((line) => sessionIn(line) <= SESSIONS).toSorted()
  return { baseline: first(seen.baseline), canary: first(seen.canary), all }
}

const CLOSED: Pace = { kind: 'closed', concurrency: 6 }

describe('shards', () => {
  it('send the same requests between them, however many they are, however fast the arms', async () => {
    const whole = await requestsOf({ shards: 1 })
    expect(whole.baseline.length).toBeGreaterThan(2 * SESSIONS)
    expect(whole.baseline.every((line) => line.includes('"x-country":"US"'))).toBe(true)
    expect(whole.canary).toEqual(whole.baseline)
    for (const play of [{ shards: 2 }, { shards: 3 }, { shards: 3, slowMs: 15 }]) {
      const { baseline, canary } = await requestsOf(play)
      expect(baseline).toEqual(whole.baseline)
      expect(canary).toEqual(whole.baseline)
    }
  })
  it('send them at any pace, and others for another seed', async () => {
    const whole = await requestsOf({ shards: 1 })
    const spaced: Pace = { kind: 'spaced', spacing: 'poisson', rate: 400, concurrency: 9 }
    const arriving: Pace = { kind: 'partly-open', rate: 400, concurrency: 60, timeScale: 0.001 }
    for (const pace of [spaced, arriving]) {
      expect((await requestsOf({ shards: 2, pace })).baseline).toEqual(whole.baseline)
    }
    expect((await requestsOf({ shards: 2, seed: 6 })).baseline).not.toEqual(whole.baseline)
  })
  it('draw the same focused sessions, of which every shard plays some', async () => {
    const focus = ['look']
    const whole = await requestsOf({ shards: 1, focus })
    const { baseline } = await requestsOf({ shards: 3, focus })
    expect(baseline).toEqual(whole.baseline)
    const looks = baseline.filter((line) => line.startsWith('GET /look')).map(sessionIn)
    expect(looks.length).toBeGreaterThan(SESSIONS * 0.6)
    expect(new Set(looks.map((number) => number % 3)).size).toBe(3)
  })
  it('play only the sessions of their own, and the first one alone goes in single file', async () => {
    const { all } = await requestsOf({ shards: 2 })
    all.forEach(({ sessions }, index) => {
      expect(sessions.every(({ id }) => (Number(id.slice(1)) - 1) % 2 === index)).toBe(true)
    })
    const server = await serveHttp((_, response) => response.end('{"key":"k-1"}'))
    open.push(server)
    const shard = { index: 1, count: 2 }
    const { traffic, sent } = recordTraffic({
      arms: [{ arm: 'baseline', url: server.url }],
      ontology: ONTOLOGY,
      profiles: PROFILES,
      shard,
    })
    open.push(traffic)
    traffic.start(paceOfShard(CLOSED, shard))
    await traffic.changePace(paceOfShard({ kind: 'single-file', rate: 100 }, shard))
    const before = sent.length
    await (await fetch(server.url)).text()
    expect([sent.length, traffic.counts().inFlight]).toEqual([before, 0])
    await traffic.stop()
  })
})
