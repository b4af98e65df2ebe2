import { describe, expect, it } from 'vitest'
import { decide } from '../../src/allocator/decide.ts'
import {
  ACTS,
  STATES,
  actsIn,
  checkTransition,
  isEnd,
  statesAfter,
} from '../../src/allocator/machine.ts'
import { InvariantError } from '../../src/core/invariant.ts'
import {
  alarm,
  critical,
  drive,
  goodTick,
  policyOf,
  started,
  weightsOf,
  type Seen,
} from './driving.ts'

const healthy: Seen = { judgement: { requiredHealthy: true } }
const inBetween: Seen = { judgement: { lnRun: 2.6 } }
const isolated = policyOf({ startBp: 2000 })

describe('checkTransition()', () => {
  it('refuses a way that the table does not have', () => {
    expect(() => checkTransition('promoted', 'ramping')).toThrow(InvariantError)
    expect(() => checkTransition('pending', 'promoting')).toThrow(/from pending to promoting/)
  })
  it('leads every state to an end, and lets nobody act on one', () => {
    for (const state of STATES) {
      const reached = new Set([state])
      for (const from of reached) for (const to of statesAfter(from)) reached.add(to)
      expect([...reached].some(isEnd)).toBe(true)
      if (isEnd(state)) expect(actsIn(state)).toEqual([])
    }
    expect(STATES.flatMap(actsIn)).toEqual(expect.arrayContaining([...ACTS]))
  })
})

describe('the default policy', () => {
  it('starts at 5 % and gains 1 % a minute without anomaly', () => {
    const rollout = started()
    expect(rollout.state()).toMatchObject({ state: 'ramping', intendedBp: 500 })
    expect(weightsOf(rollout.ticks(4))).toEqual([600, 700, 800, 900])
    expect(rollout.decisions.at(-1)).toMatchObject({
      intent: { kind: 'weight', fromBp: 800, toBp: 900 },
      reason: { code: 'no-alarm' },
      actor: 'policy',
    })
    expect(rollout.decisions.at(-1)?.sentence).toMatch(/^Ramping at 9\s%: no anomaly$/)
  })
  it('reaches 100 % after 95 minutes and is promoted at the proof', () => {
    const rollout = started()
    rollout.ticks(95)
    expect(rollout.state().intendedBp).toBe(10_000)
    expect(rollout.decisions.at(-1)?.atMs).toBe(95 * 60_000 + 1000)
    expect(rollout.tick().reason.code).toBe('awaiting-proof')
    expect(rollout.tick(healthy)).toMatchObject({ intent: { kind: 'promote' } })
    expect(rollout.event({ promotion: 'done' })).toMatchObject({ intent: { toBp: 0 } })
    expect(rollout.event().state.state).toBe('promoted')
  })
  it('loses 5 % at an alarm, between ticks, and says what was found', () => {
    const rollout = started()
    rollout.ticks(5)
    const decision = rollout.event(alarm)
    expect(decision).toMatchObject({
      intent: { kind: 'weight', fromBp: 1000, toBp: 500 },
      reason: { code: 'alarm' },
      state: { state: 'holding', hysteresis: { reductions: 1 } },
    })
    expect(decision.sentence).toMatch(
      /^Holding at 5\s%: checkout is 1\.31× slower \(1\.22–1\.41\)$/,
    )
  })
  it('ends in rolled_back when a reduction reaches 0', () => {
    const rollout = started()
    expect(rollout.event(alarm)).toMatchObject({
      intent: { toBp: 0 },
      state: { state: 'rolling_back' },
      reason: { code: 'alarm' },
    })
    expect(rollout.event().state).toMatchObject({ state: 'rolled_back', reason: { code: 'alarm' } })
  })
})

