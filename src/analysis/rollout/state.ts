/** What the judge of a rollout knows, and how a block gets into it. Plain data. */

import type { Plan } from '../../core/contract/plan.ts'
import { invariant } from '../../core/invariant.ts'
import type { TwinsOptions } from '../../core/twins.ts'
import type { Phase } from '../../core/verdict.ts'
import { withoutLatency } from '../fold.ts'
import type { BlockMarks, ClosedBlock, StopReason } from '../judge.ts'
import { BLOCKS_TO_NAME } from '../judging/decide.ts'
import { findingsOfPhase } from '../judging/findings.ts'
import { createPhaseState, hasNamed, updatePhase, type PhaseState } from '../judging/phase-state.ts'
import {
  checkRunState,
  createRunState,
  fromJson,
  toJson,
  type RunState,
} from '../judging/run-state.ts'
import { isSame } from '../judging/streams.ts'
import { createSketch } from '../sketch.ts'
import { declareIntervals, type EffectInterval } from '../streams/effects.ts'

export type Alphas = TwinsOptions['alphas']

export interface RolloutState {
  readonly schema: 'outrider.rollout-judge/2'
  readonly run: RunState
  /** The episode of the blocks that begin now. */
  episode: number
  stage: 'gate' | 'climb'
  /** Why the gate ended, while it is not left yet. */
  gateEnded?: StopReason | 'breaker'
}

/** What holds for a block that says nothing of it: the gate. */
const PLAIN: BlockMarks = { episode: 0, comparable: true, climb: false }

export function createRolloutState(plan: Plan): RolloutState {
  return {
    schema: 'outrider.rollout-judge/2',
    run: createRunState(plan),
    episode: 0,
    stage: 'gate',
  }
}

/**
 * The state that `toJson` wrote.
 * @throws RangeError if it is none, or belongs to another plan
 */
export function restoreRolloutState(restored: unknown, plan: Plan): RolloutState {
  const state = fromJson(restored)
  const isOurs =
    typeof state === 'object' &&
    state !== null &&
    'schema' in state &&
    state.schema === 'outrider.rollout-judge/2' &&
    'run' in state
  if (!isOurs) throw new RangeError('Not a snapshot of the judge of a rollout')
  checkRunState(state.run, plan)
  // Our own writing, read back; its version was checked.
  const ours = state as unknown as RolloutState
  const phases = ours.run.phases.map((phase) =>
    phase.closed === undefined ? { ...phase, intervals: intervalsOf(phase, plan) } : phase,
  )
  return { ...ours, run: { ...ours.run, phases } }
}

function intervalsOf(phase: PhaseState, plan: Plan): EffectInterval[] {
  return declareIntervals(plan, plan.horizonBlocks[phase.phase]).map(
    (fresh) =>
      phase.intervals.find(
        ({ effect, scope }) => effect === fresh.effect && isSame(scope, fresh.scope),
      ) ?? fresh,
  )
}

/**
 * The state as JSON data. Of the confidence sequences only those of the typical latency: the others
 * are most of the state, it is written every few seconds, and no decision needs them. After a
 * restart they begin anew.
 */
export function snapshotOf(state: RolloutState): unknown {
  const phases = state.run.phases.map((phase) => ({
    ...phase,
    intervals: phase.intervals.filter(({ effect }) => effect === 'typical'),
  }))
  return toJson({ ...state, run: { ...state.run, phases } })
}

export function marksOf(block: ClosedBlock): BlockMarks {
  return block.marks ?? PLAIN
}

/** The share of α of a phase of an episode. @throws RangeError for an episode that was not declared */
export function alphaOfEpisode(alphas: Alphas, episode: number, phase: Phase): number {
  if (episode === 0) return phase === 'quiet' ? alphas.quiet : alphas.load
  const alpha = alphas.later[episode - 1]
  if (alpha === undefined) throw new RangeError(`The plan has no episode ${episode}`)
  return alpha
}

/** The streams of the present episode; undefined before its first block. */
export function presentPhase({ run, episode }: RolloutState): PhaseState | undefined {
  const last = run.phases.at(-1)
  return last?.episode === episode ? last : undefined
}

/** An alarm that named no action yet, and still may. */
export function waitsForName({ run }: RolloutState, phase: PhaseState): boolean {
  const { alarm, closed, blocks } = phase
  if (alarm === undefined || closed !== undefined || hasNamed(phase)) return false
  return phase.phase === run.phases.at(-1)?.phase && blocks - alarm.block < BLOCKS_TO_NAME
}

/**
 * Scores a block in the streams of the episode in which it began, and in those that still wait for
 * a name. A block of an earlier episode than the present one scores in these only.
 */
export function scoreBlock(
  state: RolloutState,
  plan: Plan,
  alphas: Alphas,
  block: ClosedBlock,
): void {
  const { run } = state
  const { episode } = marksOf(block)
  const comparable = marksOf(block).comparable && block.strained !== true
  invariant(episode <= state.episode, 'a block knows no later episode than the judge')
  if (episode === state.episode) enterPhase(state, plan, alphas, block)
  const present = episode === state.episode ? presentPhase(state) : undefined
  const sums = comparable ? block.sums : withoutLatency(block.sums)
  const { endSeconds, capped } = block
  for (const phase of run.phases) {
    const isHeard = phase === present || waitsForName(state, phase)
    if (!isHeard || phase.phase !== block.phase) continue
    updatePhase(phase, plan, sums, { endSeconds, capped: capped.length > 0, comparable })
  }
  closePhases(state, plan)
}

/** New streams where the phase or the episode is another than that of the last block. */
function enterPhase(state: RolloutState, plan: Plan, alphas: Alphas, block: ClosedBlock): void {
  const { run, episode } = state
  const last = run.phases.at(-1)
  if (last?.episode === episode && last.phase === block.phase) return
  const alpha = alphaOfEpisode(alphas, episode, block.phase)
  run.phases.push(createPhaseState(plan, block.phase, block.startSeconds, { episode, alpha }))
}

/** Phases that nothing is added to any more keep their findings and counts, not their streams. */
function closePhases(state: RolloutState, plan: Plan): void {
  const { phases } = state.run
  for (const [index, phase] of phases.entries()) {
    const isOver = index < phases.length - 1 && !waitsForName(state, phase)
    if (!isOver || phase.closed !== undefined) continue
    phases[index] = {
      ...phase,
      closed: findingsOfPhase(state.run, plan, phase),
      alarms: [],
      proofs: [],
      intervals: [],
      counts: phase.counts.map((counts) => ({
        ...counts,
        baseline: createSketch(),
        canary: createSketch(),
      })),
    }
  }
}
