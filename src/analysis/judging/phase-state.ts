/**
 * What one phase has learned: the declared streams with their evidence, the claims of health, the
 * intervals and the counts. Plain data, so that it can be written down and restored.
 */

import type { Finding } from '../../core/contract/report.ts'
import { alphaOf, type Plan } from '../../core/contract/plan.ts'
import type { Phase } from '../../core/verdict.ts'
import { updateEvidence } from '../evidence.ts'
import { GRID, SLOTS, type ActionSums, type BlockSums } from '../fold.ts'
import { createRatioInterval, updateInterval, type RatioInterval } from '../interval.ts'
import { UNIT } from '../latency.ts'
import { lnRunEvidence, nameStreams } from '../multiplicity.ts'
import { addBins, addSketch, createSketch, type Sketch } from '../sketch.ts'
import { updateOnset } from './onset.ts'
import {
  type AlarmStream,
  type ProofStream,
  type Scope,
  lnUpOf,
  onsetOf,
  actionsOf,
  scopesOf,
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
  readonly intervals: readonly { readonly scope: Scope; readonly ratio: RatioInterval }[]
  readonly counts: readonly PhaseCounts[]
  readonly wobble: Wobble
  /** Current ln evidence of the run in this phase, and its running maximum. */
  lnRun: number
  lnRunSupremum: number
  alarm?: { readonly block: number; readonly seconds: number }
  /** What it found in all, once nothing is added to it any more; then its streams are gone. */
  closed?: readonly Finding[]
}

/** @param of a rollout: the episode, and the share of α that this phase of it may spend */
export function createPhaseState(
  plan: Plan,
  phase: Phase,
  startSeconds: number,
  of: { readonly episode: number; readonly alpha: number } = { episode: 0, alpha: alphaOf(plan) },
): PhaseState {
  const horizon = plan.horizonBlocks[phase]
  return {
    phase,
    episode: of.episode,
    alpha: of.alpha,
    startSeconds,
    endSeconds: startSeconds,
    blocks: 0,
    cappedBlocks: 0,
    alarms: declareAlarms(plan, horizon, startSeconds),
    proofs: declareProofs(plan, horizon),
    intervals: scopesOf(plan).map((scope) => ({ scope, ratio: createRatioInterval(horizon) })),
    counts: plan.actions.map(() => ({
      pairs: 0,
      latencyPairs: 0,
      baselineFailed: 0,
      canaryFailed: 0,
      baseline: createSketch(),
      canary: createSketch(),
    })),
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
  state.blocks += 1
  state.cappedBlocks += Number(block.capped)
  state.endSeconds = block.endSeconds
  for (const [index, from] of sums.actions.entries()) countInto(state.counts[index], from)
  for (const stream of state.alarms) updateAlarm(stream, plan, sums, block.endSeconds)
  for (const proof of state.proofs) updateEvidence(proof.evidence, proofScore(proof, plan, sums))
  for (const { scope, ratio } of state.intervals) {
    const of = sumsOf(plan, scope, sums)
    updateInterval(ratio, (grid) => latencySum(of, SLOTS.grid(grid)), plan.alpha)
  }
  if (block.comparable !== false) {
    updateWobble(state.wobble, latencySum(sums.actions, SLOTS.grid(GRID.indexOf(0))))
  }
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

/** Whether an action was named after this phase's alarm. */
export function hasNamed({ alarms }: PhaseState): boolean {
  return alarms.some((stream) => stream.scope.kind === 'action' && stream.named !== undefined)
}

/** The counts of a scope, summed over its actions. */
export function countsOf(state: PhaseState, plan: Plan, scope: Scope): PhaseCounts {
  const [only] = scope.kind === 'action' ? [state.counts[scope.index]] : []
  if (only !== undefined) return only
  const total = {
    pairs: 0,
    latencyPairs: 0,
    baselineFailed: 0,
    canaryFailed: 0,
    baseline: createSketch(),
    canary: createSketch(),
  }
  for (const index of actionsOf(plan, scope)) {
    const from = state.counts[index]
    if (from === undefined) continue
    total.pairs += from.pairs
    total.latencyPairs += from.latencyPairs
    total.baselineFailed += from.baselineFailed
    total.canaryFailed += from.canaryFailed
    addSketch(total.baseline, from.baseline)
    addSketch(total.canary, from.canary)
  }
  return total
}

function updateAlarm(stream: AlarmStream, plan: Plan, sums: BlockSums, endSeconds: number): void {
  const { scope, processes } = stream
  const claim = scope.kind === 'action' ? 'alarm' : 'serviceAlarm'
  const of = sumsOf(plan, scope, sums)
  const scores = {
    latency_typical: () => [latencySum(of, SLOTS.typical(claim))],
    latency_tail: () => [SLOTS.tail95(claim), SLOTS.tail99(claim)].map((s) => latencySum(of, s)),
    errors: () => [countSum(of, SLOTS.errors(claim))],
  }[stream.metric]()
  for (const [index, { evidence, onset }] of processes.entries()) {
    updateOnset(onset, updateEvidence(evidence, scores[index] ?? 0), endSeconds)
  }
  const lnUp = lnUpOf(stream)
  if (lnUp > stream.lnSupremum) {
    stream.lnSupremum = lnUp
    stream.supremumSeconds = endSeconds
  }
}

const PROOF_CLAIMS = { action: 'proof', service: 'serviceProof', rare: 'poolProof' } as const

function proofScore({ scope, metric }: ProofStream, plan: Plan, sums: BlockSums): number {
  const claim = PROOF_CLAIMS[scope.kind]
  const of = sumsOf(plan, scope, sums)
  switch (metric) {
    case 'latency_typical':
      return latencySum(of, SLOTS.typical(claim))
    case 'latency_tail':
      return countSum(of, SLOTS.share(claim))
    case 'errors':
      return countSum(of, SLOTS.errors(claim))
  }
}

function sumsOf(plan: Plan, scope: Scope, sums: BlockSums): readonly ActionSums[] {
  if (scope.kind === 'service') return sums.actions
  return actionsOf(plan, scope).flatMap((index) => sums.actions[index] ?? [])
}

/** Sums over actions are still integers in units of 2⁻³², so they are exact. */
function latencySum(of: readonly ActionSums[], slot: number): number {
  return countSum(of, slot) / UNIT
}

function countSum(of: readonly ActionSums[], slot: number): number {
  let sum = 0
  for (const { scores } of of) sum += scores[slot] ?? 0
  return sum
}

function countInto(counts: PhaseCounts | undefined, from: ActionSums): void {
  if (counts === undefined || from.pairs === 0) return
  counts.pairs += from.pairs
  counts.latencyPairs += from.latencyPairs
  counts.baselineFailed += from.baselineFailed
  counts.canaryFailed += from.canaryFailed
  addBins(counts.baseline, from.baselineBins)
  addBins(counts.canary, from.canaryBins)
}
