/** What the judge knows of a run: plain data, from which every answer is computed. */

import type { Plan } from '../../core/contract/plan.ts'
import type { GeneratorReading } from '../../core/contract/sample.ts'
import type { StopReason } from '../judge.ts'
import { createLearning, parametersOf, type Learning, type Parameters } from '../parameters.ts'
import { createFixedRules, type FixedRules } from './fixed-rules.ts'
import { type PhaseState } from './phase-state.ts'

export interface RunState {
  readonly schema: 'outrider.judge/1'
  readonly learning: Learning
  /** The newest last; as many as blocks may still ask for. */
  parameters: Parameters[]
  /** Where the warm-up ended, in seconds from the start of the run. */
  originSeconds: number
  /** Index of the last added block. */
  blocks: number
  readonly phases: PhaseState[]
  readonly rules: FixedRules
  readonly readings: GeneratorReading[]
  capped: { blocks: number; baseline: number; canary: number }
  /** Latencies that could not be true. */
  odd: number
  stopped?: StopReason
}

export function createRunState(plan: Plan): RunState {
  const learning = createLearning(plan)
  return {
    schema: 'outrider.judge/1',
    learning,
    parameters: [parametersOf(plan, learning, -1)],
    originSeconds: 0,
    blocks: 0,
    phases: [],
    rules: createFixedRules(),
    readings: [],
    capped: { blocks: 0, baseline: 0, canary: 0 },
    odd: 0,
  }
}

/** Seconds of all phases. */
export function judgedSeconds(state: RunState): number {
  return state.phases.reduce((sum, phase) => sum + phase.endSeconds - phase.startSeconds, 0)
}

export function pairsOf(state: RunState): number {
  return state.phases.reduce(
    (sum, phase) => sum + phase.counts.reduce((pairs, counts) => pairs + counts.pairs, 0),
    0,
  )
}

/** Whether the present phase is the one whose states decide about health. */
export function isLastPhase(state: RunState, plan: Plan): boolean {
  const present = state.phases.at(-1)
  return present !== undefined && present.phase === plan.phases.at(-1)
}

/** All claims of health of the present phase hold now. */
export function isProven(state: RunState, plan: Plan): boolean {
  const present = state.phases.at(-1)
  if (present === undefined || !isLastPhase(state, plan)) return false
  const lnThreshold = -Math.log(plan.alphaHealthy)
  return present.proofs.every(({ evidence }) => evidence.lnDown >= lnThreshold)
}

/**
 * The state as JSON data: −∞ becomes the string "-inf", and what JSON lacks is tagged. The bits of
 * every number survive.
 */
export function toJson(value: unknown): unknown {
  if (value === -Infinity) return '-inf'
  if (value === Infinity) return '+inf'
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (value instanceof Float64Array) return { floats: Array.from(value, toJson) }
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, toJson(inner)]),
  )
}

/** The inverse of `toJson`. */
export function fromJson(value: unknown): unknown {
  if (value === '-inf') return -Infinity
  if (value === '+inf') return Infinity
  if (Array.isArray(value)) return value.map(fromJson)
  if (typeof value !== 'object' || value === null) return value
  if ('bigint' in value) return BigInt(String(value.bigint))
  if ('floats' in value && Array.isArray(value.floats)) {
    return Float64Array.from(value.floats, (item) => Number(fromJson(item)))
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromJson(inner)]))
}
