/** What the router said, as a decision sees it and as people see it, and how it is asked. */

import type { ReadingPoint } from '../../core/contract/rollout.ts'
import type { Reading } from '../observation.ts'
import type { RolloutState } from '../state.ts'
import type { RouterWatch, SetHow } from './router-watch.ts'

/** @param originMs the clock's time at which the rollout was created */
export function readingOf(watch: RouterWatch, originMs: number, isNewSplit: boolean): Reading {
  const answer = watch.answer()
  if (answer.kind !== 'read') {
    return { kind: answer.kind, tries: answer.tries, problem: answer.problem }
  }
  const { state, atMs } = answer
  const split = watch.split()
  const observed =
    isNewSplit && split?.kind === 'observed'
      ? { observed: { lowBp: split.lowBp, highBp: split.highBp } }
      : {}
  return {
    kind: 'read',
    readAtMs: atMs - originMs,
    configuredBp: state.configuredBp,
    incarnation: state.incarnation,
    ...observed,
  }
}

export function readingPoint(watch: RouterWatch, intendedBp: number, at: string): ReadingPoint {
  const answer = watch.answer()
  const split = watch.split()
  const effectiveBp = answer.kind === 'read' ? answer.state.effectiveBp : undefined
  return {
    at,
    intendedBp,
    ...(answer.kind === 'read'
      ? { configuredBp: answer.state.configuredBp }
      : { problem: answer.problem }),
    ...(effectiveBp === undefined ? {} : { effectiveBp }),
    ...(split?.kind === 'observed'
      ? {
          observedBp: split.observedBp,
          lowBp: split.lowBp,
          highBp: split.highBp,
          requests: split.requests,
        }
      : {}),
  }
}

/** Down by any means; up only from the weight that was read. */
export function howTo(toBp: number, state: RolloutState, readBp: number | undefined): SetHow {
  if (toBp === 0 && state.state === 'rolling_back') return { kind: 'abort' }
  if (toBp === 0 && state.finalizing) return { kind: 'finalise' }
  const isRaise = readBp !== undefined && toBp > readBp
  return isRaise ? { kind: 'set', expectBp: readBp } : { kind: 'set' }
}

/** On its way to 0 for good, after a rollback or a promotion. */
export function isGoingToZero({ intendedBp, state, finalizing }: RolloutState): boolean {
  return intendedBp === 0 && (state === 'rolling_back' || finalizing)
}
