/** The judge of a run: closed blocks go in, evidence and decisions come out. */

import type { Arm } from '../core/arm.ts'
import type { Plan } from '../core/contract/plan.ts'
import type { ActionReport, Finding, Reason, Report, Skipped } from '../core/contract/report.ts'
import type { BlockWaits, GeneratorReading, ResourceReading } from '../core/contract/sample.ts'
import type { Metric, Phase } from '../core/verdict.ts'
import { invariant } from '../core/invariant.ts'
import type { Correlated } from './cause/correlate.ts'
import { withoutLatency, type BlockSums } from './fold.ts'
import {
  armQuantiles,
  baselineFigures,
  concludeRun,
  liveJudgement,
  scopeOf,
  streamJudgement,
} from './judging/answers.ts'
import { decide } from './judging/decide.ts'
import { applyFixedRulesAtEnd } from './judging/fixed-rules.ts'
import { createPhaseState, updatePhase } from './judging/phase-state.ts'
import {
  addReading,
  closeBlock,
  createRunState,
  openBlock,
  parametersFor,
  readingAsRecorded,
  remember,
  restoreRunState,
  toJson,
  undecidedActions,
  type RunState,
} from './judging/run-state.ts'
import { judgeRun, type RunCircumstances } from './judging/verdict.ts'
import { createLearning, learn, parametersOf, type Parameters } from './parameters.ts'
import type { OrderTally } from './order/order.ts'
import type { Tally } from './tally.ts'

export interface ClosedBlock {
  /** 1, 2, … over the run, whatever the phase. */
  readonly index: number
  readonly phase: Phase
  /** Seconds from the start of the run. */
  readonly startSeconds: number
  readonly endSeconds: number
  /** The arms that were stalled when the cap closed the block; empty for a quiet end. */
  readonly capped: readonly Arm[]
  /** The generator itself was late in it: its latencies say nothing of the arms. */
  readonly strained?: boolean
  /** Requests of it waited for a connection of ours. */
  readonly waits?: BlockWaits
  readonly sums: BlockSums
  /** In a rollout: what held when the block began. */
  readonly marks?: BlockMarks
}

/** What holds for a block of a rollout, whatever happens while it is open. */
export interface BlockMarks {
  readonly episode: number
  /** Whether the latencies of the arms can be compared. */
  readonly comparable: boolean
  /** False during the gate. */
  readonly climb: boolean
}

export type StopReason = 'named' | 'not-localised' | 'critical' | 'baseline-ill' | 'proof' | 'time'

export type Decision =
  | { readonly kind: 'go-on' }
  | { readonly kind: 'end-phase' }
  | { readonly kind: 'stop'; readonly reason: StopReason }

/** The state of a run for those who watch it. */
export interface LiveJudgement {
  readonly actions: ActionReport[]
  readonly findings: Finding[]
  readonly lnRun: number
  readonly lnRunThreshold: number
  readonly reasons: Reason[]
  /** Expected seconds to the proof or the end; left out while nothing is known. */
  readonly remainingSeconds?: number
  readonly sentence: string
  readonly pairs: number
  readonly baselineFailureShare: number
}

/** One stream for the charts. */
export interface StreamJudgement {
  readonly lnEvidence: number
  readonly lnHealthyEvidence?: number
  /** Canary ÷ baseline, for a latency metric. */
  readonly ratio?: number
  readonly lnThreshold: number
  readonly pairs: number
}

/** [quantile, ms] of each arm, up to where ten answers lie above. */
export interface ArmQuantiles {
  readonly baseline: [number, number][]
  readonly canary: [number, number][]
}

/** One figure of the baseline: median latency in milliseconds, or the share of failures. */
export interface BaselineFigure {
  readonly action: string
  readonly metric: 'latency_typical' | 'errors'
  readonly value: number
  readonly pairs: number
}

/** What the caller knows of the run's end. */
export interface RunEnd {
  readonly run: string
  readonly planHash: string
  readonly startedAt: string
  /** Warm-up and phases. */
  readonly seconds: number
  readonly phases: readonly { readonly name: Phase; readonly seconds: number }[]
  /** Default: where the warm-up was said to end. */
  readonly warmupSeconds?: number
  /** The arm whose failures made the breaker stop the traffic. */
  readonly breaker?: Arm
  /** Ended before the judge said stop. */
  readonly interrupted: boolean
  readonly tally: Tally
  /** Left out where the order of the twins is not known. */
  readonly order?: OrderTally
  readonly skipped: readonly Skipped[]
  readonly generatorStrained?: boolean
  /** The findings with role and segment, once those are known. */
  readonly correlated?: Correlated
}

