import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide, replay } from '../../src/allocator/decide.ts'
import { isEnd } from '../../src/allocator/machine.ts'
import { finalWeight } from '../../src/allocator/policy.ts'
import { createRollout, type Decision, type RolloutState } from '../../src/allocator/state.ts'
import type { Observation } from '../../src/allocator/observation.ts'
import type { Policy } from '../../src/core/contract/policy-rules.ts'
import { anyHappenings, anyPolicy, driven } from './any-rollout.ts'

interface Turn {
  readonly policy: Policy
  readonly before: RolloutState
  readonly observation: Observation
  readonly decision: Decision
}

/** Every step of any rollout: what was before, what was seen, what was decided. */
function turnsOf(policy: Policy, happenings: Parameters<typeof driven>[1]): Turn[] {
  const { observations, decisions } = driven(policy, happenings)
  return decisions.map((decision, index) => {
    const observation = observations[index]
    if (observation === undefined) throw new Error('each decision has its observation')
    return { policy, before: decisions[index - 1]?.state ?? createRollout(), observation, decision }
  })
}

function always(holds: (turn: Turn, turns: readonly Turn[]) => void): void {
  fc.assert(
    fc.property(anyPolicy(), anyHappenings(), (policy, happenings) => {
      const turns = turnsOf(policy, happenings)
      for (const turn of turns) holds(turn, turns)
    }),
    { numRuns: 400 },
  )
}

const raises = ({ before, decision }: Turn): boolean =>
  decision.intent.kind === 'weight' && decision.intent.toBp > before.intendedBp
const raisesByPolicy = (turn: Turn): boolean => raises(turn) && turn.decision.actor === 'policy'
/** The first weight comes from the gate, all others from ticks. */
const climbs = (turn: Turn): boolean =>
  raisesByPolicy(turn) && ['ramping', 'holding'].includes(turn.before.state)
const reductions = ({ decision }: { readonly decision: Decision }): number =>
  decision.state.hysteresis.reductions
const reduces = (turn: Turn): boolean => reductions(turn) > turn.before.hysteresis.reductions

