import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NumberedLine, ReplaySource } from '../../../src/analysis/recorded/replay.ts'
import { plant, type Planted } from '../../../src/analysis/self-test/plant.ts'
import {
  findSelfTestObstacle,
  plantingsOf,
  selfTest,
} from '../../../src/analysis/self-test/self-test.ts'
import { toSampleLine, type Sample } from '../../../src/core/contract/sample.ts'
import { ACTION_METRICS } from '../../../src/core/verdict.ts'
import { planOf, runSynthetic, settings, slower } from '../synthetic.ts'

const OPTIONS = { settings, run: 'p1', startedAt: '2026-01-01T00:00:00Z' }
const canary: Sample = {
  at: 3,
  action: 'view',
  arm: 'canary',
  latencyMs: 30,
  serviceMs: 20,
  outcome: 'ok',
  status: 200,
  pair: 's1.0',
}
const planted = (changed: Partial<Planted>): Planted => ({
  action: 'view',
  metric: 'latency_typical',
  size: 0.5,
  timeoutMs: 10_000,
  ...changed,
})

function sourceOf(lines: readonly string[]): ReplaySource {
  async function* open(): AsyncGenerator<NumberedLine> {
    for (const [index, text] of lines.entries()) {
      yield { line: toSampleLine(JSON.parse(text)), lineNumber: index + 1 }
    }
  }
  return { file: 'samples.ndjson', open }
}

describe('plant()', () => {
  it('leaves the baseline, the control, repeats and other actions as they are', () => {
    const others: Sample[] = [
      { ...canary, arm: 'baseline' },
      { ...canary, arm: 'control' },
      { ...canary, repeat: true },
      { ...canary, action: 'home' },
    ]
    for (const metric of ACTION_METRICS) {
      for (const sample of others) {
        expect(plant(sample, planted({ metric, size: 1, tailMs: new Map() }), 1)).toBe(sample)
      }
    }
  })

  it('slows the answer, not the wait of the generator before it', () => {
    const slow = plant(canary, planted({}), 1)
    expect([slow.serviceMs, slow.latencyMs]).toEqual([30, 40])
    expect(plant(canary, planted({ action: '*' }), 1)).toEqual(slow)
  })

  it('times out what becomes too slow', () => {
    const late = plant(canary, planted({ timeoutMs: 25 }), 1)
    expect(late).toMatchObject({ outcome: 'timeout', serviceMs: 25, latencyMs: 35 })
    expect(late).not.toHaveProperty('status')
  })

  it('slows of the tail only what lies above the p95 of its action', () => {
    const tail = (ms: number): Planted =>
      planted({ metric: 'latency_tail', tailMs: new Map([['view', ms]]) })
    expect(plant(canary, tail(29), 1).serviceMs).toBe(30)
    expect(plant(canary, tail(30), 1)).toBe(canary)
    expect(plant({ ...canary, action: 'home' }, { ...tail(1), action: '*' }, 1).serviceMs).toBe(20)
  })

  it('changes a field only where answers were compared', () => {
    const wrong = planted({ metric: 'responses', size: 1 })
    expect(plant(canary, wrong, 1)).toBe(canary)
    expect(plant({ ...canary, diff: ['$.id'] }, wrong, 1)).toMatchObject({
      diff: ['$.id', '$.planted'],
      diffShape: ['$.planted'],
    })
  })

  it('fails the asked share of requests, the same ones for the same seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.double({ min: 0.02, max: 1, noNaN: true }),
        (seed, size) => {
          const failing = planted({ metric: 'errors', size })
          const samples = Array.from({ length: 2000 }, (_, n) => ({ ...canary, pair: `s${n}.0` }))
          const fails = (): number =>
            samples.filter((sample) => plant(sample, failing, seed).outcome === 'http_error').length
          const spread = 5 * Math.sqrt((size * (1 - size)) / samples.length)
          expect(Math.abs(fails() / samples.length - size)).toBeLessThanOrEqual(spread)
          expect(fails()).toBe(fails())
        },
      ),
      { numRuns: 20 },
    )
  })
})

describe('plantingsOf()', () => {
  const { report } = runSynthetic({ plan: planOf({ duration: 59 }) })

  it('takes each required action in turn, the whole service last', () => {
    expect(plantingsOf(report, { latency_typical: 0.2 }).map(({ action }) => action)).toEqual([
      'home',
      'search',
      'view',
      'checkout',
      '*',
    ])
  })

  it('is never more than six, whatever is asked for', () => {
    const sizes = { latency_typical: 0.2, latency_tail: 0.5, errors: 0.02, responses: 0.01 }
    const plantings = plantingsOf(report, sizes)
    expect(plantings).toHaveLength(4)
    expect(new Set(plantings.map(({ metric }) => metric)).size).toBe(4)
    const many = { ...report, actions: report.actions.concat(report.actions, report.actions) }
    expect(plantingsOf(many, { errors: 0.02 })).toHaveLength(6)
  })
})

describe('selfTest()', () => {
  const plan = planOf({ duration: 110 }, [
    { action: 'home', share: 0.7 },
    { action: 'view', share: 0.3 },
  ])
  const run = runSynthetic({ plan })
  const source = sourceOf(run.lines)

  it('finds a large regression, names the action and says when', async () => {
    expect(run.report.findings).toEqual([])
    const starting: string[] = []
    const rows = await selfTest(
      source,
      OPTIONS,
      run.report,
      { latency_typical: 0.6 },
      {
        starting: ({ action }, number, of) => starting.push(`${action} ${number}/${of}`),
      },
    )
    expect(starting).toEqual(['home 1/3', 'view 2/3', '* 3/3'])
    for (const row of rows) {
      expect(row, row.action).toMatchObject({ metric: 'latency_typical', size: 0.6, found: true })
      expect(row.named, row.action).toBe(true)
      expect(row.detectedAt ?? 0, row.action).toBeGreaterThan(0)
      expect(row.detectedAt ?? Infinity, row.action).toBeLessThan(110)
    }
  })

  it('says honestly what this run would not have seen', async () => {
    const rows = await selfTest(source, OPTIONS, run.report, { latency_typical: 0.02 })
    expect(rows.map(({ found, named, detectedAt }) => [found, named, detectedAt])).toEqual(
      rows.map(() => [false, false, undefined]),
    )
  })

  it('finds failures and a slower tail', async () => {
    const sizes = { errors: 0.3, latency_tail: 3 }
    const rows = await selfTest(source, OPTIONS, run.report, sizes)
    expect(rows.filter(({ metric }) => metric === 'errors').every(({ found }) => found)).toBe(true)
    expect(rows.some(({ metric, found }) => metric === 'latency_tail' && found)).toBe(true)
  })

  it('ends at once when it is stopped', async () => {
    let asked = 0
    const rows = await selfTest(
      source,
      OPTIONS,
      run.report,
      { latency_typical: 0.5 },
      {
        stopped: () => (asked += 1) > 5,
      },
    )
    expect(rows).toEqual([])
  })

  it('says nothing of a run that was regressed anyway', () => {
    const { report } = runSynthetic({ plan, canary: slower(2) })
    expect(findSelfTestObstacle(report)).toContain('regressed anyway')
    expect(findSelfTestObstacle({ ...report, verdict: 'invalid' })).toContain('not be judged')
    expect(findSelfTestObstacle(run.report)).toBeUndefined()
  })
})
