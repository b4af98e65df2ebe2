/** The gate of a rollout: decides as a probe does, and ends once. */

import type { Arm } from '../../core/arm.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { GateResult } from '../../core/twins.ts'
import type { Decision } from '../judge.ts'
import { decide } from '../judging/decide.ts'
import { findRemainingSeconds } from '../judging/needs.ts'
import type { RunJudgement } from '../judging/verdict.ts'
import { gatePlan, gateResultOf, judgeGate } from './answers.ts'
import type { RolloutState } from './state.ts'

export interface Gate {
  isDeciding(): boolean
  /** After a block. */
  decide(): Decision
  end(reason: NonNullable<RolloutState['gateEnded']>, breaker?: Arm): void
  /** Expected seconds to its end; undefined before the first block. */
  remainingSeconds(): number | undefined
  result(): Omit<GateResult, 'run'>
  /** Undefined while it decides, and once it was left. */
  judged(): RunJudgement | undefined
}

/** @param endSeconds where it ends at the latest, in seconds from the start of the run */
export function createGate(state: RolloutState, plan: Plan, endSeconds: number): Gate {
  const own = gatePlan(plan, endSeconds)
  let judged = state.gateEnded === undefined ? undefined : judgeGate(state, own)

  const isDeciding = (): boolean => state.stage === 'gate' && state.gateEnded === undefined
  const end: Gate['end'] = (reason, breaker) => {
    if (!isDeciding()) return
    state.gateEnded = reason
    judged = judgeGate(state, own, breaker)
  }

  return {
    isDeciding,
    decide() {
      if (!isDeciding()) return { kind: 'go-on' }
      const decision = decide(state.run, own)
      if (decision.kind === 'stop') end(decision.reason)
      return decision
    },
    end,
    remainingSeconds: () => findRemainingSeconds(state.run, own),
    result: () =>
      judged === undefined ? { verdict: 'running' } : gateResultOf(state, plan, judged),
    judged: () => (state.stage === 'gate' ? judged : undefined),
  }
}
