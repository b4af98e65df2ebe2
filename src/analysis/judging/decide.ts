/**
 * What happens next, after a closed block: go on, end the quiet phase, or stop. It looks at closed
 * blocks only, so a replay of the blocks decides the same at the same block, and the level holds
 * whatever the rule.
 */

import type { Plan } from '../../core/contract/plan.ts'
import type { Decision, StopReason } from '../judge.ts'
import { endSecondsOf, quietLimitSeconds } from '../plan.ts'
import { isLastPhase, isProven, type RunState } from './run-state.ts'
import { hasNamed, type PhaseState } from './phase-state.ts'
import { mayBeHealthy } from './verdict.ts'

/** After an alarm the run goes on this long to name an action. */
export const BLOCKS_TO_NAME = 60
/** A quiet phase that shows nothing by now goes on to load. */
const QUIET_BLOCKS = 20
const QUIET_LN_RUN = Math.log(2)

export function decide(state: RunState, plan: Plan): Decision {
  const present = state.phases.at(-1)
  if (present === undefined) return { kind: 'go-on' }
  if (state.rules.critical !== undefined) return stop('critical')
  if (state.rules.ill !== undefined) return stop('baseline-ill')
  if (hasNamed(present)) return stop('named')
  const waited = present.alarm === undefined ? 0 : present.blocks - present.alarm.block
  if (waited >= BLOCKS_TO_NAME && plan.duration === 'auto') return stop('not-localised')
  // A block ends at a quiet moment, so the end is the block end that is nearest to it.
  const nearly = plan.blockSeconds / 2
  if (present.endSeconds >= endSecondsOf(plan) - nearly) return stop('time')
  if (!isLastPhase(state, plan)) {
    return isQuietOver(state, plan, present, waited) ? { kind: 'end-phase' } : { kind: 'go-on' }
  }
  const long = present.endSeconds - present.startSeconds >= plan.minDurationSeconds
  const proof = plan.duration === 'auto' && long && isProven(state, plan) && mayBeHealthy(state)
  return proof ? stop('proof') : { kind: 'go-on' }
}

function isQuietOver(state: RunState, plan: Plan, present: PhaseState, waited: number): boolean {
  if (present.alarm !== undefined) return waited >= BLOCKS_TO_NAME
  if (present.blocks >= QUIET_BLOCKS && present.lnRun <= QUIET_LN_RUN) return true
  const limit = quietLimitSeconds(plan, state.originSeconds)
  return present.endSeconds - present.startSeconds >= limit - plan.blockSeconds / 2
}

function stop(reason: StopReason): Decision {
  return { kind: 'stop', reason }
}
