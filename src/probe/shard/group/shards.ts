/**
 * Shards: the worker threads of one run, which speak to the coordinator as if they were one.
 *
 * Alone a thread decides by itself when its warm-up and its blocks end. Several must do so together:
 * blocks of different times would let one stall of the target count as two. So each says what it
 * sees (settled; at the barrier between two phases; which arms are stalled) and this here says when
 * all go on. A block closes when no thread calls an arm stalled, by the same rule and the same cap
 * as for one (STATISTICS 6). Block sums, counts and histograms are integers and merge exactly, so
 * the verdict does not depend on how many threads there are.
 */

import { Worker } from 'node:worker_threads'
import { createClosingRule, type ClosingRule } from '../../../analysis/quiescence.ts'
import type { Arm } from '../../../core/arm.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Phase } from '../../../core/verdict.ts'
import { createBreaker } from '../../../generator/guard.ts'
import { commonStartMs } from '../../../generator/schedule/common-start.ts'
import { joinBlocks, joinEnds, joinInquiries, joinReadings, joinWarmUps } from './join.ts'
import type { EndedCount } from '../limit/shard-breaker.ts'
import type { FromShard, FromWorker, ToShard, ToWorker, WorkerInput } from '../messages.ts'
import { workerModule } from '../worker-module.ts'

export interface ShardsOptions {
  readonly input: WorkerInput
  /** Threads that share the traffic. */
  readonly count: number
  readonly clock: Clock
  readonly onMessage: (message: FromWorker) => void
  /** The threads are gone, asked to or not; called once. */
  readonly onDeath: (error: Error) => void
}

export interface Shards {
  say(message: ToWorker): void
  terminate(): Promise<void>
}

/** What a thread said of its stalls holds this long; it says so every 20 ms. */
const STALLS_HOLD_MS = 100

export function startShards(options: ShardsOptions): Shards {
  return options.count === 1 ? startOne(options) : new SeveralShards(options)
}

function startOne({ input, onMessage, onDeath }: ShardsOptions): Shards {
  const { shard: _all, ...alone } = input
  // Alone it says nothing that only shards say to each other.
  const worker = startThread(alone, (message) => onMessage(message as FromWorker), onDeath)
  return {
    say: (message) => worker.postMessage(message),
    terminate: async () => void (await worker.terminate()),
  }
}

function startThread(
  input: WorkerInput,
  onMessage: (message: FromShard) => void,
  onDeath: (error: Error) => void,
): Worker {
  const worker = new Worker(workerModule(), { workerData: input })
  worker.on('message', onMessage)
  worker.on('error', onDeath)
  worker.on('exit', () => onDeath(new Error('a generator thread ended')))
  return worker
}

type Reading = Extract<FromShard, { kind: 'reading' }>

interface Stalls {
  readonly index: number
  readonly stalled: readonly Arm[]
  readonly heardMs: number
}

class SeveralShards implements Shards {
  readonly #options: ShardsOptions
  readonly #workers: readonly Worker[]
  readonly #collected = new Map<string, (FromShard | undefined)[]>()
  readonly #stalls: (Stalls | undefined)[]
  readonly #phases: Phase[]
  /** The last reading of each thread, and which are new since the last one handed on. */
  readonly #readings = new Map<number, Reading>()
  readonly #fresh = new Set<number>()
  readonly #breaker = createBreaker()
  #originMs = 0
  #rule: ClosingRule | undefined
  /** The block that is open in all threads. */
  #cutIndex = 0
  #tripped = false
  #dead = false

