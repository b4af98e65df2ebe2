/**
 * Generation: traffic of synthetic users against one target, with a summary per action. Threads of
 * their own send; this one adds up what they hand over, a few times a second.
 */

import type { Ontology } from '../actions/ontology.ts'
import type { Clock } from '../core/clock.ts'
import type { Profile } from '../core/contract/profile.ts'
import type { Reason, Skipped } from '../core/contract/report.ts'
import { createBreaker, skipsOf } from './guard.ts'
import { Crew } from './pool/crew.ts'
import type { PlayerDelta, PlayerInput } from './pool/messages.ts'
import { bottleneckReasons, breakerReason, pauseReasons, waitReason } from './pool/remarks.ts'
import { Tally, type ActionSummary } from './pool/tally.ts'
import { extendSpan, type WaitSpan } from './pool/wait-span.ts'
import { SessionOpener } from './session/opener.ts'
import type { Pace, Reach } from './traffic.ts'

/** Below this share of the due steps the load counts as not delivered. */
const DELIVERED_SHARE = 0.95
const PROGRESS_MS = 1_000
/** Readings that are kept of a run: an hour's. */
const MOST_READINGS = 3_600

export interface GenerationOptions {
  readonly url: string
  readonly reach: Reach
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly seed: number
  readonly durationSeconds: number
  readonly pace: Pace
  readonly maxRps: number
  readonly allowMutations: boolean
  readonly secrets: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  /** Threads that send. */
  readonly workers: number
  readonly clock: Clock
  readonly runId: string
  /**
   * Samples as NDJSON, without the last newline. A promise holds the traffic back until it resolves.
   * Left out = no samples are made.
   */
  onLines?(lines: string): Promise<void> | undefined
  /** About once a second. */
  onProgress?(summary: GenerationSummary): void
  /** Ends the generation early; the summary then covers what was sent until then. */
  readonly signal: AbortSignal
}

export interface GenerationSummary {
  readonly seconds: number
  readonly requests: number
  readonly errors: number
  /** Sessions that were played to their end. */
  readonly sessions: number
  /** Steps that were due while every user waited, or while the target asked for a pause. */
  readonly busy: number
  /** Steps that were due and that the generator itself did not send. */
  readonly notSent: number
  /** When, and how many requests waited for a connection; left out = none did. */
  readonly waits?: WaitSpan
  readonly skipped: Skipped[]
  readonly workers: number
  /** The worst second of the event loop of any thread. */
  readonly lagP99Ms: number
  /** Of one core, in the busiest second of any thread. */
  readonly cpu: number
  /** Why it stopped early, why requests failed, whether the generator was the bottleneck. */
  readonly reasons: Reason[]
  readonly byAction: Record<string, ActionSummary>
}

/**
 * Plays sessions against one target for a while. `delivered` is false when less than 95 % of the
 * steps that were due could be sent, none was, or the breaker ended it: at least half of the
 * requests of 5 s failed, and they were 20 or more.
 * @throws UsageError with code `nothing-to-send` if every step of every profile is skipped
 * @throws OutriderError with code `run-failed` if a thread dies
 */
export async function runGeneration(
  options: GenerationOptions,
): Promise<GenerationSummary & { delivered: boolean }> {
  const { clock, signal, workers } = options
  const books = new Books(options)
  const crew: Crew = new Crew({
    input: inputOf(options, books.skipped),
    workers,
    onStart: () => books.start(),
    onDelta: (delta) => books.take(delta, () => crew.stop()),
    onLines: (lines) => options.onLines?.(lines),
  })
  const stop = (): void => (books.isOver(options.durationSeconds) ? crew.abort() : crew.stop())
  const progress = setInterval(() => {
    books.read(crew.state())
    options.onProgress?.(books.summary(crew.state()))
  }, PROGRESS_MS)
  signal.addEventListener('abort', stop)
  if (signal.aborted) crew.stop()
  try {
    await crew.done
    books.end(clock.nowMs())
    books.read(crew.state())
    const { due, sent } = crew.state().counts
    const went = sent - books.unsent()
    const delivered = went > 0 && went >= DELIVERED_SHARE * due && !books.isBroken()
    return { ...books.summary(crew.state()), delivered }
  } finally {
    signal.removeEventListener('abort', stop)
    clearInterval(progress)
    await crew.close()
  }
}

