/** The composition root: opens the parts, wires them, closes them in reverse order. */

import { resolve } from 'node:path'
import { figureTargets } from '../profiles-db/baseline-figures.ts'
import { openDatabase } from '../profiles-db/open.ts'
import { findRun, listRuns, type StoredRun } from '../profiles-db/runs.ts'
import type { Ontology } from './actions/ontology.ts'
import { createAlerts } from './allocator/alerts/alerts.ts'
import { createRollouts } from './allocator/controller/service.ts'
import { createRouters } from './allocator/routers/open.ts'
import type { Router } from './allocator/routers/router.ts'
import type { Rollouts } from './allocator/rollouts.ts'
import type { Config } from './core/contract/config.ts'
import type { BaselineHistory } from './core/contract/http.ts'
import type { Metric } from './core/verdict.ts'
import { findingWords } from './analysis/judging/summary.ts'
import { systemClock } from './generator/system-clock.ts'
import { chooseOntology } from './probe/choose.ts'
import { startGeneration } from './probe/generate.ts'
import { historyOf } from './probe/history/history.ts'
import type {
  GenerationRequest,
  ProbeRequest,
  RunningGeneration,
  RunningProbe,
} from './probe/requests.ts'
import { planProbe, type PlannedProbe } from './probe/planning/plan-probe.ts'
import { createTwinMaker } from './probe/rollout/maker.ts'
import { startProbe } from './probe/start.ts'
import { createProfileStore, type ProfileStore } from './profiles/store.ts'

// The doors outside read profiles and criteria with the same functions as the command line.
export {
  criteriaOfQuery,
  parseCriteria,
  parseProfiles,
  toCriteria,
  toProfile,
} from './profiles/read.ts'
export { systemClock } from './generator/system-clock.ts'

export interface OutriderOptions {
  readonly config: Config
  /** Folder that relative paths of the configuration are seen from. */
  readonly baseFolder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What the twins of rollouts are beside the configuration, such as another population. */
  readonly twins?: Pick<ProbeRequest, 'profiles' | 'overrides'>
  /** Where trouble that ends nothing is told; default: standard error. */
  readonly log?: (line: string) => void
}

export interface Outrider {
  readonly config: Config
  readonly profiles: ProfileStore
  /** The configured ontology. @throws UsageError if none is configured or it is wrong */
  ontology(): Promise<Ontology>
  /** Resolves once the arms answered; rejects before anything of the run was sent otherwise. */
  startProbe(request: ProbeRequest): Promise<RunningProbe>
  /** What such a probe would prove and find; nothing is sent. @throws UsageError */
  planProbe(request: ProbeRequest): Promise<PlannedProbe>
  /** A probe of this process, running or lately ended. */
  findProbe(id: string): RunningProbe | undefined
  /** Past runs, newest first. */
  runs(page: { limit: number; cursor?: string }): { runs: StoredRun[]; nextCursor?: string }
  findRun(id: string): StoredRun | undefined
  /** Targets whose baseline has a history, the last measured first. */
  historyTargets(): { readonly name: string; readonly at: string }[]
  /** What the baseline of a target measured in its last runs; no charts for an unknown one. */
  history(
    target: string,
    wanted: { readonly action?: string; readonly metric?: Metric; readonly runs: number },
  ): BaselineHistory
  startGeneration(request: GenerationRequest): Promise<RunningGeneration>
  findGeneration(id: string): RunningGeneration | undefined
  /** A configured router, ready to be used. @throws UsageError, RouterError */
  openRouter(name: string): Promise<Router>
  /** Opens the routers that live in this process, so that their users are served. */
  openOwnRouters(): Promise<Router[]>
  readonly rollouts: Rollouts
  /** Stops what runs (partial reports are stored), then closes the database. */
  close(): Promise<void>
}

/** Writers of journals wait no longer than this: the loop that watches a canary stands still. */
const BUSY_MS = 150
/** Runs of this process that stay at hand for their events and series. */
const REMEMBERED_RUNS = 50

/**
 * Opens the database (which is made if it is not there) and wires the parts to it.
 * @throws StoreError if the database cannot be opened
 */
