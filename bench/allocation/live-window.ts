/** The live guard on simulated counts: the rule of the allocator over a sliding window. */

import { addCounts, emptyWindow, guardLive } from '../../src/allocator/live-guard.ts'
import type { LiveGuard } from '../../src/allocator/observation.ts'
import type { Policy } from '../../src/core/contract/policy-rules.ts'
import type { LiveCounts } from './world.ts'

export interface Guard {
  add(second: number, weight: number, counts: LiveCounts): void
  look(policy: Policy): LiveGuard
}

export function createLiveGuard(windowSeconds: number): Guard {
  const totals = { baseline: 0, baselineFailed: 0, canary: 0, canaryFailed: 0 }
  let window = emptyWindow
  let lastWeight = 0
  return {
    add(second, weight, counts) {
      // Requests from before a reduction say nothing about the time after it.
      if (weight < lastWeight) window = emptyWindow
      lastWeight = weight
      totals.baseline += counts.baseline
      totals.baselineFailed += counts.baselineFailed
      totals.canary += counts.canary
      totals.canaryFailed += counts.canaryFailed
      const { baseline, baselineFailed, canary, canaryFailed } = totals
      const moment = {
        atMs: second * 1000,
        counts: {
          baseline: { requests: baseline, serverErrors: baselineFailed },
          canary: { requests: canary, serverErrors: canaryFailed },
          incarnation: 'simulated',
        },
      }
      window = addCounts(window, moment, windowSeconds)
    },
    look: (policy) => guardLive(policy, window),
  }
}
