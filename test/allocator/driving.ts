/** Drives a rollout without a router: a world in which every intent is carried out at once. */

import {
  completePolicy,
  type GivenPolicy,
  type Policy,
} from '../../src/core/contract/policy-rules.ts'
import { decide } from '../../src/allocator/decide.ts'
import type { Judgement, Observation, Reading, TickFacts } from '../../src/allocator/observation.ts'
import { createRollout, type Decision, type RolloutState } from '../../src/allocator/state.ts'

export const LN_THRESHOLD = Math.log(300)

export function policyOf(given: GivenPolicy = {}): Policy {
  const completed = completePolicy({ gate: { need: 'none' }, ...given })
  if ('fault' in completed) throw new Error(completed.fault.problem)
  return completed.policy
}

export const goodTick: TickFacts = {
  deliveredShare: 1,
  requiredPairs: { search: 400, checkout: 120 },
  generatorStrained: false,
  unequalLoad: false,
  figures: { successRate: 1, p95Ms: 40 },
}

/** What a moment holds besides the plain course: judgement, tick facts and reading in parts. */
export interface Seen extends Omit<Partial<Observation>, 'judgement' | 'tick'> {
  readonly judgement?: Partial<Judgement>
  readonly tick?: Partial<TickFacts>
}

export interface Drive {
  readonly state: () => RolloutState
  readonly observations: Observation[]
  readonly decisions: Decision[]
  /** An event between ticks, some seconds after the last moment (1 unless told). */
  event(seen?: Seen, afterSeconds?: number): Decision
  /** The next tick, on its time. */
  tick(seen?: Seen): Decision
  ticks(count: number, seen?: Seen): Decision[]
  /** Someone, or a router that does not take what it is told. */
  setRouter(configuredBp: number): void
}

export function drive(policy: Policy): Drive {
  let state = createRollout()
  let atMs = 0
  let routerBp = 0
  const observations: Observation[] = []
  const decisions: Decision[] = []

  function see(seen: Seen, isTick: boolean): Decision {
    const reading: Reading = { kind: 'read', readAtMs: atMs, configuredBp: routerBp }
    const { judgement, tick, ...rest } = seen
    const observation: Observation = {
      atMs,
      reading,
      judgement: {
        episode: state.hysteresis.reductions,
        lnRun: -1,
        lnThreshold: LN_THRESHOLD,
        alarm: false,
        requiredHealthy: false,
        critical: false,
        ...judgement,
      },
      ...(isTick ? { tick: { ...goodTick, ...tick } } : {}),
      ...rest,
    }
    const decision = decide(policy, state, observation)
    observations.push(observation)
    decisions.push(decision)
    state = decision.state
    if (decision.intent.kind === 'weight') routerBp = decision.intent.toBp
    return decision
  }
  const drive: Drive = {
    state: () => state,
    observations,
    decisions,
    event(seen = {}, afterSeconds = 1) {
      atMs += afterSeconds * 1000
      return see(seen, false)
    },
    tick(seen = {}) {
      atMs = Math.max(atMs + 1, state.nextTickAtMs)
      return see(seen, true)
    },
    ticks: (count, seen = {}) => Array.from({ length: count }, () => drive.tick(seen)),
    setRouter(configuredBp) {
      routerBp = configuredBp
    },
  }
  return drive
}

/** A rollout that begins and stands at its first weight. */
export function started(policy: Policy = policyOf()): Drive {
  const rollout = drive(policy)
  rollout.event()
  return rollout
}

export function weightsOf(decisions: readonly Decision[]): number[] {
  return decisions.map((decision) => decision.state.intendedBp)
}

export const alarm: Seen = {
  judgement: { alarm: true, lnRun: 7, finding: 'checkout is 1.31× slower (1.22–1.41)' },
}
export const critical: Seen = { judgement: { critical: true } }
