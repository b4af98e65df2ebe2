/** The states of a rollout, the ways between them and what a person may do in each: one table. */

import type { RolloutAct as Act, RolloutStateName as StateName } from '../core/contract/rollout.ts'
import { invariant } from '../core/invariant.ts'

export { ROLLOUT_ACTS as ACTS, ROLLOUT_STATES as STATES } from '../core/contract/rollout.ts'
export type { RolloutAct as Act, RolloutStateName as StateName } from '../core/contract/rollout.ts'

interface Row {
  readonly to: readonly StateName[]
  readonly acts: readonly Act[]
}

/** A state may always stay; one that leads nowhere is an end. */
const TABLE: Readonly<Record<StateName, Row>> = {
  pending: { to: ['probing', 'ramping', 'aborted', 'failed'], acts: ['abort'] },
  probing: {
    to: ['ramping', 'paused', 'rolling_back', 'rolled_back', 'aborted', 'failed'],
    acts: ['promote', 'pause', 'abort'],
  },
  ramping: {
    to: ['holding', 'paused', 'promoting', 'rolling_back'],
    acts: ['promote', 'pause', 'abort'],
  },
  holding: {
    to: ['ramping', 'paused', 'promoting', 'rolling_back'],
    acts: ['promote', 'pause', 'abort'],
  },
  paused: {
    to: ['probing', 'ramping', 'holding', 'promoting', 'rolling_back', 'rolled_back', 'aborted'],
    acts: ['resume', 'abort'],
  },
  promoting: {
    to: ['promoted', 'paused', 'rolling_back', 'failed'],
    acts: ['finalize', 'pause', 'abort'],
  },
  rolling_back: { to: ['rolled_back', 'aborted', 'failed'], acts: [] },
  promoted: { to: [], acts: [] },
  rolled_back: { to: [], acts: [] },
  aborted: { to: [], acts: [] },
  failed: { to: [], acts: [] },
}

/** The states that `from` may become, itself not among them. */
export function statesAfter(from: StateName): readonly StateName[] {
  return TABLE[from].to
}

/** What a person may ask for; anything else is a conflict (HTTP 409). */
export function actsIn(state: StateName): readonly Act[] {
  return TABLE[state].acts
}

export function isEnd(state: StateName): boolean {
  return TABLE[state].to.length === 0
}

/** @throws InvariantError if the table has no such way */
export function checkTransition(from: StateName, to: StateName): void {
  invariant(from === to || TABLE[from].to.includes(to), `a rollout goes from ${from} to ${to}`)
}
