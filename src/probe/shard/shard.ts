/**
 * One worker's part of a run: sends the twins, puts their pairs into blocks and folds each block
 * into sums. It decides nothing about the canary; it only stops by itself when the breaker trips.
 * Where several workers share a run, they go from phase to phase and from block to block together:
 * each says what it sees, and `Shards` decides for all of them.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { warmUpLimits } from '../../analysis/plan.ts'
import { createWarmUp } from '../../analysis/warm-up.ts'
import type { BlockMarks } from '../../analysis/judge.ts'
import type { Arm } from '../../core/arm.ts'
import type { Clock } from '../../core/clock.ts'
import { isFailure } from '../../core/contract/sample.ts'
import type { Phase } from '../../core/verdict.ts'
import { createStrainMeter, type StrainMeter } from '../../generator/strain.ts'
import type { Exchange, Step, Traffic } from '../../generator/traffic.ts'
import { Blocks, type Slice } from './blocks.ts'
import { createStepComparer, type StepComparer } from './compare.ts'
import { ShardBreaker } from './limit/shard-breaker.ts'
import { Memory } from './memory.ts'
import type { FromShard, ToShard, WorkerInput } from './messages.ts'
import { paceOf } from './pace.ts'
import { pairOf, samplesOf, slowestMedianMs, type Reference } from './pairs.ts'
import { BlockStrain } from './strain.ts'
import { createShardTraffic } from './traffic.ts'
import { Totals } from './totals.ts'
import { Warm } from './warm.ts'

/** How often a block is asked whether it may close (STATISTICS 2). */
const TICK_MS = 20
const READING_MS = 1000
/** A breaker that trips in the warm-up leaves this much of it to be judged. */
const BREAKER_WINDOW_SECONDS = 3
/** Services slower than this at the median need blocks longer than planned (STATISTICS 2). */
const SLOW_MEDIAN_MS = 1000

/** What is in flight at the end gets this long, and sessions cut short their clean-up actions. */
const DRAIN_MS = 5000

/**
 * Blocks that may wait for the coordinator, with all their pairs; then nothing more is sent until it
 * is there again, instead of more and more memory being taken.
 */
const MOST_BEHIND = 20

type State = 'warm-up' | 'draining' | 'judging' | 'tripped' | 'ended'

export class Shard {
  readonly #input: WorkerInput
  readonly #clock: Clock
  readonly #post: (message: FromShard) => void
  readonly #originMs: number
  readonly #actionIndex: ReadonlyMap<string, number>
  readonly #totals: Totals
  readonly #memory: Memory
  readonly #comparer: StepComparer
  readonly #breaker: ShardBreaker
  readonly #warmUp
  readonly #warm: Warm
  readonly #sliceOf = new Map<string, Slice>()
  readonly #blocks: Blocks
  readonly #traffic: Traffic
  readonly #strain: StrainMeter
  readonly #blockStrain: BlockStrain
  #blockMs: number
  #firstPhase: Phase
  #rate: number
  #reference: Reference
  #marks: BlockMarks | undefined
  #state: State = 'warm-up'
  #isWarm = false
  #quietOver = false
  #ticking: NodeJS.Timeout | undefined
  #reading: NodeJS.Timeout | undefined

