/** How a plan's phases become paces of traffic. */

import type { Arrivals } from '../../core/contract/config.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Phase } from '../../core/verdict.ts'
import type { Pace } from '../../generator/traffic.ts'

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
