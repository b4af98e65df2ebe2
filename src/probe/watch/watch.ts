/**
 * Watches what the arms use while a run goes on: every second all places are asked in the same
 * moment, so that what disturbs the machine disturbs all arms' readings alike. A place that has not
 * answered yet is left out of that round and never asked twice at once.
 */

import type { Arm } from '../../core/arm.ts'
import type { Clock } from '../../core/clock.ts'
import type { ResourceReading } from '../../core/contract/sample.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { MeterFault, type Meter } from './meter.ts'
import { metersOf, type WatchSource } from './sources.ts'

export interface WatchOptions {
  readonly sources: readonly WatchSource[]
  readonly clock: Clock
  readonly everyMs?: number
  /** How long one place may take. */
  readonly timeoutMs?: number
  /** Seconds from the start of the run. */
  seconds(): number
  onReading(reading: ResourceReading): void
  /** At most a few times for each place: it gives nothing any more, or it began anew. */
  onTrouble(arm: Arm, message: string): void
}

export interface Watch {
  /** Asks at once, then in every period. */
  start(): void
  /** Nothing is told any more once this was called; resolves when every connection is closed. */
  stop(): Promise<void>
}

/** Rounds without an answer before anybody is told; one may be lost for any reason. */
const MISSED_ROUNDS = 3
const EVERY_MS = 1_000

export function createWatch(options: WatchOptions): Watch {
  return new Rounds(options)
}

interface Watched {
  readonly meter: Meter
  readonly ledger: Ledger
  readonly told: Set<string>
  asking: Promise<void> | undefined
  missed: number
  /** Seconds of the last answer. */
  heardAt: number | undefined
  isOver: boolean
}

class Rounds implements Watch {
  readonly #options: WatchOptions
  readonly #everyMs: number
  readonly #watched: readonly Watched[]
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #startMs: number | undefined

  constructor(options: WatchOptions) {
    this.#options = options
    this.#everyMs = options.everyMs ?? EVERY_MS
    this.#watched = options.sources
      .flatMap((source) => metersOf(source, options.timeoutMs))
      .map((meter) => ({
        meter,
        ledger: createLedger(),
        told: new Set(),
        asking: undefined,
        missed: 0,
        heardAt: undefined,
        isOver: false,
      }))
  }

  start(): void {
    if (this.#startMs !== undefined || this.#stopping.signal.aborted) return
    this.#startMs = this.#options.clock.nowMs()
    this.#round()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stopping.abort()
    await Promise.all(this.#watched.flatMap(({ asking }) => asking ?? []))
    for (const { meter } of this.#watched) meter.close()
  }

  #round(): void {
    for (const watched of this.#watched) {
      if (watched.asking !== undefined || watched.isOver) continue
      watched.asking = this.#ask(watched).finally(() => {
        watched.asking = undefined
      })
    }
    const now = this.#options.clock.nowMs()
    const passed = now - (this.#startMs ?? now)
    // On the grid of the start, so that a late timer does not shift all that follow.
    this.#timer = setTimeout(() => this.#round(), this.#everyMs - (passed % this.#everyMs))
    this.#timer.unref()
  }

  async #ask(watched: Watched): Promise<void> {
    const from = this.#options.seconds()
    try {
      const said = await watched.meter.read(this.#stopping.signal)
      if (this.#stopping.signal.aborted) return
      // Somewhere between question and answer it was measured.
      const at = (from + this.#options.seconds()) / 2
      // What there is to remark at first was told by the check before the run.
      if (watched.heardAt === undefined) for (const remark of said.remarks) watched.told.add(remark)
      for (const remark of said.remarks) this.#tell(watched, remark, remark)
      watched.missed = 0
      watched.heardAt = at
      for (const { usage, isRestart } of watched.ledger.admit(said)) {
        if (isRestart) this.#tell(watched, `began anew at second ${at.toFixed(0)}`, 'restart')
        this.#options.onReading({ at, arm: watched.meter.arm, ...usage })
      }
    } catch (thrown) {
      if (!this.#stopping.signal.aborted) this.#miss(watched, thrown)
    }
  }

  #miss(watched: Watched, thrown: unknown): void {
    const isFinal = !(thrown instanceof MeterFault) || thrown.kind === 'no-process'
    watched.isOver = isFinal
    watched.missed += 1
    if (!isFinal && watched.missed < MISSED_ROUNDS) return
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    const { heardAt } = watched
    const since =
      heardAt === undefined ? '' : `; its last reading is of second ${heardAt.toFixed(0)}`
    this.#tell(watched, `${why}${since}`, 'missed')
  }

  /** Each kind of trouble once for a place: a run may last for hours. */
  #tell({ meter, told }: Watched, message: string, kind: string): void {
    if (told.has(kind) || told.size >= 10) return
    told.add(kind)
    this.#options.onTrouble(meter.arm, `${meter.place} ${message}`)
  }
}
