/**
 * The judge of a rollout: the same evidence as in a probe, over several episodes.
 *
 * Problem: a rollout is watched for hours, may go down and up again, and promises one α for all of
 * it. Idea: one judge for the whole. Parameters and fixed rules know every block; streams belong to
 * an episode and have the share of α that was declared for it. A block scores in the streams of the
 * episode in which it began, or in none, so which blocks count never depends on what they hold. An
 * alarm that named no action keeps its streams in the background until they name one.
 * Limits: the streams of a closed phase are gone, only its findings stay, so the state stays small.
 */

import type { Arm } from '../../core/arm.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Finding, Report } from '../../core/contract/report.ts'
import type { GeneratorReading, ResourceReading } from '../../core/contract/sample.ts'
import type { GateResult, Judgement } from '../../core/twins.ts'
import type { Metric } from '../../core/verdict.ts'
import type { BlockSums } from '../fold.ts'
import type { ArmQuantiles, ClosedBlock, Decision, RunEnd, StreamJudgement } from '../judge.ts'
import { armQuantiles, concludeRun, scopeOf, streamJudgement } from '../judging/answers.ts'
import { findingsOf } from '../judging/findings.ts'
import {
  applyFixedRulesAtEnd,
  PROBE_TERMS,
  type CriticalRule,
  type RuleTerms,
} from '../judging/fixed-rules.ts'
import {
  addReading,
  closeBlock,
  openBlock,
  parametersFor,
  readingAsRecorded,
  remember,
  undecidedActions,
} from '../judging/run-state.ts'
import { illReason } from '../judging/verdict.ts'
import { learn, parametersOf, type Parameters } from '../parameters.ts'
import {
  findMedianMs,
  judgementOf,
  judgeRollout,
  liveRollout,
  settledFindings,
  type LiveRollout,
} from './answers.ts'
import { createGate, type Gate } from './gate.ts'
import {
  alphaOfEpisode,
  createRolloutState,
  marksOf,
  restoreRolloutState,
  snapshotOf,
  scoreBlock,
  type Alphas,
  type RolloutState,
} from './state.ts'

export type { LiveRollout } from './answers.ts'

export interface RolloutTerms {
  readonly alphas: Alphas
  readonly critical: CriticalRule
  /** Where the gate ends at the latest, in seconds from the start of the run; left out = no gate. */
  readonly gateEndSeconds?: number
}

export interface RolloutJudge {
  /** For folding a warm-up. */
  newestParameters(): Parameters
  /** Before the first block; what a later warm-up measured is left out. */
  warmedUp(sums: BlockSums, seconds: number): void
  /** As in a probe: those after block index−2. */
  parametersFor(index: number): Parameters | undefined
  /** Index of the last block; 0 before the first. */
  blocks(): number
  /** In order. What it says is for the gate: once that is over it is always `go-on`. */
  add(block: ClosedBlock): Decision
  generator(reading: GeneratorReading): void
  /** Between two blocks. */
  resource(reading: ResourceReading): void
  /** Required actions that more pairs could still prove. */
  undecided(): string[]
  /** The traffic has ended by itself: the fixed rules take what there is. */
  trafficEnded(breaker: Arm): void
  /** Time is over, whether blocks came or not. */
  endGate(): void
  /** Undefined where there is no gate. */
  gate(): Omit<GateResult, 'run'> | undefined
  /** The gate is over or skipped: nothing ends the judging any more. */
  climb(): void
  /** Fresh streams for blocks that begin from now on. @throws RangeError if it was not declared */
  beginEpisode(episode: number): void
  episode(): number
  judgement(): Judgement | undefined
  /** The baseline fails by itself, in words; undefined where it is well. */
  baselineIll(): string | undefined
  /** Median latency of the baseline's answers of late. */
  medianMs(): number | undefined
  /** Settled: those that will not get a better name any more. */
  findings(which: 'all' | 'settled'): Finding[]
  live(): LiveRollout
  /** Whether a block of these marks scores in the present streams. */
  hears(block: ClosedBlock): boolean
  lnRun(): number
  /** Where the warm-up ended, in seconds from the start of the run. */
  originSeconds(): number
  /** @throws RangeError for an action that the plan does not have */
  stream(action: string, metric: Metric): StreamJudgement
  /** @throws RangeError as `stream` */
  quantiles(action: string): ArmQuantiles
  conclude(end: Omit<RunEnd, 'interrupted' | 'phases'>): Report
  /** JSON data; `createRolloutJudge` restores it to the same bits. */
  snapshot(): unknown
}

