/** A plan with two actions, for tests that need one and do not care which. */

import type { Plan } from '../../src/core/contract/plan.ts'

export function examplePlan(): Plan {
  const margin = { latencyTypical: 0.1, latencyTail: 0.2, errors: 0.001, responses: 0.001 }
  const actionOf = {
    tier: 'frequent',
    required: true,
    comparesAnswers: false,
    margin,
  } as const
  const healthyMargin = { latencyTypical: 0.1, latencyTailShare: 0.05, errors: 0.02 }
  return {
    rate: 50,
    concurrency: 50,
    alpha: 0.05,
    alphaHealthy: 0.05,
    blockSeconds: 0.5,
    maxStallSeconds: 10,
    floorMs: 0.5,
    timeoutMs: 10_000,
    duration: 'auto',
    minDurationSeconds: 60,
    maxDurationSeconds: 600,
    warmup: 'auto',
    phases: ['quiet', 'load'],
    repeatShare: 0,
    resources: [],
    focus: false,
    horizonBlocks: { quiet: 90, load: 1000 },
    actions: [
      { ...actionOf, action: 'home', share: 0.6, healthyMargin },
      {
        action: 'search',
        ...actionOf,
        share: 0.4,
        sloErrorRate: 0.01,
        healthyMargin,
      },
    ],
    service: {
      margin: { ...margin, latencyTypical: 0.05 },
      healthyMargin: { latencyTypical: 0.05, latencyTailShare: 0.025, errors: 0.005 },
    },
    rare: { judged: false, healthyMargin: { latencyTypical: 0.2, errors: 0.05 } },
  }
}
