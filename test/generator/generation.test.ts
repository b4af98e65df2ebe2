import { createServer, type ServerHttp2Stream } from 'node:http2'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { runGeneration, type GenerationOptions } from '../../src/generator/generation.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { ontologyOf, profileOf, serve, serveHttp } from './arm-server.ts'

const sampleSchema = z.looseObject({ arm: z.string(), at: z.number(), action: z.string() })

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  home: { request: { path: / } }
  lost: { request: { path: /lost } }
  post: { request: { method: POST, path: / } }
`)

function optionsOf(url: string, more: Partial<GenerationOptions>): GenerationOptions {
  return {
    url,
    reach: {},
    ontology: ONTOLOGY,
    profiles: [profileOf('u1', ['home'], ['lost'], ['post'])],
    seed: 1,
    durationSeconds: 0.5,
    workers: 1,
    pace: { kind: 'spaced', spacing: 'constant', rate: 200, concurrency: 4 },
    maxRps: Number.POSITIVE_INFINITY,
    allowMutations: false,
    secrets: {},
    clock: systemClock,
    runId: 'g1',
    signal: new AbortController().signal,
    ...more,
  }
}

const serveShop = () =>
  serveHttp((request, response) => {
    response.statusCode = request.url === '/lost' ? 404 : 200
    response.end('ok')
  })

describe('runGeneration()', () => {
  it('refuses profiles of which nothing may be sent', async () => {
    const options = optionsOf('http://127.0.0.1:1', { profiles: [profileOf('u1', ['post'])] })
    await expect(runGeneration(options)).rejects.toMatchObject({ code: 'nothing-to-send' })
  })
  it('sums up per action, tells samples of arm baseline, and lists what it skipped', async () => {
    const server = await serveShop()
    const lines: string[] = []
    const options = optionsOf(server.url, {
      durationSeconds: 1,
      pace: { kind: 'closed', concurrency: 4, rate: 60 },
      onLines: (some) => void lines.push(...some.split('\n')),
    })
    const summary = await runGeneration(options)
    const samples = lines.map((line) => sampleSchema.parse(JSON.parse(line)))
    expect(summary.skipped).toEqual([{ action: 'post', code: 'mutations-not-allowed' }])
    expect(summary.requests).toBe(samples.length)
    expect(summary.errors).toBe(summary.byAction['lost']?.requests)
    expect(summary.byAction['home']).toMatchObject({ errors: 0 })
    expect(summary.byAction['home']?.p50Ms).toBeGreaterThan(0)
    expect(summary.sessions).toBeGreaterThan(0)
    expect(samples.every(({ arm, at }) => arm === 'baseline' && at >= 0)).toBe(true)
    await server.abandoned()
    await server.close()
  })
  it('says why requests failed, and how long the target asked it to pause', async () => {
    let asked = 0
    const server = await serveHttp((request, response) => {
      asked += 1
      response.statusCode = request.url === '/lost' ? 404 : 200
      if (asked === 3) response.writeHead(429, { 'retry-after': '1' })
      response.end('ok')
    })
    const { reasons } = await runGeneration(
      optionsOf(server.url, {
        durationSeconds: 1.5,
        pace: { kind: 'closed', concurrency: 1, rate: 30 },
      }),
    )
    const said = reasons.map(({ code, message }) => `${code}: ${message}`)
    expect(said.join('\n')).toMatch(
      /^requests-failed: lost failed (once|\d+ times): status 404 is not 2xx or 3xx$/m,
    )
    expect(said).toContain('requests-failed: home failed once: status 429 is not 2xx or 3xx')
    expect(said.join('\n')).toMatch(
      /target-paused: the target asked for pauses .* nothing new was sent for \d\.\d s/,
    )
    await server.abandoned()
    await server.close()
  })
  it('is not delivered when the users are too few for the rate', async () => {
    const server = await serveHttp((_, response) => setTimeout(() => response.end('ok'), 50))
    const summary = await runGeneration(optionsOf(server.url, {}))
    expect(summary.delivered).toBe(false)
    await server.close()
  })
  it('says when requests waited for a connection, and leaves their latencies out', async () => {
    const held: ServerHttp2Stream[] = []
    const server = await serve(
      createServer({ settings: { maxConcurrentStreams: 1 } }).on('stream', (stream) => {
        stream.on('error', () => undefined)
        if (held.length < 20) {
          held.push(stream)
        } else {
          stream.respond({ ':status': 200 })
          stream.end('ok')
        }
      }),
    )
    const summary = await runGeneration(
      optionsOf(server.url, {
        reach: { http2: true },
        timeoutMs: 400,
        durationSeconds: 0.2,
        profiles: [profileOf('u1', ['home'])],
        pace: { kind: 'closed', concurrency: 30 },
      }),
    )
    // Twenty hang until they time out, which is when those behind them do: some may still be sent.
    expect(summary.waits).toMatchObject({ limit: 'streams', requests: 10 })
    const unsent = summary.waits?.unsent ?? 0
    expect([summary.requests, summary.delivered]).toEqual([30 - unsent, false])
    expect(summary.errors).toBeGreaterThanOrEqual(20)
    expect(summary.byAction['home']?.p99Ms).toBeLessThan(450)
    expect(summary.reasons.find(({ code }) => code === 'connection-limit')?.message).toMatch(
      /10 requests waited for one.* left out; of 20 connections each/,
    )
    await server.close()
  })
  it('ends early at the signal, with what was sent until then', async () => {
    const server = await serveShop()
    const ending = new AbortController()
    const options = optionsOf(server.url, {
      durationSeconds: 600,
      signal: ending.signal,
      onLines: () => {
        ending.abort()
        return undefined
      },
    })
    const { requests, seconds } = await runGeneration(options)
    expect(requests).toBeGreaterThan(0)
    expect(seconds).toBeLessThan(10)
    await server.close()
  })
})
