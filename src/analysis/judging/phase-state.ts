/**
 * What one phase has learned: the declared streams with their evidence, the claims of health, the
 * intervals and the counts. Plain data, so that it can be written down and restored.
 */

import type { Finding } from '../../core/contract/report.ts'
import { alphaOf, type Plan } from '../../core/contract/plan.ts'
import type { Phase } from '../../core/verdict.ts'
import { updateEvidence } from '../evidence.ts'
import type { BlockSums } from '../fold.ts'
import { RATIO_GRID } from '../folding/slots.ts'
import type { ActionSums } from '../folding/sums.ts'
import { updateInterval } from '../interval.ts'
import { lnRunEvidence, nameStreams } from '../multiplicity.ts'
import { addBins, addSketch, createSketch, type Sketch } from '../sketch.ts'
import { declareIntervals, updateEffect, type EffectInterval } from '../streams/effects.ts'
import { updateFields } from '../streams/fields.ts'
import type { ResourceScore } from '../streams/resources.ts'
import { alarmScoresOf, createScores, proofScore, wobbleScore } from '../streams/scores.ts'
import { updateOnset } from './onset.ts'
import {
  type AlarmStream,
  type ProofStream,
  type Scope,
  isResource,
  lnUpOf,
  onsetOf,
  actionsOf,
  declareAlarms,
  declareProofs,
} from './streams.ts'
import { createWobble, updateWobble, type Wobble } from './wobble.ts'

/** Counts of one action in this phase. */
export interface PhaseCounts {
  pairs: number
  latencyPairs: number
  baselineFailed: number
  canaryFailed: number
  /** Pairs whose answers were compared, with a second baseline answer, and Σ of their differences. */
  answers: number
  seconds: number
  mismatch: number
  readonly baseline: Sketch
  readonly canary: Sketch
}

export interface PhaseState {
  readonly phase: Phase
  /** Of a rollout; 0 in a probe. */
  readonly episode: number
  /** This phase's share of α. */
  readonly alpha: number
  /** Seconds from the start of the run. */
  readonly startSeconds: number
  endSeconds: number
  blocks: number
  cappedBlocks: number
  readonly alarms: readonly AlarmStream[]
  readonly proofs: readonly ProofStream[]
  readonly intervals: readonly EffectInterval[]
  readonly counts: readonly PhaseCounts[]
  readonly wobble: Wobble
  /** Current ln evidence of the run in this phase, and its running maximum. */
  lnRun: number
  lnRunSupremum: number
  alarm?: { readonly block: number; readonly seconds: number }
  /** What it found in all, once nothing is added to it any more; then its streams are gone. */
  closed?: readonly Finding[]
}

export interface PhaseTerms {
  /** Of a rollout; default 0. */
  readonly episode?: number
  /** The share of α that this phase may spend; default that of a probe. */
  readonly alpha?: number
  /** Without the confidence sequences, which cost most; default true. */
  readonly intervals?: boolean
}

export function createPhaseState(
  plan: Plan,
  phase: Phase,
  startSeconds: number,
  { episode = 0, alpha = alphaOf(plan), intervals = true }: PhaseTerms = {},
): PhaseState {
  const horizon = plan.horizonBlocks[phase]
  return {
    phase,
    episode,
    alpha,
    startSeconds,
    endSeconds: startSeconds,
    blocks: 0,
    cappedBlocks: 0,
    alarms: declareAlarms(plan, horizon, startSeconds),
    proofs: declareProofs(plan, horizon),
    intervals: intervals ? declareIntervals(plan, horizon) : [],
    counts: plan.actions.map(noCounts),
    wobble: createWobble(),
    lnRun: 0,
    lnRunSupremum: 0,
  }
}

/** Takes in the sums of a scored block. */
export function updatePhase(
  state: PhaseState,
  plan: Plan,
  sums: BlockSums,
  block: {
    readonly endSeconds: number
    readonly capped: boolean
    /** False for a block whose latencies were taken out; default true. */
    readonly comparable?: boolean
  },
): void {
  const span = { startSeconds: state.endSeconds, endSeconds: block.endSeconds }
  state.blocks += 1
  state.cappedBlocks += Number(block.capped)
  state.endSeconds = block.endSeconds
  for (const [index, from] of sums.actions.entries()) countInto(state.counts[index], from)
  const scoresFor = createScores(plan, sums)
  for (const stream of state.alarms) {
    if (!isResource(stream.metric)) {
      updateAlarm(stream, scoresFor(stream.scope), sums, span)
    }
  }
  for (const proof of state.proofs) {
    if (isResource(proof.metric)) continue
    updateEvidence(proof.evidence, proofScore(proof, scoresFor(proof.scope)))
  }
  for (const entry of state.intervals) {
    if (entry.effect !== 'cpu' && entry.effect !== 'memory')
      updateEffect(entry, scoresFor(entry.scope), plan.alpha)
  }
  if (block.comparable !== false) updateWobble(state.wobble, wobbleScore(scoresFor(SERVICE)))
  const weighted = state.alarms.map((stream) => ({ ...stream, lnUp: lnUpOf(stream) }))
  state.lnRun = lnRunEvidence(weighted)
  state.lnRunSupremum = Math.max(state.lnRunSupremum, state.lnRun)
  if (state.lnRun >= -Math.log(state.alpha)) {
    state.alarm ??= { block: state.blocks, seconds: block.endSeconds }
  }
  if (state.alarm === undefined) return
  for (const index of nameStreams(weighted, state.alpha)) {
    const stream = state.alarms[index]
    if (stream === undefined) continue
    stream.named ??= { seconds: block.endSeconds, onset: onsetOf(stream) }
  }
}