  constructor(options: ShardsOptions) {
    const { input, count } = options
    this.#options = options
    this.#phases = [...input.plan.phases]
    this.#stalls = Array.from({ length: count }, () => undefined)
    this.#workers = Array.from({ length: count }, (_, index) =>
      startThread(
        { ...input, shard: { index, count } },
        (message) => this.#receive(index, message),
        (error) => this.#die(error),
      ),
    )
  }

  say(message: ToWorker): void {
    if (message.kind === 'end-phase') this.#rule = undefined
    this.#tell(message)
  }

  async terminate(): Promise<void> {
    const ended = new Error('the generator threads were ended')
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
    this.#die(ended)
  }

  #die(error: Error): void {
    if (this.#dead) return
    this.#dead = true
    this.#options.onDeath(error)
    for (const worker of this.#workers) void worker.terminate()
  }

  #tell(message: ToShard): void {
    for (const worker of this.#workers) worker.postMessage(message)
  }

  #receive(from: number, message: FromShard): void {
    const { input, onMessage } = this.#options
    const { plan } = input
    switch (message.kind) {
      case 'ready':
        return this.#whenAll(from, message, 'ready', () => this.#start())
      case 'warm':
        return this.#whenAll(from, message, 'warm', () => this.#tell({ kind: 'warm-up-over' }))
      case 'at-barrier':
        return this.#whenAll(from, message, 'at-barrier', (all) => this.#begin(all))
      case 'stalls':
        return this.#hearStalls(from, message)
      case 'warmed-up':
        return this.#whenAll(from, message, 'warmed-up', (all) => onMessage(joinWarmUps(plan, all)))
      case 'block':
        return this.#whenAll(from, message, `block ${message.block.index}`, (all) =>
          onMessage(joinBlocks(plan, all, input.recordSamples)),
        )
      case 'ended':
        return this.#whenAll(from, message, 'ended', (all) => onMessage(joinEnds(all)))
      case 'drained':
        return this.#whenAll(from, message, 'drained', () => onMessage(message))
      case 'inquiry':
        return this.#whenAll(from, message, `inquiry ${message.id}`, (all) =>
          onMessage(joinInquiries(all)),
        )
      case 'reading':
        return this.#hearReading(from, message)
      case 'paused': {
        const others = this.#workers.filter((_, index) => index !== from)
        for (const worker of others) worker.postMessage({ ...message, kind: 'pause' })
        return
      }
      case 'counts':
        return this.#count(message.counts)
      case 'breaker':
        return this.#trip(message)
      case 'phase':
        // All of them enter it together; one word is enough.
        if (from === 0) onMessage(message)
        return
      case 'failed':
        onMessage(message)
    }
  }

  #start(): void {
    this.#originMs = commonStartMs(this.#options.clock, this.#workers.length)
    this.#tell({ kind: 'start', atMs: this.#originMs })
  }

  /** Calls once every shard has said this, with what they said. */
  #whenAll<Message extends FromShard>(
    from: number,
    message: Message,
    key: string,
    act: (all: readonly Message[]) => void,
  ): void {
    const said = this.#collected.get(key) ?? this.#workers.map(() => undefined)
    said[from] = message
    this.#collected.set(key, said)
    const all = said.filter((one): one is Message => one !== undefined)
    if (all.length < this.#workers.length) return
    this.#collected.delete(key)
    act(all)
  }

  #begin(all: readonly Extract<FromShard, { kind: 'at-barrier' }>[]): void {
    const { clock, input } = this.#options
    const phase = this.#phases.shift() ?? 'load'
    const blockMs = Math.max(...all.map((one) => one.blockMs))
    const maxStallMs = input.plan.maxStallSeconds * 1000
    this.#rule = createClosingRule({ startMs: clock.nowMs(), blockMs, maxStallMs })
    this.#stalls.fill(undefined)
    this.#tell({ kind: 'begin', phase, blockMs })
  }

  #hearStalls(from: number, { index, stalled }: Extract<FromShard, { kind: 'stalls' }>): void {
    // Said before the word of the last cut was heard.
    if (index <= this.#cutIndex) return
    const nowMs = this.#options.clock.nowMs()
    this.#stalls[from] = { index, stalled, heardMs: nowMs }
    const fresh = this.#stalls.filter(
      (one) => one?.index === index && nowMs - one.heardMs <= STALLS_HOLD_MS,
    )
    if (fresh.length < this.#workers.length) return
    const answer = this.#rule?.ask(nowMs, [
      ...new Set(fresh.flatMap((one) => [...(one?.stalled ?? [])])),
    ])
    if (answer?.kind !== 'close') return
    this.#cutIndex = index
    this.#stalls.fill(undefined)
    this.#tell({ kind: 'cut', capped: answer.capped })
  }

  /** Handed on when all have told, or when one tells again while another is stuck. */
  #hearReading(from: number, message: Reading): void {
    if (this.#fresh.has(from)) this.#handReadings()
    this.#readings.set(from, message)
    this.#fresh.add(from)
    if (this.#fresh.size === this.#workers.length) this.#handReadings()
  }

  /** A thread that is stuck counts with the totals that it told last. */
  #handReadings(): void {
    const known = [...this.#readings].map(([from, last]) =>
      this.#fresh.has(from) ? last : { ...last, reading: { ...last.reading, notSent: 0 } },
    )
    this.#fresh.clear()
    this.#options.onMessage(joinReadings(known))
  }

  #count(counts: readonly EndedCount[]): void {
    const nowMs = this.#options.clock.nowMs()
    for (const { arm, requests, failures } of counts) {
      this.#breaker.counted(arm, requests, failures, nowMs)
    }
    const arm = this.#breaker.tripped()
    if (arm === undefined) return
    this.#trip({ kind: 'breaker', arm, atSeconds: (nowMs - this.#originMs) / 1000 })
  }

  #trip(message: Extract<FromShard, { kind: 'breaker' }>): void {
    if (this.#tripped) return
    this.#tripped = true
    this.#rule = undefined
    this.#options.onMessage(message)
    this.#tell({ kind: 'trip', arm: message.arm })
  }
}
