/**
 * Decides: one state and one observation give the next state, what to do, and why. Pure: no clock, no
 * router, no database. The controller calls it at each tick and at each event, writes the decision
 * down, and then acts; `replay` over what was written down gives the same decisions again.
 *
 * The order of the rules is the precedence: what ends or protects comes before what people ask for,
 * and that before what raises. The first rule that has something to say decides.
 */

import type { Policy } from '../core/contract/policy-rules.ts'
import { invariant } from '../core/invariant.ts'
import { isWeightBp } from '../core/weight.ts'
import { isEnd } from './machine.ts'
import type { Observation } from './observation.ts'
import { begin, judgeGate } from './rules/beginning.ts'
import { abort, listen } from './rules/people.ts'
import { finishPromotion } from './rules/promotion.ts'
import {
  finishRollback,
  giveUp,
  pauseForForeignWeight,
  reactToCritical,
  recover,
  reduce,
  restoreAfterRouterRestart,
  settle,
} from './rules/protection.ts'
import { tick } from './rules/tick.ts'
import { createRollout, staying, type Decision, type Moment, type RolloutState } from './state.ts'

const RULES: readonly ((moment: Moment) => Decision | undefined)[] = [
  finishRollback,
  abort,
  begin,
  reactToCritical,
  recover,
  restoreAfterRouterRestart,
  pauseForForeignWeight,
  reduce,
  listen,
  giveUp,
  settle,
  judgeGate,
  finishPromotion,
  tick,
]

/**
 * The decision at this moment. An ended rollout stays as it is.
 * @throws InvariantError if the weight left its range or the machine has no such way: a bug of ours
 */
export function decide(policy: Policy, state: RolloutState, observation: Observation): Decision {
  const due = observation.tick !== undefined && observation.atMs >= state.nextTickAtMs
  const before = notice(policy, state, observation, due)
  const moment: Moment = { policy, before, observation, due }
  if (isEnd(state.state)) return listen(moment) ?? staying(moment)
  for (const rule of RULES) {
    const decision = rule(moment)
    if (decision === undefined) continue
    invariant(isWeightBp(decision.state.intendedBp), 'a weight lies between 0 and 10 000')
    return decision
  }
  return staying(moment)
}

/** Every decision of a rollout, from its first observation. */
export function replay(policy: Policy, observations: readonly Observation[]): Decision[] {
  const decisions: Decision[] = []
  let state = createRollout()
  for (const observation of observations) {
    const decision = decide(policy, state, observation)
    decisions.push(decision)
    state = decision.state
  }
  return decisions
}

/** What is kept of an observation whatever is decided: ticks, readings, readings that disagree. */
function notice(
  policy: Policy,
  state: RolloutState,
  observation: Observation,
  due: boolean,
): RolloutState {
  const { reading, atMs, restarted, named = state.anomaly } = observation
  const nextTickAtMs = due ? atMs + policy.intervalSeconds * 1000 : state.nextTickAtMs
  const anomaly = state.anomaly === '' ? '' : named
  if (isEnd(state.state)) return state
  if (reading.kind !== 'read' || reading.readAtMs < state.lastReadAtMs) {
    return { ...state, nextTickAtMs, anomaly }
  }
  const { configuredBp, observed, readAtMs } = reading
  const { incarnation = state.incarnation } = reading
  const isNew = readAtMs > state.lastReadAtMs
  const agrees =
    observed === undefined ||
    (observed.lowBp <= state.intendedBp && state.intendedBp <= observed.highBp)
  // After a restart a raise that was asked for and never read back is not taken for certain.
  const isCertain = restarted !== true || configuredBp <= state.appliedBp
  const confirms = isCertain && configuredBp === state.intendedBp
  return {
    ...state,
    nextTickAtMs,
    anomaly,
    appliedBp: confirms ? configuredBp : state.appliedBp,
    lastReadAtMs: readAtMs,
    // A restarted router that reads otherwise stays "restarted" until its weight is as asked.
    incarnation: configuredBp === state.intendedBp ? incarnation : state.incarnation,
    disagreements: agrees ? 0 : state.disagreements + Number(isNew),
  }
}
