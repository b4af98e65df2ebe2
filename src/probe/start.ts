/** Starts a probe: choices, plan, claim, reach, then the run; stores its report at the end. */

import type { Ontology } from '../actions/ontology.ts'
import { checkSecrets, secretsOf } from '../actions/secrets.ts'
import type { Clock } from '../core/clock.ts'
import type { Report } from '../core/contract/report.ts'
import { formatAddress, hostOf } from '../core/contract/target.ts'
import { checkReachable } from '../generator/reach.ts'
import { workersFor } from '../generator/pool/size.ts'
import type { ArmAddress } from '../generator/traffic.ts'
import type { Database } from '../../profiles-db/open.ts'
import { nextInvestigationId, saveInvestigation } from '../../profiles-db/investigations.ts'
import { nextRunId, saveRun, type StoredRun } from '../../profiles-db/runs.ts'
import type { ProfileStore } from '../profiles/store.ts'
import { armsOfItself, hasAa, nameOfItself, overridesOfItself } from './aa/itself.ts'
import { settingsOf } from './analyze.ts'
import { chooseArms, chooseOntology, chooseProfiles, type Surroundings } from './choose.ts'
import { addCapacity, prepareCapacity, type PreparedCapacity } from './capacity/capacity.ts'
import { claimTargets, type Claim } from './claim.ts'
import { kept, remarksOf } from './history/kept.ts'
import { prepareRun, type PreparedRun, type RunToPrepare } from './prepare.ts'
import type { ProbeRequest, RunningProbe } from './requests.ts'
import { Run } from './run.ts'
import { openSamplesFile } from './samples-file.ts'
import { watchedOf, type Watched } from './watch/watched.ts'
import { finishReport, recordingOf, type Recording } from './self-test/finish.ts'
import type { WorkerInput } from './shard/messages.ts'

