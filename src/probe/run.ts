/**
 * The coordinator of a run: hands the shard its parameters, adds its blocks to the judge in order,
 * obeys the judge's decisions, and tells those who watch. Every decision comes from closed blocks,
 * so `analyze` of the recorded samples decides the same.
 */

import type { Correlated } from '../analysis/cause/correlate.ts'
import {
  createJudge,
  type BaselineFigure,
  type ClosedBlock,
  type Judge,
  type RunEnd,
} from '../analysis/judge.ts'
import { createOrderTally } from '../analysis/order/order.ts'
import { createTally } from '../analysis/tally.ts'
import type { Arm } from '../core/arm.ts'
import type { Clock } from '../core/clock.ts'
import type { Plan } from '../core/contract/plan.ts'
import type { Reason, Report, Skipped } from '../core/contract/report.ts'
import {
  formatGeneratorReading,
  formatResourceReading,
  formatRunHeader,
  type GeneratorReading,
  type ResourceReading,
} from '../core/contract/sample.ts'
import { OutriderError, messageOf } from '../core/errors.ts'
import { WHOLE_SERVICE, type Metric } from '../core/verdict.ts'
import { createEventLog, type EventLog } from './event-log.ts'
import type { ProbePhase, ProbeProgress } from './events.ts'
import { createFigures, type Figures } from './figures/figures.ts'
import { createSpans } from './figures/spans.ts'
import { phaseLimitSeconds, phaseMessage, warmUpSentence } from './figures/phase-words.ts'
import { correlate } from './inquiry/correlate.ts'
import { canaryOf, createInquiries, type Inquiries } from './inquiry/inquiry.ts'
import {
  createInvestigator,
  type Investigator,
  type InvestigatorOptions,
} from './inquiry/investigator.ts'
import type { FromWorker, ToWorker, WorkerInput } from './shard/messages.ts'
import { startShards, type Shards } from './shard/group/shards.ts'
import type { SamplesFile } from './samples-file.ts'
import { chartedStreams, createSeriesRecorder, type Series } from './series.ts'
import type { WatchSource } from './watch/sources.ts'
import { createWatch, type Watch } from './watch/watch.ts'

export interface RunOptions {
  readonly id: string
  readonly planHash: string
  readonly input: Omit<WorkerInput, 'parameters'>
  /** Threads that send. */
  readonly workers: number
  readonly skipped: readonly Skipped[]
  readonly samples?: SamplesFile
  readonly clock: Clock
  readonly keepInvestigation: InvestigatorOptions['keep']
  /** What is to be said before anything is compared with the baseline. */
  readonly remark?: (figures: readonly BaselineFigure[]) => readonly Reason[]
  /** Where CPU and memory of the arms are read. */
  readonly sources: readonly WatchSource[]
  /** Adds to the report what its samples say; they are all written by then. */
  readonly finish?: (report: Report, figures: readonly BaselineFigure[]) => Promise<Report>
}

type Ended = Extract<FromWorker, { kind: 'ended' }>

export class Run {
  readonly events: EventLog
  readonly done: Promise<Report>
  readonly #options: RunOptions
  readonly #plan: Plan
  readonly #judge: Judge
  readonly #shards: Shards
  readonly #recorder = createSeriesRecorder()
  readonly #inquiries: Inquiries
  readonly #investigator: Investigator
  readonly #startedAt: string
  readonly #figures: Figures
  readonly #watch: Watch
  readonly #troubles: Reason[] = []
  readonly #startedMs: number
  readonly #spans = createSpans()
  readonly #order = createOrderTally()
  readonly #told = new Set<string>()
  #resolve: (report: Report) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #phase: ProbePhase = 'warm-up'
  #phaseFromSeconds = 0
  #warmSeconds: number | undefined
  #lastReading: GeneratorReading | undefined
  #sentSteps = 0
  #deliveredRate = 0
  #warmupPairs = 0
  #focused = ''
  #remarks: readonly Reason[] = []
  #blocks = 0
  #cappedBlocks = 0
  #stopping: 'no' | 'decided' | 'interrupted' = 'no'
  #breaker: Arm | undefined
  #settled = false

