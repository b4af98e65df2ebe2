/** What the next leg of a rollout begins with. */

import type { BlockMarks } from '../../analysis/judge.ts'
import type { RolloutJudge } from '../../analysis/rollout/judge.ts'
import { createRandom } from '../../core/random.ts'
import type { WorkerInput } from '../shard/messages.ts'

/** Of every leg but the first of a run: connections and caches are cold again. */
const WARM_UP_SECONDS = 3

export type RunInput = Omit<WorkerInput, 'parameters' | 'leg'>

/** Where the rollout is when the leg begins. */
export interface LegMoment {
  /** Legs before this one, also of earlier processes. */
  readonly legCount: number
  readonly marks: BlockMarks
  /** Pairs per second of the climb. */
  readonly rate: number
}

export function legInput(input: RunInput, judge: RolloutJudge, moment: LegMoment): WorkerInput {
  const { legCount, marks, rate } = moment
  const hasControl = input.arms.some(({ arm }) => arm === 'control')
  return {
    ...input,
    seed: legCount === 0 ? input.seed : seedOf(input.seed, legCount),
    parameters: judge.newestParameters(),
    leg: {
      firstBlock: judge.blocks() + 1,
      phase: marks.climb ? 'load' : (input.plan.phases[0] ?? 'load'),
      ...(legCount === 0 ? {} : { warmupSeconds: WARM_UP_SECONDS }),
      rate: marks.climb ? rate : input.plan.rate,
      // In a climb both arms serve users; before it an idle control is the better twin.
      reference: !marks.climb && hasControl ? 'control' : 'baseline',
      marks,
    },
  }
}

/** Another leg draws other sessions and tosses other coins, always the same ones. */
function seedOf(seed: number, leg: number): number {
  return createRandom(seed, `leg:${leg}`).int(2 ** 31)
}
