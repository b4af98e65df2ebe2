/**
 * Our generator as a process of its own. What it is to do comes as JSON, what it did goes out as one
 * line of JSON.
 *
 *   node bench/generator/clients/ours.ts '{"kind":"saturate","url":…}'
 */

import { readdirSync, readlinkSync } from 'node:fs'
import * as z from 'zod'
import { parseOntology } from '../../../src/actions/load.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import {
  createTraffic,
  type Exchange,
  type Traffic,
  type TrafficOptions,
} from '../../../src/generator/traffic.ts'
import { quantilesOf, type Load, type Long, type Memory, type Open } from './results.ts'
import { ontologyOf, profileOf, SINGLE_ONTOLOGY, SINGLE_PROFILE, STEPS } from './session.ts'

const STEADY_AFTER_MS = 3_000
const ACTIONS = ['login', 'list', 'view', 'cart', 'checkout']

const area = z.enum(['/private', '/open'])
const taskSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('saturate'),
    url: z.string(),
    area,
    users: z.number(),
    seconds: z.number(),
    compared: z.boolean(),
  }),
  z.object({
    kind: z.literal('sessions'),
    url: z.string(),
    area,
    sessionsPerSecond: z.number(),
    seconds: z.number(),
  }),
  z.object({
    kind: z.literal('workers'),
    url: z.string(),
    workers: z.number(),
    rate: z.number().optional(),
    seconds: z.number(),
  }),
  z.object({
    kind: z.literal('open'),
    url: z.string(),
    rate: z.number(),
    warmUpSeconds: z.number(),
    seconds: z.number(),
    begin: z.string(),
  }),
  z.object({ kind: z.literal('memory'), url: z.string(), users: z.number(), seconds: z.number() }),
  z.object({
    kind: z.literal('long'),
    url: z.string(),
    rate: z.number(),
    earlySeconds: z.number(),
    lateSeconds: z.number(),
  }),
])
type Task = z.output<typeof taskSchema>
type TaskOf<Kind extends Task['kind']> = Extract<Task, { kind: Kind }>

/** Requests and failures of a traffic so far. */
interface Counted {
  requests: number
  failed: number
}

const task = taskSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
process.stdout.write(`${JSON.stringify(await carryOut(task))}\n`)

function carryOut(given: Task): Promise<Load | Open | Memory | Long> {
  switch (given.kind) {
    case 'saturate':
      return saturate(given)
    case 'sessions':
      return playSessions(given)
    case 'workers':
      return fireWorkers(given)
    case 'open':
      return fireOpen(given)
    case 'memory':
      return think(given)
    case 'long':
      return runLong(given)
  }
}

/** The arms are two addresses of one server: what is measured is the client. */
function twins(
  url: string,
  counted: Counted,
  options: Pick<TrafficOptions, 'ontology' | 'profiles'> & Partial<TrafficOptions>,
  onStep: TrafficOptions['watcher']['step'] = () => undefined,
): Traffic {
  return createTraffic({
    arms: [
      { arm: 'baseline', url },
      { arm: 'canary', url },
    ],
    seed: 1,
    skipped: new Set(),
    secrets: {},
    maxRps: Number.POSITIVE_INFINITY,
    runId: 'bench',
    clock: systemClock,
    watcher: {
      sent: () => undefined,
      ended: (_, { outcome }) => {
        counted.requests += 1
        if (outcome !== 'ok') counted.failed += 1
      },
      step: onStep,
      session: () => undefined,
    },
    ...options,
  })
}

/** Twin sessions back to back; each pair is recorded, and compared if asked for. */
async function saturate({
  url,
  area: prefix,
  users,
  seconds,
  compared,
}: TaskOf<'saturate'>): Promise<Load> {
  const ontology = ontologyOf(prefix)
  const counted = { requests: 0, failed: 0 }
  // Loaded where it is needed, so that it is not in the memory of who does not compare.
  const { createAnswerComparer } = await import('../../../src/probe/shard/answers.ts')
  const comparer = createAnswerComparer({
    actions: ontology.actions,
    secrets: {},
    addresses: { baseline: url, canary: url },
  })
  const recorded = createRecorder()
  const options = {
    ontology,
    profiles: [profileOf(1)],
    ...(compared ? { compared: new Set(ACTIONS) } : {}),
  }
  const traffic = twins(url, counted, options, ({ action }, exchanges) => {
    recorded(exchanges)
    if (compared) comparer.compare({ action, exchanges })
  })
  traffic.start({ kind: 'closed', concurrency: users })
  return await watched(traffic, counted, seconds)
}

async function playSessions({
  url,
  area: prefix,
  sessionsPerSecond,
  seconds,
}: TaskOf<'sessions'>): Promise<Load> {
  const counted = { requests: 0, failed: 0 }
  const options = { ontology: ontologyOf(prefix), profiles: [profileOf(0.01)] }
  const recorded = createRecorder()
  const traffic = twins(url, counted, options, (_, exchanges) => recorded(exchanges))
  const rate = sessionsPerSecond * STEPS
  traffic.start({ kind: 'partly-open', rate, concurrency: 2000, timeScale: 1 })
  return await watched(traffic, counted, seconds)
}

/** Columns that are written over, as a block's are: nothing is allocated for a request. */
function createRecorder(): (exchanges: readonly Exchange[]) => void {
  const size = 2 ** 16
  const latency = new Float64Array(size)
  const service = new Float64Array(size)
  const outcome = new Uint8Array(size)
  let next = 0
  return (exchanges) => {
    for (const exchange of exchanges) {
      latency[next] = exchange.latencyMs
      service[next] = exchange.serviceMs
      outcome[next] = exchange.outcome === 'ok' ? 0 : 1
      next = (next + 1) % size
    }
  }
}

