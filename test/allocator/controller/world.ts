/** A small world for controllers: a router in memory, twins that say what they are told, a database. */

import { openDatabase, type Database } from '../../../profiles-db/open.ts'
import { createAlerts } from '../../../src/allocator/alerts/alerts.ts'
import { createRollouts } from '../../../src/allocator/controller/service.ts'
import type { Rollouts } from '../../../src/allocator/rollouts.ts'
import { createRouter, type Router } from '../../../src/allocator/routers/router.ts'
import { configSchema, type Config } from '../../../src/core/contract/config.ts'
import type { Finding } from '../../../src/core/contract/report.ts'
import type { RolloutDocument } from '../../../src/core/contract/rollout.ts'
import { RouterError } from '../../../src/core/errors.ts'
import type {
  GateResult,
  Judgement,
  TwinMaker,
  Twins,
  TwinsOptions,
} from '../../../src/core/twins.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { exampleReport } from '../../report/example-report.ts'

export interface FakeRouter {
  readonly router: Router
  weightBp: number
  incarnation: string
  /** `silent`: nobody answers; `deaf`: says yes and does nothing. */
  mood: 'well' | 'silent' | 'deaf'
  requests: { baseline: number; canary: number; canaryErrors: number }
  /** Every weight that was set, in order. */
  readonly history: number[]
}

