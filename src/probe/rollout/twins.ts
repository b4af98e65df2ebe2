/**
 * The twins beside a rollout: one judge over all legs of the traffic, from the gate to the end.
 *
 * A leg is a worker. The breaker or a crash ends it, and after a pause another one goes on with the
 * next block number, a short warm-up that nobody scores, and the same judge. What the allocator says
 * (the climb, a new episode, latencies that cannot be compared) is stamped on blocks when they begin.
 */

import type { BlockMarks, ClosedBlock } from '../../analysis/judge.ts'
import type { LiveRollout, RolloutJudge } from '../../analysis/rollout/judge.ts'
import { createTally } from '../../analysis/tally.ts'
import type { Arm } from '../../core/arm.ts'
import type { Inquiry } from '../../core/contract/investigation.ts'
import type { Finding, Report } from '../../core/contract/report.ts'
import type {
  CanaryFigures,
  GateResult,
  Judgement,
  TwinFacts,
  TwinProgress,
  Twins,
  TwinSeries,
} from '../../core/twins.ts'
import type { Metric, Phase } from '../../core/verdict.ts'
import { canaryOf, createInquiries, type Inquiries } from '../inquiry/inquiry.ts'
import type { FromWorker } from '../shard/messages.ts'
import { createBeside, type Beside } from './beside.ts'
import { createFacts, createFigures, type Facts } from './facts.ts'
import { legInput } from './leg-input.ts'
import { Legs } from './legs.ts'
import { createRecord, type TwinsRecord } from './record.ts'
import type { TwinsParts } from './parts.ts'
import { writeSnapshot } from './snapshot.ts'

/** Beyond its time a gate without blocks is ended from here. */
const GATE_GRACE_MS = 5000

export class RunningTwins implements Twins {
  readonly runId: string
  readonly #parts: TwinsParts
  readonly #judge: RolloutJudge
  readonly #facts: Facts
  readonly #beside: Beside
  readonly #figures = createFigures()
  readonly #record: TwinsRecord
  readonly #tally
  readonly #inquiries: Inquiries
  readonly #asked = new Set<Promise<Inquiry>>()
  readonly #startedMs: number
  readonly #legs: Legs
  #legCount: number
  #phase: 'warm-up' | Phase = 'warm-up'
  #isClimb: boolean
  #isComparable = true
  #breaker: Arm | undefined
  #gateFault: string | undefined
  #sent = { atSeconds: 0, steps: 0, rate: 0 }
  #lagP99Ms = 0
  #live: LiveRollout | undefined
  #gateTimer: NodeJS.Timeout | undefined
  #report: Promise<Report> | undefined