export function openOutrider(options: OutriderOptions): Outrider {
  const { config, baseFolder } = options
  const file = config.db === ':memory:' ? config.db : resolve(baseFolder, config.db)
  const database = openDatabase(file)
  const store = createProfileStore(database)
  const parts = { ...options, database, store, clock: systemClock }
  const routers = createRouters({ config, baseFolder, clock: systemClock })
  const books =
    file === ':memory:' ? database : openDatabase(file, { busyMs: BUSY_MS, isDurable: true })
  const log = options.log ?? ((line: string) => process.stderr.write(`${line}\n`))
  const alerts = createAlerts({
    database: books,
    channels: config.alerts,
    environment: options.environment,
    clock: systemClock,
    log,
  })
  const rollouts = createRollouts({
    ...options,
    database: books,
    clock: systemClock,
    openRouter: (name) => routers.open(name),
    // Also the twins write in the loop that watches the canary, so their writes wait shortly too.
    twins: createTwinMaker({ ...parts, database: books, ...options.twins }),
    alerts,
    describe: findingWords,
    log,
  })
  alerts.start()
  const probes = new Map<string, RunningProbe>()
  const generations = new Map<string, RunningGeneration>()
  let generationCount = 0

  return {
    config,
    profiles: store,
    ontology: () => chooseOntology(undefined, undefined, parts),
    async startProbe(request) {
      const probe = await startProbe(parts, request)
      remember(probes, probe)
      return probe
    },
    planProbe: (request) => planProbe(parts, request),
    findProbe: (id) => probes.get(id),
    runs: (page) => listRuns(database, page),
    findRun: (id) => findRun(database, id),
    historyTargets: () => figureTargets(database),
    history: (target, wanted) => historyOf(database, target, wanted),
    async startGeneration(request) {
      generationCount += 1
      const generation = await startGeneration(parts, `g${generationCount}`, request)
      remember(generations, generation)
      return generation
    },
    findGeneration: (id) => generations.get(id),
    rollouts,
    openRouter: (name) => routers.open(name),
    openOwnRouters: () => routers.openInProcess(),
    async close() {
      const running = [...probes.values(), ...generations.values()]
      for (const run of running) run.stop()
      await rollouts.close()
      await Promise.allSettled(running.map((run) => run.done))
      await alerts.close()
      await routers.close()
      if (books !== database) books.close()
      database.close()
    },
  }
}

function remember<Run extends { readonly id: string }>(runs: Map<string, Run>, run: Run): void {
  runs.set(run.id, run)
  const oldest = runs.keys().next().value
  if (runs.size > REMEMBERED_RUNS && oldest !== undefined) runs.delete(oldest)
}

export type { ProfileChoice, TargetChoice } from './probe/choose.ts'
export type { ReachSettings } from './probe/reach/source.ts'
export { createRouters } from './allocator/routers/open.ts'
export type {
  Finding,
  Reading as RouterReading,
  Router,
  RouterState,
} from './allocator/routers/router.ts'
export type { Rollouts, Word } from './allocator/rollouts.ts'
export type { RouterCounts } from './allocator/routers/counts.ts'
export type { PlannedProbe } from './probe/planning/plan-probe.ts'
export type { RunForecast, ScopeForecast } from './analysis/forecast/forecast.ts'
export type { ClaimForecast } from './analysis/forecast/claims.ts'
export type { Detection } from './analysis/forecast/detections.ts'
export type { Planting } from './analysis/self-test/plant.ts'
export type { CapacityProgress } from './probe/capacity/capacity.ts'
export type { SelfTestSizes } from './analysis/self-test/self-test.ts'
export type { ProbeEvent, ProbePhase, ProbeProgress } from './probe/events.ts'
export type { Series, SeriesPoint } from './probe/series.ts'
export type {
  GenerationRequest,
  ProbeOverrides,
  ProbeRequest,
  RunningGeneration,
  RunningProbe,
} from './probe/requests.ts'
export type { GenerationSummary } from './generator/generation.ts'
export type { StoredRun } from '../profiles-db/runs.ts'
export type { MeasuredCosts } from './profiles/resource.ts'
export type { ProfileStore } from './profiles/store.ts'
export type { Ontology } from './actions/ontology.ts'
export { loadOntology } from './actions/load.ts'
export { importOpenApi, type ImportSummary, type OpenApiImport } from './actions/openapi/import.ts'
export { ontologyOfPaths } from './actions/paths.ts'
export { remarksOf } from './actions/check.ts'
export { compareRules } from './probe/analyze.ts'
export type { RuleComparison } from './probe/analyze.ts'
export type { ReadingProgress } from './probe/recorded/passes.ts'
export { RULES } from './analysis/rules/rules.ts'
export type { RuleName } from './analysis/rules/rules.ts'
export { loadConfig } from './probe/config.ts'
export { fetchOpenApi } from './probe/init/explore.ts'
export { makeStart, type Started } from './probe/init/make.ts'
export { tryActions } from './probe/try-actions.ts'
// For programs that have live traffic or somebody else's series instead of pairs.
export {
  createUnpaired,
  type Unpaired,
  type UnpairedOptions,
} from './analysis/unpaired/unpaired.ts'
export { judgeSeries, type JudgedSeries, type SeriesOptions } from './analysis/unpaired/series.ts'
export { importRecording, type Imported } from './profiles/derive/import.ts'
export { lineLimitOf } from './profiles/derive/read/formats.ts'
export { parseFieldMap } from './profiles/derive/read/json-fields.ts'
export { fitUsers, type FittedUsers } from './profiles/derive/users.ts'
export { inTurns } from './profiles/slices.ts'
export { outcomeOf, profilesText, type Outcome } from './profiles/record/outcome.ts'
export { startKeeper } from './profiles/record/safe/keeper.ts'
export { readUnfinished, removeUnfinished, type Unfinished } from './profiles/record/safe/file.ts'
export { startRecorder, type Recorder } from './profiles/record/recorder.ts'
export { readLines } from './profiles/derive/read/lines.ts'
export { loadPopulation, synthesise, synthesiseUsers } from './profiles/synthesise/population.ts'
export { compareSessions, type Closeness, type Measure } from './profiles/distance/compare.ts'
export {
  describeProfiles,
  sessionOf,
  type Description,
  type Spread,
} from './profiles/distance/description.ts'
export type { ImportReport } from './profiles/derive/report.ts'
export type { Attempt, ShownRequest } from './probe/try-actions.ts'
