/** Everything that is known at one moment, as the one observation that a decision is made from. */

import type { StoredWord } from '../../../profiles-db/rollout-notes.ts'
import type { Policy } from '../../core/contract/policy-rules.ts'
import { guardLive } from '../live-guard.ts'
import type { Observation } from '../observation.ts'
import type { RolloutState } from '../state.ts'
import type { Company } from './company.ts'
import { readingOf } from './readings.ts'
import type { RouterWatch } from './router-watch.ts'

export interface Known {
  /** Since the rollout was created. */
  readonly atMs: number
  /** The clock's time at which it was created. */
  readonly originMs: number
  readonly policy: Policy
  readonly state: RolloutState
  readonly watch: RouterWatch
  readonly company: Company
  readonly isNewSplit: boolean
  /** Facts of a tick that is due. */
  readonly tick: Observation['tick']
  readonly word: StoredWord | undefined
  readonly promotion: Observation['promotion']
  /** Nothing was read since the rollout was taken over. */
  readonly isFirst: boolean
}

/** In a pause ticks go on: a raise that did not arrive is taken back at one. */
export function isTick(state: RolloutState, atMs: number): boolean {
  return ['ramping', 'holding', 'paused'].includes(state.state) && atMs >= state.nextTickAtMs
}

export function observationOf(known: Known): Observation {
  const { atMs, originMs, state, watch, company, tick, word, promotion } = known
  const judgement = company.judgement(state)
  const gate = company.gate()
  const guard = guardLive(known.policy, watch.guard())
  const named = company.named()
  const waitsFor = state.state === 'pending' ? company.waitsFor() : undefined
  return {
    atMs,
    reading: readingOf(watch, originMs, known.isNewSplit),
    ...(judgement === undefined ? {} : { judgement }),
    liveGuard: { ...guard, fromMs: guard.fromMs - originMs },
    ...(isTick(state, atMs) && tick !== undefined ? { tick } : {}),
    ...(gate === undefined ? {} : { gate }),
    ...(word === undefined ? {} : { person: personOf(word) }),
    ...(named === undefined ? {} : { named }),
    ...(promotion === undefined ? {} : { promotion }),
    ...(waitsFor === undefined ? {} : { waitsFor }),
    ...(known.isFirst ? { restarted: true as const } : {}),
  }
}

function personOf({ act, by, reason }: StoredWord): NonNullable<Observation['person']> {
  return { act, by, ...(reason === undefined ? {} : { reason }) }
}

/** The latest moment that a state speaks of. */
export function latestMs(state: RolloutState): number {
  const last = state.hysteresis.lastReductionAtMs
  return Math.max(state.lastReadAtMs, state.reason.sinceMs, last === 'never' ? 0 : last)
}
