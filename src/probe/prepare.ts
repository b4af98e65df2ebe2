/**
 * From what was asked to a frozen plan: which actions are sent, how often each occurs, under which
 * caps. Nothing is sent here, so everything that is wrong is said before any traffic.
 */

import { freezePlan, planHashOf, type PlanSettings } from '../analysis/plan.ts'
import type { Ontology } from '../actions/ontology.ts'
import type { Config } from '../core/contract/config.ts'
import type { Plan } from '../core/contract/plan.ts'
import type { Profile } from '../core/contract/profile.ts'
import type { Skipped } from '../core/contract/report.ts'
import { originOf } from '../core/contract/target.ts'
import { UsageError } from '../core/errors.ts'
import type { ResourceMetric } from '../core/verdict.ts'
import { capsOf, isLoopback, MAX_RPS, skipsOf } from '../generator/guard.ts'
import type { ProbeOverrides } from './requests.ts'

export interface PreparedRun {
  readonly plan: Plan
  readonly planHash: string
  readonly skipped: readonly Skipped[]
  /** Only those that still have a step to send. */
  readonly profiles: readonly Profile[]
  readonly seed: number
  readonly maxRps: number
}

export interface RunToPrepare {
  readonly config: Config
  readonly overrides: ProbeOverrides
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  /** Addresses of the arms as they were written. */
  readonly urls: readonly string[]
  readonly iOwnThis: boolean
  /** A second copy of the baseline answers beside it: nothing has to be asked twice. */
  readonly hasControl?: boolean
  /** What is read of the processes of both arms. */
  readonly resources?: readonly ResourceMetric[]
}

/** Second answers that are asked for to learn the noise of the first. */
const REPEATS_PER_SECOND = 10

/**
 * @param adapt makes other settings of those of a probe; what it gives as seconds is held against
 *   the cap
 * @throws UsageError if there is nothing to send, a required action is unknown, or a cap is passed
 */
export function prepareRun(
  request: RunToPrepare,
  adapt?: (settings: PlanSettings) => { settings: PlanSettings; seconds: number },
): PreparedRun {
  const { config, overrides, ontology, urls, iOwnThis } = request
  const maxRps = maxRpsOf(config, overrides, urls, iOwnThis)
  const { resources = [], hasControl = false } = request
  const asked = {
    ...settingsOf(config, overrides, ontology, maxRps),
    repeatsPerSecond: hasControl ? 0 : REPEATS_PER_SECOND,
    resources,
  }
  const ramp = overrides.rampSeconds ?? config.probe.ramp
  const { settings, seconds } = adapt?.(asked) ?? asProbe(asked, ramp)
  const allowMutations = overrides.allowMutations ?? config.probe.allow_mutations
  const skipped = skipsOf(ontology, request.profiles, { allowMutations, twins: true })
  const left = new Set(skipped.map((skip) => skip.action))
  const shares = sharesOf(request.profiles, left)
  if (shares.size === 0) {
    throw new UsageError('Cannot start the probe: no step of any profile may be sent', {
      code: 'nothing-to-send',
      mend: skipped.some((skip) => skip.code === 'mutations-not-allowed')
        ? 'allow mutations with --allow-mutations, or choose other profiles'
        : `choose profiles whose actions are in ${ontology.file}`,
    })
  }
  const profiles = request.profiles.filter((profile) =>
    profile.behavioral_patterns.some((entry) => shares.has(entry.action)),
  )
  const arms = armsAtOneAddress(urls)
  const users = settings.concurrency * arms
  capsOf(urls, { maxRps: maxRps * arms, users, seconds }, iOwnThis)
  const plan = freezePlan(
    settings,
    [...shares].map(([action, share]) => {
      const document = ontology.document.actions[action]
      const isSafe = ontology.actions.get(action)?.mutates === false
      const comparesAnswers = request.hasControl === true || isSafe
      return { action, share, comparesAnswers, ...(document === undefined ? {} : { document }) }
    }),
  )
  return {
    plan,
    planHash: planHashOf(plan),
    skipped,
    profiles,
    seed: overrides.seed ?? config.probe.seed,
    maxRps,
  }
}

