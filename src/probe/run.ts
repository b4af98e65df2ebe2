/**
 * The coordinator of a run: hands the shard its parameters, adds its blocks to the judge in order,
 * obeys the judge's decisions, and tells those who watch. Every decision comes from closed blocks,
 * so `analyze` of the recorded samples decides the same.
 */

import { Worker } from 'node:worker_threads'
import { createJudge, type ClosedBlock, type Judge } from '../analysis/judge.ts'
import { warmUpLimits } from '../analysis/plan.ts'
import { createTally, type TallyState } from '../analysis/tally.ts'
import type { Arm } from '../core/arm.ts'
import type { Clock } from '../core/clock.ts'
import type { Plan } from '../core/contract/plan.ts'
import type { Report, Skipped } from '../core/contract/report.ts'
import {
  formatGeneratorReading,
  formatRunHeader,
  type GeneratorReading,
} from '../core/contract/sample.ts'
import { OutriderError, messageOf } from '../core/errors.ts'
import {
  EVIDENCE_METRICS,
  WHOLE_SERVICE,
  type EvidenceMetric,
  type Phase,
} from '../core/verdict.ts'
import { createEventLog, type EventLog } from './event-log.ts'
import type { ProbePhase, ProbeProgress } from './events.ts'
import { createInquiries, type Inquiries } from './inquiry/inquiry.ts'
import {
  createInvestigator,
  type Investigator,
  type InvestigatorOptions,
} from './inquiry/investigator.ts'
import type { FromWorker, ToWorker, WorkerInput } from './shard/messages.ts'
import type { SamplesFile } from './samples-file.ts'
import { createSeriesRecorder, type Series } from './series.ts'

export interface RunOptions {
  readonly id: string
  readonly planHash: string
  readonly input: Omit<WorkerInput, 'parameters'>
  readonly skipped: readonly Skipped[]
  readonly samples?: SamplesFile
  readonly clock: Clock
  readonly keepInvestigation: InvestigatorOptions['keep']
}

interface PhaseSpan {
  readonly name: Phase
  readonly fromSeconds: number
  toSeconds: number
}

