import { describe, expect, it } from 'vitest'
import { concludeAa } from '../../../src/analysis/aa/conclude.ts'
import { honestMargins } from '../../../src/analysis/aa/margins.ts'
import { slowWobbleOf } from '../../../src/analysis/aa/slow-wobble.ts'
import type { NumberedLine } from '../../../src/analysis/recorded/replay.ts'
import type { ActionReport, Effect, Report } from '../../../src/core/contract/report.ts'
import { toSampleLine } from '../../../src/core/contract/sample.ts'
import type { Metric } from '../../../src/core/verdict.ts'
import { planOf, runSynthetic, slower, type Change } from '../synthetic.ts'

function rowOf(
  action: string,
  pairs: number,
  effects: Partial<Record<Metric, Effect>>,
): ActionReport {
  return {
    action,
    required: true,
    verdict: 'inconclusive',
    pairs,
    metrics: (Object.keys(effects) as Metric[]).map((metric) => ({
      metric,
      verdict: 'inconclusive',
      margin: 0.1,
      lnEvidence: 0,
      lnThreshold: 6,
      ...(effects[metric] === undefined ? {} : { effect: effects[metric] }),
    })),
  }
}

const ratio = (low: number | undefined, high: number | undefined): Effect => ({
  kind: 'ratio',
  estimate: 1,
  ...(low === undefined ? {} : { low }),
  ...(high === undefined ? {} : { high }),
})
const points = (low: number, high: number): Effect => ({
  kind: 'difference',
  estimate: 0,
  low,
  high,
})
const equal = runSynthetic({ plan: planOf({ duration: 59 }) }).report
const reportOf = (actions: ActionReport[], changed: Partial<Report> = {}): Report => ({
  ...equal,
  verdict: 'inconclusive',
  findings: [],
  reasons: [],
  ...changed,
  actions,
})

async function* read(lines: readonly string[]): AsyncGenerator<NumberedLine> {
  for (const [index, text] of lines.entries()) {
    yield { line: toSampleLine(JSON.parse(text)), lineNumber: index + 1 }
  }
}

describe('honestMargins()', () => {
  it('takes the farther end of each interval, rounded up', () => {
    const { margins, actions } = honestMargins(
      reportOf([
        rowOf('*', 1000, { latency_typical: ratio(0.98, 1.031), errors: points(-0.0015, 0.001) }),
        rowOf('search', 400, { latency_typical: ratio(0.9, 1.02), latency_tail: ratio(0.8, 1.33) }),
      ]),
      0,
    )
    expect(margins).toEqual({ latency_typical: 0.04, errors: 0.002, latency_tail: 0.35 })
    // 1 ÷ 0.9 is eleven per cent and a bit away; above thirty the steps are of five.
    expect(actions).toEqual([
      { action: 'search', margins: { latency_typical: 0.12, latency_tail: 0.35 } },
    ])
  })

  it('says nothing of a metric whose interval has an open end', () => {
    const row = rowOf('search', 50, {
      latency_typical: ratio(0.8, undefined),
      errors: points(0, 0),
    })
    expect(honestMargins(reportOf([row]), 0).actions).toEqual([
      { action: 'search', margins: { errors: 0.001 } },
    ])
  })

  it('takes from the action with the most pairs what is not known of the whole service', () => {
    const few = rowOf('few', 50, { latency_typical: ratio(0.7, 1.4), errors: points(0, 0.001) })
    const many = rowOf('many', 900, { latency_typical: ratio(0.97, 1.02) })
    expect(honestMargins(reportOf([few, many]), 0).margins).toEqual({ latency_typical: 0.04 })
  })

  it('adds two and a half sd of slow wobble to latencies, not to counts', () => {
    const row = rowOf('a', 900, { latency_typical: ratio(0.98, 1.02), errors: points(0, 0.001) })
    const { margins } = honestMargins(reportOf([row]), 0.04)
    expect(margins).toEqual({ latency_typical: 0.13, errors: 0.001 })
  })
})

describe('slowWobbleOf()', () => {
  const plan = planOf({ duration: 300, phases: ['load'] })
  const tenfold = { plan, rate: 20, interruptAfter: 580 }

  it('is next to nothing where the arms are equal', async () => {
    expect(await slowWobbleOf(read(runSynthetic(tenfold).lines))).toBeLessThan(0.03)
  })

  it('measures a slow swing of one arm', async () => {
    const swinging: Change = (answer, { seconds }) => ({
      ...answer,
      latencyMs: answer.latencyMs * Math.exp(0.1 * Math.SQRT2 * Math.sin(seconds / 12)),
    })
    const wobble = await slowWobbleOf(read(runSynthetic({ ...tenfold, canary: swinging }).lines))
    expect(wobble).toBeGreaterThan(0.07)
    expect(wobble).toBeLessThan(0.13)
  })

  it('does not guess from a few windows, nor from one arm', async () => {
    const { lines } = runSynthetic({ interruptAfter: 40 })
    expect(await slowWobbleOf(read(lines))).toBe(0)
    expect(await slowWobbleOf(read(lines.filter((line) => !line.includes('"canary"'))))).toBe(0)
  })
})

describe('concludeAa()', () => {
  const rows = [rowOf('*', 900, { latency_typical: ratio(0.97, 1.02), errors: points(0, 0.002) })]

  it('calls equal arms healthy and says how far they may be apart', () => {
    const report = concludeAa(reportOf(rows), 0.5)
    expect(report.verdict).toBe('healthy')
    expect(report.summary).toBe(
      'Equal arms stayed within ±4 % (typical), ±0.2 pp (errors): smaller margins could blame them',
    )
    expect(report.aa?.margins).toEqual({ latency_typical: 0.04, errors: 0.002 })
  })

  it('lets the wobble count where the judge saw noise with memory', () => {
    const noisy = { reasons: [{ code: 'arm-noise', message: 'arm noise has memory' }] }
    const { aa } = concludeAa(reportOf(rows, noisy), 0.02)
    expect(aa?.margins.latency_typical).toBeGreaterThan(0.08)
  })

  it('says loudly that equal arms were told apart: not judged, with what to look at', () => {
    const run = runSynthetic({ plan: planOf({ duration: 59 }), canary: slower(1.6, 'view') })
    expect(run.report.verdict).toBe('regressed')
    const report = concludeAa(run.report, 0)
    expect(report.verdict).toBe('invalid')
    expect(report.reasons[0]).toMatchObject({ code: 'aa-differs' })
    expect(report.summary).toMatch(
      /^Not judged: equal arms were told apart: view is 1\.\d+× slower/,
    )
    expect(report.summary).toContain('unequal instances')
  })

  it('is inconclusive where nothing is known, or somebody ended it, and leaves an invalid run', () => {
    const nothing = concludeAa(reportOf([]), 0)
    expect(nothing).toMatchObject({ verdict: 'inconclusive' })
    expect(nothing.aa).toBeUndefined()
    const cut = { reasons: [{ code: 'interrupted', message: 'ended early' }] }
    expect(concludeAa(reportOf(rows, cut), 0).verdict).toBe('inconclusive')
    const invalid = reportOf(rows, { verdict: 'invalid' })
    expect(concludeAa(invalid, 0)).toBe(invalid)
  })
})
