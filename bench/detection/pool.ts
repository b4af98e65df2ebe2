/** Jobs over worker threads: each worker has one job at a time, results come in as they end. */

import { Worker } from 'node:worker_threads'
import type { Job, Outcome } from './studies/study.ts'

/**
 * Runs all jobs; resolves when the last has ended.
 * @param onResult told in the order of the ends
 * @param isOver asked before a job is given out: nothing more is begun once it says yes
 */
export async function runJobs(
  jobs: readonly Job[],
  workers: number,
  onResult: (outcome: Outcome<unknown>) => void,
  isOver: () => boolean,
): Promise<void> {
  const left = jobs.values()
  await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, () => serve()))

  async function serve(): Promise<void> {
    const worker = new Worker(new URL('worker.ts', import.meta.url))
    try {
      for (const job of left) {
        if (isOver()) return
        onResult({ job, result: await askOf(worker, job) })
      }
    } finally {
      await worker.terminate()
    }
  }
}

async function askOf(worker: Worker, job: Job): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.postMessage(job)
  try {
    return await promise
  } finally {
    worker.off('message', resolve)
    worker.off('error', reject)
  }
}
