import { describe, expect, it } from 'vitest'
import { createArgo } from '../../../src/analysis/rules/argo.ts'
import { createBurnRate } from '../../../src/analysis/rules/burn-rate.ts'
import { createFlagger } from '../../../src/analysis/rules/flagger.ts'
import { createKeptn, totalPercent } from '../../../src/analysis/rules/keptn.ts'
import { judge, steady, type Request, type Traffic } from './stream.ts'

/** Ten requests a second; of each hundred of the canary `failing` fail. */
function failing(failing: number, seconds: number): Traffic {
  const canary = (index: number): Request => ({ latencyMs: 10, failed: index % 100 < failing })
  return { seconds, perSecond: 10, baseline: steady(10), canary }
}

/** Sound, but slow from one second to another. */
function slowBetween(from: number, to: number, seconds: number): Traffic {
  const canary = (_: number, at: number): Request => ({
    latencyMs: at >= from && at < to ? 501 : 10,
  })
  return { seconds, perSecond: 10, baseline: steady(10), canary }
}

describe('createFlagger()', () => {
  it('counts a minute without requests as a failed check and rolls back after five', () => {
    expect(createFlagger().finish(600)).toMatchObject({
      verdict: 'regressed',
      detectedAt: 360,
      detail: 'rolled back, 5 failed checks of 5, the first: no values found',
    })
  })

  it('rolls back one tick after the fifth failure', () => {
    // 2 % of each minute fail: 98 % < 99 %. Checks fail at 60, 120, …, 300 s; the tick at 360 s acts.
    const verdict = judge(createFlagger(), failing(2, 400))
    expect(verdict).toMatchObject({ verdict: 'regressed', detectedAt: 360, metric: 'errors' })
    expect(verdict.detail).toContain('the first: success 98 % < 99 %')
  })

  it('promotes after as many passes as it has steps: 50 ÷ 10', () => {
    const verdict = judge(createFlagger(), failing(1, 400))
    expect(verdict).toEqual({
      verdict: 'healthy',
      actions: [],
      detail: 'promoted at 300 s, 0 failed checks of 5',
    })
  })

  it('never forgets a failed check, and goes on where too few failed', () => {
    // The second minute has p99 501 ms > 500 ms, so the weight stays and promotion comes a minute later.
    expect(judge(createFlagger(), slowBetween(60, 120, 400)).detail).toBe(
      'promoted at 360 s, 1 failed check of 5',
    )
    expect(judge(createFlagger(), slowBetween(60, 120, 200))).toMatchObject({
      verdict: 'inconclusive',
      detail: 'still at 30 % of 50 %, 1 failed check of 5, the first: p99 501 ms > 500 ms',
    })
  })

  it('does not see a canary that is five times slower within its limit', () => {
    const verdict = judge(createFlagger(), { ...failing(0, 400), canary: steady(50) })
    expect(verdict.verdict).toBe('healthy')
  })
})

describe('createArgo()', () => {
  it('ends in an error after five queries without a value, ten seconds apart', () => {
    // At 60, 70, 80, 90 and 100 s.
    expect(createArgo().finish(600)).toMatchObject({ verdict: 'regressed', detectedAt: 100 })
    expect(createArgo().finish(30).detail).toBe('0 of 5 measurements made')
  })

  it('fails at the first measurement that does not hold', () => {
    expect(judge(createArgo(), failing(2, 400))).toMatchObject({
      verdict: 'regressed',
      detectedAt: 60,
      detail: 'measurement 1 of 5 failed: success 98 % < 99 %',
    })
    expect(judge(createArgo(), slowBetween(190, 200, 400))).toMatchObject({
      detectedAt: 240,
      metric: 'latency_tail',
    })
  })

  it('is successful after five', () => {
    const rule = createArgo()
    expect(judge(rule, failing(1, 310)).verdict).toBe('healthy')
    expect(judge(createArgo(), failing(1, 200))).toMatchObject({
      verdict: 'inconclusive',
      detail: '3 of 5 measurements made, all passed',
    })
  })

  it('sees the last minute only', () => {
    // Slow until 5 s into the run, then quiet for the rest: the first measurement has it, p99 of 600.
    expect(judge(createArgo(), slowBetween(0, 5, 400)).detectedAt).toBe(60)
    // 5 s of 60 are 8 %; half a second is 0.8 % and stays below p99.
    expect(judge(createArgo(), slowBetween(0, 0.5, 400)).verdict).toBe('healthy')
  })
})

