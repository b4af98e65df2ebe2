/** Starts a generation: the traffic of synthetic users against one address, without a verdict. */

import type { Ontology } from '../actions/ontology.ts'
import { checkSecrets, secretsOf } from '../actions/secrets.ts'
import type { Config, Target } from '../core/contract/config.ts'
import type { Profile } from '../core/contract/profile.ts'
import type { Address } from '../core/contract/target.ts'
import { UsageError } from '../core/errors.ts'
import { capsOf, skipsOf } from '../generator/guard.ts'
import { checkReachable } from '../generator/reach.ts'
import { runGeneration, type GenerationSummary } from '../generator/generation.ts'
import { workersFor } from '../generator/pool/size.ts'
import type { Pace, Reach } from '../generator/traffic.ts'
import { checkedAddress, chooseOntology, chooseProfiles } from './choose.ts'
import { claimTargets, type Claim } from './claim.ts'
import { maxRpsOf } from './prepare.ts'
import { checkFits, readReach } from './reach/reach.ts'
import { sourceOfFlags, sourceOfTarget } from './reach/source.ts'
import type { GenerationRequest, RunningGeneration } from './requests.ts'
import { openSamplesFile, type SamplesFile } from './samples-file.ts'
import type { Parts } from './start.ts'

/** @throws UsageError, TargetError or CapacityError before any session was played */
export async function startGeneration(
  parts: Parts,
  id: string,
  request: GenerationRequest,
): Promise<RunningGeneration> {
  const chosen = await choose(parts, request)
  const { url } = chosen
  const claim = claimTargets([request.target.url])
  try {
    await checkReachable([{ arm: 'baseline', url, ...chosen.reach }])
    return begin(parts, id, request, chosen, claim)
  } catch (thrown) {
    claim.release()
    throw thrown
  }
}

type GenerationResult = GenerationSummary & { readonly delivered: boolean }

interface Chosen {
  readonly url: string
  readonly reach: Reach
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly seed: number
  readonly maxRps: number
  readonly allowMutations: boolean
}

async function choose(parts: Parts, request: GenerationRequest): Promise<Chosen> {
  const { config, store } = parts
  const written = request.target.url
  const address = checkedAddress(written, '--target-url')
  const target = findTarget(config, written)
  if (request.target.kind === 'configured' && target === undefined) throw notConfigured(written)
  const reach = await reachOf(parts, request, address, target)
  const seed = request.seed ?? config.probe.seed
  const ontology = await chooseOntology(request.ontology, request.profiles, parts)
  const profiles = await chooseProfiles(
    request.profiles ?? { kind: 'criteria', criteria: config.probe.criteria },
    store,
    seed,
  )
  const iOwnThis = request.iOwnThis ?? false
  const overrides = request.maxRps === undefined ? {} : { maxRps: request.maxRps }
  const maxRps = maxRpsOf(config, overrides, [written], iOwnThis)
  const { concurrency: users, durationSeconds: seconds } = request
  capsOf([written], { maxRps, users, seconds }, iOwnThis)
  const allowMutations = request.allowMutations ?? config.probe.allow_mutations
  const skips = skipsOf(ontology, profiles, { allowMutations, twins: false })
  const skipped = new Set(skips.map((skip) => skip.action))
  const sent = new Set(profiles.flatMap(({ behavioral_patterns: all }) => all.map((e) => e.action)))
  const unsent = [...ontology.actions.keys()].filter((name) => skipped.has(name) || !sent.has(name))
  checkSecrets(ontology, secretsOf(parts.environment), new Set(unsent))
  return { url: address.url, reach, ontology, profiles, seed, maxRps, allowMutations }
}

