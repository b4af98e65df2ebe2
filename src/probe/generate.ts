/** Starts a generation: the traffic of synthetic users against one address, without a verdict. */

import type { Ontology } from '../actions/ontology.ts'
import { checkSecrets, secretsOf } from '../actions/secrets.ts'
import type { Config, Target } from '../core/contract/config.ts'
import type { Profile } from '../core/contract/profile.ts'
import { formatSample } from '../core/contract/sample.ts'
import { UsageError } from '../core/errors.ts'
import { capsOf, skipsOf } from '../generator/guard.ts'
import { checkReachable } from '../generator/reach.ts'
import { runGeneration, type GenerationSummary } from '../generator/generation.ts'
import type { ArmAddress, Pace } from '../generator/traffic.ts'
import { checkedUrl, chooseOntology, chooseProfiles, reachOf } from './choose.ts'
import { claimTargets, type Claim } from './claim.ts'
import { maxRpsOf } from './prepare.ts'
import type { GenerationRequest, RunningGeneration } from './requests.ts'
import { openSamplesFile } from './samples-file.ts'
import type { Parts } from './start.ts'

/** @throws UsageError, TargetError or CapacityError before any session was played */
export async function startGeneration(
  parts: Parts,
  id: string,
  request: GenerationRequest,
): Promise<RunningGeneration> {
  const chosen = await choose(parts, request)
  const { url } = chosen
  const claim = claimTargets([url])
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
  readonly reach: Pick<ArmAddress, 'host' | 'ca'>
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly seed: number
  readonly maxRps: number
  readonly allowMutations: boolean
}

async function choose(parts: Parts, request: GenerationRequest): Promise<Chosen> {
  const { config, store } = parts
  const url = checkedUrl(request.target.url, '--target-url')
  const target = findTarget(config, url)
  if (request.target.kind === 'configured' && target === undefined) throw notConfigured(url)
  const seed = request.seed ?? config.probe.seed
  const ontology = await chooseOntology(request.ontology, request.profiles, parts)
  const profiles = await chooseProfiles(
    request.profiles ?? { kind: 'criteria', criteria: config.probe.criteria },
    store,
    seed,
  )
  const iOwnThis = request.iOwnThis ?? false
  const overrides = request.maxRps === undefined ? {} : { maxRps: request.maxRps }
  const maxRps = maxRpsOf(config, overrides, [url], iOwnThis)
  const { concurrency: users, durationSeconds: seconds } = request
  capsOf([url], { maxRps, users, seconds }, iOwnThis)
  const allowMutations = request.allowMutations ?? config.probe.allow_mutations
  const skips = skipsOf(ontology, profiles, { allowMutations, twins: false })
  const skipped = new Set(skips.map((skip) => skip.action))
  const sent = new Set(profiles.flatMap(({ behavioral_patterns: all }) => all.map((e) => e.action)))
  const unsent = [...ontology.actions.keys()].filter((name) => skipped.has(name) || !sent.has(name))
  checkSecrets(ontology, secretsOf(parts.environment), new Set(unsent))
  const reach = target === undefined ? {} : await reachOf(target, parts.baseFolder)
  return { url, reach, ontology, profiles, seed, maxRps, allowMutations }
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
  let latest = nothingYet
  const { reach, ...rest } = chosen
  const generation = runGeneration({
    ...rest,
    ...reach,
    durationSeconds: request.durationSeconds,
    concurrency: request.concurrency,
    pace: paceOf(request, config),
    secrets: secretsOf(environment),
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    clock,
    runId: id,
    ...(samples === undefined ? {} : { onSample: (sample) => samples.write(formatSample(sample)) }),
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
  notSent: 0,
  skipped: [],
  lagP99Ms: 0,
  byAction: {},
}

/** `concurrency` users back to back, unless a rate or another kind of arrivals is asked for. */
function paceOf(request: GenerationRequest, config: Config): Pace {
  const { concurrency, rate } = request
  const arrivals = request.arrivals ?? (rate === undefined ? 'closed' : 'poisson')
  const scale = config.probe.time_scale
  switch (arrivals) {
    case 'closed':
      return { kind: 'closed', concurrency, ...(rate === undefined ? {} : { rate }) }
    case 'poisson':
    case 'constant':
      return {
        kind: 'spaced',
        spacing: arrivals,
        rate: rate ?? config.probe.rate,
        concurrency,
      }
    case 'recorded':
      return {
        kind: 'recorded',
        concurrency,
        rate: rate ?? config.probe.rate,
        timeScale: scale === 'auto' ? 1 : scale,
      }
  }
}

/** The configured target that has this address as one of its arms. */
function findTarget(config: Config, url: string): Target | undefined {
  const same = (other: string | undefined): boolean =>
    other !== undefined && new URL(other).href === new URL(url).href
  return Object.values(config.targets).find(
    ({ baseline, canary, control }) => same(baseline) || same(canary) || same(control),
  )
}

function notConfigured(url: string): UsageError {
  return new UsageError(`Cannot send to ${url}: it belongs to no configured target`, {
    code: 'unknown-target',
    where: '/target_url',
    mend: 'name an address of a target in outrider.yaml',
  })
}
