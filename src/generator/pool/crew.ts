/**
 * Crew: the threads of a generation as one. Starts them together, adds up what they hand over, stops
 * them together, and ends with an error as soon as one of them dies: what the others would send from
 * then on is not what was asked for.
 */

import { Worker } from 'node:worker_threads'
import type { GeneratorReading } from '../../core/contract/sample.ts'
import { messageOf, OutriderError } from '../../core/errors.ts'
import { commonStartMs } from '../schedule/common-start.ts'
import { systemClock } from '../system-clock.ts'
import type { TrafficCounts } from '../traffic.ts'
import type { FromPlayer, PlayerDelta, PlayerInput, ToPlayer } from './messages.ts'
import { workerModule } from './worker-module.ts'

/** A thread that says nothing for so long hangs. */
const SILENCE_MS = 30_000

export interface CrewOptions {
  readonly input: Omit<PlayerInput, 'shard'>
  readonly workers: number
  /** All of them play from now on. */
  onStart(): void
  onDelta(delta: PlayerDelta): void
  /** A promise holds the thread back while its lines are not written. */
  onLines(lines: string): Promise<void> | undefined
}

/** What the threads say of themselves, put together. */
export interface CrewState {
  readonly counts: TrafficCounts
  /** The longest time that one of them was held back, in seconds. */
  readonly heldSeconds: number
  /** Nothing new was sent for so long, because the target asked for it. */
  readonly pausedSeconds: number
  /** The worst of the last ones of all threads, `notSent` added up; undefined before the first. */
  readonly reading: GeneratorReading | undefined
}

interface Member {
  readonly worker: Worker
  readonly name: string
  state: 'starting' | 'ready' | 'ended'
  heardMs: number
  /** Deltas whose lines are not written yet. */
  writing: number
  delta: PlayerDelta | undefined
  reading: GeneratorReading | undefined
}