  constructor(parts: TwinsParts) {
    const { options, judge, input, clock, restored, rate } = parts
    this.#parts = parts
    this.#judge = judge
    this.runId = parts.runId
    this.#startedMs = clock.nowMs() - (restored?.seconds ?? 0) * 1000
    this.#legCount = restored?.legs ?? 0
    this.#isClimb = options.gate === undefined
    this.#tally = createTally(restored?.tally)
    this.#facts = createFacts(input.plan, rate)
    if (this.#isClimb) this.#facts.climb()
    const { plan, seed } = input
    const seconds = (): number => this.#seconds()
    this.#beside = createBeside({ plan, seed, sources: parts.sources, clock, judge, seconds })
    this.#record = createRecord(input.plan, judge, restored?.told ?? [])
    this.#legs = new Legs({
      clock,
      restartAfterMs: parts.restartAfterMs,
      seconds: () => this.#seconds(),
      input: () => {
        const moment = { legCount: this.#legCount, marks: this.#marks(), rate }
        return legInput(input, judge, moment)
      },
      onBegin: () => this.#begun(),
      onMessage: (message) => this.#receive(message),
      onDeath: (why) => this.#down(why),
    })
    this.#inquiries = createInquiries((message) => this.#legs.say(message), {
      secrets: input.secrets,
      canaryUrl: canaryOf(input.arms),
      // The worker's seconds count from the start of its leg.
      originSeconds: () => judge.originSeconds() - this.#legs.fromSeconds(),
    })
  }

  /** Resolves when the first leg sends. If it cannot, nothing is left behind, and this rejects. */
  async begin(): Promise<void> {
    const { gate } = this.#parts.options
    try {
      await this.#legs.begin()
      this.#beside.start()
    } catch (thrown) {
      this.#inquiries.close()
      await this.#legs.close()
      throw thrown
    }
    if (gate === undefined) return
    const overMs = gate.maxSeconds * 1000 + GATE_GRACE_MS
    this.#gateTimer = setTimeout(() => this.#endGate(), overMs)
  }

  gate(): GateResult | undefined {
    const { gate } = this.#parts.options
    const result = this.#judge.gate()
    if (gate === undefined || result === undefined) return undefined
    const { run } = gate
    if (this.#gateFault !== undefined && result.verdict === 'running') {
      return { run, verdict: 'invalid', finding: this.#gateFault }
    }
    return { run, ...result }
  }

  ramp(): void {
    if (this.#isClimb || this.#report !== undefined) return
    clearTimeout(this.#gateTimer)
    this.#isClimb = true
    this.#judge.climb()
    this.#facts.climb()
    this.#changed()
    if (this.#legs.traffic().kind === 'resting') void this.#legs.begin()
    else this.#legs.say({ kind: 'climb', rate: this.#parts.rate })
  }

  beginEpisode(episode: number): void {
    this.#judge.beginEpisode(episode)
    this.#changed()
  }

  compareLatencies(comparable: boolean): void {
    if (comparable === this.#isComparable) return
    this.#isComparable = comparable
    this.#changed()
  }

  judgement(): Judgement | undefined {
    return this.#judge.judgement()
  }

  takeFacts(): TwinFacts {
    return this.#facts.take({
      isDown: this.#legs.traffic().kind !== 'running',
      medianMs: this.#judge.medianMs(),
      baselineIll: this.#judge.baselineIll(),
    })
  }

  figures(): CanaryFigures {
    return this.#figures.take()
  }

  resetFigures(): void {
    this.#figures.reset()
  }

  progress(): TwinProgress {
    this.#live ??= this.#judge.live()
    const isRunning = this.#legs.traffic().kind === 'running'
    const baselineMeanMs = this.#figures.baselineMeanMs()
    const message = this.#message()
    return {
      ...this.#live,
      phase: isRunning ? this.#phase : 'down',
      plannedRate: this.#isClimb ? this.#parts.rate : this.#parts.input.plan.rate,
      deliveredRate: isRunning ? this.#sent.rate : 0,
      generatorLagP99Ms: this.#lagP99Ms,
      ...(baselineMeanMs === undefined ? {} : { baselineMeanMs }),
      unequalLoad: !this.#isComparable,
      ...(message === undefined ? {} : { message }),
    }
  }

  series(action: string, metric: Metric): TwinSeries | undefined {
    return this.#record.series(action, metric)
  }

  onFinding(listener: (finding: Finding) => void): void {
    this.#record.onFinding(listener)
  }

  onBlock(listener: () => void): void {
    this.#record.onBlock(listener)
  }

  async inquire(finding: Finding): Promise<Inquiry> {
    const asked = this.#inquiries.inquire(finding)
    this.#asked.add(asked)
    const known = await asked
    this.#asked.delete(asked)
    return known
  }

  snapshot(): string {
    const { planHash, startedAt } = this.#parts
    return writeSnapshot({
      planHash,
      runId: this.runId,
      startedAt,
      seconds: this.#seconds(),
      legs: this.#legCount,
      blocks: this.#judge.blocks(),
      episode: this.#judge.episode(),
      told: this.#record.told(),
      tally: this.#tally.state(),
      judge: this.#judge.snapshot(),
    })
  }

  stop(): Promise<Report> {
    this.#report ??= this.#stop()
    return this.#report
  }

  async #stop(): Promise<Report> {
    clearTimeout(this.#gateTimer)
    try {
      await this.#legs.end()
      this.#record.tell(this.#judge.findings('all'))
      const { planHash, startedAt, skipped, keep } = this.#parts
      const [run, tally, seconds] = [this.runId, this.#tally, this.#seconds()]
      const report = await this.#beside.stop(() =>
        this.#judge.conclude({ run, planHash, startedAt, seconds, tally, skipped }),
      )
      keep(report)
      return report
    } finally {
      this.#parts.release()
      await Promise.allSettled(this.#asked)
      this.#inquiries.close()
      await this.#legs.close()
    }
  }

  #begun(): void {
    this.#legCount += 1
    this.#phase = 'warm-up'
    this.#breaker = undefined
    this.#sent = { atSeconds: this.#legs.fromSeconds(), steps: 0, rate: 0 }
    const last = this.#judge.blocks()
    if (last === 0) return
    this.#sendParameters(last + 1)
    this.#sendParameters(last + 2)
  }

  #marks(): BlockMarks {
    const episode = this.#judge.episode()
    return { episode, comparable: this.#isComparable, climb: this.#isClimb }
  }

  #changed(): void {
    this.#live = undefined
    this.#legs.say({ kind: 'marks', marks: this.#marks() })
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'phase':
        this.#phase = message.phase
        return
      case 'warmed-up':
        this.#warmedUp(message)
        return
      case 'block':
        this.#beside.examples(message.examples ?? [])
        this.#add(message.block)
        return
      case 'reading':
        this.#read(message)
        return
      case 'breaker':
        this.#breaker = message.arm
        return
      case 'drained':
        if (this.#isClimb) this.#tripped()
        else void this.#legs.end()
        return
      case 'ended':
        this.#tally.merge(message.tally)
        this.#tripped()
        return
      case 'inquiry':
        this.#inquiries.answer(message)
        return
      case 'failed':
        return
    }
  }

  #warmedUp({ sums, seconds }: Extract<FromWorker, { kind: 'warmed-up' }>): void {
    if (this.#judge.blocks() > 0) return
    this.#judge.warmedUp(sums, seconds)
    this.#sendParameters(1)
    this.#sendParameters(2)
  }

  #add(block: ClosedBlock): void {
    const decision = this.#judge.add(block)
    this.#live = undefined
    this.#facts.add(block)
    this.#beside.block(block.endSeconds, block.sums)
    this.#figures.add(block)
    this.#sendParameters(block.index + 2)
    if (decision.kind === 'end-phase') this.#legs.say({ kind: 'end-phase' })
    if (decision.kind === 'stop' && this.gate()?.verdict !== 'healthy') this.#legs.rest()
    this.#record.tell(this.#judge.findings('settled'))
    this.#record.add(block, this.#judge.originSeconds())
  }

  #read({ reading, sentSteps }: Extract<FromWorker, { kind: 'reading' }>): void {
    const elapsed = reading.at - this.#sent.atSeconds
    const rate = elapsed > 0 ? (sentSteps - this.#sent.steps) / elapsed : this.#sent.rate
    this.#sent = { atSeconds: reading.at, steps: sentSteps, rate }
    this.#lagP99Ms = reading.lagP99Ms
    // A worker that starts is busy with itself.
    if (this.#phase !== 'warm-up') this.#facts.read(reading)
    this.#judge.generator(reading)
  }

  #sendParameters(index: number): void {
    const parameters = this.#judge.parametersFor(index)
    if (parameters !== undefined) this.#legs.say({ kind: 'parameters', index, parameters })
  }

  /** The breaker ended the traffic of this leg; what it left decides. */
  #tripped(): void {
    const breaker = this.#breaker
    if (breaker === undefined) return
    this.#judge.trafficEnded(breaker)
    this.#live = undefined
    this.#record.tell(this.#judge.findings('settled'))
    // The breaker names the arm that it saw first; if both fail, it is the baseline that matters.
    const why = this.#judge.baselineIll() ?? `the ${breaker} failed half of its requests`
    this.#down(`${why}, so the traffic was stopped`)
  }

  /** In the gate that is the end of it, in the climb a pause. */
  #down(why: string): void {
    if (this.#report !== undefined) return
    if (this.#isClimb || this.gate()?.verdict === 'healthy') return this.#legs.pause(why)
    this.#gateFault = why
    this.#legs.rest()
  }

  #endGate(): void {
    if (this.#isClimb || this.gate()?.verdict !== 'running') return
    this.#judge.endGate()
    this.#legs.rest()
  }

  #message(): string | undefined {
    const traffic = this.#legs.traffic()
    if (this.#report !== undefined) return 'the twins were stopped'
    switch (traffic.kind) {
      case 'running':
        return this.#parts.note
      case 'resting':
        return this.#gateFault ?? 'the gate is over'
      case 'down': {
        const leftMs = traffic.againAtMs - this.#parts.clock.nowMs()
        return `${traffic.why}; it starts again in ${Math.max(0, Math.ceil(leftMs / 1000))} s`
      }
    }
  }

  #seconds(): number {
    return (this.#parts.clock.nowMs() - this.#startedMs) / 1000
  }
}
