/**
 * Decisions out of events. One decision comes as up to four events (the state changes, the weight is
 * asked for, it is read back, the state ends), in whatever order and time they happen. They are
 * gathered into one move, which is told when it is complete or has waited for long enough.
 */

import type { RolloutEvent, RolloutStateName } from '../../../core/contract/rollout.ts'
import { ENDS } from '../words.ts'

export type StateEvent = Extract<RolloutEvent, { kind: 'state' }>
export type WeightEvent = Extract<RolloutEvent, { kind: 'weight' }>

export interface Move {
  readonly at: string
  readonly state: RolloutStateName
  /** False where only the weight or the reason changed. */
  readonly isNewState: boolean
  readonly fromBp: number
  readonly toBp: number
  /** `kept`: nothing is known to move; `asked`: not read back yet. */
  readonly weight: 'kept' | 'asked' | 'read-back'
  readonly code: string
  readonly message: string
}

interface Draft {
  readonly move: Move
  readonly sinceMs: number
}

/** How long a state may wait for its weight, and a weight for its reading. */
const STATE_WAITS_MS = 1000
const WEIGHT_WAITS_MS = 5000
/** States that end by a weight that is read back: the end belongs to the same move. */
const ENDING: ReadonlySet<RolloutStateName> = new Set(['rolling_back', 'promoting'])

export interface Moves {
  take(event: StateEvent | WeightEvent, nowMs: number): void
  /** To be called about once a second. */
  tick(nowMs: number): void
  /** Nothing belongs to it any more. */
  flush(nowMs: number): void
}

/** @param tell gets each move once, and when it was complete */
export function createMoves(tell: (move: Move, nowMs: number) => void): Moves {
  let draft: Draft | undefined
  const flush = (nowMs: number): void => {
    const done = draft
    draft = undefined
    if (done !== undefined) tell(done.move, nowMs)
  }
  return {
    flush,
    take(event, nowMs) {
      const joined = draft === undefined ? undefined : join(draft.move, event)
      if (joined === undefined) flush(nowMs)
      const move = joined ?? moveOf(event)
      draft = { move, sinceMs: draft?.sinceMs ?? nowMs }
      if (isComplete(move)) flush(nowMs)
    },
    tick(nowMs) {
      if (draft === undefined) return
      const waitsMs = draft.move.weight === 'asked' ? WEIGHT_WAITS_MS : STATE_WAITS_MS
      if (nowMs - draft.sinceMs >= waitsMs) flush(nowMs)
    },
  }
}

function isComplete({ state, weight }: Move): boolean {
  return ENDS.has(state) || (weight === 'read-back' && !ENDING.has(state))
}

function moveOf(event: StateEvent | WeightEvent): Move {
  const { at, state, reason } = event
  const shared = { at, state, code: reason.code, message: reason.message }
  if (event.kind === 'state') {
    const { weightBp } = event
    const isNewState = event.from !== state
    return { ...shared, isNewState, fromBp: weightBp, toBp: weightBp, weight: 'kept' }
  }
  const { fromBp, toBp, verified } = event
  return { ...shared, isNewState: false, fromBp, toBp, weight: verified ? 'read-back' : 'asked' }
}

/** Both as one; undefined where the event begins something new. */
function join(move: Move, event: StateEvent | WeightEvent): Move | undefined {
  const next = moveOf(event)
  const isSameDecision = next.code === move.code || next.at === move.at
  if (event.kind === 'state') {
    const isEnd = ENDS.has(event.state) && ENDING.has(move.state)
    if (!isSameDecision && !isEnd) return undefined
    const { fromBp, toBp, weight } = move.weight === 'kept' ? next : move
    return { ...next, isNewState: move.isNewState || next.isNewState, fromBp, toBp, weight }
  }
  const isItsWeight =
    move.weight === 'kept' ? isSameDecision : move.weight === 'asked' && next.toBp === move.toBp
  if (!isItsWeight) return undefined
  const fromBp = move.weight === 'kept' ? next.fromBp : move.fromBp
  // A reading says that the weight arrived; why it moved was said when it was asked for.
  const { code, message } = move.weight === 'asked' && next.weight === 'read-back' ? move : next
  return { ...next, fromBp, code, message, isNewState: move.isNewState }
}
