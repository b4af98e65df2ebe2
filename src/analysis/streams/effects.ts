/** The effects that a report shows, each with its confidence sequence. */

import type { Plan } from '../../core/contract/plan.ts'
import { GRIDS, RATIO_GRID, SLOTS, type Grid } from '../folding/slots.ts'
import { createInterval, updateInterval, type Interval } from '../interval.ts'
import { isMeasured, scopesOf, type Scope } from '../judging/streams.ts'
import { UNIT } from '../latency.ts'

/** What an interval is about; a tail has its ratio, and its share above the baseline's p95. */
export const EFFECTS = ['typical', 'tail', 'share', 'errors', 'responses', 'cpu', 'memory'] as const
export type EffectName = (typeof EFFECTS)[number]

export interface EffectInterval {
  readonly scope: Scope
  readonly effect: EffectName
  readonly interval: Interval
}

/** One for each effect of each scope that the plan measures. */
export function declareIntervals(plan: Plan, horizon: number): EffectInterval[] {
  return scopesOf(plan).flatMap((scope) =>
    EFFECTS.filter((effect) => isMeasured(plan, scope, METRIC_OF[effect])).map((effect) => ({
      scope,
      effect,
      interval: createInterval(horizon, gridsOf(effect).margins, effect === 'tail' ? 2 : 1),
    })),
  )
}

const METRIC_OF = {
  typical: 'latency_typical',
  tail: 'latency_tail',
  share: 'latency_tail',
  errors: 'errors',
  responses: 'responses',
  cpu: 'cpu',
  memory: 'memory',
} as const

function gridsOf(effect: EffectName): {
  readonly margins: readonly number[]
  readonly grids: readonly Grid[]
} {
  if (effect === 'cpu' || effect === 'memory') return { margins: RATIO_GRID, grids: [] }
  if (effect === 'tail') return { margins: RATIO_GRID, grids: ['tail95', 'tail99'] }
  return { margins: GRIDS[effect], grids: [effect] }
}

/** @param scores of the effect's scope in one block */
export function updateEffect(
  { effect, interval }: EffectInterval,
  scores: Float64Array,
  alpha: number,
): void {
  const first = gridsOf(effect).grids.map((grid) => SLOTS.grid(grid, 0))
  const unit = effect === 'typical' || effect === 'tail' ? UNIT : 1
  updateInterval(
    interval,
    (process, index) => (scores[(first[process] ?? 0) + index] ?? 0) / unit,
    alpha,
  )
}
