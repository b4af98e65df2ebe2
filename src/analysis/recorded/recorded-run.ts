/** A judge that is fed from a file: numbers the blocks, keeps the phases, stops where it said so. */

import type { Arm } from '../../core/arm.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { BlockWaits, ResourceReading, Segment } from '../../core/contract/sample.ts'
import type { Phase } from '../../core/verdict.ts'
import type { RememberedPair } from '../cause/again.ts'
import { createRemembered } from '../cause/remembered.ts'
import { foldPairs, type PairRecord } from '../fold.ts'
import { createJudge, type Judge } from '../judge.ts'
import { createOrderTally, type OrderTally } from '../order/order.ts'
import { invariant } from '../../core/invariant.ts'

/** A pair with the segment of its user. */
export interface JudgedPair {
  readonly record: PairRecord
  readonly segment?: Segment
}

export interface RecordedBlock {
  readonly phase: Phase
  readonly startSeconds: number
  readonly endSeconds: number
  readonly capped: readonly Arm[]
  readonly strained?: boolean
  readonly waits?: BlockWaits
  readonly pairs: readonly JudgedPair[]
}

export interface RecordedRun {
  readonly plan: Plan
  readonly seed: number
  readonly judge: Judge
  warmUp(pairs: readonly PairRecord[], seconds: number): void
  addBlock(block: RecordedBlock): void
  /** A phase that the plan does not have counts as its last one. */
  phaseOf(phase: Phase | undefined): Phase
  /** What a process used; judged with the block that it names, or the first that ends after it. */
  resource(reading: ResourceReading): void
  /** The stall limits for the block that is open. */
  limMs(): readonly number[]
  /** What the judged pairs say of their order; only if the seed is the generator's. */
  readonly order: OrderTally
  /** The last pairs that were judged, by action. */
  rows(action: string): readonly RememberedPair[]
  /** Seconds at which the warm-up, and the quiet phase, ended. */
  origins(): { readonly originSeconds: number; readonly loadSeconds: number }
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
  const readings: ResourceReading[] = []
  const order = createOrderTally()
  const remembered = createRemembered(plan.actions.map(({ action }) => action))

  function readUpTo(block: number, endSeconds: number): void {
    for (;;) {
      const next = readings[0]
      const isDue =
        next?.block === undefined ? (next?.at ?? Infinity) <= endSeconds : next.block <= block
      if (next === undefined || !isDue) return
      readings.shift()
      judge.resource(next)
    }
  }

  return {
    plan,
    seed,
    judge,
    order,
    warmUp(pairs, seconds) {
      warmSeconds = seconds
      judge.warmedUp(foldPairs(plan, seed, initial, pairs), seconds)
    },
    addBlock(block) {
      if (stopped) return
      index += 1
      const parameters = judge.parametersFor(index)
      invariant(parameters !== undefined, 'blocks are added one after the other')
      const { pairs, strained = false, ...rest } = block
      const { phase, startSeconds, endSeconds } = block
      const records = pairs.map(({ record }) => record)
      const sums = foldPairs(plan, seed, parameters, records)
      for (const { record, segment } of pairs) {
        order.add(seed, record)
        remembered.pair(plan.actions[record.action]?.action ?? '', record, segment)
      }
      readUpTo(index, endSeconds)
      const decision = judge.add({ ...rest, index, strained, sums })
      stopped = decision.kind === 'stop'
      const last = spans.at(-1)
      if (last?.name === phase) last.to = endSeconds
      else spans.push({ name: phase, from: startSeconds, to: endSeconds })
    },
    resource(reading) {
      if (!stopped) readings.push(reading)
    },
    phaseOf: (phase) =>
      phase !== undefined && plan.phases.includes(phase) ? phase : (plan.phases.at(-1) ?? 'load'),
    limMs: () => (judge.parametersFor(index + 1) ?? initial).limMs,
    rows: (action) => remembered.rows(action),
    origins() {
      const originSeconds = spans[0]?.from ?? warmSeconds
      const loadSeconds = spans.find(({ name }) => name === 'load')?.from ?? originSeconds
      return { originSeconds, loadSeconds }
    },
    stopped: () => stopped,
    phases: () => spans.map(({ name, from, to }) => ({ name, seconds: to - from })),
    seconds: () => spans.at(-1)?.to ?? warmSeconds,
  }
}
