/** Generation: traffic of synthetic users against one target, with a summary per action. */

import type { Ontology } from '../actions/ontology.ts'
import type { Clock } from '../core/clock.ts'
import type { Profile } from '../core/contract/profile.ts'
import type { Skipped } from '../core/contract/report.ts'
import { isFailure, type Sample } from '../core/contract/sample.ts'
import { skipsOf } from './guard.ts'
import { createStrainMeter } from './strain.ts'
import { createTraffic, type Exchange, type Pace, type Step, type Traffic } from './traffic.ts'

/** Below this share of the due steps the load counts as not delivered. */
const DELIVERED_SHARE = 0.95
const PROGRESS_MS = 1_000

export interface GenerationOptions {
  readonly url: string
  readonly host?: string
  /** PEM text of the authority that signed the target's certificate. */
  readonly ca?: string
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly seed: number
  readonly durationSeconds: number
  readonly concurrency: number
  readonly pace: Pace
  readonly maxRps: number
  readonly allowMutations: boolean
  readonly secrets: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly clock: Clock
  readonly runId: string
  onSample?(sample: Sample): void
  /** About once a second. */
  onProgress?(summary: GenerationSummary): void
  /** Ends the generation early; the summary then covers what was sent until then. */
  readonly signal: AbortSignal
}

/** Latencies count from the intended moment and are exact to about 2 %. */
export interface ActionSummary {
  readonly requests: number
  readonly errors: number
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
}

export interface GenerationSummary {
  readonly seconds: number
  readonly requests: number
  readonly errors: number
  /** Sessions that were played to their end. */
  readonly sessions: number
  readonly notSent: number
  readonly skipped: Skipped[]
  /** The worst second of the generator's own event loop. */
  readonly lagP99Ms: number
  readonly byAction: Record<string, ActionSummary>
}

/**
 * Plays sessions against one target for a while. `delivered` is false when less than 95 % of the
 * steps that were due could be sent, or none was.
 * @throws UsageError with code `nothing-to-send` if every step of every profile is skipped
 */
export async function runGeneration(
  options: GenerationOptions,
): Promise<GenerationSummary & { delivered: boolean }> {
  const { clock, signal } = options
  const tally = new Tally(options)
  const traffic = createTraffic({ ...trafficOptions(options, tally) })
  const strain = createStrainMeter(() => traffic.counts())
  const originMs = clock.nowMs()
  const seconds = (): number => (clock.nowMs() - originMs) / 1000
  tally.originMs = originMs
  const progress = setInterval(() => {
    tally.lagged(strain.read(seconds()).lagP99Ms)
    options.onProgress?.(tally.summary(seconds(), traffic.counts().notSent))
  }, PROGRESS_MS)
  try {
    traffic.start(options.pace)
    await elapsed(options.durationSeconds * 1000, signal)
    await stopped(traffic, signal)
    tally.lagged(strain.read(seconds()).lagP99Ms)
    const { due, sent, notSent } = traffic.counts()
    const delivered = sent > 0 && sent >= DELIVERED_SHARE * due
    return { ...tally.summary(seconds(), notSent), delivered }
  } finally {
    clearInterval(progress)
    strain.close()
    await traffic.close()
  }
}

function trafficOptions(
  options: GenerationOptions,
  tally: Tally,
): Parameters<typeof createTraffic>[0] {
  const { url, host, ca, timeoutMs, ontology, profiles, seed, secrets, maxRps, clock } = options
  return {
    arms: [
      {
        arm: 'baseline',
        url,
        ...(host === undefined ? {} : { host }),
        ...(ca === undefined ? {} : { ca }),
      },
    ],
    ontology,
    profiles,
    seed,
    secrets,
    maxRps,
    clock,
    runId: options.runId,
    skipped: new Set(tally.skipped.map(({ action }) => action)),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    watcher: {
      sent: () => undefined,
      ended: (step, exchange) => tally.add(step, exchange),
      step: () => undefined,
      session: () => tally.sessionEnded(),
    },
  }
}

/** A stop lets what is in flight end; a signal that comes then ends it at once. */
async function stopped(traffic: Traffic, signal: AbortSignal): Promise<void> {
  const abort = (): void => traffic.abort()
  const wasEarly = signal.aborted
  if (!wasEarly) signal.addEventListener('abort', abort, { once: true })
  await traffic.stop()
  signal.removeEventListener('abort', abort)
}