describe('hysteresis', () => {
  it('holds three ticks after a reduction, then rises on proof', () => {
    const rollout = started(isolated)
    rollout.event(alarm)
    expect(rollout.ticks(3, healthy).map(({ reason }) => reason.code)).toEqual(
      Array.from({ length: 3 }, () => 'hold-ticks'),
    )
    expect(rollout.tick(healthy)).toMatchObject({
      reason: { code: 'proven' },
      intent: { toBp: 1600 },
    })
  })
  it('rises at the fifth clear tick, the held ones included', () => {
    const rollout = started(isolated)
    rollout.event(alarm)
    expect(weightsOf(rollout.ticks(5))).toEqual([1500, 1500, 1500, 1500, 1600])
    expect(rollout.decisions.at(-1)?.reason.code).toBe('clear')
  })
  it('holds while the evidence lies between clear and alarm, and counts from the start again', () => {
    const rollout = started(isolated)
    rollout.event(alarm)
    rollout.ticks(4)
    const held = rollout.tick(inBetween)
    expect(held.reason).toMatchObject({ code: 'not-clear' })
    expect(held.reason.message).toBe(
      '0 of 5 clear ticks since the reduction, evidence × 13 of × 300',
    )
    expect(weightsOf(rollout.ticks(5))).toEqual([1500, 1500, 1500, 1500, 1600])
  })
  it('rises before any reduction also with some evidence: no alarm is enough', () => {
    expect(started().tick(inBetween).state.intendedBp).toBe(600)
  })
  it('does not count a tick as clear that told nothing', () => {
    const rollout = started(isolated)
    rollout.event(alarm)
    rollout.ticks(4)
    expect(rollout.tick({ tick: { unequalLoad: true } }).reason.message).toContain('unequal')
    expect(rollout.tick({ tick: { deliveredShare: 0.5 } }).reason.code).toBe('load-not-delivered')
    expect(rollout.tick().reason.code).toBe('clear')
  })
  it('reduces once in ten seconds, however often the alarm is told', () => {
    const rollout = started(isolated)
    rollout.event(alarm)
    expect(rollout.event(alarm, 9)).toMatchObject({
      intent: { kind: 'none' },
      reason: { code: 'just-reduced' },
    })
    expect(rollout.event(alarm, 1).intent).toMatchObject({ toBp: 1000 })
  })
  it('does not reduce again for old evidence, old counts or less than a window of them', () => {
    const rollout = started(isolated)
    rollout.event(alarm)
    const stale = { judgement: { episode: 0, alarm: true } }
    const old = { liveGuard: { kind: 'anomalous' as const, fromMs: 0 } }
    expect(rollout.event(stale, 30).intent.kind).toBe('none')
    expect(rollout.event(old, 30).intent.kind).toBe('none')
    const guard = { liveGuard: { kind: 'anomalous' as const, fromMs: 63_000 } }
    expect(rollout.event(guard, 29).intent.kind).toBe('none')
    expect(rollout.event(guard, 2).reason.code).toBe('live-guard')
  })
  it('rolls back at the third reduction', () => {
    const rollout = started(policyOf({ startBp: 9000 }))
    expect(weightsOf([1, 2, 3].map(() => rollout.event(alarm, 20)))).toEqual([8500, 8000, 0])
    expect(rollout.state()).toMatchObject({
      state: 'rolling_back',
      reason: { code: 'reversals-exhausted' },
    })
    expect(rollout.event().sentence).toMatch(/^Rolled back: checkout is 1\.31× slower/)
  })
})