describe('createBurnRate()', () => {
  it('says nothing of a canary without requests', () => {
    expect(createBurnRate().finish(600).verdict).toBe('inconclusive')
  })

  it('pages where the budget burns too fast over both windows', () => {
    // 2 % failed ÷ 0.1 % = 20 times too fast, over 5 minutes and over an hour: more than 14.4.
    expect(judge(createBurnRate(), failing(2, 120))).toMatchObject({
      verdict: 'regressed',
      detectedAt: 60,
      detail: 'the error budget burns 20.0× and 20.0× too fast over 5 and 60 min, more than 14.4×',
    })
    // 1 % = 10 times: only the slower pair of windows, more than 6.
    expect(judge(createBurnRate(), failing(1, 120)).detail).toContain('over 30 and 360 min')
  })

  it('does not page for a budget that is used as planned', () => {
    const traffic = {
      ...failing(0, 600),
      canary: (index: number) => ({ latencyMs: 1, failed: index % 1000 === 5 }),
    }
    expect(judge(createBurnRate(), traffic)).toMatchObject({
      verdict: 'healthy',
      detail: 'no page: 0.1 % of 6\u202f000 requests failed',
    })
  })

  it('forgets what lies further back than its longest window, in any silence', () => {
    const rule = createBurnRate()
    const sample = { action: 'a', arm: 'canary', latencyMs: 1 } as const
    for (let index = 0; index < 1000; index += 1)
      rule.sample({ ...sample, at: 1, failed: index < 5 })
    rule.sample({ ...sample, at: 1e12, failed: false })
    expect(rule.finish(1e12 + 60).verdict).toBe('healthy')
  })
})

describe('createKeptn()', () => {
  it('says nothing without both arms', () => {
    expect(createKeptn().finish(60).verdict).toBe('inconclusive')
  })

  it('passes, warns and fails by the points reached', () => {
    const traffic = (canaryMs: number, failures: number): Traffic => ({
      ...failing(failures, 60),
      canary: (index) => ({ latencyMs: canaryMs, failed: index % 100 < failures }),
    })
    // p95 +5 % and no failure: 2 of 2 points.
    expect(judge(createKeptn(), traffic(10.5, 0)).verdict).toBe('healthy')
    // p95 +20 % is a warning: 1.5 of 2 points = 75 %.
    expect(judge(createKeptn(), traffic(12, 0))).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(/^total 75 %: p95 .* \(warning\), failures 0 % \(pass\)$/),
    })
    // p95 +50 %: 1 of 2 points = 50 %.
    expect(judge(createKeptn(), traffic(15, 0))).toMatchObject({
      verdict: 'regressed',
      detectedAt: 60,
      metric: 'latency_tail',
    })
    // 2 % failures are a warning, 6 % a failure.
    expect(judge(createKeptn(), traffic(10, 2)).verdict).toBe('inconclusive')
    expect(judge(createKeptn(), traffic(10, 6))).toMatchObject({
      verdict: 'regressed',
      metric: 'errors',
    })
  })

  it('totalPercent() weighs objectives, and a failed key fails all', () => {
    // (2 · 1 + 1 · 0.5 + 1 · 0) ÷ 4 = 62.5 %.
    const objectives = [
      { result: 'pass', weight: 2 },
      { result: 'warning', weight: 1 },
      { result: 'fail', weight: 1 },
    ] as const
    expect(totalPercent(objectives)).toBe(62.5)
    expect(totalPercent([...objectives, { result: 'fail', weight: 1, isKey: true }])).toBe(0)
  })
})
