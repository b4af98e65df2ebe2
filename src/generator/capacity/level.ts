/**
 * One level: so many connections of autocannon, each asking again as soon as it was answered, for a
 * warm-up and a window that is counted. A closed loop on purpose: its rate limiter sends in bursts.
 *
 * Ends early, at once, when half of what was asked fails, when the target asks for a pause, when it
 * cannot be measured this way at all, and when it is told to.
 */

import autocannon, { type Client } from 'autocannon'
import { createBreaker } from '../guard.ts'
import { Histogram, type SparseCounts } from '../pool/histogram.ts'
import { watchConnection, type Unfit, type WatchedConnection } from './connection.ts'
import type { CapacityTarget, FixedRequest } from './target.ts'

export interface LevelTask {
  readonly connections: number
  /** Number of the first of them: each has its own part of the requests, the same in both arms. */
  readonly firstConnection: number
  readonly warmSeconds: number
  readonly seconds: number
  /** With fewer the window grows, at most to twice its length. */
  readonly enoughAnswers: number
  /** At least 1 000: autocannon takes no less. */
  readonly timeoutMs: number
  /** By action: what waits longer than this when the window ends is counted with its age. */
  readonly lateMs: readonly number[]
}

export type LevelEnd = 'time' | 'breaker' | 'asked' | 'unfit' | 'stopped'

/** Failures count in the latencies with the timeout. */
export interface ActionCounts {
  readonly answers: number
  readonly failures: number
  readonly latencies: SparseCounts
}

export interface LevelCounts {
  readonly end: LevelEnd
  /** Length of the window, 0 where it never began. */
  readonly seconds: number
  /** In the order of the target's. */
  readonly actions: readonly ActionCounts[]
  /** Share of one core, and share of the time in which its thread had no rest. */
  readonly cpu: number
  readonly busy: number
  readonly pause?: string
  readonly unfit?: Unfit
}

export interface RunningLevel {
  readonly done: Promise<LevelCounts>
  /** Everything in flight is dropped at once. */
  stop(): void
}

/** Requests that one connection goes through, again and again. */
const REQUESTS_PER_CONNECTION = 128
/** How often autocannon looks whether it was stopped, and we whether there are answers enough. */
const LOOK_MS = 20

export function startLevel(target: CapacityTarget, task: LevelTask): RunningLevel {
  const level = new Level(target, task)
  return { done: level.done, stop: () => level.end('stopped') }
}

interface MutableCounts {
  answers: number
  failures: number
  readonly latencies: Histogram
}

class Level {
  readonly done: Promise<LevelCounts>
  readonly #target: CapacityTarget
  readonly #task: LevelTask
  readonly #connections: { watched: WatchedConnection; requests: readonly FixedRequest[] }[] = []
  readonly #breaker = createBreaker()
  readonly #instance: autocannon.Instance
  #actions: MutableCounts[]
  #answers = 0
  #startedMs: number | undefined
  #cpu = process.threadCpuUsage()
  #idle = performance.eventLoopUtilization()
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #pause: string | undefined
  #unfit: Unfit | undefined
  #final: LevelCounts | undefined

  constructor(target: CapacityTarget, task: LevelTask) {
    this.#target = target
    this.#task = task
    this.#actions = this.#noCounts()
    const { promise, resolve, reject } = Promise.withResolvers<LevelCounts>()
    this.done = promise
    // It has ended once its own timers are cleared; what it counted itself is not used.
    this.#instance = autocannon(this.#options(), (error: unknown) => {
      clearTimeout(this.#timer)
      if (error instanceof Error) reject(error)
      else resolve(this.#final ?? this.#counts('stopped'))
    })
    this.#timer = setTimeout(() => this.#begin(), task.warmSeconds * 1000)
  }

