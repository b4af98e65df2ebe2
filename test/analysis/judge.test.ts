import { describe, expect, it } from 'vitest'
import { foldPairs } from '../../src/analysis/fold.ts'
import { createJudge, type ClosedBlock } from '../../src/analysis/judge.ts'
import { reportSchema } from '../../src/core/contract/report.ts'
import { InvariantError } from '../../src/core/invariant.ts'
import { createWorld, failing, planOf, runSynthetic, slower, type Change } from './synthetic.ts'

const hang: Change = (answer, { seconds }) =>
  seconds >= 60 ? { latencyMs: 10_000, outcome: 'timeout' } : answer

function blocksOf(count: number, canary?: Change): ClosedBlock[] {
  const plan = planOf()
  const judge = createJudge(plan, 1)
  const world = createWorld(plan, 1, canary === undefined ? {} : { canary })
  return Array.from({ length: count }, (_, at): ClosedBlock => {
    const [startSeconds, endSeconds] = [10 + at / 2, 10.5 + at / 2]
    const pairs = world.pairs(startSeconds, endSeconds, 'quiet')
    const sums = foldPairs(plan, 1, judge.initialParameters(), pairs)
    return { index: at + 1, phase: 'quiet', startSeconds, endSeconds, capped: [], sums }
  })
}

describe('judge: wrong use', () => {
  it('add() refuses a block out of order', () => {
    const judge = createJudge(planOf(), 1)
    const [first, second] = blocksOf(2)
    if (first === undefined || second === undefined) throw new Error('no blocks')
    expect(() => judge.add(second)).toThrow(InvariantError)
    judge.add(first)
    expect(() => judge.add(first)).toThrow(InvariantError)
  })

  it('warmedUp() refuses to come after a block', () => {
    const judge = createJudge(planOf(), 1)
    const [first] = blocksOf(1)
    if (first === undefined) throw new Error('no block')
    judge.add(first)
    expect(() => judge.warmedUp(first.sums, 10)).toThrow(InvariantError)
  })

  it('stream() refuses an action that the plan does not have', () => {
    expect(() => createJudge(planOf(), 1).stream('pay', 'errors')).toThrow(RangeError)
  })

  it('createJudge() refuses to go on from something else', () => {
    expect(() => createJudge(planOf(), 1, { schema: 'other' })).toThrow(RangeError)
    const other = createJudge(planOf({}, [{ action: 'home', share: 1 }]), 1).snapshot()
    expect(() => createJudge(planOf(), 1, other)).toThrow(/another plan/)
  })
})

