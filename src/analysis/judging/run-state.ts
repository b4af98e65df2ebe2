/** What the judge knows of a run: plain data, from which every answer is computed. */

import type { Plan } from '../../core/contract/plan.ts'
import type { GeneratorReading, ResourceReading } from '../../core/contract/sample.ts'
import { invariant } from '../../core/invariant.ts'
import { addBlockWaits, type WaitTotals } from '../strain/waits.ts'
import type { ClosedBlock, StopReason } from '../judge.ts'
import {
  createLearning,
  learn,
  parametersOf,
  type Learning,
  type Parameters,
} from '../parameters.ts'
import {
  applyFixedRules,
  createFixedRules,
  type FixedRules,
  type RuleTerms,
} from './fixed-rules.ts'
import { createResourceTrack, takeReading, type ResourceTrack } from '../streams/resources.ts'
import { updateResources, type PhaseState } from './phase-state.ts'

/** Blocks t+1 and t+2 may still ask for what was known after t−1 and t. */
const KEPT_PARAMETERS = 4

export interface RunState {
  readonly schema: 'outrider.judge/3'
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
  readonly resources: ResourceTrack
  capped: { blocks: number; baseline: number; canary: number }
  /** Blocks in which the generator itself was late. */
  strained: number
  /** Left out while no request waited for a connection. */
  waits?: WaitTotals
  /** Latencies that could not be true. */
  odd: number
  /** Seconds of blocks that no stall explains: the clock jumped, or the machine slept. */
  jumpSeconds: number
  stopped?: StopReason
}

export function createRunState(plan: Plan): RunState {
  const learning = createLearning(plan)
  return {
    schema: 'outrider.judge/3',
    learning,
    parameters: [parametersOf(plan, learning, -1)],
    originSeconds: 0,
    blocks: 0,
    phases: [],
    rules: createFixedRules(),
    readings: [],
    resources: createResourceTrack(plan.blockSeconds < ROLLOUT_BLOCK_SECONDS ? 2 : 60),
    capped: { blocks: 0, baseline: 0, canary: 0 },
    strained: 0,
    odd: 0,
    jumpSeconds: 0,
  }
}

/** Blocks of this length belong to runs that last: their memory is looked at once a minute. */
const ROLLOUT_BLOCK_SECONDS = 1

/** Takes in what a process of an arm used, between two blocks. */
export function addReading(state: RunState, plan: Plan, reading: ResourceReading): void {
  const scores = takeReading(state.resources, reading)
  const present = state.phases.at(-1)
  if (present !== undefined && present.closed === undefined) updateResources(present, plan, scores)
}

/** First: the block is the next one. */
export function openBlock(state: RunState, plan: Plan, block: ClosedBlock): void {
  invariant(block.index === state.blocks + 1, 'blocks are added in order')
  if (state.blocks === 0) {
    state.originSeconds = block.startSeconds
    if (state.parameters.every(({ after }) => after < 0)) remember(state, plan, 0)
  }
  state.blocks = block.index
}

/** Last, when the block was scored: the fixed rules, and what later blocks learn from it. */
export function closeBlock(
  state: RunState,
  plan: Plan,
  block: ClosedBlock,
  terms?: RuleTerms,
): void {
  const { startSeconds, endSeconds, capped, sums } = block
  const span = { seconds: endSeconds - startSeconds, endSeconds }
  applyFixedRules(state.rules, plan, sums, span, terms)
  if (!isPossible(plan, span.seconds)) state.jumpSeconds += Math.abs(span.seconds)
  state.capped.blocks += Number(capped.length > 0)
  state.capped.baseline += Number(capped.includes('baseline'))
  state.capped.canary += Number(capped.includes('canary'))
  state.strained += Number(block.strained === true)
  const waits = addBlockWaits(state.waits, block)
  if (waits !== undefined) state.waits = waits
  state.odd += sums.actions.reduce((sum, { odd }) => sum + odd, 0)
  learn(state.learning, sums)
  remember(state, plan, block.index)
}

/** Timeouts and stalls make a block longer, up to a point. */
const TIMEOUTS_IN_A_BLOCK = 4
const SPARE_SECONDS = 5

function isPossible(plan: Plan, seconds: number): boolean {
  const slowest = plan.maxStallSeconds + (TIMEOUTS_IN_A_BLOCK * plan.timeoutMs) / 1000
  return seconds >= 0 && seconds <= plan.blockSeconds + slowest + SPARE_SECONDS
}

/** The parameters as they are after this block; 0 = after the warm-up. */
export function remember(state: RunState, plan: Plan, after: number): void {
  state.parameters.push(parametersOf(plan, state.learning, after))
  if (state.parameters.length > KEPT_PARAMETERS) state.parameters.shift()
}

/** The parameters for a block: those after the one before the last. */
export function parametersFor(state: RunState, index: number): Parameters | undefined {
  const after = Math.max(0, index - 2)
  return state.parameters.find((parameters) => parameters.after === after)
}

/**
 * The state that `toJson` wrote.
 * @throws RangeError if it is none, or belongs to another plan
 */
export function restoreRunState(restored: unknown, plan: Plan): RunState {
  return checkRunState(fromJson(restored), plan)
}

/** @throws RangeError as `restoreRunState` */
export function checkRunState(state: unknown, plan: Plan): RunState {
  const schema =
    typeof state === 'object' && state !== null && 'schema' in state ? state.schema : undefined
  if (schema !== 'outrider.judge/3') throw new RangeError('Not a snapshot of this judge')
  // Our own writing, read back; its version was checked.
  const run = state as RunState
  if (run.learning.length !== plan.actions.length) {
    throw new RangeError('The snapshot belongs to another plan')
  }
  return run
}

/** A reading as a recorded line has it, so that a replay sees the same. */
export function readingAsRecorded(reading: GeneratorReading): GeneratorReading {
  const { at, lagP99Ms, cpu, notSent } = reading
  return {
    at: Number(at.toFixed(3)),
    lagP99Ms: Number(lagP99Ms.toFixed(3)),
    cpu: Number(cpu.toFixed(4)),
    notSent,
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

/** Required actions that are not proven yet, where pairs can still prove them. */
export function undecidedActions(state: RunState, plan: Plan): string[] {
  const present = state.phases.at(-1)
  if (present === undefined || !isLastPhase(state, plan)) return []
  const lnThreshold = -Math.log(plan.alphaHealthy)
  const open = new Set(
    present.proofs
      .filter(({ evidence }) => evidence.lnDown < lnThreshold)
      .flatMap(({ scope }) => (scope.kind === 'action' ? [scope.index] : [])),
  )
  return plan.actions.flatMap(({ action, required }, index) =>
    required && open.has(index) ? [action] : [],
  )
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
  if (value instanceof Map) return { entries: [...value].map(toJson) }
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
  if ('entries' in value && Array.isArray(value.entries)) {
    return new Map(value.entries.map((entry) => fromJson(entry) as [unknown, unknown]))
  }
  if ('floats' in value && Array.isArray(value.floats)) {
    return Float64Array.from(value.floats, (item) => Number(fromJson(item)))
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromJson(inner)]))
}