describe('an unusable tick', () => {
  const unreachable = { kind: 'unreachable', tries: 4, problem: 'timeout' } as const
  it.each([
    { seen: { tick: { deliveredShare: 0.94 } }, code: 'load-not-delivered' },
    { seen: { tick: { deliveredShare: Number.NaN } }, code: 'load-not-delivered' },
    { seen: { tick: { requiredPairs: { search: 9, checkout: 0 } } }, code: 'no-pairs' },
    { seen: { tick: { generatorStrained: true } }, code: 'generator-strained' },
    { seen: { judgement: { lnRun: Number.NaN } }, code: 'not-judged' },
    { seen: { judgement: { episode: 1 } }, code: 'not-judged' },
    { seen: { reading: unreachable }, code: 'router-unreachable' },
    { seen: { reading: { ...unreachable, kind: 'refused' as const } }, code: 'router-refused' },
  ])('holds with $code', ({ seen, code }) => {
    const rollout = started()
    const held = rollout.tick(seen)
    expect(held).toMatchObject({ intent: { kind: 'none' }, reason: { code } })
    expect(held.state).toMatchObject({ state: 'holding', intendedBp: 500 })
    expect(rollout.tick().state).toMatchObject({ state: 'ramping', intendedBp: 600 })
  })
  it('holds while the last raise is not read back', () => {
    const rollout = started()
    rollout.tick()
    rollout.setRouter(500)
    const held = rollout.tick()
    expect(held.reason.message).toMatch(/^the router reads 5\s%, intended is 6\s%$/)
    expect(held.state).toMatchObject({ state: 'holding', intendedBp: 500 })
    expect(rollout.tick().state.intendedBp).toBe(600)
  })
  it('holds after three readings whose observed split disagrees', () => {
    const rollout = started(policyOf({ startBp: 2000 }))
    const off = (readAtMs: number): Seen => ({
      reading: { kind: 'read', readAtMs, configuredBp: 2000, observed: { lowBp: 0, highBp: 900 } },
    })
    rollout.event(off(2000))
    rollout.event(off(2000))
    rollout.event(off(3000))
    expect(rollout.state().disagreements).toBe(2)
    rollout.event(off(4000))
    expect(rollout.tick(off(4000)).reason.code).toBe('split-disagrees')
  })
  it('says since when it holds', () => {
    const rollout = started()
    const [first, , third] = rollout.ticks(3, { tick: { generatorStrained: true } })
    expect(third?.reason.sinceMs).toBe(first?.atMs)
  })
  it('is no tick at all before its time', () => {
    const policy = policyOf()
    const rollout = started(policy)
    const { nextTickAtMs } = rollout.state()
    const last = rollout.observations.at(-1)
    if (last === undefined) throw new Error('it has begun')
    const early = { ...last, tick: goodTick, atMs: nextTickAtMs - 1 }
    expect(decide(policy, rollout.state(), early).intent.kind).toBe('none')
  })
})

describe('critical', () => {
  it('does not climb from 0 on an alarm, where the first weight never arrived', () => {
    const rollout = started()
    rollout.setRouter(0)
    expect(rollout.tick().state).toMatchObject({ state: 'holding', intendedBp: 0 })
    expect(rollout.tick(alarm).state).toMatchObject({ state: 'rolling_back', intendedBp: 0 })
  })
  it('asks for a reduction until it is read back', () => {
    const rollout = started(isolated)
    rollout.event()
    rollout.event(alarm)
    const lost: Seen = { reading: { kind: 'unreachable', tries: 2, problem: 'timeout' } }
    expect(rollout.event(lost)).toMatchObject({
      intent: { kind: 'weight', toBp: 1500 },
      reason: { code: 'router-unreachable' },
    })
    expect(rollout.event().intent.kind).toBe('none')
  })
  it('goes to 0 at once, also right after a reduction and in a pause', () => {
    const reduced = started(isolated)
    reduced.event(alarm)
    expect(reduced.event(critical).state).toMatchObject({ state: 'rolling_back', intendedBp: 0 })
    const paused = started()
    paused.event({ person: { act: 'pause', by: 'ana' } })
    expect(paused.event({ liveGuard: { kind: 'critical', fromMs: 0 } }).intent).toMatchObject({
      toBp: 0,
    })
  })
  it('asks until 0 is read back, and fails at the fifth refusal', () => {
    const rollout = started()
    rollout.event(critical)
    rollout.setRouter(500)
    expect(rollout.event().intent).toEqual({ kind: 'weight', fromBp: 0, toBp: 0 })
    const refused = (tries: number): Seen => ({
      reading: { kind: 'refused', tries, problem: 'no such backend' },
    })
    expect(rollout.event(refused(4)).state.state).toBe('rolling_back')
    expect(rollout.event(refused(5)).state.state).toBe('failed')
  })
})

