import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { createKayenta } from '../../../src/analysis/rules/kayenta.ts'
import { judge, type Request, type Traffic } from './stream.ts'

/** Two actions by turns, five requests a second and arm; the canary's "pay" is multiplied. */
function traffic(seconds: number, slower: number, everywhere = true): Traffic {
  const random = createRandom(2, 'kayenta')
  const draw = (): Request => ({ latencyMs: 20 * Math.exp(0.3 * random.normal()) })
  const isPay = (index: number): boolean => index % 2 === 1
  return {
    seconds,
    perSecond: 5,
    baseline: draw,
    canary: (index) => ({
      latencyMs: draw().latencyMs * (everywhere || isPay(index) ? slower : 1),
    }),
    action: (index) => (isPay(index) ? 'pay' : 'home'),
  }
}

describe('createKayenta()', () => {
  it('says nothing before its first point', () => {
    expect(judge(createKayenta(1), traffic(59, 2))).toEqual({
      verdict: 'inconclusive',
      actions: [],
      detail: 'shorter than its first point of 60 s',
    })
  })

  it('fails at the look after five minutes where two of three metrics are High', () => {
    // p50 and p95 High, errors all zero: 100 · 1/3 = 33.33 ≤ 75.
    const verdict = judge(createKayenta(1), traffic(660, 1.5))
    expect(verdict).toMatchObject({
      verdict: 'regressed',
      detectedAt: 300,
      actions: [],
      metric: 'latency_typical',
    })
    expect(verdict.detail).toMatch(
      /^score 33.33 of 100 \(fails at ≤ 75\): p50 High, mean \d+(\.\d)? ms → 3\d(\.\d)? ms and 1 more; 5 points an arm \(its documents ask for 50\)$/,
    )
  })

  it('passes equal arms at the end', () => {
    expect(judge(createKayenta(1), traffic(600, 1))).toEqual({
      verdict: 'healthy',
      actions: [],
      detail: 'score 100 of 100; 10 points an arm (its documents ask for 50)',
    })
  })

  it('is fooled by a single point: latencies end in errors, which the score leaves out', () => {
    // One distinct error rate, 0 %, passes; p50 and p95 have one point each.
    const verdict = judge(createKayenta(1), traffic(90, 3))
    expect(verdict.verdict).toBe('healthy')
    expect(verdict.detail).toContain('1 point an arm')
    expect(verdict.detail).toContain('its score leaves out 2 metrics in error')
  })

  it('does not see one action of two inside the service, but alone', () => {
    const one = { ...traffic(360, 1.3, false) }
    const verdict = judge(createKayenta(1, ['home', 'pay']), one)
    // Two of six High: 66.67 ≤ 75.
    expect(verdict).toMatchObject({ verdict: 'regressed', detectedAt: 300, actions: ['pay'] })
    expect(verdict.detail).toContain('score 66.67 of 100')
    expect(verdict.detail).toContain('pay p50 High')
  })

  it('ends after twelve hours', () => {
    const rule = createKayenta(1)
    rule.sample({ at: 1, action: 'a', arm: 'baseline', latencyMs: 1, failed: false })
    rule.sample({ at: 1e9, action: 'a', arm: 'baseline', latencyMs: 1, failed: false })
    // No point of the canary at all: Nodata for all, score 0, at the first look.
    expect(rule.decided()).toMatchObject({ verdict: 'regressed', detectedAt: 300 })
    expect(rule.decided()?.detail).toContain('3 metrics without data')
  })
})
