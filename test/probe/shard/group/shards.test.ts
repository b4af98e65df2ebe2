import { afterEach, describe, expect, it } from 'vitest'
import { foldPairs, type PairRecord } from '../../../../src/analysis/fold.ts'
import { createJudge } from '../../../../src/analysis/judge.ts'
import type { Plan } from '../../../../src/core/contract/plan.ts'
import { toSampleLine, type BlockLine, type Sample } from '../../../../src/core/contract/sample.ts'
import { systemClock } from '../../../../src/generator/system-clock.ts'
import { startShards, type Shards } from '../../../../src/probe/shard/group/shards.ts'
import type { FromWorker, WorkerInput } from '../../../../src/probe/shard/messages.ts'
import {
  ontologyOf,
  profileOf,
  serveHttp,
  type ArmServer,
  type Listener,
} from '../../../generator/arm-server.ts'
import { examplePlan } from '../../../support/example-plan.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function http(listener: Listener): Promise<ArmServer> {
  const server = await serveHttp(listener)
  open.push(server)
  return server
}

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  home: { request: { path: / } }
  search: { request: { path: /search } }
`)

function planOf(changed: Partial<Plan> = {}): Plan {
  const given = { rate: 150, concurrency: 20, warmup: 0.5, blockSeconds: 0.3 }
  return { ...examplePlan(), ...given, phases: ['quiet', 'load'], repeatShare: 0, ...changed }
}

function inputOf(plan: Plan, arms: WorkerInput['arms']): WorkerInput {
  return {
    runId: 'p1',
    plan,
    seed: 3,
    arms,
    ontology: { document: ONTOLOGY.document, file: ONTOLOGY.file },
    profiles: [profileOf('u1', ['home'], ['home'], ['home']), profileOf('u2', ['search'])],
    skipped: [],
    secrets: {},
    arrivals: 'poisson',
    timeScale: 1,
    rampSeconds: 0,
    maxRps: Number.POSITIVE_INFINITY,
    recordSamples: true,
    parameters: createJudge(plan, 3).initialParameters(),
  }
}

type Message<Kind extends FromWorker['kind']> = Extract<FromWorker, { kind: Kind }>

interface Ran {
  readonly seen: FromWorker[]
  readonly blocks: Message<'block'>[]
  readonly ended: Message<'ended'>
  readonly samples: Sample[]
  readonly lines: BlockLine[]
}

/** The coordinator's part: parameters after each block, then the end of a phase and of the run. */
async function run(
  input: WorkerInput,
  count: number,
  onBlock: (shards: Shards, index: number) => void,
): Promise<Ran> {
  const { parameters } = input
  const seen: FromWorker[] = []
  const ended = Promise.withResolvers<Message<'ended'>>()
  const shards = startShards({
    input,
    count,
    clock: systemClock,
    onDeath: (error) => ended.reject(error),
    onMessage: (message) => {
      seen.push(message)
      if (message.kind === 'warmed-up') {
        shards.say({ kind: 'parameters', index: 1, parameters })
        shards.say({ kind: 'parameters', index: 2, parameters })
      }
      if (message.kind === 'block') {
        const { index } = message.block
        shards.say({ kind: 'parameters', index: index + 2, parameters })
        onBlock(shards, index)
      }
      if (message.kind === 'drained') shards.say({ kind: 'stop' })
      if (message.kind === 'ended') ended.resolve(message)
      if (message.kind === 'failed') ended.reject(new Error(message.error))
    },
  })
  const last = await ended.promise
  await shards.terminate()
  const lines = seen
    .flatMap((message) => ('lines' in message ? message.lines.split('\n') : []))
    .filter((line) => line !== '')
    .map((line) => toSampleLine(JSON.parse(line)))
  return {
    seen,
    blocks: seen.filter((message) => message.kind === 'block'),
    ended: last,
    samples: lines.flatMap((line) => (line.kind === 'request' ? [line.sample] : [])),
    lines: lines.flatMap((line) => (line.kind === 'block' ? [line.block] : [])),
  }
}

function twinsOf(baseline: ArmServer, canary: ArmServer): WorkerInput['arms'] {
  return [
    { arm: 'baseline', url: baseline.url },
    { arm: 'canary', url: canary.url },
  ]
}

const fine: Listener = (_request, response) => setTimeout(() => response.end('fine'), 2)

/** The pairs of a block as its samples tell them. */
function pairsOf(samples: readonly Sample[], block: number): PairRecord[] {
  const own = samples.filter((sample) => sample.block === block)
  const byPair = Map.groupBy(own, ({ pair = '' }) => pair)
  return [...byPair].map(([pair, twins]) => {
    const baseline = twins.find(({ arm }) => arm === 'baseline')
    const canary = twins.find(({ arm }) => arm === 'canary')
    if (baseline === undefined || canary === undefined) throw new Error(`${pair} is no pair`)
    return {
      pair,
      action: baseline.action === 'home' ? 0 : 1,
      at: baseline.at,
      baselineMs: baseline.latencyMs,
      canaryMs: canary.latencyMs,
      baseline: baseline.outcome,
      canary: canary.outcome,
    }
  })
}

describe('startShards()', () => {
  it('merges blocks of three threads to what one fold of all their pairs gives', async () => {
    const input = inputOf(planOf(), twinsOf(await http(fine), await http(fine)))
    const { seen, blocks, samples, lines, ended } = await run(input, 3, (shards, index) => {
      if (index === 3) shards.say({ kind: 'end-phase' })
      if (index === 7) shards.say({ kind: 'stop' })
    })
    const phases = seen.flatMap((message) => (message.kind === 'phase' ? [message.phase] : []))
    expect(phases).toEqual(['warm-up', 'quiet', 'load'])
    expect(blocks.map(({ block }) => block.index)).toEqual(blocks.map((_, index) => index + 1))
    expect(lines.map(({ block }) => block)).toEqual(blocks.map(({ block }) => block.index))
    for (const { block } of blocks) {
      const pairs = pairsOf(samples, block.index)
      const refolded = foldPairs(input.plan, input.seed, input.parameters, pairs)
      expect(block.sums.pairs).toBe(pairs.length)
      expect(block.sums.actions).toEqual(refolded.actions)
    }
    const inLoad = blocks.filter(({ block }) => block.phase === 'load')
    expect(inLoad.every(({ block }) => block.sums.pairs > 0)).toBe(true)
    const judged = samples.filter(({ block }) => block !== undefined).length / 2
    expect(ended.pairsByAction.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(
      judged,
    )
    const inQuiet = samples.filter(({ phase }) => phase === 'quiet')
    const threads = new Set(inQuiet.map(({ session = '' }) => Number(session.slice(1)) % 3))
    expect(threads).toEqual(new Set([1]))
  })

  it('begins the next block where the last one ended', async () => {
    const input = inputOf(planOf({ phases: ['load'] }), twinsOf(await http(fine), await http(fine)))
    const { blocks } = await run(input, 2, (shards, index) => {
      if (index === 5) shards.say({ kind: 'stop' })
    })
    for (const [index, { block }] of blocks.entries()) {
      if (index === 0) continue
      expect(block.startSeconds).toBe(blocks[index - 1]?.block.endSeconds)
    }
  })

  it('stops every thread when the breaker of one trips', async () => {
    const broken = await http((_request, response) => {
      response.statusCode = 500
      response.end()
    })
    const input = inputOf(planOf({ phases: ['load'] }), twinsOf(await http(fine), broken))
    const { seen, ended } = await run(input, 2, () => undefined)
    expect(seen.filter(({ kind }) => kind === 'breaker')).toHaveLength(1)
    expect(seen.filter(({ kind }) => kind === 'drained')).toHaveLength(1)
    expect(ended.tally.canary?.byStatus['500']).toBeGreaterThan(10)
  })

  it('counts failures over all threads: each alone has too few of them', async () => {
    const broken = await http((_request, response) => {
      response.statusCode = 500
      response.end()
    })
    // Ten a second are fifty in five seconds, and seventeen of each of three threads.
    const plan = planOf({ phases: ['load'], rate: 10, concurrency: 3, warmup: 0.5 })
    const input = {
      ...inputOf(plan, twinsOf(await http(fine), broken)),
      arrivals: 'constant' as const,
    }
    const { seen, ended } = await run(input, 3, () => undefined)
    expect(seen.find((message) => message.kind === 'breaker')?.arm).toBe('canary')
    expect(ended.tally.canary?.requests).toBeGreaterThanOrEqual(20)
    expect(ended.tally.canary?.requests).toBeLessThan(45)
  })

  it('answers a question with what all threads remember', async () => {
    const input = inputOf(planOf({ phases: ['load'] }), twinsOf(await http(fine), await http(fine)))
    const { seen, samples } = await run(input, 2, (shards, index) => {
      if (index === 3) shards.say({ kind: 'inquire', id: 9, action: 'home' })
      if (index === 4) shards.say({ kind: 'stop' })
    })
    const answer = seen.find((message) => message.kind === 'inquiry')
    expect(answer?.id).toBe(9)
    const known = answer?.rows.pairs ?? []
    const threads = new Set(known.map((pair) => Number(pair.slice(1).split('.')[0]) % 2))
    expect(threads).toEqual(new Set([0, 1]))
    const told = new Set(samples.map(({ pair }) => pair))
    expect(known.every((pair) => told.has(pair))).toBe(true)
  })

  it('says once that a thread could not begin', async () => {
    const input = inputOf(planOf(), [{ arm: 'baseline', url: 'no address' }])
    await expect(run(input, 2, () => undefined)).rejects.toThrow(/URL/)
  })
})
