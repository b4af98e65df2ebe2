/** How a plan's phases become paces of traffic, and how long its warm-up may take. */

import type { Arrivals } from '../../core/contract/config.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Phase } from '../../core/verdict.ts'
import type { Pace } from '../../generator/traffic.ts'

const WARM_UP_MIN_SECONDS = 10
const WARM_UP_MAX_SECONDS = 60

/** Adaptive: 10 to 60 s, at most a quarter of a fixed duration (STATISTICS: warm-up). */
export function warmUpLimits(plan: Plan): { minSeconds: number; maxSeconds: number } {
  if (plan.warmup !== 'auto') return { minSeconds: plan.warmup, maxSeconds: plan.warmup }
  const quarter = plan.duration === 'auto' ? WARM_UP_MAX_SECONDS : plan.duration / 4
  const maxSeconds = Math.min(WARM_UP_MAX_SECONDS, quarter)
  return { minSeconds: Math.min(WARM_UP_MIN_SECONDS, maxSeconds), maxSeconds }
}

/** Quiet: one user at a time, at most at the rate. Load: as the arrivals say. */
export function paceOf(plan: Plan, phase: Phase, arrivals: Arrivals, timeScale: number): Pace {
  const { rate, concurrency } = plan
  if (phase === 'quiet') return { kind: 'single-file', rate }
  switch (arrivals) {
    case 'poisson':
    case 'constant':
      return { kind: 'spaced', spacing: arrivals, rate, concurrency }
    case 'closed':
      return { kind: 'closed', concurrency, rate }
    case 'recorded':
      return { kind: 'recorded', concurrency, rate, timeScale }
  }
}