/** A router whose weight is a variable. */
export function fakeRouter(name = 'edge'): FakeRouter {
  const silent = (): RouterError =>
    new RouterError(`Cannot ask router "${name}": nobody answers`, { code: 'router-unreachable' })
  const fake: FakeRouter = {
    weightBp: 0,
    incarnation: 'one',
    mood: 'well',
    requests: { baseline: 0, canary: 0, canaryErrors: 0 },
    history: [],
    router: createRouter(
      name,
      {
        kind: 'fake',
        capabilities: {
          stepBp: 1,
          isMonotone: true,
          countsUsers: false,
          measuresLatency: false,
          survivesRestart: true,
          isInProcess: true,
        },
        open: () => Promise.resolve(),
        url: () => undefined,
        preflight: () => Promise.resolve([]),
        async readState() {
          if (fake.mood === 'silent') throw silent()
          return { configuredBp: fake.weightBp, incarnation: fake.incarnation }
        },
        async write(weightBp) {
          if (fake.mood === 'silent') throw silent()
          if (fake.mood === 'deaf') return
          fake.weightBp = weightBp
          fake.history.push(weightBp)
        },
        async counts() {
          if (fake.mood === 'silent') throw silent()
          const { baseline, canary, canaryErrors } = fake.requests
          return {
            baseline: { requests: baseline, serverErrors: 0 },
            canary: { requests: canary, serverErrors: canaryErrors },
            incarnation: fake.incarnation,
          }
        },
        evict: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      systemClock,
    ),
  }
  return fake
}

export interface ScriptedTwins {
  readonly maker: TwinMaker
  /** What the twins say from now on. */
  judgement: Partial<Judgement>
  gate: GateResult['verdict']
  gateFinding: string
  /** Calls as they came: `start`, `ramp`, `episode 1`, `stop`. */
  readonly calls: string[]
  readonly options: TwinsOptions[]
  find(finding: Finding): void
  check: () => void
}

/** Twins without traffic: what the controller asks of them is recorded. */
export function scriptedTwins(): ScriptedTwins {
  let tell: (finding: Finding) => void = () => {}
  const scripted: ScriptedTwins = {
    judgement: { requiredHealthy: true },
    gate: 'healthy',
    gateFinding: 'checkout is 1.31× slower (1.22–1.41)',
    calls: [],
    options: [],
    find: (finding) => tell(finding),
    check: () => {},
    maker: {
      check: async () => scripted.check(),
      async start(options) {
        scripted.calls.push('start')
        scripted.options.push(options)
        return twinsOf(options)
      },
    },
  }
  function twinsOf(options: TwinsOptions): Twins {
    let episode = options.episode
    let hasBegun = options.gate === undefined
    return {
      runId: `p${scripted.options.length}`,
      gate: () =>
        options.gate === undefined
          ? undefined
          : { run: options.gate.run, verdict: scripted.gate, finding: scripted.gateFinding },
      ramp() {
        hasBegun = true
        scripted.calls.push('ramp')
      },
      beginEpisode(next) {
        episode = next
        scripted.judgement = {}
        scripted.calls.push(`episode ${next}`)
      },
      compareLatencies: () => {},
      judgement: () =>
        hasBegun
          ? {
              episode,
              lnRun: -1,
              lnThreshold: 6.4,
              alarm: false,
              requiredHealthy: false,
              critical: false,
              ...scripted.judgement,
            }
          : undefined,
      takeFacts: () => ({
        deliveredShare: 1,
        requiredPairs: { checkout: 10 },
        generatorStrained: false,
        unequalLoad: false,
      }),
      figures: () => ({ requests: 100, failures: 0, p95Ms: 20 }),
      resetFigures: () => {},
      progress: () => ({
        phase: 'load',
        plannedRate: 10,
        deliveredRate: 10,
        pairs: 100,
        baselineFailureShare: 0,
        generatorLagP99Ms: 1,
        unequalLoad: false,
        actions: [],
        findings: [],
        lnRun: -1,
        lnThreshold: 6.4,
        sentence: 'Nothing found so far',
      }),
      series: () => undefined,
      onFinding(listener) {
        tell = listener
      },
      onBlock: () => {},
      inquire: () => Promise.resolve({ segments: [], pairs: 0, exchanges: [] }),
      snapshot: () => JSON.stringify({ episode }),
      async stop() {
        scripted.calls.push('stop')
        return exampleReport
      },
    }
  }
  return scripted
}

export interface World {
  readonly rollouts: Rollouts
  readonly database: Database
  readonly router: FakeRouter
  readonly twins: ScriptedTwins
  readonly logged: string[]
  /** Another process of the same database and router, so to speak. */
  again(): World
  close(): Promise<void>
}

const CONFIG: Config = configSchema.parse({
  version: 1,
  targets: { shop: { baseline: 'http://127.0.0.1:9', canary: 'http://127.0.0.1:9' } },
  routers: {
    edge: {
      kind: 'haproxy',
      socket: '/nowhere',
      map: 'weights.map',
      backends: { baseline: 'be_baseline', canary: 'be_canary' },
    },
  },
})

export function createWorld(
  file: string,
  given: { readonly router?: FakeRouter; readonly config?: Partial<Config> } = {},
): World {
  const database = openDatabase(file, { busyMs: 50 })
  const router = given.router ?? fakeRouter()
  const twins = scriptedTwins()
  const logged: string[] = []
  const log = (line: string): void => {
    logged.push(line)
  }
  const config = { ...CONFIG, ...given.config }
  const alerts = createAlerts({ database, channels: [], environment: {}, clock: systemClock, log })
  const rollouts = createRollouts({
    config,
    baseFolder: '/',
    environment: process.env,
    database,
    clock: systemClock,
    openRouter: () => Promise.resolve(router.router),
    twins: twins.maker,
    alerts,
    describe: ({ action }) => `${action} is slower`,
    log,
  })
  return {
    rollouts,
    database,
    router,
    twins,
    logged,
    again: () => createWorld(file, { ...given, router }),
    async close() {
      await rollouts.close()
      await alerts.close()
      database.close()
    },
  }
}

/** Resolves when the rollout is as wanted. */
export async function until(
  world: World,
  id: string,
  isSo: (document: RolloutDocument) => boolean,
): Promise<RolloutDocument> {
  const limit = performance.now() + 15_000
  for (;;) {
    const document = world.rollouts.find(id)
    if (document !== undefined && isSo(document)) return document
    if (performance.now() > limit) throw new Error(`It stays ${document?.sentence ?? 'unknown'}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
