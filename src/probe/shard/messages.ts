/** What the coordinator and the worker of a run say to each other; all of it can be cloned. */

import type { BlockSums } from '../../analysis/fold.ts'
import type { BlockMarks, ClosedBlock } from '../../analysis/judge.ts'
import type { Parameters } from '../../analysis/parameters.ts'
import type { OrderState } from '../../analysis/order/order.ts'
import type { TallyState } from '../../analysis/tally.ts'
import type { Arm } from '../../core/arm.ts'
import type { OntologyDocument } from '../../core/contract/ontology.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Profile } from '../../core/contract/profile.ts'
import type { GeneratorReading } from '../../core/contract/sample.ts'
import type { Arrivals } from '../../core/contract/config.ts'
import type { Phase } from '../../core/verdict.ts'
import type { Shard } from '../../generator/schedule/pace.ts'
import type { ArmAddress } from '../../generator/traffic.ts'
import type { ActionExamples } from './answers.ts'
import type { EndedCount } from './limit/shard-breaker.ts'
import type { Recollection } from './memory.ts'
import type { Reference } from './pairs.ts'

/** What a leg of a rollout has beside a probe: it may go on where another one ended. */
export interface LegInput {
  readonly firstBlock: number
  /** The phase after the warm-up. */
  readonly phase: Phase
  /** A warm-up of fixed length; left out = as planned. */
  readonly warmupSeconds?: number
  /** Pairs per second under load. */
  readonly rate: number
  readonly reference: Reference
  readonly marks: BlockMarks
}

export interface WorkerInput {
  readonly runId: string
  readonly plan: Plan
  readonly seed: number
  readonly arms: readonly ArmAddress[]
  readonly ontology: { readonly document: OntologyDocument; readonly file: string }
  readonly profiles: readonly Profile[]
  readonly skipped: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
  readonly arrivals: Arrivals
  readonly timeScale: number
  /** The load grows in the first seconds of the warm-up; left out = it is there at once. */
  readonly rampSeconds?: number
  readonly timeoutMs?: number
  readonly maxRps: number
  /** Whether the samples are sent along as NDJSON lines. */
  readonly recordSamples: boolean
  /** For the warm-up, which is folded before any block. */
  readonly parameters: Parameters
  /** Left out in a probe. */
  readonly leg?: LegInput
  /** Which part of the traffic this thread sends; left out = all of it. */
  readonly shard?: Shard
}

export type ToWorker =
  | { readonly kind: 'parameters'; readonly index: number; readonly parameters: Parameters }
  | { readonly kind: 'end-phase' }
  /** What holds for blocks that begin from now on. */
  | { readonly kind: 'marks'; readonly marks: BlockMarks }
  /** On under load at this rate, whatever phase it is. */
  | { readonly kind: 'climb'; readonly rate: number }
  /**
   * Required actions that are still undecided: sessions that open from now on tilt to them. Empty =
   * all are natural.
   */
  | { readonly kind: 'focus'; readonly actions: readonly string[] }
  /** What is in flight may end, within limits, and sessions cut short clean up. */
  | { readonly kind: 'stop' }
  /** What is remembered of an action of the plan, or of the whole service. */
  | { readonly kind: 'inquire'; readonly id: number; readonly action: string }

/** What one of several threads is told beside: all of them go on together. */
export type ToShard =
  | ToWorker
  /** All begin at this moment, by the clock that the threads of a process share. */
  | { readonly kind: 'start'; readonly atMs: number }
  | { readonly kind: 'warm-up-over' }
  /** All are at the barrier. */
  | { readonly kind: 'begin'; readonly phase: Phase; readonly blockMs: number }
  | { readonly kind: 'cut'; readonly capped: readonly Arm[] }
  /** The target asked another thread for a pause. */
  | { readonly kind: 'pause'; readonly waitMs: number }
  /** The breaker of another thread tripped. */
  | { readonly kind: 'trip'; readonly arm: Arm }

/** What one of several threads says beside. */
export type FromShard =
  | FromWorker
  | { readonly kind: 'ready' }
  /** Latencies have settled as far as this thread sees. */
  | { readonly kind: 'warm' }
  /** The target asked for a pause (`Retry-After`). */
  | { readonly kind: 'paused'; readonly waitMs: number }
  /** What ended since the last one, by arm: the breaker is for all threads together. */
  | { readonly kind: 'counts'; readonly counts: readonly EndedCount[] }
  /** Nothing of the phase before is in flight here. */
  | { readonly kind: 'at-barrier'; readonly blockMs: number }
  /** The block is long enough: which arms are stalled as far as this thread sees. */
  | { readonly kind: 'stalls'; readonly index: number; readonly stalled: readonly Arm[] }

export type FromWorker =
  | { readonly kind: 'phase'; readonly phase: 'warm-up' | Phase; readonly atSeconds: number }
  | {
      readonly kind: 'warmed-up'
      readonly seconds: number
      readonly pairs: number
      readonly sums: BlockSums
      readonly lines: string
    }
  | {
      readonly kind: 'block'
      readonly block: ClosedBlock
      readonly lines: string
      readonly order: OrderState
      /** Of fields that differ, those that are new. */
      readonly examples?: readonly ActionExamples[]
    }
  | {
      readonly kind: 'reading'
      readonly reading: GeneratorReading
      readonly dueSteps: number
      readonly sentSteps: number
      readonly warmupPairs: number
      /** Pairs since the warm-up by action of the plan: the mix that was delivered. */
      readonly pairsByAction: readonly number[]
    }
  | { readonly kind: 'breaker'; readonly arm: Arm; readonly atSeconds: number }
  | {
      readonly kind: 'ended'
      readonly atSeconds: number
      readonly tally: TallyState
      readonly pairsByAction: readonly number[]
      readonly lines: string
    }
  /** The breaker tripped, and what was in flight has ended and was handed over. */
  | { readonly kind: 'drained' }
  | ({ readonly kind: 'inquiry'; readonly id: number } & Recollection)
  | { readonly kind: 'failed'; readonly error: string }
