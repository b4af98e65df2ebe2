import { describe, expect, it } from 'vitest'
import type { Report } from '../../../src/core/contract/report.ts'
import { freezePlan } from '../../../src/analysis/plan.ts'
import { actionSchema } from '../../../src/core/contract/ontology.ts'
import {
  failing,
  planOf,
  runSynthetic,
  settings,
  shopActions,
  slower,
  type Change,
} from '../synthetic.ts'

const both = (change: Change): { baseline: Change; canary: Change } => ({
  baseline: change,
  canary: change,
})
const codesOf = ({ reasons }: Report): string[] => reasons.map(({ code }) => code)
const short = planOf({ maxDurationSeconds: 100 })
const load = planOf({ phases: ['load'], maxDurationSeconds: 90 })

describe('precedence of verdicts', () => {
  it('no pairs are invalid, never healthy', () => {
    const { report } = runSynthetic({ rate: 1e-9, plan: planOf({ duration: 30 }) })
    expect(report.verdict).toBe('invalid')
    expect(codesOf(report)[0]).toBe('no-pairs')
    expect(report.summary).toBe('Not judged: no pair of baseline and canary answers was measured')
  })

  it('a run that was ended early is inconclusive, whatever was proven', () => {
    const { report } = runSynthetic({ interruptAfter: 100 })
    expect(report.verdict).toBe('inconclusive')
    expect(codesOf(report)).toContain('interrupted')
    const nothing = runSynthetic({ interruptAfter: 0 }).report
    expect(nothing.verdict).toBe('inconclusive')
    expect(nothing.pairs).toBe(0)
  })

  it('critical: a canary that fails half of its requests ends the run in seconds', () => {
    const { report, decision } = runSynthetic({ canary: failing(0.7) })
    expect(decision).toEqual({ kind: 'stop', reason: 'critical' })
    expect(report.verdict).toBe('regressed')
    expect(report.findings[0]).toMatchObject({ action: '*', rule: 'critical', metric: 'errors' })
    expect(report.findings[0]?.detectedAt).toBeLessThanOrEqual(4)
    expect(report.summary).toMatch(
      /^critical: \d+ of the last \d+ pairs failed on the canary only$/,
    )
  })

  it('critical waits for three seconds and twenty pairs', () => {
    const { report } = runSynthetic({ plan: planOf({ rate: 2, duration: 30 }), canary: failing(1) })
    expect(report.findings[0]).toMatchObject({ rule: 'critical' })
    expect(report.findings[0]?.detectedAt).toBeGreaterThan(5)
  })

  it('critical stands above a generator that is late', () => {
    const { report } = runSynthetic({ canary: failing(0.7), lagP99Ms: 80 })
    expect(report.verdict).toBe('regressed')
  })

  it('a baseline that fails by itself is invalid, and nothing is said about the canary', () => {
    const { report, decision } = runSynthetic(both(failing(0.2)))
    expect(decision).toEqual({ kind: 'stop', reason: 'baseline-ill' })
    expect(report.verdict).toBe('invalid')
    expect(codesOf(report)[0]).toBe('baseline-ill')
    expect(report.findings).toEqual([])
    expect(report.notes).toEqual([])
    expect(report.actions.every(({ verdict, need }) => verdict === 'inconclusive' && !need)).toBe(
      true,
    )
    expect(report.summary).toMatch(
      /^Not judged: the baseline failed \d+ % of \d+ requests by itself/,
    )
  })

  it('a dead baseline is called ill after three seconds, also where the canary fails with it', () => {
    const { report } = runSynthetic(both(failing(0.9)))
    expect(codesOf(report)[0]).toBe('baseline-ill')
    expect(report.phases[0]?.seconds).toBeLessThanOrEqual(4)
  })

  it('one required action whose baseline fails by itself is enough, and is named', () => {
    const one = both(failing(0.14, 'search'))
    const { report, decision } = runSynthetic({ ...one, plan: load })
    expect(decision).toEqual({ kind: 'stop', reason: 'baseline-ill' })
    expect(report.summary).toMatch(
      /^Not judged: the baseline failed \d+ % of \d+ requests of search by itself/,
    )
  })

  it('a watched action may fail on both arms without making the run invalid', () => {
    const plan = planOf({ phases: ['load'], maxDurationSeconds: 90, require: ['home'] })
    const { report } = runSynthetic({ ...both(failing(0.1, 'checkout')), plan })
    expect(codesOf(report)).not.toContain('baseline-ill')
  })

  it('a baseline within its objective is not ill', () => {
    const document = actionSchema.parse({ request: { path: '/' }, slo: { error_rate: 0.3 } })
    const plan = freezePlan(
      { ...settings, maxDurationSeconds: 60 },
      shopActions.map((action) => ({ ...action, document })),
    )
    const { report } = runSynthetic({ plan, ...both(failing(0.1)) })
    expect(codesOf(report)).not.toContain('baseline-ill')
  })

  it('a late generator is invalid and stands above an alarm', () => {
    const { report } = runSynthetic({ canary: slower(1.6, 'home'), lagP99Ms: 30 })
    expect(report.verdict).toBe('invalid')
    expect(codesOf(report)[0]).toBe('generator-bottleneck')
    expect(report.generator.lagP99Ms).toBe(30)
    expect(report.findings).toEqual([])
  })

  it('latencies of blocks in which the generator was late do not count', () => {
    const late = runSynthetic({
      plan: short,
      strained: (index) => index % 3 === 0,
      canary: slower(1.6, 'home'),
    })
    const none = runSynthetic({ plan: short, strained: () => true, canary: slower(1.6, 'home') })
    expect(late.report.verdict).toBe('regressed')
    expect(late.report.generator.strainedBlocks).toBe(Math.floor(late.blocks / 3))
    expect(none.report.verdict).toBe('invalid')
    expect(codesOf(none.report)[0]).toBe('generator-bottleneck')
    expect(none.report.findings).toEqual([])
    expect(none.judge.stream('*', 'latency_typical').lnEvidence).toBe(0)
  })

  it('failures of such blocks do', () => {
    const { report } = runSynthetic({ strained: () => true, canary: failing(0.7) })
    expect(report.verdict).toBe('regressed')
    expect(report.findings[0]?.rule).toBe('critical')
  })

  it('a lag that is small beside the answers does not matter', () => {
    const slow: Change = (answer) => ({ ...answer, latencyMs: answer.latencyMs * 20 })
    const { report } = runSynthetic({ plan: short, ...both(slow), lagP99Ms: 30 })
    expect(codesOf(report)).not.toContain('generator-bottleneck')
  })

  it('a generator that does not send a tenth of the steps is invalid', () => {
    const { report } = runSynthetic({ plan: short, notSent: 10 })
    expect(codesOf(report)[0]).toBe('generator-bottleneck')
    expect(report.summary).toMatch(/did not send \d+ % of [\d\u202f]+ due steps/)
  })

  it('a load that was not delivered is invalid, but stands below an alarm', () => {
    const { report } = runSynthetic({ plan: load, rate: 40 })
    expect(report.verdict).toBe('invalid')
    expect(codesOf(report)[0]).toBe('load-not-delivered')
    const slow = runSynthetic({ plan: load, rate: 40, canary: slower(1.6, 'home') }).report
    expect(slow.verdict).toBe('regressed')
  })

  it('capped blocks of the baseline are invalid, but stand below an alarm', () => {
    const capped = (index: number): 'baseline'[] => (index % 10 === 0 ? ['baseline'] : [])
    const { report } = runSynthetic({ plan: load, capped })
    expect(report.verdict).toBe('invalid')
    expect(codesOf(report)[0]).toBe('capped-blocks')
    expect(report.generator.cappedBlocks).toBeGreaterThan(0)
    const slow = runSynthetic({ plan: load, capped, canary: slower(1.6, 'home') }).report
    expect(slow.verdict).toBe('regressed')
  })

  it('blocks capped in both arms about equally often void an alarm', () => {
    const capped = (index: number): ('baseline' | 'canary')[] =>
      index % 5 === 0 ? ['baseline', 'canary'] : []
    const { report } = runSynthetic({ plan: load, capped, canary: slower(1.6, 'home') })
    expect(report.verdict).toBe('invalid')
    expect(codesOf(report)[0]).toBe('capped-blocks')
  })

  it('blocks capped in the canary alone forbid health, and nothing else', () => {
    const capped = (index: number): 'canary'[] => (index % 10 === 0 ? ['canary'] : [])
    const { report, decision } = runSynthetic({ plan: load, capped })
    expect(decision).toEqual({ kind: 'stop', reason: 'time' })
    expect(report.verdict).toBe('inconclusive')
    expect(codesOf(report)[0]).toBe('capped-blocks')
  })

  it('a run of less than twenty seconds is never healthy', () => {
    const plan = planOf({ rate: 2000, duration: 20 })
    const { report } = runSynthetic({ plan })
    expect(report.actions.every(({ verdict }) => verdict === 'healthy')).toBe(true)
    expect(report.verdict).toBe('inconclusive')
    expect(codesOf(report)).toContain('too-short')
  })
})
