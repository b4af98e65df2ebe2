/**
 * Traffic: sessions on a schedule, every step sent to all arms in the same tick.
 *
 * Two queues keep the measuring apart from the work. Answers are stamped where they arrive and
 * worked on in one batch after everything that lay ready was stamped (`settle`); then everything
 * that is due is sent (`pump`). One waker wakes the pump for all users; none belongs to a step.
 */

import type { Ontology } from '../actions/ontology.ts'
import type { Arm } from '../core/arm.ts'
import type { Clock } from '../core/clock.ts'
import type { Profile } from '../core/contract/profile.ts'
import { createRandom } from '../core/random.ts'
import { createArmClient, type ArmAddress } from './client.ts'
import { createRoute, type Exchange, type ExchangeHooks, type ExchangeResult } from './exchange.ts'
import { retryAfterMs } from './guard.ts'
import { createBucket, createSchedule, type Pace, type Schedule, type Shard } from './schedule.ts'
import { createWaker, type Waker } from './schedule/waker.ts'
import { SessionOpener } from './session/opener.ts'
import { Seats } from './session/seats.ts'
import { StepSender, type Step } from './step.ts'
import { createFlight, endOf, type Arrived, type Flight } from './step/flight.ts'
import { createLoadLevel } from './step/load-level.ts'
import { Repeats } from './step/repeats.ts'

export type { ArmAddress, Reach } from './client.ts'
export type { Exchange, Remembered } from './exchange.ts'
export type { Pace } from './schedule.ts'
export type { Step } from './step.ts'

export interface TrafficOptions {
  /** `baseline`; `baseline` and `canary`; or these two and `control`. */
  readonly arms: readonly ArmAddress[]
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly seed: number
  /** Actions that are never sent. */
  readonly skipped: ReadonlySet<string>
  readonly secrets: Readonly<Record<string, string>>
  /** Overrides the ontology's. */
  readonly timeoutMs?: number
  /** Requests per second and arm of all shards together; always holds. Infinity = no limit. */
  readonly maxRps: number
  /**
   * This traffic is one of `count` that make one between them. It plays the sessions numbered
   * `index` + 1, `index` + 1 + `count`, …, and has its part of `maxRps`; the pace is given as it is
   * for this shard (`paceOfShard`). Left out = the only one.
   */
  readonly shard?: Shard
  readonly runId: string
  readonly clock: Clock
  readonly watcher: TrafficWatcher
  /** As in `StepSenderOptions`; left out = nothing is remembered. */
  remembers?(action: string, nowMs: number): boolean
  /** As in `StepSenderOptions`; left out = nothing is compared. */
  readonly compared?: ReadonlySet<string>
  /**
   * Share of the steps of compared actions that both twins are asked once more, if the action is safe
   * and all arms answered as they should; default 0.
   */
  readonly repeatShare?: number
}

export interface TrafficWatcher {
  sent(step: Step, arm: Arm, sentMs: number): void
  ended(step: Step, exchange: Exchange): void
  /**
   * All arms ended.
   * @param repeats of the twins that were asked once more; empty for most steps. Only this call
   *   tells of them
   */
  step(step: Step, exchanges: readonly Exchange[], repeats: readonly Exchange[]): void
  session(session: string, completed: ReadonlyMap<Arm, boolean>): void
  /** The target asked for a pause (`Retry-After`), which this traffic keeps from now on. */
  paused?(waitMs: number): void
}

/** Running totals of steps. */
export interface TrafficCounts {
  readonly due: number
  readonly sent: number
  /** Due, but every user waited for an answer (or the target asked for a pause). */
  readonly busy: number
  /** Due, but the generator itself did not send it. */
  readonly notSent: number
  readonly inFlight: number
}

export interface Traffic {
  /** @param atMs clock ms, the same in all shards: together they send when one would; default now */
  start(pace: Pace, atMs?: number): void
  /** Resolves when nothing of the old pace is in flight and the new one has begun. */
  changePace(pace: Pace): Promise<void>
  /** No new step; what is in flight may end within its timeout. */
  stop(): Promise<void>
  /** What is in flight ends as `aborted` at once. */
  abort(): void
  /** Nothing new is sent for so long, because the target asked another shard for it. */
  pause(waitMs: number): void
  /** While it is held nothing new is sent; what is due meanwhile counts as `notSent`. */
  hold(isHeld: boolean): void
  /** Half of the sessions that open from now on tilt to these actions; empty = none does. */
  focus(actions: readonly string[]): void
  counts(): TrafficCounts
  close(): Promise<void>
}

/** What a stop spends at most on the clean-up actions of sessions that are cut short. */
const CLEAN_UP_MS = 5_000
const CLEAN_UP_TURN_MS = 5
const CLEAN_UP_USERS = 8

/** @throws UsageError with code `nothing-to-send` if no profile has a step that may be sent */
export function createTraffic(options: TrafficOptions): Traffic {
  return new TwinTraffic(options)
}

