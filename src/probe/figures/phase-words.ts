/** What people read about the phase that a run is in. */

import { warmUpLimits } from '../../analysis/plan.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { ProbePhase } from '../events.ts'

export function phaseMessage(phase: ProbePhase, plan: Plan): string {
  switch (phase) {
    case 'warm-up':
      return 'warm-up: its samples are left out'
    case 'quiet':
      return `quiet: one user at a time, at most ${plan.horizonBlocks.quiet * plan.blockSeconds} s`
    case 'load':
      return `load: ${plan.rate} pairs/s, up to ${plan.concurrency} users at once`
  }
}

export function warmUpSentence(plan: Plan, seconds: number): string {
  const { minSeconds, maxSeconds } = warmUpLimits(plan)
  const limits = minSeconds === maxSeconds ? `${maxSeconds}` : `${minSeconds}–${maxSeconds}`
  return `Warming up ${Math.floor(seconds)} s of ${limits} s`
}

/** When the phase ends at the latest, in seconds from its start. */
export function phaseLimitSeconds(plan: Plan, phase: ProbePhase, fromSeconds: number): number {
  const { blockSeconds, horizonBlocks, duration, maxDurationSeconds } = plan
  switch (phase) {
    case 'warm-up':
      return warmUpLimits(plan).maxSeconds
    case 'quiet':
      return horizonBlocks.quiet * blockSeconds
    case 'load':
      return (duration === 'auto' ? maxDurationSeconds : duration) - fromSeconds
  }
}