function inputOf(
  options: GenerationOptions,
  skipped: readonly Skipped[],
): Omit<PlayerInput, 'shard'> {
  const { url, reach, timeoutMs, ontology, profiles, seed, secrets, maxRps, pace } = options
  const names = skipped.map(({ action }) => action)
  // Said here, before a thread is started.
  const opener = new SessionOpener({ ontology, profiles, seed, skipped: new Set(names) })
  return {
    runId: options.runId,
    url,
    reach,
    ontology: { document: ontology.document, file: ontology.file },
    profiles: opener.profiles,
    seed,
    skipped: names,
    secrets,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    maxRps,
    pace,
    durationSeconds: options.durationSeconds,
    wantsSamples: options.onLines !== undefined,
  }
}

/** Everything that is known of the traffic of all threads. */
class Books {
  readonly skipped: Skipped[]
  readonly #options: GenerationOptions
  readonly #tally = new Tally()
  readonly #breaker = createBreaker()
  readonly #lagsMs: number[] = []
  readonly #cpus: number[] = []
  readonly #worst = { lagP99Ms: 0, cpu: 0 }
  #startMs: number | undefined
  #endMs: number | undefined
  #brokenSeconds: number | undefined
  #waits: WaitSpan | undefined

  constructor(options: GenerationOptions) {
    const { ontology, profiles, allowMutations } = options
    this.#options = options
    this.skipped = skipsOf(ontology, profiles, { allowMutations, twins: false })
  }

  start(): void {
    this.#startMs = this.#options.clock.nowMs()
  }

  end(nowMs: number): void {
    this.#endMs = nowMs
  }

  isOver(durationSeconds: number): boolean {
    return this.#startMs !== undefined && this.#seconds() >= durationSeconds
  }

  /** Requests whose time was over before there was a connection for them. */
  unsent(): number {
    return this.#waits?.unsent ?? 0
  }

  isBroken(): boolean {
    return this.#brokenSeconds !== undefined
  }

  /** @param onBreak what is to be done when the breaker trips */
  take({ tally }: PlayerDelta, onBreak: () => void): void {
    this.#tally.merge(tally)
    const isNew = tally.waits !== undefined
    this.#waits = extendSpan(this.#waits, this.#tally.waits(), isNew, this.#seconds())
    const { ended, failed } = tally
    this.#breaker.counted('baseline', ended, failed, this.#options.clock.nowMs())
    if (this.#breaker.tripped() === undefined || this.isBroken()) return
    this.#brokenSeconds = this.#seconds()
    onBreak()
  }

  /** About once a second. */
  read({ reading }: ReturnType<Crew['state']>): void {
    if (reading === undefined) return
    const { lagP99Ms, cpu } = reading
    this.#worst.lagP99Ms = Math.max(this.#worst.lagP99Ms, lagP99Ms)
    this.#worst.cpu = Math.max(this.#worst.cpu, cpu)
    if (this.#lagsMs.length >= MOST_READINGS) return
    this.#lagsMs.push(lagP99Ms)
    this.#cpus.push(cpu)
  }

  summary({ counts, heldSeconds, pausedSeconds }: ReturnType<Crew['state']>): GenerationSummary {
    const { due, busy, notSent } = counts
    const seconds = this.#seconds()
    const strains = { lagsMs: this.#lagsMs, cpus: this.#cpus, seconds, due, notSent, heldSeconds }
    const medianServiceMs = this.#tally.medianServiceMs()
    return {
      seconds,
      ...this.#tally.total(),
      sessions: this.#tally.sessions(),
      busy,
      notSent,
      ...(this.#waits === undefined ? {} : { waits: this.#waits }),
      skipped: this.skipped,
      workers: this.#options.workers,
      ...this.#worst,
      reasons: [
        ...(this.#brokenSeconds === undefined ? [] : [breakerReason(this.#brokenSeconds)]),
        ...this.#tally.faults(),
        ...pauseReasons(pausedSeconds),
        ...(this.#waits === undefined ? [] : [waitReason(this.#waits)]),
        ...bottleneckReasons({ ...strains, medianServiceMs }),
      ],
      byAction: this.#tally.byAction(),
    }
  }

  #seconds(): number {
    const endMs = this.#endMs ?? this.#options.clock.nowMs()
    return this.#startMs === undefined ? 0 : (endMs - this.#startMs) / 1000
  }
}
