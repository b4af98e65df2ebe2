/**
 * An Outrider whose store and database are real and whose probes follow a script: what the door
 * does can be asserted to the letter, and no traffic is sent.
 */

import { figureTargets } from '../../profiles-db/baseline-figures.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { findRun, listRuns, nextRunId, saveRun } from '../../profiles-db/runs.ts'
import { parseOntology } from '../../src/actions/load.ts'
import { configSchema, type Config } from '../../src/core/contract/config.ts'
import type { Report } from '../../src/core/contract/report.ts'
import type { Metric } from '../../src/core/verdict.ts'
import { CapacityError, UsageError } from '../../src/core/errors.ts'
import type {
  GenerationRequest,
  GenerationSummary,
  Outrider,
  ProbeProgress,
  ProbeRequest,
  RunningGeneration,
  RunningProbe,
  Series,
} from '../../src/outrider.ts'
import { historyOf } from '../../src/probe/history/history.ts'
import { createEventLog, type EventLog } from '../../src/probe/event-log.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { examplePlan } from '../support/example-plan.ts'
import { scriptRollouts, type ScriptedRollouts } from './scripted-rollouts.ts'

export interface ScriptedProbe extends RunningProbe {
  readonly log: EventLog
  readonly request: ProbeRequest
  /** Whether someone asked it to stop. */
  wasStopped(): boolean
  end(report: Report): void
  fail(error: Error): void
}

export interface ScriptedOutrider extends Outrider {
  readonly started: readonly ScriptedProbe[]
  readonly generations: readonly GenerationRequest[]
  readonly rollouts: ScriptedRollouts
  /** Where its runs and figures are kept. */
  readonly database: Database
  /** The next `startProbe` rejects with this. */
  refuse(error: Error): void
}

export interface Script {
  readonly plan?: RunningProbe['plan']
  readonly series?: (action: string, metric: Metric) => Series | undefined
  readonly targets?: Config['targets']
  readonly tokens?: Config['server']['tokens']
  readonly database?: string
  readonly now?: () => string
}

const ONTOLOGY = `version: 1
actions:
  home: { kind: navigate, request: { path: "/" } }
  checkout: { kind: pay, request: { method: POST, path: "/checkout" } }
`

export const shopTargets: Config['targets'] = {
  shop: { baseline: 'http://127.0.0.1:9001', canary: 'http://127.0.0.1:9002' },
}

export function scriptOutrider(script: Script = {}): ScriptedOutrider {
  const database = openDatabase(script.database ?? ':memory:')
  const config = configSchema.parse({
    version: 1,
    targets: script.targets ?? shopTargets,
    routers: { edge: { kind: 'embedded', listen: '127.0.0.1:8000', target: 'shop' } },
    server: { tokens: script.tokens ?? [] },
  })
  const started: ScriptedProbe[] = []
  const generations: GenerationRequest[] = []
  let refusal: Error | undefined

  return {
    config,
    database,
    historyTargets: () => figureTargets(database),
    history: (target, wanted) => historyOf(database, target, wanted),
    started,
    generations,
    rollouts: scriptRollouts(() => config),
    profiles: createProfileStore(database),
    refuse: (error) => {
      refusal = error
    },
    ontology: () => Promise.resolve(parseOntology(ONTOLOGY, 'actions.yaml')),
    planProbe: () => Promise.reject(new Error('no door plans a probe')),
    startProbe(request) {
      const reason = refusal
      refusal = undefined
      if (reason !== undefined) return Promise.reject(reason)
      const probe = scriptProbe(nextRunId(database), request, script)
      const now = script.now ?? ((): string => new Date(0).toISOString())
      const base = { id: probe.id, kind: 'probe', name: probe.name, startedAt: now() } as const
      saveRun(database, { ...base, status: 'running' })
      probe.done.then(
        (report) => saveRun(database, { ...base, status: 'done', report }),
        () => saveRun(database, { ...base, status: 'failed' }),
      )
      started.push(probe)
      return Promise.resolve(probe)
    },
    findProbe: (id) => started.find((probe) => probe.id === id),
    runs: (page) => listRuns(database, page),
    findRun: (id) => findRun(database, id),
    startGeneration(request) {
      generations.push(request)
      return Promise.resolve(scriptGeneration('g1'))
    },
    findGeneration: (id) => (id === 'g1' ? scriptGeneration(id) : undefined),
    openRouter: () => Promise.reject(new Error('The script has no router')),
    openOwnRouters: () => Promise.resolve([]),
    close() {
      database.close()
      return Promise.resolve()
    },
  }
}

function scriptProbe(id: string, request: ProbeRequest, script: Script): ScriptedProbe {
  if (request.target.kind !== 'named') {
    throw new UsageError('Cannot start: only named targets come over HTTP', { code: 'bad-target' })
  }
  const log = createEventLog(id, script.now ?? ((): string => new Date(0).toISOString()))
  const { promise, resolve, reject } = Promise.withResolvers<Report>()
  let wasStopped = false
  return {
    id,
    log,
    request,
    plan: script.plan ?? examplePlan(),
    name: request.name ?? request.target.name,
    addresses: { baseline: 'http://127.0.0.1:9001', canary: 'http://127.0.0.1:9002' },
    seed: request.overrides?.seed ?? 1,
    watch: (afterSeq, listener) => log.watch(afterSeq, listener),
    oldestSeq: () => log.oldestSeq(),
    series: (action, metric) => script.series?.(action, metric),
    stop: () => {
      wasStopped = true
    },
    done: promise,
    wasStopped: () => wasStopped,
    end(report) {
      log.add({ kind: 'end', status: 'done', report })
      resolve(report)
    },
    fail(error) {
      log.add({
        kind: 'end',
        status: 'failed',
        problem: { code: 'failed', message: error.message },
      })
      reject(error)
    },
  }
}

function scriptGeneration(id: string): RunningGeneration {
  const summary: GenerationSummary = {
    seconds: 3,
    requests: 600,
    errors: 0,
    sessions: 12,
    busy: 0,
    notSent: 0,
    skipped: [],
    workers: 1,
    lagP99Ms: 1,
    cpu: 0.1,
    reasons: [],
    byAction: { home: { requests: 600, errors: 0, p50Ms: 4 } },
  }
  return {
    id,
    status: () => 'running',
    progress: () => summary,
    stop: () => {},
    done: new Promise(() => {}),
  }
}

export function busyTarget(): CapacityError {
  return new CapacityError('Cannot start probe: p1 already runs against this target', {
    code: 'target-busy',
    mend: 'wait for p1',
  })
}

export function progressOf(changes: Partial<ProbeProgress> = {}): ProbeProgress {
  return {
    phase: 'quiet',
    seconds: 20,
    phaseSeconds: 5,
    phaseLimitSeconds: 45,
    blocks: 10,
    cappedBlocks: 0,
    pairs: 100,
    warmupPairs: 50,
    deliveredRate: 49.6,
    plannedRate: 50,
    baselineFailureShare: 0.002,
    generatorLagP99Ms: 1.1,
    lnRun: 0.1,
    lnRunThreshold: 6.4,
    actions: [],
    findings: [],
    reasons: [],
    sentence: 'Nothing found so far: 0 of 2 actions proven',
    ...changes,
  }
}
