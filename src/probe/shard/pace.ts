/** How a plan's phases become paces of traffic. */

import type { Phase } from '../../core/verdict.ts'
import { paceOfShard } from '../../generator/schedule.ts'
import type { Pace } from '../../generator/traffic.ts'
import type { WorkerInput } from './messages.ts'

type Paced = Pick<WorkerInput, 'plan' | 'arrivals' | 'timeScale' | 'shard'>

/**
 * Quiet: one user at a time, at most at the rate. Load: as the arrivals say. Of one of several
 * threads its part.
 * @param rate pairs per second
 * @param rampSeconds of the warm-up, the only pace whose load may grow
 */
export function paceOf(input: Paced, phase: Phase, rate: number, rampSeconds = 0): Pace {
  const pace = wholePace(input, phase, rate, rampSeconds)
  return input.shard === undefined ? pace : paceOfShard(pace, input.shard)
}

function wholePace(
  { plan, arrivals, timeScale }: Paced,
  phase: Phase,
  rate: number,
  rampSeconds: number,
): Pace {
  if (phase === 'quiet') return { kind: 'single-file', rate }
  const { concurrency } = plan
  switch (arrivals) {
    case 'poisson':
    case 'constant':
      return { kind: 'spaced', spacing: arrivals, rate, concurrency, rampSeconds }
    case 'closed':
      return { kind: 'closed', concurrency, rate, rampSeconds }
    case 'recorded':
    case 'partly-open':
      return { kind: arrivals, concurrency, rate, timeScale, rampSeconds }
  }
}
