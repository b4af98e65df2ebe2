/** Starts a probe: choices, plan, claim, reach, then the run; stores its report at the end. */

import type { Ontology } from '../actions/ontology.ts'
import { checkSecrets, secretsOf } from '../actions/secrets.ts'
import type { Clock } from '../core/clock.ts'
import { checkReachable } from '../generator/reach.ts'
import type { ArmAddress } from '../generator/traffic.ts'
import type { Database } from '../../profiles-db/open.ts'
import { nextInvestigationId, saveInvestigation } from '../../profiles-db/investigations.ts'
import { nextRunId, saveRun } from '../../profiles-db/runs.ts'
import type { ProfileStore } from '../profiles/store.ts'
import { chooseArms, chooseOntology, chooseProfiles, type Surroundings } from './choose.ts'
import { claimTargets, type Claim } from './claim.ts'
import { prepareRun, type PreparedRun, type RunToPrepare } from './prepare.ts'
import type { ProbeRequest, RunningProbe } from './requests.ts'
import { Run } from './run.ts'
import { openSamplesFile } from './samples-file.ts'
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
  const arms = await chooseArms(request.target, parts)
  const chosen = await chooseRun(parts, request, arms, (run) => prepareRun(run))
  const claim = claimTargets(arms.map((address) => address.url))
  try {
    await checkReachable(arms)
    return begin(parts, request, arms, chosen, claim)
  } catch (thrown) {
    claim.release()
    throw thrown
  }
}

export interface Chosen extends PreparedRun {
  readonly ontology: Ontology
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
  const urls = arms.map((address) => address.url)
  const iOwnThis = request.iOwnThis ?? false
  const prepared = prepare({ config, overrides, ontology, profiles, urls, iOwnThis })
  const sent = new Set(prepared.plan.actions.map((planned) => planned.action))
  const unsent = new Set([...ontology.actions.keys()].filter((action) => !sent.has(action)))
  checkSecrets(ontology, secretsOf(parts.environment), unsent)
  return { ontology, ...prepared }
}

function begin(
  parts: Parts,
  request: ProbeRequest,
  arms: readonly ArmAddress[],
  chosen: Chosen,
  claim: Claim,
): RunningProbe {
  const { database, clock } = parts
  const samples =
    request.samplesFile === undefined ? undefined : openSamplesFile(request.samplesFile)
  const id = nextRunId(database)
  const name = request.name ?? nameOf(request, arms)
  const startedAt = new Date(clock.wallMs()).toISOString()
  const stored = { id, kind: 'probe', name, startedAt } as const
  saveRun(database, { ...stored, status: 'running' })
  const run = new Run({
    id,
    planHash: chosen.planHash,
    input: workerInput(parts, request, arms, chosen, id),
    skipped: chosen.skipped,
    ...(samples === undefined ? {} : { samples }),
    clock,
    keepInvestigation: (record, known) => {
      const investigation = { ...record, id: known ?? nextInvestigationId(database) }
      saveInvestigation(database, investigation)
      return investigation.id
    },
  })
  const done = run.done
    .then(
      (report) => {
        saveRun(database, { ...stored, status: 'done', report })
        return report
      },
      (thrown: unknown) => {
        saveRun(database, { ...stored, status: 'failed' })
        throw thrown
      },
    )
    .finally(() => claim.release())
  // Whoever waits for `done` gets the error; nobody waiting must not end the process.
  done.catch(() => {})
  return {
    id,
    plan: chosen.plan,
    name,
    addresses: Object.fromEntries(arms.map(({ arm, url }) => [arm, url])),
    seed: chosen.seed,
    watch: (afterSeq, listener) => run.events.watch(afterSeq, listener),
    oldestSeq: () => run.events.oldestSeq(),
    series: (action, metric) => run.series(action, metric),
    stop: () => run.interrupt(),
    done,
  }
}

/** What the worker of a run gets, but for the parameters that it begins with. */
export function workerInput(
  { config, environment }: Parts,
  { overrides = {}, samplesFile }: ProbeRequest,
  arms: readonly ArmAddress[],
  chosen: Chosen,
  runId: string,
): Omit<WorkerInput, 'parameters'> {
  const { time_scale: timeScale, arrivals } = config.probe
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
    ...(overrides.timeoutMs === undefined ? {} : { timeoutMs: overrides.timeoutMs }),
    maxRps: chosen.maxRps,
    recordSamples: samplesFile !== undefined,
  }
}

function nameOf(request: ProbeRequest, arms: readonly ArmAddress[]): string {
  if (request.target.kind === 'named') return request.target.name
  const canary = arms.find((address) => address.arm === 'canary')
  return canary === undefined ? 'probe' : new URL(canary.url).host
}