describe('any rollout', () => {
  it('is drawn so that it reaches the states that matter', () => {
    const reached = new Set<string>()
    const codes = new Set<string>()
    fc.assert(
      fc.property(anyPolicy(), anyHappenings(), (policy, happenings) => {
        for (const { decision } of turnsOf(policy, happenings)) {
          reached.add(decision.state.state)
          codes.add(decision.reason.code)
        }
      }),
      { numRuns: 600, seed: 1 },
    )
    expect([...reached]).toEqual(
      expect.arrayContaining(['holding', 'paused', 'promoted', 'rolled_back', 'aborted', 'failed']),
    )
    expect([...codes]).toEqual(
      expect.arrayContaining(['alarm', 'clear', 'proven', 'not-clear', 'reversals-exhausted']),
    )
  })
  it('keeps its weight within 0 and the maximum, and above the minimum where it raised it', () => {
    always((turn) => {
      const { policy, decision } = turn
      expect(decision.state.intendedBp).toBeGreaterThanOrEqual(0)
      expect(decision.state.intendedBp).toBeLessThanOrEqual(finalWeight(policy))
      if (raises(turn) && 'minBp' in policy) {
        expect(decision.state.intendedBp).toBeGreaterThanOrEqual(policy.minBp)
      }
      if (reduces(turn) && 'minBp' in policy && decision.state.intendedBp > 0) {
        const floor = Math.min(policy.minBp, turn.before.intendedBp)
        expect(decision.state.intendedBp).toBeGreaterThanOrEqual(floor)
      }
    })
  })
  it('climbs only at a usable tick on its time, with the weight read back', () => {
    always((turn) => {
      if (!climbs(turn)) return
      const { before, observation, decision } = turn
      const { tick, reading } = observation
      expect(observation.atMs).toBeGreaterThanOrEqual(before.nextTickAtMs)
      expect(tick?.deliveredShare).toBeGreaterThanOrEqual(0.95)
      expect(Object.values(tick?.requiredPairs ?? { none: 0 }).every((n) => n > 0)).toBe(true)
      expect(tick?.generatorStrained).toBe(false)
      expect(reading.kind === 'read' ? reading.configuredBp : -1).toBe(before.intendedBp)
      expect(observation.judgement?.lnRun).not.toBeNaN()
      expect(decision.state.nextTickAtMs - observation.atMs).toBeGreaterThanOrEqual(1000)
    })
  })
  it('never climbs on an alarm, nor in hold ticks, nor between clear and alarm after a reduction', () => {
    always((turn, turns) => {
      if (!climbs(turn)) return
      const { policy, before, observation } = turn
      const { lnRun = Infinity, lnThreshold = 0, requiredHealthy } = observation.judgement ?? {}
      expect(lnRun).toBeLessThan(lnThreshold)
      if (before.hysteresis.reductions === 0) return
      expect(before.hysteresis.holdTicksLeft).toBe(0)
      const lastReduction = turns.slice(0, turns.indexOf(turn)).findLastIndex(reduces)
      const ticks = turns
        .slice(lastReduction + 1, turns.indexOf(turn))
        .filter(({ observation: seen, before: was }) => seen.tick && seen.atMs >= was.nextTickAtMs)
      expect(ticks.length).toBeGreaterThanOrEqual(policy.holdTicks)
      if (requiredHealthy === true) return
      expect(lnRun).toBeLessThanOrEqual(1e-9)
      expect(ticks.length + 1).toBeGreaterThanOrEqual(policy.clearTicks)
    })
  })
  it('reduces at most once in ten seconds', () => {
    always((turn, turns) => {
      if (!reduces(turn)) return
      const earlier = turns.slice(0, turns.indexOf(turn)).findLast(reduces)
      if (earlier === undefined) return
      expect(turn.observation.atMs - earlier.observation.atMs).toBeGreaterThanOrEqual(10_000)
    })
  })
  it('goes to 0 at once on critical', () => {
    always(({ before, observation, decision }) => {
      if (observation.judgement?.critical !== true) return
      if (before.state === 'pending' || isEnd(before.state) || before.finalizing) return
      expect(decision.state.intendedBp).toBe(0)
      expect(['rolling_back', 'rolled_back', 'aborted', 'failed']).toContain(decision.state.state)
    })
  })
  it('rolls back at the reduction that is one too many, and where a reduction reaches 0', () => {
    always((turn) => {
      if (!reduces(turn)) return
      const { policy, decision } = turn
      expect(reductions(turn)).toBeLessThanOrEqual(policy.maxReversals + 1)
      if (reductions(turn) === policy.maxReversals + 1) expect(decision.state.intendedBp).toBe(0)
      if (decision.state.intendedBp > 0) return
      const { state, ending } = decision.state
      const to = ending.kind === 'ending' ? ending.to : state
      expect(['rolling_back', 'rolled_back']).toContain(state)
      expect(to).toBe('rolled_back')
    })
  })
  it('a rollback is never left but for its end, and its weight stays 0', () => {
    always(({ before, decision }) => {
      if (before.state !== 'rolling_back') return
      expect(['rolling_back', 'rolled_back', 'aborted', 'failed']).toContain(decision.state.state)
      expect(decision.state.intendedBp).toBe(0)
    })
  })
  it('ends only with 0 read back, or as failed', () => {
    always(({ before, observation, decision }) => {
      const { state } = decision.state
      if (isEnd(before.state) || !isEnd(state) || state === 'failed') return
      const { reading } = observation
      const neverSent = before.intendedBp === 0 && before.appliedBp === 0
      expect(neverSent || (reading.kind === 'read' && reading.configuredBp === 0)).toBe(true)
    })
  })
  it('is not promoted without proof or a person', () => {
    always(({ policy, before, observation, decision }) => {
      if (decision.intent.kind !== 'promote' || decision.actor !== 'policy') return
      const proven = observation.judgement?.requiredHealthy === true
      expect(before.promoteAsked || (proven && policy.promoteOn === 'healthy')).toBe(true)
      expect(before.intendedBp).toBe(finalWeight(policy))
    })
  })
  it('gives each decision a code and a sentence', () => {
    always(({ decision }) => {
      expect(decision.reason.code).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(decision.sentence).toMatch(/^[A-Z][a-z ]+.*: \S/)
      expect(decision.reason.sinceMs).toBeLessThanOrEqual(decision.atMs)
    })
  })
  it('is the same again when it is replayed from its observations, also through JSON', () => {
    fc.assert(
      fc.property(anyPolicy(), anyHappenings(), (policy, happenings) => {
        const { observations, decisions } = driven(policy, happenings)
        expect(replay(policy, observations)).toEqual(decisions)
        const middle = decisions[Math.floor(decisions.length / 2)]
        const next = observations[Math.floor(decisions.length / 2) + 1]
        if (middle === undefined || next === undefined) return
        const restored: RolloutState = JSON.parse(JSON.stringify(middle.state))
        expect(decide(policy, restored, next)).toEqual(decide(policy, middle.state, next))
      }),
    )
  })
})
