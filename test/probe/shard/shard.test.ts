import { afterEach, describe, expect, it } from 'vitest'
import { createJudge } from '../../../src/analysis/judge.ts'
import type { Plan } from '../../../src/core/contract/plan.ts'
import { toSampleLine, type Sample } from '../../../src/core/contract/sample.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { isRepeated } from '../../../src/generator/twins.ts'
import type { FromWorker, WorkerInput } from '../../../src/probe/shard/messages.ts'
import { Shard } from '../../../src/probe/shard/shard.ts'
import {
  ontologyOf,
  profileOf,
  serveHttp,
  type ArmServer,
  type Listener,
} from '../../generator/arm-server.ts'
import { examplePlan } from '../../support/example-plan.ts'

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

/** Both actions are compared, half of the pairs twice, in blocks of a load phase. */
function planOf(changed: Partial<Plan> = {}): Plan {
  const plan = examplePlan()
  return {
    ...plan,
    rate: 150,
    concurrency: 20,
    warmup: 0.5,
    phases: ['load'],
    repeatShare: 0.5,
    actions: plan.actions.map((planned) => ({ ...planned, comparesAnswers: true })),
    ...changed,
  }
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
    maxRps: Number.POSITIVE_INFINITY,
    recordSamples: true,
    parameters: createJudge(plan, 3).initialParameters(),
  }
}

type Message<Kind extends FromWorker['kind']> = Extract<FromWorker, { kind: Kind }>

interface Ran {
  readonly blocks: Message<'block'>[]
  readonly readings: Message<'reading'>[]
  readonly ended: Message<'ended'>
  readonly samples: Sample[]
}

/** Runs a shard for some blocks; the coordinator's part is to send the parameters. */
async function run(
  plan: Plan,
  arms: WorkerInput['arms'],
  blocks: number,
  onBlock: (shard: Shard, index: number) => Promise<void> = async () => {},
): Promise<Ran> {
  const input = inputOf(plan, arms)
  const { parameters } = input
  const seen: FromWorker[] = []
  const ended = Promise.withResolvers<Message<'ended'>>()
  const shard: Shard = new Shard(input, systemClock, (said) => {
    // What only one of several shards says is not said here.
    const message = said as FromWorker
    seen.push(message)
    void obey(message).catch(ended.reject)
  })
  const obey = async (message: FromWorker): Promise<void> => {
    if (message.kind === 'warmed-up') {
      await shard.receive({ kind: 'parameters', index: 1, parameters })
      await shard.receive({ kind: 'parameters', index: 2, parameters })
    }
    if (message.kind === 'block') {
      const { index } = message.block
      await shard.receive({ kind: 'parameters', index: index + 2, parameters })
      await onBlock(shard, index)
      if (index === blocks) await shard.receive({ kind: 'stop' })
    }
    if (message.kind === 'ended') ended.resolve(message)
    if (message.kind === 'failed') ended.reject(new Error(message.error))
  }
  shard.start()
  const last = await ended.promise
  const lines = seen.flatMap((message) =>
    'lines' in message && message.lines !== '' ? message.lines.split('\n') : [],
  )
  return {
    blocks: seen.filter((message) => message.kind === 'block'),
    readings: seen.filter((message) => message.kind === 'reading'),
    ended: last,
    samples: lines
      .map((line) => toSampleLine(JSON.parse(line)))
      .flatMap((line) => (line.kind === 'request' ? [line.sample] : [])),
  }
}

function answering(price: () => number): Listener {
  return (_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ price: price(), name: 'chair' }))
  }
}

function twinsOf(baseline: ArmServer, canary: ArmServer): WorkerInput['arms'] {
  return [
    { arm: 'baseline', url: baseline.url },
    { arm: 'canary', url: canary.url },
  ]
}

