/** What the twins of a rollout collect beside their evidence: readings, examples, the mix. */

import type { RolloutJudge } from '../../analysis/rollout/judge.ts'
import type { Clock } from '../../core/clock.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Report } from '../../core/contract/report.ts'
import { createFigures, type Figures } from '../figures/figures.ts'
import type { WatchSource } from '../watch/sources.ts'
import { createWatch } from '../watch/watch.ts'

export interface Beside extends Pick<Figures, 'block' | 'examples'> {
  /** Reads until `stop`. */
  start(): void
  /** Nothing is read any more; the report with what was collected. */
  stop(report: () => Report): Promise<Report>
}

export function createBeside(parts: {
  readonly plan: Plan
  readonly seed: number
  readonly sources: readonly WatchSource[]
  readonly clock: Clock
  readonly judge: RolloutJudge
  readonly seconds: () => number
}): Beside {
  const { plan, seed, sources, clock, judge, seconds } = parts
  const figures = createFigures(plan, seed)
  const lost = new Map<string, string>()
  const watch = createWatch({
    sources,
    clock,
    seconds,
    onReading(reading) {
      judge.resource(reading)
      figures.resource(reading)
    },
    onTrouble: (arm, message) => void lost.set(arm, message),
  })
  return {
    block: (endSeconds, sums) => figures.block(endSeconds, sums),
    examples: (found) => figures.examples(found),
    start: () => watch.start(),
    async stop(report) {
      await watch.stop()
      const whole = figures.complete(report())
      const troubles = [...lost].map(([arm, message]) => ({
        code: 'metrics-lost',
        message: `${arm}: ${message}`,
      }))
      return { ...whole, reasons: [...whole.reasons, ...troubles] }
    },
  }
}