function asProbe(
  settings: PlanSettings,
  rampSeconds: number,
): { settings: PlanSettings; seconds: number } {
  const { duration, maxDurationSeconds } = settings
  const seconds = duration === 'auto' ? maxDurationSeconds : duration
  return { settings: { ...settings, warmup: warmUpAfter(settings, rampSeconds) }, seconds }
}

/** Of the warm-up, at the full rate behind a ramp, where nobody says how long it is. */
const AFTER_RAMP_SECONDS = 10

/** What is measured while the load still grows speaks of no load: a ramp lies in the warm-up. */
function warmUpAfter({ warmup, duration }: PlanSettings, rampSeconds: number): 'auto' | number {
  if (rampSeconds === 0) return warmup
  const seconds = warmup === 'auto' ? rampSeconds + AFTER_RAMP_SECONDS : warmup
  const mend = `ramp for less, or give --warmup ${Math.ceil(rampSeconds + AFTER_RAMP_SECONDS)}s`
  if (seconds <= rampSeconds) {
    const why = `the warm-up is over after ${seconds} s, and the load must not grow behind it`
    throw rampError(rampSeconds, why, mend)
  }
  if (duration !== 'auto' && seconds > duration / 2) {
    const why = `with ${seconds} s of warm-up too little of ${duration} s is left to be judged`
    throw rampError(rampSeconds, why, 'ramp for less, or give a longer --duration')
  }
  return seconds
}

function rampError(rampSeconds: number, why: string, mend: string): UsageError {
  const message = `Cannot let the load grow for ${rampSeconds} s: ${why}`
  return new UsageError(message, { code: 'bad-ramp', where: '--ramp', mend })
}

/**
 * Requests per second and arm: what was asked for; else 100 for each address, and no cap for
 * loopback or with leave.
 */
export function maxRpsOf(
  config: Config,
  overrides: ProbeOverrides,
  urls: readonly string[],
  iOwnThis: boolean,
): number {
  const asked = overrides.maxRps ?? config.probe.max_rps
  const cap = MAX_RPS / armsAtOneAddress(urls)
  return asked ?? (iOwnThis || urls.every(isLoopback) ? Infinity : cap)
}

/** How many arms share an address at most: caps count what it gets, not what an arm sends. */
function armsAtOneAddress(urls: readonly string[]): number {
  const origins = urls.map((url) => originOf(url))
  return Math.max(1, ...origins.map((origin) => origins.filter((other) => other === origin).length))
}

function settingsOf(
  config: Config,
  overrides: ProbeOverrides,
  ontology: Ontology,
  maxRps: number,
): PlanSettings {
  const { probe, analysis } = config
  return {
    // One pair is one request per arm, so a rate above the cap could never be delivered.
    rate: Math.min(overrides.rate ?? probe.rate, maxRps),
    concurrency: overrides.concurrency ?? probe.concurrency,
    alpha: overrides.alpha ?? analysis.alpha,
    alphaHealthy: analysis.alpha_healthy,
    block: analysis.block,
    maxStallSeconds: analysis.max_stall,
    floorMs: analysis.floor_ms,
    timeoutMs: overrides.timeoutMs ?? ontology.document.defaults.timeout_ms,
    duration: overrides.duration ?? probe.duration,
    minDurationSeconds: overrides.minDurationSeconds ?? probe.min_duration,
    maxDurationSeconds: overrides.maxDurationSeconds ?? probe.max_duration,
    warmup: overrides.warmup ?? probe.warmup,
    phases: overrides.phases ?? probe.phases,
    focus: overrides.focus ?? probe.focus,
    ...(overrides.require === undefined ? {} : { require: overrides.require }),
    margins: { ...analysis.margins, ...overrides.margins },
    healthyMargins: { ...analysis.healthy_margins, ...overrides.healthyMargins },
  }
}

/**
 * The natural share of each action that is sent. Sessions are drawn uniformly and all play to
 * their end, so a step's share is its share of all steps.
 */
function sharesOf(
  profiles: readonly Profile[],
  skipped: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  let total = 0
  for (const profile of profiles) {
    for (const { action } of profile.behavioral_patterns) {
      if (skipped.has(action)) continue
      counts.set(action, (counts.get(action) ?? 0) + 1)
      total += 1
    }
  }
  return new Map(
    [...counts.keys()]
      .toSorted((left, right) => (left < right ? -1 : 1))
      .map((action) => [action, (counts.get(action) ?? 0) / total]),
  )
}