  constructor(options: RunOptions) {
    const { clock, id, input, planHash, samples } = options
    this.#options = options
    this.#plan = input.plan
    this.#judge = createJudge(input.plan, input.seed)
    this.#startedMs = clock.nowMs()
    this.#startedAt = new Date(clock.wallMs()).toISOString()
    const now = (): string => new Date(clock.wallMs()).toISOString()
    this.events = createEventLog(id, now)
    this.#inquiries = createInquiries((message) => this.#say(message), {
      secrets: input.secrets,
      canaryUrl: canaryOf(input.arms),
      originSeconds: () => this.#originSeconds(),
    })
    const { keepInvestigation: keep } = options
    this.#investigator = createInvestigator({ run: id, inquiries: this.#inquiries, now, keep })
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    samples?.write(
      formatRunHeader({
        plan: input.plan,
        planHash,
        seed: input.seed,
        startedAt: this.#startedAt,
      }),
    )
    this.#figures = createFigures(input.plan, input.seed)
    this.#watch = createWatch({
      sources: options.sources,
      clock,
      seconds: () => (clock.nowMs() - this.#startedMs) / 1000,
      onReading: (reading) => this.#use(reading),
      // A place that gives nothing tells it a few times at most.
      onTrouble: (arm, message) =>
        void this.#troubles.push({ code: 'metrics-lost', message: `${arm}: ${message}` }),
    })
    this.#watch.start()
    this.#shards = startShards({
      input: { ...input, parameters: this.#judge.initialParameters() },
      count: options.workers,
      clock,
      onMessage: (message) => this.#receive(message),
      onDeath: (error) => {
        this.#inquiries.close()
        this.#fail(error)
      },
    })
  }

  /** Ends the run early; what was scored so far becomes a partial report. */
  interrupt(): void {
    this.#stop('interrupted')
  }

  series(action: string, metric: Metric): Series | undefined {
    const known = this.#plan.actions.some((planned) => planned.action === action)
    if (!known && action !== WHOLE_SERVICE) return undefined
    return {
      action,
      metric,
      blockSeconds: this.#plan.blockSeconds,
      lnThreshold: this.#judge.stream(action, metric).lnThreshold,
      lnHealthyThreshold: -Math.log(this.#plan.alphaHealthy),
      points: this.#recorder.points(action, metric),
      quantiles: this.#judge.quantiles(action),
    }
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'phase':
        this.#enterPhase(message.phase, message.atSeconds)
        return
      case 'warmed-up':
        this.#options.samples?.write(message.lines)
        this.#warmSeconds = message.seconds
        this.#warmupPairs = message.pairs
        this.#judge.warmedUp(message.sums, message.seconds)
        this.#remarks = this.#options.remark?.(this.#judge.baselineFigures()) ?? []
        this.#sendParameters(1)
        this.#sendParameters(2)
        return
      case 'block':
        this.#figures.examples(message.examples ?? [])
        this.#add(message)
        return
      case 'reading':
        this.#read(message)
        return
      case 'breaker':
        this.#breaker = message.arm
        return
      case 'drained':
        this.#stop('decided')
        return
      case 'ended':
        this.#options.samples?.write(message.lines)
        this.#conclude(message).catch((thrown: unknown) => {
          this.#settled = false
          this.#fail(thrown)
        })
        return
      case 'inquiry':
        this.#inquiries.answer(message)
        return
      case 'failed':
        this.#fail(new Error(message.error))
        return
    }
  }

  #enterPhase(phase: ProbePhase, atSeconds: number): void {
    this.#phase = phase
    this.#phaseFromSeconds = atSeconds
    this.events.add({ kind: 'state', phase, message: phaseMessage(phase, this.#plan) })
  }

  #add({ block, lines, order }: Extract<FromWorker, { kind: 'block' }>): void {
    // Blocks behind the deciding one would give a replay other data than the run had.
    if (this.#stopping === 'decided' && this.#breaker === undefined) return
    this.#options.samples?.write(lines)
    const decision = this.#judge.add(block)
    this.#order.merge(order)
    this.#blocks += 1
    this.#cappedBlocks += block.capped.length > 0 ? 1 : 0
    this.#spans.add(block)
    this.#record(block)
    this.#tellFindings()
    this.#figures.block(block.endSeconds, block.sums)
    this.#sendParameters(block.index + 2)
    this.#focus()
    if (decision.kind === 'stop') this.#stop('decided')
    if (decision.kind === 'end-phase') this.#say({ kind: 'end-phase' })
  }

  #originSeconds(): number {
    return this.#spans.originSeconds() ?? this.#warmSeconds ?? 0
  }

  #record(block: ClosedBlock): void {
    const lnRun = this.#judge.lnRun()
    const at = block.endSeconds - (this.#warmSeconds ?? 0)
    for (const { action, metric } of chartedStreams(this.#plan)) {
      const { lnThreshold: _threshold, ...value } = this.#judge.stream(action, metric)
      this.#recorder.add(action, metric, { at, phase: block.phase, lnRun }, value)
    }
  }

  #tellFindings(): void {
    for (const finding of this.#judge.findings()) {
      const key = `${finding.phase} ${finding.action} ${finding.metric}`
      if (this.#told.has(key)) continue
      this.#told.add(key)
      this.events.add({ kind: 'finding', finding })
      this.#investigator.look(finding)
    }
  }

  /** A process told what it used; the next block is judged with it. */
  #use(reading: ResourceReading): void {
    if (this.#stopping !== 'no') return
    const read = { ...reading, block: this.#judge.blocks() + 1 }
    this.#options.samples?.write(formatResourceReading(read))
    this.#judge.resource(reading)
    this.#figures.resource(reading)
  }

  /** Sessions tilt towards what is undecided, by closed blocks only. */
  #focus(): void {
    if (!this.#plan.focus) return
    const actions = this.#judge.undecided()
    if (actions.join(' ') === this.#focused) return
    this.#focused = actions.join(' ')
    this.#say({ kind: 'focus', actions })
  }

  #read(message: Extract<FromWorker, { kind: 'reading' }>): void {
    const { reading, sentSteps } = message
    const elapsed = reading.at - (this.#lastReading?.at ?? 0)
    if (elapsed > 0) this.#deliveredRate = (sentSteps - this.#sentSteps) / elapsed
    this.#sentSteps = sentSteps
    this.#lastReading = reading
    if (this.#phase === 'warm-up') this.#warmupPairs = message.warmupPairs
    this.#options.samples?.write(formatGeneratorReading(reading))
    this.#judge.generator(reading)
    this.events.add({ kind: 'block', progress: this.#progress() })
  }

  #progress(): ProbeProgress {
    const live = this.#judge.live()
    const seconds = (this.#options.clock.nowMs() - this.#startedMs) / 1000
    return {
      ...live,
      reasons: [...this.#remarks, ...live.reasons],
      phase: this.#phase,
      seconds,
      phaseSeconds: Math.max(0, seconds - this.#phaseFromSeconds),
      phaseLimitSeconds: phaseLimitSeconds(this.#plan, this.#phase, this.#phaseFromSeconds),
      blocks: this.#blocks,
      cappedBlocks: this.#cappedBlocks,
      warmupPairs: this.#warmupPairs,
      deliveredRate: this.#deliveredRate,
      plannedRate: this.#plan.rate,
      generatorLagP99Ms: this.#lastReading?.lagP99Ms ?? 0,
      sentence: this.#phase === 'warm-up' ? warmUpSentence(this.#plan, seconds) : live.sentence,
    }
  }

  /** Without them no later block is handed over: a slow disk holds the traffic back. */
  #sendParameters(index: number): void {
    const parameters = this.#judge.parametersFor(index)
    if (parameters === undefined) return
    const send = (): void => this.#say({ kind: 'parameters', index, parameters })
    const caughtUp = this.#options.samples?.caughtUp()
    if (caughtUp === undefined) send()
    else void caughtUp.then(send)
  }

  #stop(why: 'decided' | 'interrupted'): void {
    if (this.#stopping !== 'no') return
    this.#stopping = why
    this.#say({ kind: 'stop' })
  }

  #say(message: ToWorker): void {
    this.#shards.say(message)
  }

  async #conclude(ended: Ended): Promise<void> {
    this.#settled = true
    await this.#watch.stop()
    const end = this.#endOf(ended)
    const first = this.#judge.conclude(end)
    const correlated = await this.#correlated(first)
    const judged = this.#judge.conclude({ ...end, correlated })
    await this.#investigator.finish(judged.findings)
    await this.#shards.terminate()
    await this.#options.samples?.close()
    const whole = this.#figures.complete({
      ...judged,
      reasons: [...judged.reasons, ...this.#troubles],
    })
    const report = (await this.#options.finish?.(whole, this.#judge.baselineFigures())) ?? whole
    this.events.add({ kind: 'end', status: 'done', report })
    this.#resolve(report)
  }

  #endOf({ tally }: Ended): RunEnd {
    return {
      run: this.#options.id,
      planHash: this.#options.planHash,
      startedAt: this.#startedAt,
      seconds: this.#spans.endSeconds() ?? this.#warmSeconds ?? 0,
      phases: this.#spans.phases(),
      warmupSeconds: this.#originSeconds(),
      interrupted: this.#stopping === 'interrupted',
      ...(this.#breaker === undefined ? {} : { breaker: this.#breaker }),
      tally: createTally(tally),
      order: this.#order,
      skipped: [...this.#options.skipped],
    }
  }

  #correlated({ findings }: Report): Promise<Correlated> {
    const originSeconds = this.#originSeconds()
    return correlate(findings, this.#inquiries, {
      plan: this.#plan,
      seed: this.#options.input.seed,
      originSeconds,
      loadSeconds: this.#spans.loadSeconds() ?? originSeconds,
      lastBlock: this.#judge.blocks(),
    })
  }

  #fail(thrown: unknown): void {
    if (this.#settled) return
    this.#settled = true
    void this.#watch.stop()
    const error =
      thrown instanceof OutriderError
        ? thrown
        : new OutriderError(`Cannot carry out the run: ${messageOf(thrown)}`, {
            code: 'run-failed',
            mend: 'try again; if it comes back, report it with this sentence',
            cause: thrown,
          })
    const problem = { code: error.code, message: error.message }
    this.events.add({ kind: 'end', status: 'failed', problem })
    void this.#shards.terminate()
    const closing = this.#options.samples?.close() ?? Promise.resolve()
    closing.catch(() => {}).finally(() => this.#reject(error))
  }
}