  /** @param originMs clock ms at which the run begins, the same in all threads */
  constructor(
    input: WorkerInput,
    clock: Clock,
    post: (message: FromShard) => void,
    originMs = clock.nowMs(),
  ) {
    const { plan, seed, leg } = input
    this.#input = input
    this.#clock = clock
    this.#post = post
    this.#originMs = originMs
    this.#firstPhase = leg?.phase ?? plan.phases[0] ?? 'load'
    this.#rate = leg?.rate ?? plan.rate
    this.#reference = leg?.reference ?? 'baseline'
    this.#marks = leg?.marks
    this.#actionIndex = new Map(plan.actions.map((planned, index) => [planned.action, index]))
    this.#memory = new Memory([...this.#actionIndex.keys()])
    this.#comparer = createStepComparer(input)
    this.#totals = new Totals(plan.actions.length)
    const warmup = leg?.warmupSeconds ?? plan.warmup
    this.#warmUp = createWarmUp(warmUpLimits({ ...plan, warmup }))
    this.#blockMs = plan.blockSeconds * 1000
    this.#warm = new Warm(this.#firstPhase, this.#originMs)
    this.#blockStrain = new BlockStrain(this.#originMs)
    this.#blocks = new Blocks({
      plan,
      seed,
      originMs: this.#originMs,
      blockMs: () => this.#blockMs,
      strained: (nowMs, medianMs) => this.#blockStrain.take(nowMs, medianMs),
      ...(leg === undefined ? {} : { firstIndex: leg.firstBlock }),
      ...(leg === undefined ? {} : { marks: () => this.#marks ?? leg.marks }),
      ...(input.shard === undefined
        ? {}
        : { tellStalls: (index, stalled) => this.#post({ kind: 'stalls', index, stalled }) }),
    })
    this.#traffic = createShardTraffic(input, clock, {
      watcher: {
        sent: (step, arm, sentMs) => this.#sent(step, arm, sentMs),
        ended: (step, exchange) => this.#ended(step, exchange),
        step: (step, exchanges, repeats) => this.#leave(step, exchanges, repeats),
        session: (_session, completed) => this.#totals.session(completed),
        paused: (waitMs) => {
          if (input.shard !== undefined) this.#post({ kind: 'paused', waitMs })
        },
      },
      remembers: (action, nowMs) => this.#memory.wants(action, nowMs),
    })
    this.#breaker = new ShardBreaker(input.shard === undefined ? undefined : post)
    this.#strain = createStrainMeter(() => this.#traffic.counts())
  }

  start(): void {
    this.#ticking = setInterval(() => this.#tick(), TICK_MS)
    this.#reading = setInterval(() => this.#read(), READING_MS)
    this.#post({ kind: 'phase', phase: 'warm-up', atSeconds: 0 })
    // Each leg of a rollout goes on where the last one was, so it has no ramp.
    const ramp = this.#input.leg === undefined ? this.#input.rampSeconds : 0
    this.#traffic.start(this.#paceOf('load', ramp), this.#originMs)
  }

