import { createServer } from 'node:http2'
import { afterEach, describe, expect, it } from 'vitest'
import { createJudge } from '../../../../src/analysis/judge.ts'
import { toSampleLine } from '../../../../src/core/contract/sample.ts'
import { systemClock } from '../../../../src/generator/system-clock.ts'
import { startShards } from '../../../../src/probe/shard/group/shards.ts'
import { addWaits, joinWaits } from '../../../../src/probe/shard/limit/waits.ts'
import type { FromWorker, WorkerInput } from '../../../../src/probe/shard/messages.ts'
import { ontologyOf, profileOf, serve, type ArmServer } from '../../../generator/arm-server.ts'
import { examplePlan } from '../../../support/example-plan.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  home: { request: { path: / } }
  search: { request: { path: /search } }
`)

/** Takes one request at a time on each connection: twenty connections are twenty requests. */
async function narrow(slowMs: number): Promise<ArmServer> {
  const server = createServer({ settings: { maxConcurrentStreams: 1 } }, (_, response) => {
    setTimeout(() => response.end('ok'), slowMs)
  })
  server.on('session', (session) => session.on('error', () => undefined))
  const there = await serve(server)
  open.push(there)
  return there
}

function inputOf(baseline: ArmServer, canary: ArmServer): WorkerInput {
  const plan = {
    ...examplePlan(),
    rate: 100,
    concurrency: 60,
    warmup: 0.5,
    phases: ['load' as const],
    repeatShare: 0,
  }
  return {
    runId: 'p1',
    plan,
    seed: 3,
    arms: [
      { arm: 'baseline', url: baseline.url, http2: true },
      { arm: 'canary', url: canary.url, http2: true },
    ],
    ontology: { document: ONTOLOGY.document, file: ONTOLOGY.file },
    profiles: [profileOf('u1', ['home']), profileOf('u2', ['search'])],
    skipped: [],
    secrets: {},
    arrivals: 'poisson',
    timeScale: 1,
    maxRps: Number.POSITIVE_INFINITY,
    recordSamples: true,
    parameters: createJudge(plan, 3).initialParameters(),
  }
}

type Block = Extract<FromWorker, { kind: 'block' }>

/** Until a block holds requests that waited. */
async function blocksOf(input: WorkerInput, count: number): Promise<Block[]> {
  const { parameters } = input
  const blocks: Block[] = []
  const ended = Promise.withResolvers<void>()
  const shards = startShards({
    input,
    count,
    clock: systemClock,
    onDeath: (error) => ended.reject(error),
    onMessage: (message) => {
      if (message.kind === 'warmed-up') {
        for (const index of [1, 2]) shards.say({ kind: 'parameters', index, parameters })
      }
      if (message.kind === 'block') {
        blocks.push(message)
        const { index, waits } = message.block
        shards.say({ kind: 'parameters', index: index + 2, parameters })
        if (waits !== undefined) shards.say({ kind: 'stop' })
      }
      if (message.kind === 'ended') ended.resolve()
    },
  })
  await ended.promise
  await shards.terminate()
  return blocks
}

describe('a block of requests that waited for a connection', () => {
  for (const count of [1, 2]) {
    it(`says to which arm, and is strained, with ${count} threads`, async () => {
      // 100 requests/s of 500 ms need 50 connections of the canary.
      const input = inputOf(await narrow(0), await narrow(500))
      const blocks = await blocksOf(input, count)
      const waiting = blocks.filter(({ block }) => block.waits !== undefined)
      expect(waiting.length).toBeGreaterThan(0)
      for (const { block, lines } of waiting) {
        expect(block.strained).toBe(true)
        expect(block.waits?.limit).toBe('streams')
        expect(block.waits?.arms.canary).toBeGreaterThan(0)
        const written = lines.split('\n').map((line) => toSampleLine(JSON.parse(line)))
        const told = written.find(({ kind }) => kind === 'block')
        expect(told).toMatchObject({ block: { strained: true, waits: block.waits } })
      }
    })
  }
})

describe('addWaits()', () => {
  it('is nothing while nothing waited, and counts by arm', () => {
    const plain = [{ arm: 'baseline' as const }, { arm: 'canary' as const }]
    expect(addWaits(undefined, plain)).toBeUndefined()
    const once = addWaits(undefined, [
      { arm: 'baseline' },
      { arm: 'canary', waitedFor: 'connections' },
    ])
    expect(once).toEqual({ limit: 'connections', arms: { canary: 1 } })
    const twice = addWaits(once, [
      { arm: 'baseline', waitedFor: 'files' },
      { arm: 'canary', waitedFor: 'files' },
    ])
    expect(twice).toEqual({ limit: 'files', arms: { baseline: 1, canary: 2 } })
    expect(joinWaits([undefined, once, twice, undefined])?.arms).toEqual({ baseline: 1, canary: 3 })
  })
})