export interface Judge {
  /** For folding the warm-up. */
  initialParameters(): Parameters
  /** Once, before the first block; `seconds` = where the warm-up ended. */
  warmedUp(sums: BlockSums, seconds: number): void
  /** Those after block index−2 (after the warm-up for 1 and 2); undefined until it was added. */
  parametersFor(index: number): Parameters | undefined
  /** In order. After a stop further blocks change nothing and the answer stays the same. */
  add(block: ClosedBlock): Decision
  generator(reading: GeneratorReading): void
  /** Between two blocks; a replay has to give them between the same ones. */
  resource(reading: ResourceReading): void
  /** Blocks that were added. */
  blocks(): number
  /** Required actions that more pairs could still prove; empty while that is not the question. */
  undecided(): string[]
  /** What the baseline measured in the last phase, for its history. */
  baselineFigures(): BaselineFigure[]
  live(): LiveJudgement
  findings(): Finding[]
  /** ln of the run's evidence in the present phase. */
  lnRun(): number
  /** @param action a name of the plan, `*` or `rare` @throws RangeError for any other */
  stream(action: string, metric: Metric): StreamJudgement
  /** @throws RangeError as `stream` */
  quantiles(action: string): ArmQuantiles
  conclude(end: RunEnd): Report
  /** JSON data; `createJudge` restores it to the same bits. */
  snapshot(): unknown
}

export interface JudgeOptions {
  /** A recorded file is judged to its end: nothing but a lack of blocks stops it. */
  readonly toTheEnd?: boolean
  /** Without the confidence sequences, for whoever wants the verdict alone; default true. */
  readonly intervals?: boolean
}

/** How many readings a run may have: five and a half hours of one a second. */
const MOST_READINGS = 20_000

/**
 * The judge of one run.
 * @param restored what `snapshot` gave: the judge goes on as if it had never stopped
 * @throws RangeError if `restored` is not such a snapshot
 */
export function createJudge(
  plan: Plan,
  seed: number,
  restored?: unknown,
  options: JudgeOptions = {},
): Judge {
  const state = restored === undefined ? createRunState(plan) : restoreRunState(restored, plan)
  const toTheEnd = options.toTheEnd === true

  const circumstances = (over: boolean, end?: RunEnd): RunCircumstances => ({
    over,
    interrupted: end?.interrupted === true,
    generatorStrained: end?.generatorStrained === true,
    recorded: toTheEnd,
    ...(end?.breaker === undefined ? {} : { breaker: end.breaker }),
  })

  return {
    initialParameters: () => parametersOf(plan, createLearning(plan), -1),
    warmedUp(sums, seconds) {
      invariant(state.blocks === 0, 'the warm-up comes before the first block')
      learn(state.learning, sums)
      remember(state, plan, 0)
      state.originSeconds = seconds
    },
    parametersFor: (index) => parametersFor(state, index),
    add(block) {
      if (state.stopped !== undefined) return { kind: 'stop', reason: state.stopped }
      addBlock(state, plan, block, options)
      const decision = toTheEnd ? { kind: 'go-on' as const } : decide(state, plan)
      if (decision.kind === 'stop') state.stopped = decision.reason
      return decision
    },
    generator(reading) {
      if (state.readings.length < MOST_READINGS) state.readings.push(readingAsRecorded(reading))
    },
    resource: (reading) => addReading(state, plan, reading),
    blocks: () => state.blocks,
    undecided: () => undecidedActions(state, plan),
    baselineFigures: () => baselineFigures(state, plan),
    live: () => liveJudgement(state, plan, circumstances(false)),
    findings: () => [...judgeRun(state, plan, circumstances(false)).findings],
    lnRun: () => state.phases.at(-1)?.lnRun ?? 0,
    stream: (action, metric) => streamJudgement(state, plan, scopeOf(plan, action), metric),
    quantiles: (action) => armQuantiles(state, plan, scopeOf(plan, action)),
    conclude(end) {
      applyFixedRulesAtEnd(state.rules, plan, state.phases.at(-1)?.endSeconds ?? 0)
      return concludeRun(state, plan, end, judgeRun(state, plan, circumstances(true, end)))
    },
    snapshot: () => toJson({ ...state, seed }),
  }
}

function addBlock(
  state: RunState,
  plan: Plan,
  block: ClosedBlock,
  { intervals = true }: JudgeOptions,
): void {
  openBlock(state, plan, block)
  const { phase: name, startSeconds, endSeconds, capped, strained = false } = block
  const sums = strained ? withoutLatency(block.sums) : block.sums
  if (state.phases.at(-1)?.phase !== name) {
    state.phases.push(createPhaseState(plan, name, startSeconds, { intervals }))
  }
  const phase = state.phases.at(-1)
  invariant(phase !== undefined, 'a block belongs to a phase')
  const told = { endSeconds, capped: capped.length > 0, comparable: !strained }
  updatePhase(phase, plan, sums, told)
  closeBlock(state, plan, block)
}
