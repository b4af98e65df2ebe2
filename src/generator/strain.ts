/**
 * How strained the generator itself is: the delay of its event loop and its share of one core.
 *
 * The lag is that of a timer of our own. Node's monitorEventLoopDelay() was tried first: its
 * reset() drops the interval that is running, and so exactly the stall of whoever works right
 * after each reading was never seen.
 */

import { createHistogram } from 'node:perf_hooks'
import type { GeneratorReading } from '../core/contract/sample.ts'

const PERIOD_MS = 10

export interface StrainMeter {
  /** What was seen since the last reading; `atSeconds` counts from the start of the run. */
  read(atSeconds: number): GeneratorReading
  close(): void
}

/**
 * Watches the thread it is made in.
 * @param counts running total of the steps that the generator failed to send
 */
export function createStrainMeter(counts: () => { notSent: number }): StrainMeter {
  const lagMicros = createHistogram()
  let notSent = counts().notSent
  let cpu = process.threadCpuUsage()
  let readAtMs = performance.now()
  let dueMs = readAtMs + PERIOD_MS
  const timer = setInterval(() => {
    const now = performance.now()
    lagMicros.record(Math.max(1, Math.round((now - dueMs) * 1000)))
    dueMs = now + PERIOD_MS
  }, PERIOD_MS)
  timer.unref()

  return {
    read(atSeconds) {
      const now = performance.now()
      const total = counts().notSent
      const spent = process.threadCpuUsage(cpu)
      // A stall that still lasts has not fired the timer yet, so its length so far counts as well.
      const runningMs = Math.max(0, now - dueMs)
      const p99Ms = lagMicros.count === 0 ? 0 : lagMicros.percentile(99) / 1000
      const reading = {
        at: atSeconds,
        lagP99Ms: Math.max(p99Ms, runningMs),
        cpu: (spent.user + spent.system) / 1000 / Math.max(0.001, now - readAtMs),
        notSent: total - notSent,
      }
      notSent = total
      cpu = process.threadCpuUsage()
      readAtMs = now
      lagMicros.reset()
      return reading
    },
    close: () => {
      clearInterval(timer)
    },
  }
}
