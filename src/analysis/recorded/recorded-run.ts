/** A judge that is fed from a file: numbers the blocks, keeps the phases, stops where it said so. */

import type { Arm } from '../../core/arm.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Phase } from '../../core/verdict.ts'
import { foldPairs, type BlockSums, type PairRecord } from '../fold.ts'
import { createJudge, type Judge } from '../judge.ts'
import type { Parameters } from '../parameters.ts'
import { invariant } from '../../core/invariant.ts'

export interface RecordedBlock {
  readonly phase: Phase
  readonly startSeconds: number
  readonly endSeconds: number
  readonly capped: readonly Arm[]
  readonly fold: (parameters: Parameters) => BlockSums
}

export interface RecordedRun {
  readonly plan: Plan
  readonly seed: number
  readonly judge: Judge
  warmUp(pairs: readonly PairRecord[], seconds: number): void
  addBlock(block: RecordedBlock): void
  /** A phase that the plan does not have counts as its last one. */
  phaseOf(phase: Phase | undefined): Phase
  /** The stall limits for the block that is open. */
  limMs(): readonly number[]
  /** The judge said stop: what follows changes nothing. */
  stopped(): boolean
  phases(): { readonly name: Phase; readonly seconds: number }[]
  /** Seconds from the start of the run to the end of the last block. */
  seconds(): number
}

export function createRecordedRun(plan: Plan, seed: number, toTheEnd: boolean): RecordedRun {
  const judge = createJudge(plan, seed, undefined, { toTheEnd })
  const spans: { readonly name: Phase; readonly from: number; to: number }[] = []
  const initial = judge.initialParameters()
  let index = 0
  let stopped = false
  let warmSeconds = 0

  return {
    plan,
    seed,
    judge,
    warmUp(pairs, seconds) {
      warmSeconds = seconds
      judge.warmedUp(foldPairs(plan, seed, initial, pairs), seconds)
    },
    addBlock(block) {
      if (stopped) return
      index += 1
      const parameters = judge.parametersFor(index)
      invariant(parameters !== undefined, 'blocks are added one after the other')
      const { phase, startSeconds, endSeconds, capped } = block
      const sums = block.fold(parameters)
      const decision = judge.add({ index, phase, startSeconds, endSeconds, capped, sums })
      stopped = decision.kind === 'stop'
      const last = spans.at(-1)
      if (last?.name === phase) last.to = endSeconds
      else spans.push({ name: phase, from: startSeconds, to: endSeconds })
    },
    phaseOf: (phase) =>
      phase !== undefined && plan.phases.includes(phase) ? phase : (plan.phases.at(-1) ?? 'load'),
    limMs: () => (judge.parametersFor(index + 1) ?? initial).limMs,
    stopped: () => stopped,
    phases: () => spans.map(({ name, from, to }) => ({ name, seconds: to - from })),
    seconds: () => spans.at(-1)?.to ?? warmSeconds,
  }
}
