/**
 * A leg: one worker's part of a rollout, from its start to the breaker, a crash or the end. Block
 * numbers and times of a rollout go on over its legs; the worker counts from its own start.
 */

import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerInput } from '../shard/messages.ts'
import { workerModule } from '../shard/worker-module.ts'

export interface LegOptions {
  readonly input: WorkerInput
  /** Where the leg begins, in seconds from the start of the run. */
  readonly fromSeconds: number
  /** Times are those of the run. */
  readonly onMessage: (message: FromWorker) => void
  /** The worker is gone without having ended; called once. */
  readonly onDeath: (error: Error) => void
}

/** A worker that was told to stop and does not end in this time is ended. */
const STOP_LIMIT_MS = 20_000

export class Leg {
  /** Resolves when the traffic has begun. */
  readonly begun: Promise<void>
  /** Resolves when its last word was handed on, or the worker is gone. */
  readonly ended: Promise<void>
  readonly #worker: Worker
  readonly #options: LegOptions
  #resolveBegun: () => void = () => {}
  #rejectBegun: (error: Error) => void = () => {}
  #resolveEnded: () => void = () => {}
  #state: 'running' | 'stopping' | 'ended' = 'running'
  #limit: NodeJS.Timeout | undefined

  constructor(options: LegOptions) {
    this.#options = options
    this.begun = new Promise((resolve, reject) => {
      this.#resolveBegun = resolve
      this.#rejectBegun = reject
    })
    // Only the first leg is waited for.
    this.begun.catch(() => {})
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    this.#worker = new Worker(workerModule(), { workerData: options.input })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', (error) => this.#die(error))
    this.#worker.on('exit', () => this.#die(new Error('the generator thread ended')))
  }

  say(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  /** Ends the traffic gracefully. The worker stays and remembers, until `close`. */
  stop(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'stopping'
      this.say({ kind: 'stop' })
      this.#limit = setTimeout(() => this.#die(new Error('it did not end')), STOP_LIMIT_MS)
    }
    return this.ended
  }

  async close(): Promise<void> {
    this.#end()
    await this.#worker.terminate()
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'failed') return this.#die(new Error(message.error))
    if (this.#state === 'ended' && message.kind !== 'inquiry') return
    if (message.kind === 'phase') this.#resolveBegun()
    this.#options.onMessage(inRunTime(message, this.#options.fromSeconds))
    if (message.kind === 'ended') this.#end()
  }

  #die(error: Error): void {
    if (this.#state === 'ended') return
    this.#end()
    this.#rejectBegun(error)
    void this.#worker.terminate()
    this.#options.onDeath(error)
  }

  #end(): void {
    this.#state = 'ended'
    clearTimeout(this.#limit)
    this.#resolveEnded()
  }
}

function inRunTime(message: FromWorker, fromSeconds: number): FromWorker {
  switch (message.kind) {
    case 'block': {
      const { block } = message
      const startSeconds = block.startSeconds + fromSeconds
      const endSeconds = block.endSeconds + fromSeconds
      return { ...message, block: { ...block, startSeconds, endSeconds } }
    }
    case 'reading': {
      const { reading } = message
      return { ...message, reading: { ...reading, at: reading.at + fromSeconds } }
    }
    case 'warmed-up':
      return { ...message, seconds: message.seconds + fromSeconds }
    case 'phase':
    case 'breaker':
    case 'ended':
      return { ...message, atSeconds: message.atSeconds + fromSeconds }
    case 'drained':
    case 'inquiry':
    case 'failed':
      return message
  }
}
