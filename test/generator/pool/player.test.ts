import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import type { FromPlayer, PlayerDelta, PlayerInput } from '../../../src/generator/pool/messages.ts'
import { Player } from '../../../src/generator/pool/player.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { ontologyOf, profileOf, serveHttp, type Listener } from '../arm-server.ts'

const open: { close(): Promise<void> }[] = []
const players: Player[] = []
afterEach(async () => {
  for (const player of players.splice(0)) player.receive({ kind: 'abort' })
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const ONTOLOGY = ontologyOf('version: 1\nactions:\n  home: { request: { path: / } }\n')
const OK: Listener = (_, response) => response.end('ok')

/** A player whose messages the test gets; it acknowledges nothing by itself. */
async function play(given: Partial<PlayerInput>, listener: Listener = OK) {
  const server = await serveHttp(listener)
  open.push(server)
  const input: PlayerInput = {
    runId: 'g1',
    url: server.url,
    reach: {},
    ontology: { document: ONTOLOGY.document, file: 'test.yaml' },
    profiles: [profileOf('u1', ['home'], ['home'])],
    seed: 1,
    skipped: [],
    secrets: {},
    maxRps: Number.POSITIVE_INFINITY,
    pace: { kind: 'closed', concurrency: 8 },
    shard: { index: 0, count: 1 },
    durationSeconds: 600,
    wantsSamples: false,
    ...given,
  }
  const deltas: PlayerDelta[] = []
  const messages: FromPlayer[] = []
  const waiters = new Set<() => void>()
  const player = new Player(input, systemClock, (message) => {
    // Deltas stand in their own list, from which a test may take them.
    if (message.kind === 'delta' || message.kind === 'ended') deltas.push(message.delta)
    if (message.kind !== 'delta') messages.push(message)
    for (const waiter of waiters) waiter()
  })
  players.push(player)
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const waiter = (): void => {
        if (!condition()) return
        waiters.delete(waiter)
        resolve()
      }
      waiters.add(waiter)
      waiter()
    })
  const ended = async (): Promise<PlayerDelta> => {
    await until(() => messages.at(-1)?.kind === 'ended')
    return deltas.at(-1) ?? expect.fail('no delta')
  }
  return { player, deltas, messages, until, ended }
}

function requestsIn(deltas: readonly PlayerDelta[]): number {
  const all = deltas.flatMap(({ tally }) => tally.actions)
  return all.reduce((sum, { requests }) => sum + requests, 0)
}

describe('Player', () => {
  it('hands over every step once, with its sample, and stops by itself in time', async () => {
    const { player, deltas, ended } = await play({ durationSeconds: 0.6, wantsSamples: true })
    player.receive({ kind: 'start', atMs: systemClock.nowMs() })
    const { counts } = await ended()
    const lines = deltas.flatMap(({ lines: some }) => (some === '' ? [] : some.split('\n')))
    expect(requestsIn(deltas)).toBe(counts.sent)
    expect(lines).toHaveLength(counts.sent)
    expect(counts).toMatchObject({ inFlight: 0, notSent: 0 })
  })
  it('sends nothing if it is stopped before it starts', async () => {
    const { player, ended } = await play({})
    player.receive({ kind: 'stop' })
    player.receive({ kind: 'start', atMs: systemClock.nowMs() })
    expect((await ended()).counts.sent).toBe(0)
  })
  it('keeps counting while nobody takes its deltas, which stay few', async () => {
    const { player, deltas, until, ended, messages } = await play({})
    player.receive({ kind: 'start', atMs: systemClock.nowMs() })
    await until(() => deltas.length === 8)
    const before = performance.now()
    while (performance.now() < before + 700) await new Promise(setImmediate)
    expect(deltas).toHaveLength(8)
    player.receive({ kind: 'stop' })
    const { counts } = await ended()
    expect(requestsIn(deltas)).toBe(counts.sent)
    expect(messages.filter(({ kind }) => kind === 'ended')).toHaveLength(1)
  })
  it('keeps a pause that another thread was asked for, and tells its own', async () => {
    const busy: Listener = (_, response) => {
      response.writeHead(429, { 'retry-after': '30' }).end()
    }
    const { player, until, messages, ended, deltas } = await play({}, busy)
    player.receive({ kind: 'pause', waitMs: 300 })
    player.receive({ kind: 'start', atMs: systemClock.nowMs() })
    const startedMs = performance.now()
    await until(() => messages.some(({ kind }) => kind === 'paused'))
    expect(performance.now() - startedMs).toBeGreaterThan(250)
    expect(messages.find(({ kind }) => kind === 'paused')).toEqual({
      kind: 'paused',
      waitMs: 30_000,
    })
    player.receive({ kind: 'stop' })
    await ended()
    expect(requestsIn(deltas)).toBeLessThanOrEqual(16)
  })
  it('sends nothing new while its samples are not taken, says so, and goes on after that', async () => {
    const long = profileOf('u1', ...Array.from({ length: 20 }, () => ['home'] as const))
    const label = 'x'.repeat(40_000)
    const profiles = [{ ...long, labels: [label] }]
    const pace = { kind: 'spaced', spacing: 'constant', rate: 1_000, concurrency: 20 } as const
    const { player, deltas, until, ended } = await play({ wantsSamples: true, profiles, pace })
    player.receive({ kind: 'start', atMs: systemClock.nowMs() })
    // 8 MB are some 200 of these lines.
    await until(() => (deltas.at(-1)?.counts.notSent ?? 0) > 200)
    const characters = deltas.reduce((sum, { lines }) => sum + lines.length, 0)
    expect(characters).toBeLessThan(8 * 2 ** 20 + 25 * 41_000)
    const held = deltas.at(-1)?.counts
    for (const { lines } of deltas.splice(0)) {
      player.receive({ kind: 'taken', characters: lines.length })
    }
    await until(() => (deltas.at(-1)?.counts.sent ?? 0) > (held?.sent ?? 0) + 50)
    player.receive({ kind: 'stop' })
    const { counts } = await ended()
    expect(counts.due).toBe(counts.sent + counts.busy + counts.notSent)
  })
  it('needs no more memory for more samples', async () => {
    setFlagsFromString('--expose-gc')
    const collect: unknown = runInNewContext('gc')
    const heapBytes = (): number => {
      if (typeof collect === 'function') collect()
      return process.memoryUsage().heapUsed
    }
    const { player, deltas, until } = await play({ wantsSamples: true })
    let taken = 0
    const goOn = async (requests: number): Promise<void> => {
      while (taken < requests) {
        await until(() => deltas.length > 0)
        for (const delta of deltas.splice(0)) {
          taken += requestsIn([delta])
          player.receive({ kind: 'taken', characters: delta.lines.length })
        }
      }
    }
    player.receive({ kind: 'start', atMs: systemClock.nowMs() })
    await goOn(1_500)
    const early = heapBytes()
    await goOn(7_500)
    // The lines alone, if somebody kept them, would be 1.4 MB.
    expect(heapBytes() - early).toBeLessThan(700_000)
  })
})