  end(end: LevelEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#final = this.#counts(end)
    for (const { watched } of this.#connections) watched.destroy()
    this.#instance.stop()
  }

  #options(): autocannon.Options {
    const { origin, socketPath, tls, serverName } = this.#target
    const { connections, timeoutMs } = this.#task
    const { ca, cert, key } = tls ?? {}
    const tlsOptions = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ALPNProtocols: ['http/1.1'],
    }
    return {
      url: origin,
      connections,
      // Ours ends it; this is the end if ours never came.
      duration: 3600,
      sampleInt: LOOK_MS,
      timeout: timeoutMs / 1000,
      setupClient: (client) => this.#setUp(client),
      tlsOptions,
      skipAggregateResult: true,
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    }
  }

  #setUp(client: Client): void {
    const { firstConnection } = this.#task
    const requests = partOf(this.#target.requests, firstConnection + this.#connections.length)
    // autocannon writes into what it is given.
    client.setRequests(
      requests.map(({ path, headers }) => ({ method: 'GET', path, headers: { ...headers } })),
    )
    const actionOf = (request: number): number => requests[request]?.action ?? 0
    const watched = watchConnection(
      client,
      requests.length,
      {
        answered: (request, status, latencyMs) =>
          this.#answered(actionOf(request), status, latencyMs),
        lost: (request) => this.#failed(actionOf(request)),
        timedOut: (request) => this.#failed(actionOf(request)),
        asked: (pause) => {
          this.#pause = pause
          this.#endSoon('asked')
        },
        unfit: (why) => {
          this.#unfit = why
          this.#endSoon('unfit')
        },
      },
      this.#target.tls?.insecure === true,
    )
    this.#connections.push({ watched, requests })
  }

  #answered(action: number, status: number, latencyMs: number): void {
    if (this.#target.statuses[action]?.[status] !== 1) return this.#failed(action)
    const counts = this.#actions[action]
    if (this.#isOver || counts === undefined) return
    counts.answers += 1
    this.#answers += 1
    counts.latencies.record(latencyMs)
    this.#breaker.ended(this.#target.arm, false, performance.now())
  }

  #failed(action: number): void {
    const counts = this.#actions[action]
    if (this.#isOver || counts === undefined) return
    counts.failures += 1
    counts.latencies.record(this.#task.timeoutMs)
    this.#breaker.ended(this.#target.arm, true, performance.now())
    if (this.#breaker.tripped() !== undefined) this.#endSoon('breaker')
  }

  /** Not from within autocannon: it still works on the connection that told us. */
  #endSoon(end: LevelEnd): void {
    queueMicrotask(() => this.end(end))
  }

  #begin(): void {
    this.#actions = this.#noCounts()
    this.#answers = 0
    this.#cpu = process.threadCpuUsage()
    this.#idle = performance.eventLoopUtilization()
    this.#startedMs = performance.now()
    this.#timer = setTimeout(() => this.#lookUntil(performance.now()), this.#task.seconds * 1000)
  }

  /** Slow targets get up to as long again. */
  #lookUntil(fromMs: number): void {
    const { seconds, enoughAnswers } = this.#task
    const isLate = performance.now() - fromMs >= seconds * 1000
    if (isLate || this.#answers >= enoughAnswers) this.end('time')
    else this.#timer = setTimeout(() => this.#lookUntil(fromMs), LOOK_MS)
  }

  #counts(end: LevelEnd): LevelCounts {
    const now = performance.now()
    // Without a window (it broke off in the warm-up) the failures are all there is to tell.
    const seconds = this.#startedMs === undefined ? 0 : (now - this.#startedMs) / 1000
    const spent = process.threadCpuUsage(this.#cpu)
    if (end === 'time') this.#countLate(now)
    return {
      end,
      seconds,
      actions: this.#actions.map((counts) => ({ ...counts, latencies: counts.latencies.take() })),
      cpu: (spent.user + spent.system) / 1e6 / Math.max(0.001, seconds),
      busy: performance.eventLoopUtilization(this.#idle).utilization,
      ...(this.#pause === undefined ? {} : { pause: this.#pause }),
      ...(this.#unfit === undefined ? {} : { unfit: this.#unfit }),
    }
  }

  /** A target that stands still would otherwise show no latency at all. */
  #countLate(now: number): void {
    for (const { watched, requests } of this.#connections) {
      const pending = watched.pending()
      if (pending === undefined) continue
      const action = requests[pending.request]?.action ?? 0
      const ageMs = now - pending.sinceMs
      const counts = this.#actions[action]
      if (counts !== undefined && ageMs > (this.#task.lateMs[action] ?? Infinity)) {
        counts.latencies.record(ageMs)
      }
    }
  }

  #noCounts(): MutableCounts[] {
    return this.#target.statuses.map(() => ({
      answers: 0,
      failures: 0,
      latencies: new Histogram(),
    }))
  }
}

/**
 * The requests of one connection: a stretch of the list, begun somewhere else by each connection,
 * so that they do not go through it in step.
 */
function partOf(requests: readonly FixedRequest[], connection: number): FixedRequest[] {
  const length = Math.min(REQUESTS_PER_CONNECTION, requests.length)
  const from = connection * length
  const turn = connection * 37
  return Array.from({ length }, (_, index) => {
    const request = requests[(from + ((index + turn) % length)) % requests.length]
    if (request === undefined) throw new Error('there is nothing to send')
    return request
  })
}
