import { describe, expect, it } from 'vitest'
import type { Capacity, Sustained } from '../../src/core/contract/report.ts'
import { capacityFacts } from '../../src/report/capacity.ts'
import { renderReport } from '../../src/report/text.ts'
import { exampleReport, ratio } from './example-report.ts'

const sustained: Sustained = {
  requestsPerSecond: 2310.4,
  low: 2280,
  high: 2340,
  connections: 16,
  p95Ms: 23.4,
  errors: 0,
  limitedBy: 'full',
  roundsHeld: 8,
}
const capacity: Capacity = {
  sloP95Ms: 30,
  sloFrom: 'unloaded',
  errorShare: 0.01,
  seconds: 90,
  rounds: 8,
  levels: [16, 32],
  arms: {
    baseline: {
      ...sustained,
      above: { connections: 32, requestsPerSecond: 2300, p95Ms: 25, errors: 0 },
    },
    canary: { ...sustained, requestsPerSecond: 1200, low: 1180, high: 1220 },
  },
  ratio: ratio(0.52, 0.5, 0.54),
  actions: [{ action: 'home', share: 1, p95LimitMs: 30 }],
  leftOut: [{ action: 'pay', code: 'mutates' }],
}

const text = (changed: Partial<Capacity>): string[] =>
  capacityFacts({ ...exampleReport, capacity: { ...capacity, ...changed } }).map(([, words]) =>
    words.replaceAll('\u202f', ' '),
  )

describe('capacityFacts()', () => {
  it('says nothing where nothing was measured', () => {
    expect(capacityFacts(exampleReport)).toEqual([])
  })

  it('tells the ratio, each arm, the limit, and what is left out', () => {
    expect(text({})).toEqual([
      'canary 0.52× (0.50–0.54) of the baseline',
      'baseline 2 310 requests/s (2 280–2 340) at 16 connections, p95 23 ms; 32 bring no more',
      'canary 1 200 requests/s (1 180–1 220) at 16 connections, p95 23 ms; more bring no more',
      'p95 within 30 ms (from the unloaded baseline), 1 % failures; 8 rounds at 16 and 32 connections',
      'without pay (changes data)',
    ])
  })

  it('calls a bound a bound, an estimate an estimate, and nothing nothing', () => {
    const { low: _low, high: _high, ...seen } = sustained
    const [ratioWords, baseline, canary] = text({
      arms: {
        baseline: { ...seen, limitedBy: 'generator' },
        canary: { ...seen, requestsPerSecond: 0, limitedBy: 'errors' },
      },
      ratio: undefined,
    })
    expect(ratioWords).toBe('no ratio; the reasons say why')
    expect(baseline).toContain('at least 2 310 requests/s (estimate)')
    expect(canary).toBe('canary does not hold the limit at one connection')
  })

  it.each([
    ['latency', 'at 32 p95 48 ms, too long'],
    ['errors', 'at 32 4 % fail'],
    ['generator', 'our own generator was the limit'],
  ] as const)('says what ended it by %s', (limitedBy, words) => {
    const above = { connections: 32, requestsPerSecond: 2300, p95Ms: 48, errors: 0.04 }
    const [, baseline] = text({ arms: { baseline: { ...sustained, limitedBy, above } } })
    expect(baseline?.split('; ')[1]).toBe(words)
  })

  it('stands below the table of the report', () => {
    const lines = renderReport({ ...exampleReport, capacity }, { colour: false, unicode: true })
    expect(lines).toContain('  capacity  canary 0.52× (0.50–0.54) of the baseline\n')
    expect(Math.max(...lines.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})
