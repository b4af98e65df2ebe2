import { describe, expect, it } from 'vitest'
import { consequenceOf, ladderOf, type LadderFacts } from '../../src/allocator/ladder.ts'
import { drive, policyOf } from './driving.ts'

const policy = policyOf()
const facts: LadderFacts = {
  judgement: {
    episode: 0,
    lnRun: 0,
    lnThreshold: Math.log(600),
    alarm: false,
    requiredHealthy: false,
    critical: false,
  },
  liveGuard: { kind: 'too-few', fromMs: 0 },
  routerReads: 500,
  deliveredShare: 1,
}

describe('ladderOf()', () => {
  it('shades the rung that holds now, and only one', () => {
    const rollout = drive(policy)
    rollout.event()
    const ladder = ladderOf(policy, rollout.state(), facts) ?? []
    expect(ladder.map(({ kind, now }) => [kind, now])).toEqual([
      ['raise', true],
      ['hold', false],
      ['lower', false],
    ])
    expect(ladder[0]?.title).toBe('to 6\u202F%, if all of')
    expect(ladder[2]?.title).toBe('to 0\u202F%, if one of')
  })

  it('says what is missing for a raise, with its present value', () => {
    const rollout = drive(policy)
    rollout.event()
    const ladder = ladderOf(policy, rollout.state(), { ...facts, deliveredShare: 0.91 }) ?? []
    const missing = ladder[0]?.conditions.filter(({ holds }) => !holds)
    expect(missing).toEqual([
      { text: 'at least 95\u202F% of the load delivered', value: '91\u202F%', holds: false },
    ])
    expect(ladder.find(({ now }) => now)?.kind).toBe('hold')
  })

  it('names hold and clear ticks after a reduction', () => {
    const rollout = drive(policy)
    rollout.event()
    rollout.ticks(3)
    rollout.event({ judgement: { alarm: true } })
    const [raise] = ladderOf(policy, rollout.state(), { ...facts, routerReads: 300 }) ?? []
    const values = raise?.conditions.map(({ value }) => value)
    expect(values).toContain('3 left')
    expect(values).toContain('0 of 5')
    expect(consequenceOf(policy, rollout.state())).toContain('1 of 2 reductions are used')
  })

  it('has nothing to say before the first weight', () => {
    const rollout = drive(policyOf({ gate: { need: 'healthy' } }))
    rollout.event()
    expect(ladderOf(policy, rollout.state(), facts)).toBeUndefined()
    expect(consequenceOf(policy, rollout.state())).toContain('No live user')
  })
})