/** Whether an action, or a resource of the process, was named after this phase's alarm. */
export function hasNamed({ alarms }: PhaseState): boolean {
  return alarms.some((stream) => isNameable(stream) && stream.named !== undefined)
}

/** The streams that say where it is: actions, and what the processes use. */
export function isNameable({ scope, metric }: AlarmStream): boolean {
  return scope.kind === 'action' || isResource(metric)
}

/** The counts of a scope, summed over its actions. */
export function countsOf(state: PhaseState, plan: Plan, scope: Scope): PhaseCounts {
  const [only] = scope.kind === 'action' ? [state.counts[scope.index]] : []
  if (only !== undefined) return only
  const total = noCounts()
  for (const index of actionsOf(plan, scope)) {
    const from = state.counts[index]
    if (from === undefined) continue
    total.pairs += from.pairs
    total.latencyPairs += from.latencyPairs
    total.baselineFailed += from.baselineFailed
    total.canaryFailed += from.canaryFailed
    total.answers += from.answers
    total.seconds += from.seconds
    total.mismatch += from.mismatch
    addSketch(total.baseline, from.baseline)
    addSketch(total.canary, from.canary)
  }
  return total
}

export function noCounts(): PhaseCounts {
  return {
    pairs: 0,
    latencyPairs: 0,
    baselineFailed: 0,
    canaryFailed: 0,
    answers: 0,
    seconds: 0,
    mismatch: 0,
    baseline: createSketch(),
    canary: createSketch(),
  }
}

/** Takes in what the processes of the arms used; the next block decides on it. */
export function updateResources(
  state: PhaseState,
  plan: Plan,
  scores: readonly ResourceScore[],
): void {
  for (const { metric, lnRatio, at } of scores) {
    const beyond = (margin: number | undefined): number => lnRatio - Math.log1p(margin ?? 0)
    for (const stream of state.alarms) {
      if (stream.metric !== metric) continue
      const score = beyond(plan.service.margin[metric])
      scoreProcesses(stream, () => score, at)
    }
    for (const proof of state.proofs) {
      if (proof.metric === metric) updateEvidence(proof.evidence, beyond(proof.margin))
    }
    for (const { effect, interval } of state.intervals) {
      if (effect !== metric) continue
      updateInterval(interval, (_, index) => lnRatio - (RATIO_GRID[index] ?? 0), plan.alpha)
    }
  }
}

const SERVICE = { kind: 'service' } as const

function updateAlarm(
  stream: AlarmStream,
  scores: Float64Array,
  sums: BlockSums,
  block: { readonly startSeconds: number; readonly endSeconds: number },
): void {
  const { scope, fields } = stream
  const claim = scope.kind === 'action' ? 'alarm' : 'serviceAlarm'
  const own = scope.kind === 'action' ? sums.actions[scope.index] : undefined
  if (fields !== undefined && own !== undefined) {
    updateFields(fields, own, stream.processes[0]?.evidence.horizon ?? 1, block)
  }
  const alarmScores = alarmScoresOf(stream.metric, claim, scores)
  scoreProcesses(stream, (index) => alarmScores[index] ?? 0, block.endSeconds)
}

function scoreProcesses(
  stream: AlarmStream,
  scoreOf: (process: number) => number,
  endSeconds: number,
): void {
  for (const [index, { evidence, onset }] of stream.processes.entries()) {
    updateOnset(onset, updateEvidence(evidence, scoreOf(index)), endSeconds)
  }
  const lnUp = lnUpOf(stream)
  if (lnUp > stream.lnSupremum) {
    stream.lnSupremum = lnUp
    stream.supremumSeconds = endSeconds
  }
}

function countInto(counts: PhaseCounts | undefined, from: ActionSums): void {
  if (counts === undefined || from.pairs === 0) return
  counts.pairs += from.pairs
  counts.latencyPairs += from.latencyPairs
  counts.baselineFailed += from.baselineFailed
  counts.canaryFailed += from.canaryFailed
  counts.answers += from.answers
  counts.seconds += from.seconds
  counts.mismatch += from.mismatch
  addBins(counts.baseline, from.baselineBins)
  addBins(counts.canary, from.canaryBins)
}