describe('Shard', () => {
  it('asks for nothing twice and compares nothing where the plan does not say so', async () => {
    const server = await http(answering(() => 1))
    const plain = planOf({ actions: examplePlan().actions })
    const { samples, ended, blocks } = await run(plain, twinsOf(server, server), 2)
    expect(samples.length).toBeGreaterThan(50)
    expect(samples.filter((sample) => sample.repeat === true || 'diff' in sample)).toEqual([])
    expect(ended.tally.baseline).not.toHaveProperty('repeats')
    expect(blocks.some(({ examples }) => examples !== undefined)).toBe(false)
  })

  it('writes what differs on the lines of canary and repeats, from the warm-up on', async () => {
    let count = 0
    const noisy = await http(answering(() => (count += 1)))
    const wrong = await http(answering(() => 0))
    const { samples, ended, blocks } = await run(planOf(), twinsOf(noisy, wrong), 3)
    const firsts = samples.filter(({ repeat }) => repeat !== true)
    const repeats = samples.filter(({ repeat }) => repeat === true)
    for (const { arm, diff, outcome } of firsts) {
      if (outcome === 'ok') expect(diff).toEqual(arm === 'canary' ? ['$.price'] : undefined)
    }
    expect(repeats.some(({ warmup }) => warmup === true)).toBe(true)
    const asked = new Set(repeats.map(({ pair }) => pair))
    expect(repeats).toHaveLength(2 * asked.size)
    for (const { pair = '' } of repeats) expect(isRepeated(3, pair, 0.5)).toBe(true)
    expect(asked.size / (firsts.length / 2)).toBeGreaterThan(0.3)
    for (const { arm, diff, block, pair } of repeats) {
      expect(diff).toEqual(['$.price'])
      const first = firsts.find((one) => one.pair === pair && one.arm === arm)
      expect(first?.block).toBe(block)
    }
    expect(ended.tally.baseline?.repeats).toBe(asked.size)
    expect(ended.tally.canary?.repeats).toBe(asked.size)
    expect(ended.tally.canary?.requests).toBe(firsts.length / 2)
    const examples = blocks.flatMap((message) => message.examples ?? [])
    expect(examples.map(({ action }) => action).toSorted()).toEqual(['home', 'search'])
    expect(examples[0]?.examples).toMatchObject([{ path: '$.price', canary: '0' }])
  })

  it('needs no second answer where a control answers beside the baseline', async () => {
    const right = await http(answering(() => 1))
    const wrong = await http(answering(() => 2))
    const arms = [...twinsOf(right, wrong), { arm: 'control' as const, url: right.url }]
    const { samples } = await run(planOf(), arms, 2)
    expect(samples.some(({ repeat }) => repeat === true)).toBe(false)
    const diffsOf = (arm: string): unknown =>
      new Set(samples.filter((one) => one.arm === arm).map(({ diff }) => JSON.stringify(diff)))
    expect(diffsOf('canary')).toEqual(new Set(['["$.price"]']))
    expect(diffsOf('control')).toEqual(new Set(['[]']))
  })

  it('tilts the sessions to the focus, and tells the mix of the pairs that it delivered', async () => {
    const server = await http(answering(() => 1))
    const shareOfSearch = ([home = 0, search = 0]: readonly number[]): number =>
      search / (home + search)
    const natural = await run(planOf(), twinsOf(server, server), 3)
    const focused = await run(planOf(), twinsOf(server, server), 3, async (shard, index) => {
      if (index === 1) await shard.receive({ kind: 'focus', actions: ['search'] })
    })
    expect(shareOfSearch(natural.ended.pairsByAction)).toBeLessThan(0.4)
    expect(shareOfSearch(focused.ended.pairsByAction)).toBeGreaterThan(
      shareOfSearch(natural.ended.pairsByAction),
    )
    const [reading] = focused.readings.slice(-1)
    expect(reading?.pairsByAction).toHaveLength(2)
    const judged = focused.samples.filter(
      ({ warmup, repeat, arm }) => warmup !== true && repeat !== true && arm === 'canary',
    )
    const counted = focused.ended.pairsByAction.reduce((sum, count) => sum + count, 0)
    expect(counted).toBe(judged.filter(({ outcome }) => outcome === 'ok').length)
  })

  it('puts size and load of a pair into its segment, the same in all arms', async () => {
    const large = await http((_, response) => response.end('x'.repeat(5_000)))
    const small = await http(answering(() => 1))
    const { samples } = await run(planOf(), twinsOf(large, small), 2)
    const loads = new Set(samples.map(({ segment }) => segment?.['load']))
    for (const { segment } of samples) expect(segment?.['size']).toBe('16k')
    expect([...loads].every((load) => load === 'low' || load === 'high')).toBe(true)
    const byPair = Map.groupBy(samples, ({ pair }) => pair)
    for (const twins of byPair.values()) {
      expect(new Set(twins.map(({ segment }) => JSON.stringify(segment))).size).toBe(1)
    }
  })
})