export interface Parts extends Surroundings {
  readonly database: Database
  readonly store: ProfileStore
  readonly clock: Clock
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Resolves once the arms answered and the run has begun.
 * @throws UsageError, TargetError or CapacityError before anything of the run was sent
 */
export async function startProbe(parts: Parts, request: ProbeRequest): Promise<RunningProbe> {
  const { arms, chosen, capacity } = await chooseProbe(parts, request)
  const claim = claimTargets(arms.map(formatAddress))
  let recording: Recording | undefined
  try {
    await checkReachable(arms)
    recording = recordingOf(request)
    return begin(parts, request, { arms, chosen, capacity, claim, recording })
  } catch (thrown) {
    recording?.release()
    claim.release()
    throw thrown
  }
}

export interface ChosenProbe {
  readonly arms: readonly ArmAddress[]
  readonly chosen: Chosen
  /** What the measurement of capacity will send, where one was asked for. */
  readonly capacity: PreparedCapacity | undefined
}

/**
 * Arms and plan of a probe; nothing is sent to an arm.
 * @throws UsageError for whatever is missing or wrong
 */
export async function chooseProbe(
  parts: Parts,
  request: ProbeRequest,
  prepare: (run: RunToPrepare) => PreparedRun = (run) => prepareRun(run),
): Promise<ChosenProbe> {
  const given = await chooseArms(request, parts)
  const arms = request.aa === true ? armsOfItself(given) : given
  const overrides =
    request.aa === true
      ? overridesOfItself(request.overrides ?? {}, parts.config)
      : (request.overrides ?? {})
  const asked = { ...request, overrides }
  const chosen = await chooseRun(parts, asked, arms, prepare)
  return { arms, chosen, capacity: capacityOf(parts, asked, arms, chosen) }
}

function capacityOf(
  { environment }: Parts,
  { capacity, iOwnThis = false, overrides = {} }: ProbeRequest,
  arms: readonly ArmAddress[],
  { ontology, profiles, seed }: Chosen,
): PreparedCapacity | undefined {
  if (capacity === undefined) return undefined
  const { timeoutMs } = overrides
  const secrets = secretsOf(environment)
  const given = { arms, iOwnThis, ontology, profiles, secrets, seed }
  return prepareCapacity({ ...given, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
}

export interface Chosen extends PreparedRun {
  readonly ontology: Ontology
  /** Where CPU and memory of the arms are read. */
  readonly watched: Watched
}

/**
 * What a run is made of; nothing is sent.
 * @throws UsageError for whatever is missing or wrong
 */
export async function chooseRun(
  parts: Parts,
  request: ProbeRequest,
  arms: readonly ArmAddress[],
  prepare: (run: RunToPrepare) => PreparedRun,
): Promise<Chosen> {
  const { config, store } = parts
  const overrides = request.overrides ?? {}
  const ontology = await chooseOntology(request.ontology, request.profiles, parts)
  const profiles = await chooseProfiles(
    request.profiles ?? { kind: 'criteria', criteria: config.probe.criteria },
    store,
    overrides.seed ?? config.probe.seed,
  )
  const urls = arms.map(formatAddress)
  const iOwnThis = request.iOwnThis ?? false
  const hasControl = arms.some(({ arm }) => arm === 'control')
  const watched = await watchedOf(parts, request)
  const { resources } = watched
  const of = { config, overrides, ontology, profiles, urls, iOwnThis, hasControl, resources }
  const prepared = prepare(of)
  const sent = new Set(prepared.plan.actions.map((planned) => planned.action))
  const unsent = new Set([...ontology.actions.keys()].filter((action) => !sent.has(action)))
  checkSecrets(ontology, secretsOf(parts.environment), unsent)
  return { ontology, watched, ...prepared }
}

interface Begun extends ChosenProbe {
  readonly claim: Claim
  readonly recording: Recording
}

function begin(
  parts: Parts,
  request: ProbeRequest,
  { arms, chosen, capacity, claim, recording }: Begun,
): RunningProbe {
  const { database, clock } = parts
  const { file } = recording
  const samples = file === undefined ? undefined : openSamplesFile(file)
  const stopping = new AbortController()
  const measured = capacityAdder(capacity, request, clock, stopping.signal)
  const isItself = request.aa === true
  const target = request.target.kind === 'named' ? request.target.name : urlOf(arms, 'baseline')
  const id = nextRunId(database)
  const name = nameOf(request, arms)
  const startedAt = new Date(clock.wallMs()).toISOString()
  const stored = { id, kind: 'probe', name, startedAt } as const
  saveRun(database, { ...stored, status: 'running' })
  const run = new Run({
    id,
    planHash: chosen.planHash,
    input: {
      ...workerInput(parts, request, arms, chosen, id),
      recordSamples: samples !== undefined,
    },
    workers: workersOf(parts, request, arms, chosen),
    skipped: chosen.skipped,
    sources: chosen.watched.sources,
    ...(samples === undefined ? {} : { samples }),
    clock,
    keepInvestigation: (record, known) => {
      const investigation = { ...record, id: known ?? nextInvestigationId(database) }
      saveInvestigation(database, investigation)
      return investigation.id
    },
    remark: (figures) => remarksOf(database, target, figures),
    finish: (report, figures) =>
      finishReport(isItself ? report : kept(database, target, told(report, chosen), figures), {
        request,
        ...(file === undefined ? {} : { file }),
        settings: settingsOf(parts.config),
        knowsItself: () => hasAa(database, urlOf(arms, 'baseline')),
        stopped: () => stopping.signal.aborted,
      }).then(measured),
  })
  const done = keepReport(database, stored, run.done).finally(() => {
    recording.release()
    claim.release()
  })
  // Whoever waits for `done` gets the error; nobody waiting must not end the process.
  done.catch(() => {})
  return {
    id,
    plan: chosen.plan,
    name,
    addresses: addressesOf(arms),
    seed: chosen.seed,
    watch: (afterSeq, listener) => run.events.watch(afterSeq, listener),
    oldestSeq: () => run.events.oldestSeq(),
    series: (action, metric) => run.series(action, metric),
    stop: () => {
      stopping.abort()
      run.interrupt()
    },
    done,
  }
}

/** What a report gets last: the capacity of its arms, where it was asked for. */
function capacityAdder(
  prepared: PreparedCapacity | undefined,
  { capacity: request }: ProbeRequest,
  clock: Clock,
  signal: AbortSignal,
): (report: Report) => Report | Promise<Report> {
  if (prepared === undefined || request === undefined) return (report) => report
  return (report) => addCapacity(report, { prepared, request, clock, signal })
}

/** Threads that the load of the plan needs, unless their number was asked for. */
function workersOf(
  { config }: Parts,
  { overrides = {} }: ProbeRequest,
  arms: readonly ArmAddress[],
  { plan, maxRps }: Chosen,
): number {
  const { rate, concurrency } = plan
  return workersFor(overrides.workers ?? config.probe.workers, {
    rate: rate * arms.length,
    concurrency,
    maxRps,
  })
}

/** The end of the run as the database has it. */
function keepReport(
  database: Database,
  stored: Omit<StoredRun, 'status'>,
  done: Promise<Report>,
): Promise<Report> {
  return done.then(
    (report) => {
      saveRun(database, { ...stored, status: 'done', report })
      return report
    },
    (thrown: unknown) => {
      saveRun(database, { ...stored, status: 'failed' })
      throw thrown
    },
  )
}

/** What the worker of a run gets, but for the parameters that it begins with. */
export function workerInput(
  { config, environment }: Parts,
  { overrides = {}, samplesFile }: ProbeRequest,
  arms: readonly ArmAddress[],
  chosen: Chosen,
  runId: string,
): Omit<WorkerInput, 'parameters'> {
  const { arrivals, ramp } = config.probe
  const timeScale = overrides.timeScale ?? config.probe.time_scale
  return {
    runId,
    plan: chosen.plan,
    seed: chosen.seed,
    arms,
    ontology: { document: chosen.ontology.document, file: chosen.ontology.file },
    profiles: chosen.profiles,
    skipped: chosen.skipped.map((skip) => skip.action),
    secrets: secretsOf(environment),
    arrivals: overrides.arrivals ?? arrivals,
    timeScale: timeScale === 'auto' ? 1 : timeScale,
    rampSeconds: overrides.rampSeconds ?? ramp,
    ...(overrides.timeoutMs === undefined ? {} : { timeoutMs: overrides.timeoutMs }),
    maxRps: chosen.maxRps,
    recordSamples: samplesFile !== undefined,
  }
}

/** The report with what people should know of the figures of their processes. */
function told(report: Report, { watched }: Chosen): Report {
  const remarks = watched.remarks.map((message) => ({ code: 'metrics-remark', message }))
  return { ...report, reasons: [...report.reasons, ...remarks] }
}

/** By arm, as they were written. */
export function addressesOf(
  arms: readonly ArmAddress[],
): Partial<Record<ArmAddress['arm'], string>> {
  return Object.fromEntries(arms.map((address) => [address.arm, formatAddress(address)]))
}

function urlOf(arms: readonly ArmAddress[], arm: ArmAddress['arm']): string {
  const found = arms.find((address) => address.arm === arm)
  return found === undefined ? '' : formatAddress(found)
}

function nameOf(request: ProbeRequest, arms: readonly ArmAddress[]): string {
  if (request.aa === true) return nameOfItself(urlOf(arms, 'baseline'), request.name)
  if (request.name !== undefined) return request.name
  if (request.target.kind === 'named') return request.target.name
  const canary = arms.find((address) => address.arm === 'canary')
  return canary === undefined ? 'probe' : hostOf(formatAddress(canary))
}