function begin(
  parts: Parts,
  id: string,
  request: GenerationRequest,
  chosen: Chosen,
  claim: Claim,
): RunningGeneration {
  const { clock, config, environment } = parts
  const samples =
    request.samplesFile === undefined ? undefined : openSamplesFile(request.samplesFile)
  const ending = new AbortController()
  let status: 'running' | 'done' | 'failed' = 'running'
  const pace = paceOf(request, config)
  const load = { concurrency: request.concurrency, maxRps: chosen.maxRps, ...rateOf(pace) }
  const workers = workersFor(request.workers ?? config.probe.workers, load)
  let latest: GenerationSummary = { ...nothingYet, workers }
  const generation = runGeneration({
    ...chosen,
    durationSeconds: request.durationSeconds,
    pace,
    workers,
    secrets: secretsOf(environment),
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    clock,
    runId: id,
    ...(samples === undefined ? {} : { onLines: (lines) => written(samples, lines) }),
    onProgress: (summary) => {
      latest = summary
    },
    signal: ending.signal,
  })
  const carryOut = async (): Promise<GenerationResult> => {
    try {
      const result = await generation
      latest = result
      status = 'done'
      return result
    } catch (thrown) {
      status = 'failed'
      throw thrown
    } finally {
      claim.release()
      await samples?.close()
    }
  }
  const done = carryOut()
  // Whoever waits for `done` gets the error; nobody waiting must not end the process.
  done.catch(() => {})
  return { id, status: () => status, progress: () => latest, stop: () => ending.abort(), done }
}

const nothingYet: GenerationSummary = {
  seconds: 0,
  requests: 0,
  errors: 0,
  sessions: 0,
  busy: 0,
  notSent: 0,
  skipped: [],
  workers: 1,
  lagP99Ms: 0,
  cpu: 0,
  reasons: [],
  byAction: {},
}

function rateOf(pace: Pace): { rate?: number } {
  return 'rate' in pace && pace.rate !== undefined ? { rate: pace.rate } : {}
}

function written(samples: SamplesFile, lines: string): Promise<void> | undefined {
  samples.write(lines)
  return samples.caughtUp()
}

/** `concurrency` users back to back, unless a rate or another kind of arrivals is asked for. */
function paceOf(request: GenerationRequest, config: Config): Pace {
  const { concurrency, rate } = request
  const arrivals = request.arrivals ?? (rate === undefined ? 'closed' : 'poisson')
  const scale = request.timeScale ?? config.probe.time_scale
  const rampSeconds = request.rampSeconds ?? config.probe.ramp
  const every = { concurrency, rampSeconds }
  switch (arrivals) {
    case 'closed':
      return { kind: 'closed', ...every, ...(rate === undefined ? {} : { rate }) }
    case 'poisson':
    case 'constant':
      return { kind: 'spaced', spacing: arrivals, rate: rate ?? config.probe.rate, ...every }
    case 'recorded':
    case 'partly-open': {
      const timeScale = scale === 'auto' ? 1 : scale
      return { kind: arrivals, rate: rate ?? config.probe.rate, timeScale, ...every }
    }
  }
}

/** What the target says of the way there, and over it what the request says. */
async function reachOf(
  { baseFolder, environment }: Parts,
  { reach: flags = {} }: GenerationRequest,
  address: Address,
  target: [name: string, target: Target] | undefined,
): Promise<Reach> {
  const own = target === undefined ? [] : [sourceOfTarget(target[0], target[1], baseFolder)]
  const reach = await readReach([...own, sourceOfFlags(flags)], environment)
  checkFits([address], reach, flags)
  const { socketPath } = address
  return socketPath === undefined ? reach : { ...reach, socketPath }
}

/** The configured target that has this address as one of its arms. */
function findTarget(config: Config, url: string): [name: string, target: Target] | undefined {
  const same = (other: string | undefined): boolean =>
    other !== undefined && new URL(other).href === new URL(url).href
  return Object.entries(config.targets).find(
    ([, { baseline, canary, control }]) => same(baseline) || same(canary) || same(control),
  )
}

function notConfigured(url: string): UsageError {
  return new UsageError(`Cannot send to ${url}: it belongs to no configured target`, {
    code: 'unknown-target',
    where: '/target_url',
    mend: 'name an address of a target in outrider.yaml',
  })
}
