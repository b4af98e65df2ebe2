/**
 * The threads that send at one level together. Connections are shared out to the last one, which
 * autocannon's own workers do not do (they round down), and every thread keeps its own histogram.
 */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Arm } from '../../core/arm.ts'
import { Histogram } from '../pool/histogram.ts'
import type { ActionCounts, LevelCounts, LevelEnd, LevelTask } from './level.ts'
import type { FromCapacityWorker, ToCapacityWorker } from './messages.ts'
import type { CapacityTarget } from './target.ts'

export interface Crew {
  /** From now on the arm is this target. */
  aim(target: CapacityTarget): void
  /** One level; an abort ends it at once, as `stopped`. */
  measure(arm: Arm, task: CrewTask, signal: AbortSignal): Promise<LevelCounts>
  close(): Promise<void>
}

export type CrewTask = Omit<LevelTask, 'firstConnection'>

/** Half of the cores: the target may live on the others. */
const MOST_THREADS = 4

export function createCrew(
  threads = Math.max(1, Math.min(MOST_THREADS, Math.floor(availableParallelism() / 2))),
): Crew {
  const members = Array.from({ length: threads }, () => new Member())
  const stop = (): void => {
    for (const member of members) member.say({ kind: 'stop' })
  }
  return {
    aim: (target) => {
      for (const member of members) member.say({ kind: 'target', target })
    },
    measure: async (arm, task, signal) => {
      const parts = sharesOf(task.connections, threads).map((share, index) => {
        const member = members[index]
        if (member === undefined) throw new RangeError('more parts than threads')
        const { connections, firstConnection } = share
        return member.run({ kind: 'level', arm, task: { ...task, connections, firstConnection } })
      })
      signal.addEventListener('abort', stop)
      if (signal.aborted) stop()
      // A part that ends early ends the level: the others would measure something else.
      for (const part of parts) {
        part.then(
          ({ end }) => end === 'time' || stop(),
          () => stop(),
        )
      }
      try {
        return mergeCounts(await Promise.all(parts))
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    close: async () => {
      await Promise.all(members.map((member) => member.close()))
    },
  }
}

interface Share {
  readonly connections: number
  readonly firstConnection: number
}

/** As even as can be; a thread that would get none is left out. */
export function sharesOf(connections: number, threads: number): Share[] {
  const used = Math.min(connections, threads)
  const shares: Share[] = []
  for (let index = 0, first = 0; index < used; index += 1) {
    const own = Math.floor(connections / used) + (index < connections % used ? 1 : 0)
    shares.push({ connections: own, firstConnection: first })
    first += own
  }
  return shares
}

/** Of several, the first that was not the clock, and `stopped` only if nothing else was. */
const ENDS: readonly LevelEnd[] = ['unfit', 'asked', 'breaker', 'stopped', 'time']

export function mergeCounts(parts: readonly LevelCounts[]): LevelCounts {
  const end = ENDS.find((kind) => parts.some((part) => part.end === kind)) ?? 'stopped'
  const [first] = parts
  const pause = parts.find((part) => part.pause !== undefined)?.pause
  const unfit = parts.find((part) => part.unfit !== undefined)?.unfit
  const actions = (first?.actions ?? []).map((_, action) =>
    mergeActions(parts.flatMap((part) => part.actions[action] ?? [])),
  )
  return {
    end,
    seconds: parts.reduce((sum, part) => sum + part.seconds, 0) / Math.max(1, parts.length),
    actions,
    cpu: Math.max(...parts.map((part) => part.cpu)),
    busy: Math.max(...parts.map((part) => part.busy)),
    ...(pause === undefined ? {} : { pause }),
    ...(unfit === undefined ? {} : { unfit }),
  }
}

function mergeActions(parts: readonly ActionCounts[]): ActionCounts {
  const latencies = new Histogram()
  for (const part of parts) latencies.merge(part.latencies)
  return {
    answers: parts.reduce((sum, part) => sum + part.answers, 0),
    failures: parts.reduce((sum, part) => sum + part.failures, 0),
    latencies: latencies.take(),
  }
}

/** One thread, started with the first word that is said to it. */
class Member {
  #worker: Worker | undefined
  #waiting: { resolve(counts: LevelCounts): void; reject(error: Error): void } | undefined

  say(message: ToCapacityWorker): void {
    this.#started().postMessage(message)
  }

  run(message: Extract<ToCapacityWorker, { kind: 'level' }>): Promise<LevelCounts> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.say(message)
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #started(): Worker {
    this.#worker ??= this.#start()
    return this.#worker
  }

  #start(): Worker {
    // A timer of autocannon that is late is set again with a negative time, about which Node warns.
    const worker = new Worker(workerModule(), {
      execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    })
    worker.on('message', (message: FromCapacityWorker) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (message.kind === 'counts') waiting?.resolve(message.counts)
      else waiting?.reject(new Error(message.message))
    })
    const fail = (error: Error): void => {
      this.#waiting?.reject(error)
      this.#waiting = undefined
    }
    worker.on('error', fail)
    worker.on('exit', () => fail(new Error('a thread of the capacity measurement ended')))
    return worker
  }
}

/** TypeScript in a checkout, JavaScript when published. */
function workerModule(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`worker.${extension}`, import.meta.url)
}