async function watched(traffic: Traffic, counted: Counted, seconds: number): Promise<Load> {
  const startedMs = performance.now()
  const isLong = seconds * 1000 > STEADY_AFTER_MS
  await sleep(Math.min(STEADY_AFTER_MS, seconds * 1000))
  const early = { requests: counted.requests, cpu: process.cpuUsage() }
  if (isLong) await sleep(seconds * 1000 - STEADY_AFTER_MS)
  const late = process.cpuUsage(early.cpu)
  const elapsed = (performance.now() - startedMs) / 1000
  const load = { ...counted, seconds: elapsed }
  const lateRequests = counted.requests - early.requests
  await traffic.close()
  return isLong ? { ...load, lateRequests, lateMicros: late.user + late.system } : load
}

async function fireWorkers({ url, workers, rate, seconds }: TaskOf<'workers'>): Promise<Load> {
  const { runGeneration } = await import('../../../src/generator/generation.ts')
  const closed = { kind: 'closed', concurrency: 64 } as const
  const summary = await runGeneration({
    url,
    reach: {},
    ontology: ontologyOf('/private'),
    profiles: [profileOf(1)],
    seed: 1,
    durationSeconds: seconds,
    pace:
      rate === undefined ? closed : { kind: 'spaced', spacing: 'poisson', rate, concurrency: 256 },
    maxRps: Number.POSITIVE_INFINITY,
    allowMutations: true,
    secrets: {},
    workers,
    clock: systemClock,
    runId: 'bench',
    signal: new AbortController().signal,
  })
  return { requests: summary.requests, failed: summary.errors, seconds: summary.seconds }
}

async function fireOpen({
  url,
  rate,
  warmUpSeconds,
  seconds,
  begin,
}: TaskOf<'open'>): Promise<Open> {
  const errors: number[] = []
  const lags: number[] = []
  const services: number[] = []
  const latencies: number[] = []
  let [isOn, failed, delaySum] = [false, 0, 0]
  const traffic = createTraffic({
    arms: [{ arm: 'baseline', url }],
    ontology: parseOntology(SINGLE_ONTOLOGY, 'bench.yaml'),
    profiles: [SINGLE_PROFILE],
    seed: 1,
    skipped: new Set(),
    secrets: {},
    maxRps: Number.POSITIVE_INFINITY,
    runId: 'bench',
    clock: systemClock,
    // Not to see the bodies, but the header that says the truth.
    remembers: () => true,
    watcher: {
      sent: () => undefined,
      ended: (step, exchange) => {
        if (!isOn) return
        if (exchange.outcome !== 'ok') failed += 1
        const delay = Number(exchange.remembered?.headers['x-delay-ms'])
        if (Number.isNaN(delay)) return
        errors.push(exchange.latencyMs - delay)
        services.push(exchange.serviceMs - delay)
        lags.push(exchange.sentMs - step.intendedMs)
        latencies.push(exchange.latencyMs)
        delaySum += delay
      },
      step: () => undefined,
      session: () => undefined,
    },
  })
  traffic.start({ kind: 'spaced', spacing: 'poisson', rate, concurrency: 2000 })
  await sleep(warmUpSeconds * 1000)
  await (await fetch(`${url}${begin}`)).text()
  const before = traffic.counts()
  isOn = true
  await sleep(seconds * 1000)
  const after = traffic.counts()
  await traffic.stop()
  await traffic.close()
  return {
    requests: errors.length,
    failed,
    dropped: after.busy + after.notSent - before.busy - before.notSent,
    reported: quantilesOf(latencies),
    error: quantilesOf(errors),
    lag: quantilesOf(lags),
    service: quantilesOf(services),
    meanDelayMs: delaySum / Math.max(1, errors.length),
  }
}

/** All log in at once, so that each has a connection to each arm, and then think. */
async function think({ url, users, seconds }: TaskOf<'memory'>): Promise<Memory> {
  const counted = { requests: 0, failed: 0 }
  const options = { ontology: ontologyOf('/private'), profiles: [profileOf(600)] }
  const traffic = twins(url, counted, options)
  if (users > 0) {
    const rate = Number.POSITIVE_INFINITY
    traffic.start({ kind: 'recorded', concurrency: users, rate, timeScale: 1 })
  }
  await sleep(seconds * 1000)
  const memory = measureMemory(counted)
  await traffic.close()
  return memory
}

async function runLong({ url, rate, earlySeconds, lateSeconds }: TaskOf<'long'>): Promise<Long> {
  const counted = { requests: 0, failed: 0 }
  const recorded = createRecorder()
  const options = { ontology: ontologyOf('/private'), profiles: [profileOf(1)] }
  const traffic = twins(url, counted, options, (_, exchanges) => recorded(exchanges))
  traffic.start({ kind: 'spaced', spacing: 'poisson', rate: rate / 2, concurrency: 256 })
  await sleep(earlySeconds * 1000)
  const early = measureMemory(counted)
  await sleep((lateSeconds - earlySeconds) * 1000)
  const late = measureMemory(counted)
  const said = { ...counted, early, late }
  await traffic.close()
  return said
}

function measureMemory({ requests }: Counted): Memory {
  const rssMb = process.memoryUsage.rss() / 2 ** 20
  globalThis.gc?.()
  const heapMb = process.memoryUsage().heapUsed / 2 ** 20
  return { rssMb, heapMb, requests, connections: countSockets() }
}

/** As the kernel counts them: Node leaves out those that are idle. */
function countSockets(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