describe('the beginning', () => {
  const gated = policyOf({ gate: { need: 'healthy' } })
  const gate = (verdict: 'healthy' | 'regressed' | 'invalid' | 'inconclusive', run = 1): Seen => ({
    gate: { run, verdict },
  })
  it('waits for the target, then for the router, and fails where it does not read 0', () => {
    const rollout = drive(gated)
    expect(rollout.event({ waitsFor: 'for the probe of r0 to end' }).sentence).toBe(
      'Waiting: for the probe of r0 to end',
    )
    rollout.setRouter(500)
    expect(rollout.event().state).toMatchObject({
      state: 'failed',
      reason: { code: 'router-not-at-zero' },
    })
  })
  it('probes at weight 0 and starts when the gate is healthy', () => {
    const rollout = drive(gated)
    expect(rollout.event()).toMatchObject({ intent: { kind: 'probe', run: 1 } })
    expect(rollout.event(gate('healthy'))).toMatchObject({
      intent: { kind: 'weight', fromBp: 0, toBp: 500 },
      state: { state: 'ramping' },
    })
  })
  it('is rolled back by a regressed gate, without ever a weight', () => {
    const rollout = drive(gated)
    rollout.event()
    expect(rollout.event(gate('regressed')).state.state).toBe('rolled_back')
    expect(rollout.decisions.every(({ intent }) => intent.kind !== 'weight')).toBe(true)
  })
  it('is rolled back when the gate proves nothing in its time', () => {
    const rollout = drive(gated)
    rollout.event()
    expect(rollout.event({}, 899).state.state).toBe('probing')
    expect(rollout.event({}, 1)).toMatchObject({
      state: { state: 'rolled_back' },
      reason: { code: 'gate-inconclusive' },
    })
  })
  it('probes again after an invalid gate, and fails at the second', () => {
    const rollout = drive(gated)
    rollout.event()
    expect(rollout.event(gate('invalid'))).toMatchObject({ intent: { kind: 'probe', run: 2 } })
    expect(rollout.event(gate('invalid')).state.state).toBe('probing')
    expect(rollout.event(gate('invalid', 2)).state).toMatchObject({
      state: 'failed',
      reason: { code: 'gate-invalid' },
    })
  })
})

describe('stages', () => {
  const policy = policyOf({
    kind: 'stages',
    stages: [
      { weightBp: 500, forSeconds: 120, limits: { successRate: 0.99, p95Ms: 500 } },
      { weightBp: 5000, gate: 'manual' },
      { weightBp: 10_000 },
    ],
  })
  it('last for their time, in which unusable ticks do not count', () => {
    const rollout = started(policy)
    rollout.tick({ tick: { generatorStrained: true } })
    expect(rollout.tick()).toMatchObject({
      reason: { code: 'stage-time' },
      intent: { kind: 'none' },
    })
    expect(rollout.tick().state.intendedBp).toBe(5000)
  })
  it('hold at a broken limit and at a figure that is not known, and never reduce for it', () => {
    const rollout = started(policy)
    rollout.tick()
    const codes = [{ successRate: 0.98, p95Ms: 1 }, { successRate: 1, p95Ms: 501 }, {}].map(
      (figures) => rollout.tick({ tick: { figures } }),
    )
    expect(codes.map(({ reason }) => reason.code)).toEqual(codes.map(() => 'stage-limit'))
    expect(rollout.state().intendedBp).toBe(500)
    expect(rollout.tick().state.intendedBp).toBe(5000)
  })
  it('wait at a manual gate for a person, then go on at the next tick', () => {
    const rollout = started(policy)
    rollout.ticks(2)
    expect(rollout.tick().reason.code).toBe('stage-gate')
    const opened = rollout.event({ person: { act: 'promote', by: 'ana', reason: 'looks good' } })
    expect(opened).toMatchObject({ actor: 'ana', intent: { kind: 'none' } })
    expect(opened.reason.message).toBe('promoted by ana: "looks good"')
    expect(rollout.tick().state.intendedBp).toBe(10_000)
  })
  it('fall back one stage', () => {
    const rollout = started(policy)
    rollout.ticks(2)
    expect(rollout.event(alarm).state.intendedBp).toBe(500)
  })
})

