/** The live guard of the allocator on simulated counts. */

import {
  addReading,
  figuresOf,
  freshGuard,
  guardLive,
  type LiveFigures,
} from '../../src/allocator/live-guard.ts'
import type { LiveGuard } from '../../src/allocator/observation.ts'
import type { Policy } from '../../src/core/contract/policy-rules.ts'
import type { LiveCounts } from './world.ts'

export interface Guard {
  add(second: number, weight: number, counts: LiveCounts): void
  look(): LiveGuard
  figures(): LiveFigures | undefined
}

export function createLiveGuard(policy: Policy): Guard {
  const totals = { baseline: 0, baselineFailed: 0, canary: 0, canaryFailed: 0 }
  let state = freshGuard
  let lastWeight = 0
  return {
    add(second, weight, counts) {
      // Requests from before a reduction say nothing about the time after it.
      if (weight < lastWeight) state = freshGuard
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
      state = addReading(policy, state, moment)
    },
    look: () => guardLive(policy, state),
    figures: () => figuresOf(state.window),
  }
}