export class Crew {
  /** Resolves once all have ended; rejects with code `run-failed` if one dies. */
  readonly done: Promise<void>
  readonly #options: CrewOptions
  readonly #members: Member[] = []
  readonly #ended = Promise.withResolvers<void>()
  readonly #watching: NodeJS.Timeout
  readonly #writes = new Set<Promise<void>>()
  #watchedMs = performance.now()
  #pausedMs = 0
  #pausedUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: CrewOptions) {
    this.#options = options
    this.done = this.#ended.promise
    // Whoever awaits it later must not be ended by it before.
    this.done.catch(() => {})
    for (let index = 0; index < options.workers; index += 1) this.#hire(index)
    this.#watching = setInterval(() => this.#watch(), SILENCE_MS / 10)
  }

  /** What is in flight may end. */
  stop(): void {
    this.#say({ kind: 'stop' })
  }

  /** What is in flight ends at once. */
  abort(): void {
    this.#say({ kind: 'abort' })
  }

  state(): CrewState {
    const counts = { due: 0, sent: 0, busy: 0, notSent: 0, inFlight: 0 }
    let heldSeconds = 0
    for (const { delta } of this.#members) {
      if (delta === undefined) continue
      for (const key of ['due', 'sent', 'busy', 'notSent', 'inFlight'] as const) {
        counts[key] += delta.counts[key]
      }
      heldSeconds = Math.max(heldSeconds, delta.heldSeconds)
    }
    const readings = this.#members.flatMap(({ reading }) => reading ?? [])
    const ahead = Math.max(0, this.#pausedUntilMs - performance.now())
    const pausedSeconds = Math.max(0, this.#pausedMs - ahead) / 1000
    return { counts, heldSeconds, pausedSeconds, reading: worstOf(readings) }
  }

  async close(): Promise<void> {
    clearInterval(this.#watching)
    for (const { worker } of this.#members) worker.removeAllListeners('exit')
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()))
    await Promise.all(this.#writes)
  }

  #hire(index: number): void {
    const { input, workers } = this.#options
    const workerData: PlayerInput = { ...input, shard: { index, count: workers } }
    const member: Member = {
      worker: new Worker(workerModule(), { workerData }),
      name: `thread ${index + 1} of ${workers}`,
      state: 'starting',
      heardMs: performance.now(),
      writing: 0,
      delta: undefined,
      reading: undefined,
    }
    this.#members.push(member)
    member.worker.on('message', (message: FromPlayer) => this.#receive(member, message))
    member.worker.on('error', (error) => this.#fail(member, messageOf(error)))
    member.worker.on('exit', (code) => {
      if (member.state !== 'ended') this.#fail(member, `it ended by itself (code ${code})`)
    })
  }

  #receive(member: Member, message: FromPlayer): void {
    member.heardMs = performance.now()
    switch (message.kind) {
      case 'ready':
        member.state = 'ready'
        if (this.#members.some(({ state }) => state === 'starting')) return
        this.#say({ kind: 'start', atMs: commonStartMs(systemClock, this.#members.length) })
        this.#options.onStart()
        return
      case 'delta':
        this.#take(member, message.delta)
        return
      case 'paused':
        this.#pause(member.heardMs + message.waitMs)
        for (const { worker } of this.#members) {
          if (worker !== member.worker) worker.postMessage({ ...message, kind: 'pause' })
        }
        return
      case 'ended':
        member.state = 'ended'
        this.#take(member, message.delta)
        if (this.#members.every(({ state }) => state === 'ended')) this.#ended.resolve()
        return
      case 'failed':
        this.#fail(member, message.error)
        return
    }
  }

  /** Pauses that overlap are one. */
  #pause(untilMs: number): void {
    const fromMs = Math.max(this.#pausedUntilMs, performance.now())
    this.#pausedMs += Math.max(0, untilMs - fromMs)
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs)
  }

  #take(member: Member, delta: PlayerDelta): void {
    const { lines, reading } = delta
    member.delta = { ...delta, lines: '' }
    if (reading !== undefined) member.reading = reading
    this.#options.onDelta(delta)
    const taken = (): void => {
      member.writing -= 1
      member.worker.postMessage({ kind: 'taken', characters: lines.length } satisfies ToPlayer)
    }
    member.writing += 1
    const writing = lines === '' ? undefined : this.#options.onLines(lines)
    if (writing === undefined) return taken()
    // Whoever closes the file is told what went wrong with it.
    const written = writing.catch(() => {}).then(taken)
    this.#writes.add(written)
    void written.finally(() => this.#writes.delete(written))
  }

  #watch(): void {
    const nowMs = performance.now()
    // What was said while this thread was busy itself is still unread.
    const wasAway = nowMs - this.#watchedMs > SILENCE_MS / 5
    this.#watchedMs = nowMs
    for (const member of this.#members) {
      if (wasAway) member.heardMs = nowMs
      const isWaiting = member.state === 'ended' || member.writing > 0
      if (isWaiting || nowMs - member.heardMs < SILENCE_MS) continue
      this.#fail(member, `it said nothing for ${SILENCE_MS / 1000} s`)
    }
  }

  #say(message: ToPlayer): void {
    for (const { worker } of this.#members) worker.postMessage(message)
  }

  #fail(member: Member, why: string): void {
    this.#ended.reject(
      new OutriderError(`Cannot carry out the generation: ${member.name} failed: ${why}`, {
        code: 'run-failed',
        mend: 'try again; if it comes back, report it with this sentence',
      }),
    )
  }
}

/** Of the strains of several threads that of the worst, so that none hides behind the others. */
function worstOf(readings: readonly GeneratorReading[]): GeneratorReading | undefined {
  const [first] = readings
  if (first === undefined) return undefined
  return {
    at: Math.max(...readings.map(({ at }) => at)),
    lagP99Ms: Math.max(...readings.map(({ lagP99Ms }) => lagP99Ms)),
    cpu: Math.max(...readings.map(({ cpu }) => cpu)),
    notSent: readings.reduce((sum, { notSent }) => sum + notSent, 0),
  }
}