export class Run {
  readonly events: EventLog
  readonly done: Promise<Report>
  readonly #options: RunOptions
  readonly #plan: Plan
  readonly #judge: Judge
  readonly #worker: Worker
  readonly #recorder = createSeriesRecorder()
  readonly #inquiries: Inquiries
  readonly #investigator: Investigator
  readonly #startedAt: string
  readonly #startedMs: number
  readonly #spans: PhaseSpan[] = []
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
      canaryUrl: input.arms.find(({ arm }) => arm === 'canary')?.url ?? '',
      originSeconds: () => this.#spans[0]?.fromSeconds ?? this.#warmSeconds ?? 0,
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
    this.#worker = new Worker(workerModule(), {
      workerData: { ...input, parameters: this.#judge.initialParameters() },
    })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', () => {
      this.#inquiries.close()
      this.#fail(new Error('the generator thread ended'))
    })
  }

  /** Ends the run early; what was scored so far becomes a partial report. */
  interrupt(): void {
    this.#stop('interrupted')
  }

  series(action: string, metric: EvidenceMetric): Series | undefined {
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
        this.#sendParameters(1)
        this.#sendParameters(2)
        return
      case 'block':
        this.#add(message.block, message.lines)
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
        this.#conclude(message.tally)
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

  #add(block: ClosedBlock, lines: string): void {
    // Blocks behind the deciding one would give a replay other data than the run had.
    if (this.#stopping === 'decided' && this.#breaker === undefined) return
    this.#options.samples?.write(lines)
    const decision = this.#judge.add(block)
    this.#blocks += 1
    this.#cappedBlocks += block.capped.length > 0 ? 1 : 0
    this.#span(block)
    this.#record(block)
    this.#tellFindings()
    this.#sendParameters(block.index + 2)
    if (decision.kind === 'stop') this.#stop('decided')
    if (decision.kind === 'end-phase') this.#say({ kind: 'end-phase' })
  }

  #span(block: ClosedBlock): void {
    const last = this.#spans.at(-1)
    if (last !== undefined && last.name === block.phase) last.toSeconds = block.endSeconds
    else {
      const { phase: name, startSeconds: fromSeconds, endSeconds: toSeconds } = block
      this.#spans.push({ name, fromSeconds, toSeconds })
    }
  }

  #record(block: ClosedBlock): void {
    const lnRun = this.#judge.lnRun()
    const at = block.endSeconds - (this.#warmSeconds ?? 0)
    const names = [...this.#plan.actions.map((planned) => planned.action), WHOLE_SERVICE]
    for (const action of names) {
      for (const metric of EVIDENCE_METRICS) {
        const { lnThreshold: _threshold, ...value } = this.#judge.stream(action, metric)
        this.#recorder.add(action, metric, { at, phase: block.phase, lnRun }, value)
      }
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
      phase: this.#phase,
      seconds,
      phaseSeconds: Math.max(0, seconds - this.#phaseFromSeconds),
      phaseLimitSeconds: this.#phaseLimitSeconds(),
      blocks: this.#blocks,
      cappedBlocks: this.#cappedBlocks,
      warmupPairs: this.#warmupPairs,
      deliveredRate: this.#deliveredRate,
      plannedRate: this.#plan.rate,
      generatorLagP99Ms: this.#lastReading?.lagP99Ms ?? 0,
      sentence: this.#phase === 'warm-up' ? this.#warmUpSentence(seconds) : live.sentence,
    }
  }

  #warmUpSentence(seconds: number): string {
    const { minSeconds, maxSeconds } = warmUpLimits(this.#plan)
    const limits = minSeconds === maxSeconds ? `${maxSeconds}` : `${minSeconds}–${maxSeconds}`
    return `Warming up ${Math.floor(seconds)} s of ${limits} s`
  }

  #phaseLimitSeconds(): number {
    const { blockSeconds, horizonBlocks, duration, maxDurationSeconds } = this.#plan
    switch (this.#phase) {
      case 'warm-up':
        return warmUpLimits(this.#plan).maxSeconds
      case 'quiet':
        return horizonBlocks.quiet * blockSeconds
      case 'load':
        return (duration === 'auto' ? maxDurationSeconds : duration) - this.#phaseFromSeconds
    }
  }

  #sendParameters(index: number): void {
    const parameters = this.#judge.parametersFor(index)
    if (parameters !== undefined) this.#say({ kind: 'parameters', index, parameters })
  }

  #stop(why: 'decided' | 'interrupted'): void {
    if (this.#stopping !== 'no') return
    this.#stopping = why
    this.#say({ kind: 'stop' })
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #conclude(tally: TallyState): void {
    const first = this.#spans[0]
    const last = this.#spans.at(-1)
    const report = this.#judge.conclude({
      run: this.#options.id,
      planHash: this.#options.planHash,
      startedAt: this.#startedAt,
      seconds: last?.toSeconds ?? this.#warmSeconds ?? 0,
      phases: this.#spans.map(({ name, fromSeconds, toSeconds }) => ({
        name,
        seconds: toSeconds - fromSeconds,
      })),
      warmupSeconds: first?.fromSeconds ?? this.#warmSeconds ?? 0,
      interrupted: this.#stopping === 'interrupted',
      ...(this.#breaker === undefined ? {} : { breaker: this.#breaker }),
      tally: createTally(tally),
      skipped: [...this.#options.skipped],
    })
    this.#finish(report).catch((thrown: unknown) => this.#fail(thrown))
  }

  async #finish(report: Report): Promise<void> {
    this.#settled = true
    await this.#investigator.finish(report.findings)
    await this.#worker.terminate()
    await this.#options.samples?.close()
    this.events.add({ kind: 'end', status: 'done', report })
    this.#resolve(report)
  }

  #fail(thrown: unknown): void {
    if (this.#settled) return
    this.#settled = true
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
    void this.#worker.terminate()
    const closing = this.#options.samples?.close() ?? Promise.resolve()
    closing.catch(() => {}).finally(() => this.#reject(error))
  }
}

function phaseMessage(phase: ProbePhase, plan: Plan): string {
  switch (phase) {
    case 'warm-up':
      return 'warm-up: its samples are left out'
    case 'quiet':
      return `quiet: one user at a time, at most ${plan.horizonBlocks.quiet * plan.blockSeconds} s`
    case 'load':
      return `load: ${plan.rate} pairs/s, up to ${plan.concurrency} users at once`
  }
}

/** The worker beside this module: TypeScript in a checkout, JavaScript when published. */
function workerModule(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./worker.${extension}`, import.meta.url)
}