function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

class Tally {
  readonly skipped: Skipped[]
  originMs = 0
  readonly #onSample: ((sample: Sample) => void) | undefined
  readonly #actions = new Map<string, ActionTally>()
  #requests = 0
  #errors = 0
  #sessions = 0
  #lagP99Ms = 0

  constructor(options: GenerationOptions) {
    const { ontology, profiles, allowMutations } = options
    this.skipped = skipsOf(ontology, profiles, { allowMutations, twins: false })
    this.#onSample = options.onSample?.bind(options)
  }

  add(step: Step, exchange: Exchange): void {
    const { outcome } = exchange
    const failed = isFailure(outcome)
    if (outcome !== 'aborted' && outcome !== 'blocked') this.#requests += 1
    if (failed) this.#errors += 1
    let action = this.#actions.get(step.action)
    if (action === undefined) this.#actions.set(step.action, (action = new ActionTally()))
    action.add(exchange, failed)
    this.#onSample?.(sampleOf(step, exchange, this.originMs))
  }

  sessionEnded(): void {
    this.#sessions += 1
  }

  lagged(lagP99Ms: number): void {
    this.#lagP99Ms = Math.max(this.#lagP99Ms, lagP99Ms)
  }

  summary(seconds: number, notSent: number): GenerationSummary {
    return {
      seconds,
      requests: this.#requests,
      errors: this.#errors,
      sessions: this.#sessions,
      notSent,
      skipped: this.skipped,
      lagP99Ms: this.#lagP99Ms,
      byAction: Object.fromEntries(
        [...this.#actions].map(([action, tally]) => [action, tally.summary()]),
      ),
    }
  }
}

const BINS_PER_OCTAVE = 32
const LOWEST_OCTAVE = -7
const OCTAVES = 27

/** A log-bucket histogram from 8 µs to 17 min: flat memory, 3 ns a record. */
class ActionTally {
  readonly #bins = new Uint32Array(BINS_PER_OCTAVE * OCTAVES)
  #count = 0
  #requests = 0
  #errors = 0

  add({ outcome, latencyMs }: Exchange, failed: boolean): void {
    if (failed) this.#errors += 1
    if (outcome === 'aborted' || outcome === 'blocked') return
    this.#requests += 1
    // A refused connection is quick: with it a broken target would look fast.
    if (outcome === 'connect_error') return
    const bin = Math.floor(BINS_PER_OCTAVE * (Math.log2(latencyMs) - LOWEST_OCTAVE))
    const index = Math.min(Math.max(0, bin), this.#bins.length - 1)
    this.#bins[index] = (this.#bins[index] ?? 0) + 1
    this.#count += 1
  }

  summary(): ActionSummary {
    const counted = { requests: this.#requests, errors: this.#errors }
    if (this.#count === 0) return counted
    const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => this.#quantile(share))
    return {
      ...counted,
      ...(p50Ms === undefined ? {} : { p50Ms }),
      ...(p95Ms === undefined ? {} : { p95Ms }),
      ...(p99Ms === undefined ? {} : { p99Ms }),
    }
  }

  #quantile(share: number): number {
    const wanted = share * this.#count
    let seen = 0
    let index = 0
    for (; index < this.#bins.length; index += 1) {
      seen += this.#bins[index] ?? 0
      if (seen >= wanted) break
    }
    return 2 ** ((index + 0.5) / BINS_PER_OCTAVE + LOWEST_OCTAVE)
  }
}

function sampleOf(step: Step, exchange: Exchange, originMs: number): Sample {
  const { status, arm, outcome, bytes, latencyMs, serviceMs } = exchange
  const label = step.profile.labels[0]
  return {
    at: Math.max(0, (step.intendedMs - originMs) / 1000),
    action: step.action,
    arm,
    session: step.session,
    latencyMs,
    serviceMs,
    ...(status === undefined ? {} : { status }),
    outcome,
    bytes,
    segment: {
      geo: step.profile.geo_location,
      device: step.profile.device_type,
      ...(label === undefined ? {} : { label }),
      ...(step.previous === undefined ? {} : { prev: step.previous }),
    },
  }
}