describe('judge', () => {
  it('names the one action that is 50 % slower, and only that, as the cause', () => {
    for (const seed of [1, 2, 3]) {
      const { report, decision } = runSynthetic({ seed, canary: slower(1.5, 'view') })
      expect(decision).toEqual({ kind: 'stop', reason: 'named' })
      expect(report.verdict).toBe('regressed')
      expect(new Set(report.findings.map(({ action }) => action))).toEqual(new Set(['view']))
      const [finding] = report.findings
      expect(finding).toMatchObject({ role: 'cause', phase: 'quiet', rule: 'evidence' })
      expect(finding?.detectedAt).toBeLessThan(30)
      expect(finding?.lnEvidence).toBeGreaterThanOrEqual(finding?.lnThreshold ?? Infinity)
      const { low = 9, high = 0 } = finding?.effect ?? {}
      expect(low).toBeLessThan(1.5)
      expect(high).toBeGreaterThan(1.5)
      expect(report.summary).toMatch(/^view is 1\.\d\d× slower \(.+–.+\), decided after \d+ s/)
      const rows = report.actions.map(({ action, verdict }) => [action, verdict])
      expect(rows).toContainEqual(['view', 'regressed'])
    }
  })

  it('proves a healthy canary, not before the least duration of load', () => {
    for (const seed of [1, 2, 3]) {
      const { report, decision, plan } = runSynthetic({ seed })
      expect(decision).toEqual({ kind: 'stop', reason: 'proof' })
      expect(report.verdict).toBe('healthy')
      expect(report.findings).toEqual([])
      expect(report.phases.map(({ name }) => name)).toEqual(['quiet', 'load'])
      expect(report.phases[1]?.seconds).toBeGreaterThanOrEqual(60)
      expect(report.actions.map(({ action }) => action)).toEqual([
        '*',
        ...plan.actions.map(({ action }) => action),
      ])
      expect(report.actions.every(({ verdict }) => verdict === 'healthy')).toBe(true)
      expect(report.summary).toMatch(/^All 4 required actions proven within the margin after/)
    }
  })

  it('finds failures of one action', () => {
    const { report } = runSynthetic({ canary: failing(0.06, 'search') })
    expect(report.findings[0]).toMatchObject({ action: 'search', metric: 'errors', role: 'cause' })
    expect(report.findings[0]?.effect?.estimate).toBeGreaterThan(0.02)
    expect(report.summary).toMatch(/^search fails \+\d/)
  })

  it('finds a slow mode in the tail', () => {
    const slowMode: Change = (answer, _request, random) =>
      random.next() < 0.06 ? { ...answer, latencyMs: answer.latencyMs * 10 } : answer
    const { report } = runSynthetic({ canary: slowMode })
    expect(report.verdict).toBe('regressed')
    expect(report.findings.some(({ metric }) => metric === 'latency_tail')).toBe(true)
  })

  it('calls a defect that shows only under load by its role', () => {
    const underLoad: Change = (answer, { phase, action }) =>
      phase === 'load' && action === 'view'
        ? { ...answer, latencyMs: answer.latencyMs * 2 }
        : answer
    const { report } = runSynthetic({ canary: underLoad })
    expect(report.findings[0]).toMatchObject({ action: 'view', role: 'under_load', phase: 'load' })
    expect(report.summary).toContain('slower under load')
    const single = runSynthetic({ plan: planOf({ phases: ['load'] }), canary: underLoad })
    expect(single.report.findings[0]?.role).toBeUndefined()
  })

  it('finds a twentyfold slow-down in mid-run, and when it began', () => {
    const { report } = runSynthetic({ canary: slower(20, undefined, 60) })
    expect(report.verdict).toBe('regressed')
    const [finding] = report.findings
    expect(finding?.detectedAt).toBeLessThan(50 + 20)
    expect(Math.abs((finding?.onset ?? 0) - 50)).toBeLessThan(8)
    expect(report.reasons.map(({ code }) => code)).toContain('effect-changed')
  })

  it('finds a hang in mid-run by the fixed rule, long before evidence could', () => {
    const { report, decision } = runSynthetic({ canary: hang })
    expect(decision).toEqual({ kind: 'stop', reason: 'critical' })
    expect(report.findings[0]).toMatchObject({ action: '*', metric: 'errors', rule: 'critical' })
    expect(report.findings[0]?.detectedAt).toBeLessThan(50 + 5)
    expect(report.summary).toMatch(/^critical: \d+ canary answers in a row timed out/)
  })

  it('does not name an action where all are a little slower', () => {
    const { report, decision } = runSynthetic({ canary: slower(1.07) })
    expect(decision).toEqual({ kind: 'stop', reason: 'not-localised' })
    expect(report.findings).toHaveLength(1)
    expect(report.findings[0]).toMatchObject({ action: '*', metric: 'latency_typical' })
    expect(report.findings[0]?.role).toBeUndefined()
    expect(report.reasons[0]?.code).toBe('not-localised')
    expect(report.summary).toMatch(/^not localised: the service is 1\.0\d× slower/)
  })

  it('notes a difference that is real but within the margin', () => {
    const { report } = runSynthetic({ canary: slower(1.05, 'home') })
    expect(report.verdict).toBe('healthy')
    expect(report.notes.map(({ action }) => action)).toEqual(['home'])
    expect(report.summary).toMatch(
      /; 1 note: home is \d(\.\d)? % slower \(\d+–\d+ %\), within 10 %$/,
    )
  })

  it('forgives a fast service its half millisecond', () => {
    const quick: Change = (answer) => ({ ...answer, latencyMs: answer.latencyMs / 40 })
    const plan = planOf({ maxDurationSeconds: 120 })
    const canary: Change = (answer, request, random) =>
      slower(1.25)(quick(answer, request, random), request, random)
    expect(runSynthetic({ plan, baseline: quick, canary }).report.findings).toEqual([])
  })

  it('runs a fixed duration to its end and judges there', () => {
    const { report, decision } = runSynthetic({ plan: planOf({ duration: 150 }) })
    expect(decision).toEqual({ kind: 'stop', reason: 'time' })
    expect(report.seconds).toBeCloseTo(150, 0)
    expect(report.verdict).toBe('healthy')
  })

  it('says what is missing where the time is too short', () => {
    const { report } = runSynthetic({ plan: planOf({ duration: 40 }) })
    expect(report.verdict).toBe('inconclusive')
    expect(report.phases.map(({ name }) => name)).toEqual(['load'])
    const open = report.actions.filter(({ verdict }) => verdict === 'inconclusive')
    expect(open.length).toBeGreaterThan(0)
    for (const { need } of open) {
      expect(need?.pairs).toBeGreaterThan(0)
      expect(need?.p10Seconds).toBeLessThan(need?.seconds ?? 0)
      expect(need?.p90Seconds).toBeGreaterThan(need?.seconds ?? Infinity)
    }
    expect(report.summary).toMatch(/^Nothing found, but .* not proven: .* more pairs \(\w+\)/)
  })

  it('ends the quiet phase after twenty quiet blocks', () => {
    const { report } = runSynthetic()
    expect(report.phases[0]?.seconds).toBeGreaterThanOrEqual(10)
    expect(report.phases[0]?.seconds).toBeLessThanOrEqual(45)
  })

  it('is deaf after its stop, and answers the same', () => {
    const { judge, decision, blocks } = runSynthetic({ canary: failing(0.8) })
    const before = judge.live()
    const [block] = blocksOf(1)
    if (block === undefined) throw new Error('no block')
    expect(judge.add({ ...block, index: blocks + 1 })).toEqual(decision)
    expect(judge.live()).toEqual(before)
  })

  it('live() tells how far the proof is', () => {
    const { judge } = runSynthetic({ interruptAfter: 60 })
    const live = judge.live()
    expect(live.sentence).toMatch(/^Nothing found so far: \d of 4 actions proven, about .+ to go$/)
    expect(live.remainingSeconds).toBeGreaterThan(0)
    expect(live.actions).toHaveLength(5)
    expect(live.lnRun).toBeLessThan(live.lnRunThreshold)
    expect(live.pairs).toBeGreaterThan(1000)
    expect(live.baselineFailureShare).toBeLessThan(0.05)
  })

  it('stream() and quantiles() serve the charts', () => {
    const { judge } = runSynthetic({ interruptAfter: 100 })
    const typical = judge.stream('home', 'latency_typical')
    expect(typical.ratio).toBeCloseTo(1, 0)
    expect(typical.lnThreshold).toBeCloseTo(Math.log((2 * 2 * 12) / 0.05))
    expect(typical.lnHealthyEvidence).toBeDefined()
    expect(judge.stream('*', 'errors').ratio).toBeUndefined()
    const { baseline, canary } = judge.quantiles('*')
    expect(baseline.length).toBeGreaterThan(8)
    const latencies = canary.map(([, ms]) => ms)
    expect(latencies).toEqual(latencies.toSorted((left, right) => left - right))
  })

  it('reports what the schema promises, for every ending', () => {
    for (const options of [
      {},
      { canary: failing(0.8) },
      { interruptAfter: 3 },
      { interruptAfter: 0 },
    ]) {
      const { report } = runSynthetic(options)
      expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
    }
  })

  it('goes on from its snapshot bit for bit', () => {
    for (const canary of [undefined, slower(1.2, 'view')]) {
      const blocks = blocksOf(60, canary)
      const straight = createJudge(planOf(), 1)
      let restored = createJudge(planOf(), 1)
      for (const block of blocks) {
        const decision = straight.add(block)
        expect(restored.add(block)).toEqual(decision)
        if (block.index % 20 === 0) {
          const written: unknown = JSON.parse(JSON.stringify(restored.snapshot()))
          restored = createJudge(planOf(), 1, written)
        }
      }
      expect(restored.live()).toEqual(straight.live())
      expect(restored.snapshot()).toEqual(straight.snapshot())
      expect(restored.parametersFor(61)).toEqual(straight.parametersFor(61))
    }
  })

  it('parametersFor() waits for the block before the last', () => {
    const judge = createJudge(planOf(), 1)
    const [first] = blocksOf(1)
    if (first === undefined) throw new Error('no block')
    expect(judge.parametersFor(1)).toBeUndefined()
    judge.warmedUp(first.sums, 10)
    expect(judge.parametersFor(1)?.after).toBe(0)
    expect(judge.parametersFor(2)?.after).toBe(0)
    expect(judge.parametersFor(3)).toBeUndefined()
    judge.add(first)
    expect(judge.parametersFor(3)?.after).toBe(1)
  })
})