describe('blue/green and A/B', () => {
  it('blue/green switches once and falls to 0', () => {
    const rollout = started(policyOf({ kind: 'blue_green' }))
    expect(rollout.state().intendedBp).toBe(10_000)
    expect(rollout.event(alarm).state).toMatchObject({ state: 'rolling_back', intendedBp: 0 })
  })
  it('A/B keeps its split for its time and leaves the answer to a person', () => {
    const rollout = started(policyOf({ kind: 'ab', forSeconds: 120 }))
    expect(rollout.tick(healthy).reason.code).toBe('stage-time')
    expect(rollout.tick(healthy).reason.code).toBe('awaiting-person')
    const word = rollout.event({ person: { act: 'promote', by: 'ana' } })
    expect(word).toMatchObject({ state: { state: 'promoting' }, intent: { kind: 'promote' } })
  })
})

describe('a person', () => {
  const says = (act: (typeof ACTS)[number]): Seen => ({ person: { act, by: 'ana' } })
  it('cannot do what the state forbids, and nothing changes', () => {
    const rollout = started()
    rollout.event()
    const before = rollout.state()
    expect(rollout.event(says('finalize'))).toMatchObject({
      reason: { code: 'act-refused' },
      intent: { kind: 'none' },
      actor: 'ana',
    })
    expect(rollout.state()).toEqual({ ...before, lastReadAtMs: 3000 })
    rollout.event(says('abort'))
    rollout.event()
    expect(rollout.event(says('resume')).reason.message).toBe(
      'cannot resume a rollout that is aborted; nothing was changed',
    )
  })
  it('pauses: no raise, but an alarm still reduces', () => {
    const rollout = started(isolated)
    rollout.event(says('pause'))
    expect(weightsOf(rollout.ticks(3))).toEqual([2000, 2000, 2000])
    expect(rollout.event(alarm).state).toMatchObject({ state: 'paused', intendedBp: 1500 })
    expect(rollout.event(says('resume')).state.state).toBe('ramping')
    expect(rollout.tick().reason.code).toBe('hold-ticks')
  })
  it('aborts: to 0, and aborted when it is read back', () => {
    const rollout = started()
    expect(rollout.event(says('abort')).state.state).toBe('rolling_back')
    expect(rollout.event().sentence).toBe('Aborted: aborted by ana')
  })
  it('promotes from the way to the last weight at once', () => {
    const rollout = started()
    expect(rollout.event(says('promote')).state.intendedBp).toBe(10_000)
    expect(rollout.tick()).toMatchObject({ intent: { kind: 'promote' } })
    rollout.event(says('finalize'))
    expect(rollout.event().state.state).toBe('promoted')
  })
})

describe('someone else, restarts and time', () => {
  it('pauses when someone else moved the weight, and resumes with the lower one', () => {
    const rollout = started(isolated)
    rollout.setRouter(3500)
    expect(rollout.event()).toMatchObject({
      state: { state: 'paused', intendedBp: 2000 },
      intent: { kind: 'none' },
      reason: { code: 'weight-moved' },
    })
    expect(rollout.event(alarm).intent.kind).toBe('none')
    rollout.event({ person: { act: 'resume', by: 'ana' } })
    expect(rollout.state()).toMatchObject({ state: 'ramping', intendedBp: 2000 })
  })
  it('lowers a weight after a restart that was asked for and never read back', () => {
    const rollout = started()
    rollout.tick()
    expect(rollout.state()).toMatchObject({ intendedBp: 600, appliedBp: 500 })
    expect(rollout.event({ restarted: true })).toMatchObject({
      intent: { toBp: 500 },
      reason: { code: 'lowered-after-restart' },
    })
  })
  it('gives up after its time, which pauses prolong', () => {
    const rollout = started(policyOf({ giveUpAfterSeconds: 7200, promoteOn: 'manual' }))
    rollout.event({ person: { act: 'pause', by: 'ana' } })
    rollout.event({ person: { act: 'resume', by: 'ana' } }, 3600)
    expect(rollout.event({}, 7190).state.state).toBe('ramping')
    expect(rollout.event({}, 10)).toMatchObject({
      state: { state: 'rolling_back' },
      reason: { code: 'gave-up' },
    })
  })
})
