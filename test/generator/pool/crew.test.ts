import type { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { runGeneration, type GenerationOptions } from '../../../src/generator/generation.ts'
import type { FromPlayer } from '../../../src/generator/pool/messages.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { ontologyOf, profileOf, serveHttp, type ArmServer, type Listener } from '../arm-server.ts'

const open: ArmServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  home: { request: { path: "/{{session.id}}" } }
`)

async function run(listener: Listener, given: Partial<GenerationOptions>) {
  const server = await serveHttp(listener)
  open.push(server)
  return runGeneration({
    url: server.url,
    reach: {},
    ontology: ONTOLOGY,
    profiles: [profileOf('u1', ['home'], ['home'])],
    seed: 1,
    durationSeconds: 1,
    pace: { kind: 'closed', concurrency: 9 },
    maxRps: Number.POSITIVE_INFINITY,
    allowMutations: false,
    secrets: {},
    workers: 3,
    clock: systemClock,
    runId: 'g1',
    signal: new AbortController().signal,
    ...given,
  })
}

/** Ends the next thread that is started, in the middle of its work. */
function killNextThread(): void {
  process.once('worker', (worker: Worker) => {
    worker.on('message', ({ kind }: FromPlayer) => {
      if (kind === 'delta') void worker.terminate()
    })
  })
}

describe('a generation of several threads', () => {
  it('never sends more than the cap between them, over any span of time', async () => {
    const arrivals: number[] = []
    let [stallMs, beatMs] = [0, performance.now()]
    const beat = setInterval(() => {
      stallMs = Math.max(stallMs, performance.now() - beatMs)
      beatMs = performance.now()
    }, 5)
    const summary = await run(
      (_, response) => {
        arrivals.push(performance.now())
        response.end('ok')
      },
      { maxRps: 200, durationSeconds: 2 },
    )
    clearInterval(beat)
    expect(summary.requests).toBe(arrivals.length)
    expect(summary.requests).toBeGreaterThan(50)
    // The bound of the bucket holds for what is sent. What this server could not see at once, because
    // it did not get the processor, seems to come together.
    const slackSeconds = 0.1 + stallMs / 1000
    for (const [first, from] of arrivals.entries()) {
      for (let last = first; last < arrivals.length; last += 7) {
        const seconds = ((arrivals[last] ?? 0) - from) / 1000
        expect(last - first + 1).toBeLessThanOrEqual(200 * (seconds + 0.25 + slackSeconds))
      }
    }
  })
  it('sends at the even moments at which one thread would', async () => {
    const moments: number[] = []
    await run((_, response) => response.end('ok'), {
      durationSeconds: 0.6,
      pace: { kind: 'spaced', spacing: 'constant', rate: 50, concurrency: 60 },
      onLines: (lines) => {
        for (const line of lines.split('\n')) moments.push(Number(JSON.parse(line).at))
        return undefined
      },
    })
    expect(moments.length).toBeGreaterThan(3)
    // Beginning with one gap after the start, of which there is one for all threads.
    for (const at of moments) expect(at * 50).toBeCloseTo(Math.round(at * 50), 3)
    expect(new Set(moments.map((at) => Math.round(at * 50))).size).toBe(moments.length)
  })
  it('plays every session once, adds up, and hands over the samples of all', async () => {
    const asked = new Map<string, number>()
    const lines: string[] = []
    const summary = await run(
      (request, response) => {
        asked.set(request.url ?? '', (asked.get(request.url ?? '') ?? 0) + 1)
        response.end('ok')
      },
      {
        pace: { kind: 'spaced', spacing: 'poisson', rate: 150, concurrency: 90 },
        onLines: (some) => {
          lines.push(...some.split('\n'))
          return undefined
        },
      },
    )
    expect([...asked.values()].every((count) => count <= 2)).toBe(true)
    expect(lines).toHaveLength(summary.requests)
    expect(summary).toMatchObject({ workers: 3, errors: 0, notSent: 0 })
    expect(summary.byAction['home']?.requests).toBe(summary.requests)
    const numbers = [...asked.keys()].map((url) => Number(url.slice(2)))
    expect(new Set(numbers.map((number) => number % 3)).size).toBe(3)
  })
  it('ends with an error that names the thread that died, and with nothing left behind', async () => {
    killNextThread()
    const dying = run((_, response) => response.end('ok'), { durationSeconds: 600 })
    await expect(dying).rejects.toMatchObject({
      code: 'run-failed',
      message: expect.stringMatching(/thread 1 of 3 failed: it ended by itself/),
    })
    await open[0]?.abandoned()
  })
  it('stops all threads when the target fails, and says so', async () => {
    const summary = await run((_, response) => response.writeHead(500).end(), {
      durationSeconds: 600,
      pace: { kind: 'spaced', spacing: 'constant', rate: 60, concurrency: 9 },
    })
    expect(summary.delivered).toBe(false)
    expect(summary.seconds).toBeLessThan(10)
    expect(summary.reasons[0]).toMatchObject({ code: 'breaker' })
    expect(summary.errors).toBeGreaterThanOrEqual(20)
  })
  it('waits with new steps while samples cannot be written, and names the bottleneck', async () => {
    const profiles = [{ ...profileOf('u1', ['home']), labels: ['x'.repeat(60_000)] }]
    const ending = new AbortController()
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    let [characters, heldAt] = [0, 0]
    const summary = await run((_, response) => response.end('ok'), {
      profiles,
      workers: 1,
      durationSeconds: 600,
      signal: ending.signal,
      pace: { kind: 'spaced', spacing: 'constant', rate: 400, concurrency: 40 },
      onLines: (lines) => {
        characters += lines.length
        return written
      },
      onProgress: ({ notSent, requests }) => {
        if (heldAt > 0 && requests > heldAt) ending.abort()
        if (heldAt > 0 || notSent < 100) return
        heldAt = requests
        write()
      },
    })
    expect(heldAt * 60_000).toBeLessThan(8 * 2 ** 20 + 41 * 60_000)
    expect(summary.requests).toBeGreaterThan(heldAt)
    expect(summary.reasons.map(({ message }) => message).join()).toContain('samples to be written')
    expect(characters).toBeGreaterThan(60_000 * summary.requests)
  })
  it('waits five seconds at most for what hangs when it is told to stop', async () => {
    const ending = new AbortController()
    let [count, stoppedMs] = [0, 0]
    const { requests } = await run(
      () => {
        count += 1
        if (count < 9) return
        stoppedMs = performance.now()
        ending.abort()
      },
      { timeoutMs: 600_000, durationSeconds: 600, signal: ending.signal },
    )
    expect(performance.now() - stoppedMs).toBeGreaterThan(4_900)
    // What was cut off is nothing that the target did.
    expect(requests).toBe(0)
  })
  it('ends what is in flight within its timeout when it is told to stop', async () => {
    const ending = new AbortController()
    let [count, stoppedMs] = [0, 0]
    const { requests, errors } = await run(
      () => {
        count += 1
        if (count < 9) return
        stoppedMs = performance.now()
        ending.abort()
      },
      { timeoutMs: 2_000, durationSeconds: 600, signal: ending.signal },
    )
    expect(performance.now() - stoppedMs).toBeLessThan(2_000 + 1_000)
    expect(requests).toBeGreaterThanOrEqual(9)
    expect(errors).toBe(requests)
  })
})
