/** Hands what passes a recorder to the thread that keeps it safe from a crash. */

import { Worker } from 'node:worker_threads'
import type { OutcomeOptions } from '../outcome.ts'
import type { Recorder } from '../recorder.ts'
import type { KeepingInput } from './worker.ts'

export interface KeeperOptions {
  readonly recorder: Pick<Recorder, 'passed'>
  readonly file: string
  readonly outcome: OutcomeOptions
  /** Is told once why nothing can be kept. */
  readonly failed: (why: string) => void
  /** The least time between two writings. */
  readonly everyMs?: number
}

export interface Keeper {
  /** Nothing is written any more; what was stays. */
  end(): Promise<void>
}

const HANDED_EVERY_MS = 100
const WRITTEN_EVERY_MS = 1000
/** Requests of one handing over: copying them must not hold up what passes. */
const MOST_AT_ONCE = 100

export function startKeeper({
  recorder,
  file,
  outcome,
  failed,
  everyMs = WRITTEN_EVERY_MS,
}: KeeperOptions): Keeper {
  const workerData: KeepingInput = { file, options: outcome, everyMs }
  const worker = new Worker(workerModule(), { workerData })
  let isWell = true
  const fail = (why: string): void => {
    if (isWell) failed(why)
    isWell = false
  }
  worker.on('message', (why: unknown) => fail(String(why)))
  worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
  const ticker = setInterval(() => {
    const passed = recorder.passed(MOST_AT_ONCE)
    if (passed.length > 0) worker.postMessage(passed)
  }, HANDED_EVERY_MS)
  return {
    async end() {
      clearInterval(ticker)
      isWell = false
      await worker.terminate()
    },
  }
}

/** Source files run as they are, built ones end in `.js`. */
function workerModule(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? 'worker.ts' : 'worker.js', import.meta.url)
}