/** The newest readings are kept: ten minutes of one a second. */
const MOST_READINGS = 600

/**
 * @param restored what `snapshot` gave: the judge goes on as if it had never stopped
 * @throws RangeError if `restored` is not such a snapshot
 */
export function createRolloutJudge(
  plan: Plan,
  terms: RolloutTerms,
  restored?: unknown,
): RolloutJudge {
  const state =
    restored === undefined ? createRolloutState(plan) : restoreRolloutState(restored, plan)
  const { run } = state
  const { alphas, gateEndSeconds } = terms
  state.stage = gateEndSeconds === undefined ? 'climb' : 'gate'
  const gate = gateEndSeconds === undefined ? undefined : createGate(state, plan, gateEndSeconds)
  const ruleTerms = (): RuleTerms => ({
    critical: terms.critical,
    illStays: state.stage === 'gate' && PROBE_TERMS.illStays,
  })

  return {
    ...answersOf(state, plan, alphas, gate),
    warmedUp(sums, seconds) {
      if (run.blocks > 0) return
      run.parameters = run.parameters.filter(({ after }) => after < 0)
      learn(run.learning, sums)
      remember(run, plan, 0)
      run.originSeconds = seconds
    },
    add(block) {
      openBlock(run, plan, block)
      scoreBlock(state, plan, alphas, block)
      closeBlock(run, plan, block, ruleTerms())
      return gate?.decide() ?? { kind: 'go-on' }
    },
    generator(reading) {
      run.readings.push(readingAsRecorded(reading))
      if (run.readings.length > MOST_READINGS) run.readings.shift()
    },
    resource: (reading) => addReading(run, plan, reading),
    trafficEnded(breaker) {
      applyFixedRulesAtEnd(run.rules, plan, run.phases.at(-1)?.endSeconds ?? 0, ruleTerms())
      gate?.end('breaker', breaker)
    },
    endGate: () => gate?.end('time'),
    climb() {
      state.stage = 'climb'
      delete state.gateEnded
    },
    beginEpisode(episode) {
      alphaOfEpisode(alphas, episode, 'load')
      state.episode = Math.max(state.episode, episode)
    },
    snapshot: () => snapshotOf(state),
  }
}

type Answers = Omit<
  RolloutJudge,
  | 'warmedUp'
  | 'add'
  | 'generator'
  | 'resource'
  | 'trafficEnded'
  | 'endGate'
  | 'climb'
  | 'beginEpisode'
  | 'snapshot'
>

/** The questions, which change nothing. */
function answersOf(
  state: RolloutState,
  plan: Plan,
  alphas: Alphas,
  gate: Gate | undefined,
): Answers {
  const { run } = state
  const remainingSeconds = (): number | undefined =>
    gate?.isDeciding() === true ? gate.remainingSeconds() : undefined
  return {
    newestParameters: () => run.parameters.at(-1) ?? parametersOf(plan, run.learning, -1),
    parametersFor: (index) => parametersFor(run, index),
    blocks: () => run.blocks,
    undecided: () => undecidedActions(run, plan),
    gate: () => gate?.result(),
    episode: () => state.episode,
    judgement: () => judgementOf(state, plan, alphas),
    baselineIll: () => illReason(run, plan)?.message,
    medianMs: () => findMedianMs(run),
    findings: (which) => (which === 'all' ? findingsOf(run, plan) : settledFindings(state, plan)),
    live: () => liveRollout(state, plan, alphas, remainingSeconds()),
    hears: (block) => marksOf(block).episode === state.episode,
    lnRun: () => run.phases.at(-1)?.lnRun ?? 0,
    originSeconds: () => run.originSeconds,
    stream: (action, metric) => streamJudgement(run, plan, scopeOf(plan, action), metric),
    quantiles: (action) => armQuantiles(run, plan, scopeOf(plan, action)),
    conclude(end) {
      const phases = run.phases.map(({ phase: name, startSeconds, endSeconds }) => ({
        name,
        seconds: endSeconds - startSeconds,
      }))
      const last = gate?.judged() ?? judgeRollout(state, plan)
      return concludeRun(run, plan, { ...end, phases, interrupted: false }, last)
    },
  }
}
