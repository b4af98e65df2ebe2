/** A synthetic rollout: blocks of one second for the judge of a rollout. */

import { foldPairs, type BlockSums } from '../../../src/analysis/fold.ts'
import type { BlockMarks, ClosedBlock } from '../../../src/analysis/judge.ts'
import {
  createRolloutJudge,
  type RolloutJudge,
  type RolloutTerms,
} from '../../../src/analysis/rollout/judge.ts'
import type { Plan } from '../../../src/core/contract/plan.ts'
import type { Phase } from '../../../src/core/verdict.ts'
import { createWorld, planOf, type Change, type World } from '../synthetic.ts'

export const ALPHAS = { quiet: 0.0016, load: 0.0016, later: [0.0033, 0.0033] }
export const CRITICAL = { failures: 0.5, windowSeconds: 3, minPairs: 20 }
export const rolloutPlan = planOf({ block: 1, alpha: 0.0098, maxDurationSeconds: 3600 })

export interface RollingOptions {
  readonly plan?: Plan
  readonly seed?: number
  readonly terms?: Partial<RolloutTerms>
  readonly baseline?: Change
  readonly canary?: Change
  readonly restored?: unknown
}

export interface Rolling {
  readonly judge: RolloutJudge
  /** Adds so many blocks; each begins with these marks. */
  add(count: number, marks?: Partial<BlockMarks>, phase?: Phase): void
  /** The block that would be added next, not added. */
  next(marks?: Partial<BlockMarks>, phase?: Phase): ClosedBlock
}

export function rolling(options: RollingOptions = {}): Rolling {
  const { plan = rolloutPlan, seed = 1, terms, restored, ...changes } = options
  const judge = createRolloutJudge(plan, { alphas: ALPHAS, critical: CRITICAL, ...terms }, restored)
  const world: World = createWorld(plan, seed, changes)
  if (restored === undefined) judge.warmedUp(warmUpOf(plan, seed, judge, world), 10)
  return follow(plan, seed, judge, world)
}

function warmUpOf(plan: Plan, seed: number, judge: RolloutJudge, world: World): BlockSums {
  return foldPairs(plan, seed, judge.newestParameters(), world.pairs(0, 10, 'load'))
}

function follow(plan: Plan, seed: number, judge: RolloutJudge, world: World): Rolling {
  const next: Rolling['next'] = (marks = {}, phase = 'load') => {
    const index = judge.blocks() + 1
    const parameters = judge.parametersFor(index)
    if (parameters === undefined) throw new Error(`no parameters for block ${index}`)
    const [startSeconds, endSeconds] = [9 + index, 10 + index]
    const pairs = world.pairs(startSeconds, endSeconds, phase)
    return {
      index,
      phase,
      startSeconds,
      endSeconds,
      capped: [],
      sums: foldPairs(plan, seed, parameters, pairs),
      marks: { episode: judge.episode(), comparable: true, climb: true, ...marks },
    }
  }
  return {
    judge,
    next,
    add(count, marks, phase) {
      for (let added = 0; added < count; added += 1) judge.add(next(marks, phase))
    },
  }
}