  async receive(message: Exclude<ToShard, { kind: 'start' }>): Promise<void> {
    switch (message.kind) {
      case 'parameters':
        this.#blocks.parameters(message.index, message.parameters)
        this.#settle()
        return
      case 'end-phase':
        if (this.#state === 'judging' && !this.#quietOver) await this.#endPhase()
        return
      case 'marks':
        this.#marks = message.marks
        return
      case 'climb':
        if (this.#state !== 'tripped' && this.#state !== 'ended') await this.#climb(message.rate)
        return
      case 'focus':
        this.#traffic.focus(message.actions)
        return
      case 'stop':
        if (this.#state !== 'ended') await this.#stop()
        return
      case 'inquire':
        this.#post({ kind: 'inquiry', id: message.id, ...this.#memory.recall(message.action) })
        return
      case 'warm-up-over':
        if (this.#state === 'warm-up') await this.#endWarmUp()
        return
      case 'begin':
        this.#blockMs = message.blockMs
        if (this.#state === 'draining' || this.#state === 'judging') this.#begin(message.phase)
        return
      case 'pause':
        this.#traffic.pause(message.waitMs)
        return
      case 'cut':
        this.#blocks.cut(this.#clock.nowMs(), message.capped)
        this.#settle()
        return
      case 'trip':
        if (this.#state !== 'tripped' && this.#state !== 'ended') {
          await this.#trip(message.arm, this.#clock.nowMs())
        }
        return
    }
  }

  #sent(step: Step, arm: Arm, sentMs: number): void {
    this.#enter(step)
    const action = this.#actionIndex.get(step.action)
    const twin = this.#twinOf(arm)
    if (twin !== undefined && action !== undefined) {
      this.#blocks.watch()?.started(twin, step.pair, action, sentMs)
    }
  }

  /** Whose place an arm has where latencies are compared; undefined for the arm beside them. */
  #twinOf(arm: Arm): 'baseline' | 'canary' | undefined {
    if (arm === 'canary') return 'canary'
    return arm === this.#reference ? 'baseline' : undefined
  }

  #ended(step: Step, { arm, outcome, endedMs, latencyMs }: Exchange): void {
    const twin = this.#twinOf(arm)
    if (twin !== undefined) this.#blocks.watch()?.ended(twin, step.pair, endedMs)
    if (outcome === 'aborted') return
    if (arm !== 'control') this.#breaker.ended(arm, isFailure(outcome), endedMs)
    const action = this.#actionIndex.get(step.action)
    if (twin === undefined || action === undefined || outcome !== 'ok') return
    if (this.#state === 'warm-up') {
      this.#warmUp.add(twin, action, latencyMs, this.#seconds(endedMs))
    }
  }

  #enter(step: Step): Slice {
    const known = this.#sliceOf.get(step.pair)
    if (known !== undefined) return known
    const early = this.#state === 'warm-up' || this.#state === 'draining'
    const slice = early ? this.#warm.slice : this.#blocks.current()
    slice.openPairs += 1
    this.#sliceOf.set(step.pair, slice)
    return slice
  }

  #leave(step: Step, exchanges: readonly Exchange[], repeats: readonly Exchange[]): void {
    const slice = this.#enter(step)
    this.#sliceOf.delete(step.pair)
    const compared = this.#comparer.compare(step, exchanges, repeats)
    const ended = { step, exchanges, repeats, compared }
    const samples = samplesOf(ended, this.#originMs)
    this.#totals.sent(samples)
    const action = this.#actionIndex.get(step.action)
    const pair = pairOf(ended, action, this.#originMs, this.#reference)
    const isWarmUp = slice === this.#warm.slice
    if (pair !== undefined && !(isWarmUp && this.#state === 'judging')) {
      this.#memory.add(
        step.action,
        pair,
        samples[0]?.segment,
        exchanges,
        this.#blocks.numberOf(slice),
      )
    }
    const kept = this.#input.recordSamples ? samples : []
    if (isWarmUp) {
      this.#warm.ended(pair, kept)
      return
    }
    if (pair !== undefined) this.#totals.judged(pair)
    this.#blocks.ended(slice, pair, kept, exchanges)
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs()
    this.#blockStrain.tick(nowMs)
    const tripped = this.#breaker.tripped(nowMs)
    if (tripped !== undefined && this.#state !== 'tripped') {
      this.#guard(this.#trip(tripped, nowMs))
      return
    }
    if (this.#state === 'warm-up' && !this.#isWarm && this.#warmUp.over(this.#seconds(nowMs))) {
      this.#isWarm = true
      if (this.#input.shard === undefined) this.#guard(this.#endWarmUp())
      else this.#post({ kind: 'warm' })
    }
    if (this.#state !== 'judging') return
    this.#foldWarmUp()
    this.#traffic.hold(this.#blocks.behind() > MOST_BEHIND)
    this.#blocks.tick(nowMs)
    this.#settle()
  }

  #read(): void {
    const counts = this.#traffic.counts()
    this.#post({
      kind: 'reading',
      reading: this.#strain.read(this.#seconds(this.#clock.nowMs())),
      dueSteps: counts.due,
      sentSteps: counts.sent,
      warmupPairs: this.#warm.slice.pairs.length,
      pairsByAction: this.#totals.pairsByAction(),
    })
  }

  async #endWarmUp(): Promise<void> {
    const slowest = slowestMedianMs(this.#warm.slice.pairs)
    if (slowest > SLOW_MEDIAN_MS) this.#blockMs = Math.max(this.#blockMs, 4 * slowest)
    this.#state = 'draining'
    if (this.#firstPhase === 'quiet') {
      await this.#traffic.changePace(this.#paceOf('quiet'))
      if (this.#state !== 'draining') return
    }
    this.#goOn(this.#firstPhase)
  }

  async #endPhase(): Promise<void> {
    this.#quietOver = true
    this.#memory.forget(this.#blocks.drop())
    await this.#traffic.changePace(this.#paceOf('load'))
    // A climb may have come in between: whoever is first begins.
    const isBegun = this.#blocks.watch() !== undefined
    if (this.#state === 'judging' && !isBegun) this.#goOn('load')
  }

  /** Into the next phase, alone at once, else when all shards are as far. */
  #goOn(phase: Phase): void {
    if (this.#input.shard === undefined) this.#begin(phase)
    else this.#post({ kind: 'at-barrier', blockMs: this.#blockMs })
  }

  /** The open block goes on, unless it is quiet or compares with another arm. */
  async #climb(rate: number): Promise<void> {
    const isOther = this.#blocks.current().phase === 'quiet' || this.#reference === 'control'
    this.#firstPhase = 'load'
    this.#rate = rate
    this.#reference = 'baseline'
    if (this.#marks !== undefined) this.#marks = { ...this.#marks, climb: true }
    const isBetween = this.#blocks.watch() === undefined
    if (this.#state === 'judging' && (isOther || isBetween)) await this.#endPhase()
    else await this.#traffic.changePace(this.#paceOf('load'))
  }

  #begin(phase: Phase): void {
    const nowMs = this.#clock.nowMs()
    if (this.#state === 'draining') {
      this.#state = 'judging'
      this.#memory.clear()
      this.#warm.seconds = this.#seconds(nowMs)
    }
    this.#blocks.begin(phase, nowMs)
    this.#post({ kind: 'phase', phase, atSeconds: this.#seconds(nowMs) })
  }

  #foldWarmUp(): void {
    const message = this.#warm.fold(this.#input)
    if (message !== undefined) this.#post(message)
  }

  async #trip(arm: Arm, nowMs: number): Promise<void> {
    const early = this.#state === 'warm-up' || this.#state === 'draining'
    this.#state = 'tripped'
    clearInterval(this.#ticking)
    this.#post({ kind: 'breaker', arm, atSeconds: this.#seconds(nowMs) })
    await this.#traffic.stop()
    if (early) this.#adoptWarmUp(nowMs)
    this.#foldWarmUp()
    this.#blocks.close(this.#clock.nowMs())
    this.#settle()
    this.#post({ kind: 'drained' })
  }

  /** The last seconds of a warm-up that the breaker cut short become the first block. */
  #adoptWarmUp(nowMs: number): void {
    const fromSeconds = Math.max(0, this.#seconds(nowMs) - BREAKER_WINDOW_SECONDS)
    this.#warm.seconds = fromSeconds
    const { pairs, samples } = this.#warm.takeFrom(fromSeconds)
    this.#blocks.adopt(this.#firstPhase, this.#originMs + fromSeconds * 1000, pairs, samples)
    this.#post({ kind: 'phase', phase: this.#firstPhase, atSeconds: fromSeconds })
  }

  async #stop(): Promise<void> {
    this.#state = 'ended'
    clearInterval(this.#ticking)
    clearInterval(this.#reading)
    await Promise.race([this.#traffic.stop(), sleep(DRAIN_MS, undefined, { ref: false })])
    await this.#traffic.close()
    this.#strain.close()
    const lines = [this.#warm.takeLines(), this.#blocks.takeUnscored()].filter(
      (text) => text !== '',
    )
    this.#post({
      kind: 'ended',
      atSeconds: this.#seconds(this.#clock.nowMs()),
      ...this.#totals.state(),
      lines: lines.join('\n'),
    })
  }

  #settle(): void {
    this.#blocks.settle((settled) => {
      const examples = this.#comparer.takeExamples()
      this.#post({ kind: 'block', ...settled, ...(examples.length === 0 ? {} : { examples }) })
    })
  }

  #guard(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.fail(thrown))
  }

  fail(thrown: unknown): void {
    this.#post({ kind: 'failed', error: thrown instanceof Error ? thrown.message : String(thrown) })
  }

  #paceOf(phase: Phase, rampSeconds = 0): ReturnType<typeof paceOf> {
    return paceOf(this.#input, phase, this.#rate, rampSeconds)
  }

  #seconds(ms: number): number {
    return (ms - this.#originMs) / 1000
  }
}