const SILENT: TrafficWatcher = {
  sent: () => undefined,
  ended: () => undefined,
  step: () => undefined,
  session: () => undefined,
}

class TwinTraffic implements Traffic {
  readonly #options: TrafficOptions
  readonly #sender: StepSender
  readonly #opener: SessionOpener
  readonly #repeats: Repeats<Flight>
  readonly #loadLevel = createLoadLevel()
  readonly #counts = { due: 0, sent: 0, busy: 0, notSent: 0 }
  readonly #arrived: Arrived[] = []
  readonly #waiters: (() => void)[] = []
  readonly #seats: Seats
  #watcher: TrafficWatcher
  #schedule: Schedule | undefined
  /** What the last change of pace asked for; an earlier one that still waits gives way. */
  #wanted: Pace | undefined
  #timeScale = 0
  #paces = 0
  #gridMs: number | undefined
  #inFlight = 0
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #isHeld = false
  readonly #waker: Waker
  #settling: NodeJS.Immediate | undefined
  #state: 'open' | 'stopped' | 'aborted' = 'open'

  constructor(options: TrafficOptions) {
    const { clock, maxRps, shard } = options
    this.#options = options
    this.#watcher = options.watcher
    this.#opener = new SessionOpener(options)
    this.#waker = createWaker(clock, () => this.#pump())
    const ownRps = maxRps / (shard?.count ?? 1)
    const routes = options.arms.map((address) =>
      createRoute(address, createArmClient(address, clock), createBucket(ownRps)),
    )
    this.#sender = new StepSender(options, routes)
    this.#seats = new Seats(() =>
      this.#state === 'open' ? this.#opener.open(this.#sender.routes) : undefined,
    )
    this.#repeats = new Repeats({
      seed: options.seed,
      sender: this.#sender,
      compared: options.compared ?? new Set(),
      share: options.repeatShare ?? 0,
      hooks: (flight) => this.#hooks(flight, true),
      leave: (flight) => this.#leave(flight),
    })
  }

  start(pace: Pace, atMs = this.#options.clock.nowMs()): void {
    this.#gridMs ??= atMs
    if (this.#state === 'open') this.#begin(pace, atMs)
  }

  async changePace(pace: Pace): Promise<void> {
    this.#halt()
    this.#wanted = pace
    await this.#drained()
    if (this.#wanted === pace) this.start(pace)
  }

  async stop(): Promise<void> {
    if (this.#state !== 'open') return this.#drained()
    this.#state = 'stopped'
    this.#halt()
    await this.#drained()
    await this.#cleanUp()
  }

  abort(): void {
    this.#state = 'aborted'
    this.#halt()
    for (const { client } of this.#sender.routes) client.abort()
    clearImmediate(this.#settling)
    this.#settle()
  }

  pause(waitMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#options.clock.nowMs() + waitMs)
    this.#schedule?.pause(this.#pausedUntilMs)
  }

  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return
    this.#isHeld = isHeld
    this.#schedule?.hold(isHeld ? Number.POSITIVE_INFINITY : this.#options.clock.nowMs())
    this.#wake()
  }

  focus(actions: readonly string[]): void {
    this.#opener.focus(actions)
  }

  counts(): TrafficCounts {
    return { ...this.#counts, inFlight: this.#inFlight }
  }

  async close(): Promise<void> {
    this.abort()
    await Promise.all(this.#sender.routes.map(({ client }) => client.close()))
  }

  #begin(pace: Pace, startMs: number): void {
    this.#paces += 1
    this.#timeScale = 'timeScale' in pace ? pace.timeScale : 0
    const { seed, shard } = this.#options
    const shared = createRandom(seed).fork(`pace:${this.#paces}`)
    const schedule = createSchedule(pace, {
      startMs,
      ...(shard === undefined || this.#gridMs === undefined ? {} : { gridMs: this.#gridMs }),
      shared,
      random: shared.fork(`${shard?.index ?? 0}`),
      counts: this.#counts,
      stepsPerSession: this.#opener.stepsPerSession,
      earliestMs: (fromMs) => this.#sender.earliestMs(fromMs),
    })
    schedule.pause(this.#pausedUntilMs)
    if (this.#isHeld) schedule.hold(Number.POSITIVE_INFINITY)
    this.#schedule = schedule
    this.#seats.begin(schedule.users)
    // Not in this call: who waits for the new pace to begin hears of it before the first send.
    this.#wake()
  }

  #halt(): void {
    this.#schedule = undefined
    this.#waker.rest()
    this.#repeats.drop()
  }

  async #drained(): Promise<void> {
    if (this.#inFlight === 0) return
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve)
    })
  }

  #wake(): void {
    this.#settling ??= setImmediate(() => this.#settle())
  }

  /** Works on what arrived, then sends what is due. */
  #settle(): void {
    this.#settling = undefined
    const arrived = this.#arrived.splice(0)
    for (const { flight, arrival, isRepeat } of arrived) {
      const mayFollow = this.#state !== 'aborted'
      const result = arrival.proceed(mayFollow, this.#options.clock.nowMs())
      if (result === undefined) continue
      if (result.retryAfter !== undefined) this.#keepPause(result.retryAfter)
      if (isRepeat) this.#repeats.ended(flight, result.exchange)
      else this.#armEnded(flight, result)
    }
    this.#pump()
  }

  #pump(): void {
    const schedule = this.#schedule
    if (schedule === undefined) return
    const nowMs = this.#options.clock.nowMs()
    if (nowMs < this.#pausedUntilMs || this.#isHeld) this.#repeats.drop()
    this.#repeats.send(nowMs)
    for (let due = schedule.take(nowMs); due !== undefined; due = schedule.take(nowMs)) {
      this.#launch(due.user, due.intendedMs, nowMs)
    }
    const nextMs = Math.min(schedule.nextMs(), this.#repeats.nextMs(nowMs))
    if (nextMs === Number.POSITIVE_INFINITY) this.#waker.rest()
    else this.#waker.wakeAt(nextMs)
  }

  #launch(user: number, intendedMs: number, nowMs: number): void {
    const session = this.#seats.sessionOf(user)
    const next = session?.next()
    // Without a session (only while cleaning up) the user has nothing to do and stays idle.
    if (session === undefined || next === undefined) return
    this.#inFlight += 1
    const load = this.#loadLevel(this.#inFlight - 1)
    const flight = createFlight(user, session, next, intendedMs, load)
    flight.sent = this.#sender.send(flight.step, session, next, nowMs, this.#hooks(flight, false))
  }

  #hooks(flight: Flight, isRepeat: boolean): ExchangeHooks {
    const { step } = flight
    return {
      started: (arm, atMs) => {
        if (isRepeat) return
        if (Number.isNaN(step.sentMs)) step.sentMs = atMs
        this.#watcher.sent(step, arm, atMs)
      },
      arrived: (arrival) => {
        this.#arrived.push({ flight, arrival, isRepeat })
        this.#wake()
      },
    }
  }

  #armEnded(flight: Flight, { exchange, captured }: ExchangeResult): void {
    const { step, session, exchanges } = flight
    if (Number.isNaN(step.sentMs)) step.sentMs = exchange.sentMs
    session.ended(exchange.arm, exchange.outcome, captured)
    exchanges.push(exchange)
    this.#watcher.ended(step, exchange)
    if (exchanges.length === this.#sender.routes.length) this.#stepEnded(flight)
  }

  #stepEnded(flight: Flight): void {
    flight.session.stepEnded(flight.exchanges.some(({ outcome }) => outcome === 'ok'))
    const goesOn = this.#state === 'open' && this.#schedule !== undefined
    if (!goesOn || !this.#repeats.admit(flight)) this.#leave(flight)
  }

  /** Nothing of the step is under way any more: its session may go on. */
  #leave(flight: Flight): void {
    const { user, session, step, exchanges, repeats } = flight
    this.#inFlight -= 1
    this.#watcher.step(step, exchanges, repeats)
    const isOver = session.isOver()
    if (isOver) {
      this.#seats.leave(user)
      this.#watcher.session(session.id, session.completed())
    }
    const isAlone = this.#sender.routes.length === 1 && this.#timeScale > 0
    const expectedMs = isAlone ? flight.expectedMs : undefined
    this.#schedule?.ended(user, {
      endMs: endOf(flight),
      gapMs: session.gapSeconds() * 1000 * this.#timeScale,
      ...(expectedMs === undefined ? {} : { expectedMs }),
      isOver,
    })
    if (this.#inFlight === 0) for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** All arms pause when one asks for it, because there is no traffic but pairs. */
  #keepPause(retryAfter: string): void {
    const waitMs = retryAfterMs(retryAfter, this.#options.clock.wallMs())
    this.pause(waitMs)
    this.#watcher.paused?.(waitMs)
  }

  /** Sessions that are cut short still undo what they did, unseen by the watcher. */
  async #cleanUp(): Promise<void> {
    const open = this.#seats.closeEarly()
    if (open === 0 || this.#state === 'aborted') return
    this.#watcher = SILENT
    this.#isHeld = false
    const giveUp = setTimeout(() => this.abort(), CLEAN_UP_MS)
    const pace = { kind: 'closed', concurrency: Math.min(CLEAN_UP_USERS, open) } as const
    this.#begin(pace, this.#options.clock.nowMs())
    while (!this.#seats.isEmpty()) {
      if (this.#schedule === undefined) break
      await turnOf(CLEAN_UP_TURN_MS)
    }
    clearTimeout(giveUp)
    this.#halt()
  }
}

function turnOf(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
