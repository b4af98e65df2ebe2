import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SegmentPair } from '../../../src/analysis/segments/effects.ts'
import { segmentsOf } from '../../../src/analysis/segments/segments.ts'
import { createRandom } from '../../../src/core/random.ts'

/** Pairs of a device with noise of about 10 %, the canary slower by a factor. */
function pairsOf(device: string, count: number, factor: number, seed = 1): SegmentPair[] {
  const random = createRandom(seed).fork(device)
  return Array.from({ length: count }, () => ({
    baselineMs: 10 * (0.9 + 0.2 * random.next()),
    canaryMs: 10 * factor * (0.9 + 0.2 * random.next()),
    baseline: 'ok',
    canary: 'ok',
    segment: { device, geo: random.next() < 0.5 ? 'DE' : 'US' },
  }))
}

function failing(device: string, count: number, share: number): SegmentPair[] {
  return pairsOf(device, count, 1).map((pair, index) => ({
    ...pair,
    canary: index < share * count ? 'http_error' : 'ok',
  }))
}

function swapped(pair: SegmentPair): SegmentPair {
  const { baselineMs, canaryMs, baseline, canary, segment } = pair
  return {
    baselineMs: canaryMs,
    canaryMs: baselineMs,
    baseline: canary,
    canary: baseline,
    segment,
  }
}

const anyPair: fc.Arbitrary<SegmentPair> = fc.record({
  baselineMs: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
  canaryMs: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
  baseline: fc.constantFrom('ok', 'http_error', 'timeout'),
  canary: fc.constantFrom('ok', 'http_error', 'timeout'),
  segment: fc.record({ device: fc.constantFrom('mobile', 'desktop') }),
})

describe('segmentsOf()', () => {
  it('has nothing to say without pairs, and of a metric that pairs do not measure', () => {
    expect(segmentsOf([], 'latency_typical')).toEqual({ rows: [], pairs: 0 })
    expect(segmentsOf(pairsOf('mobile', 50, 2), 'cpu')).toEqual({ rows: [], pairs: 0 })
  })
  it('shows no segment with fewer than 30 pairs', () => {
    const pairs = [...pairsOf('mobile', 29, 2), ...pairsOf('desktop', 30, 1)]
    const { rows } = segmentsOf(pairs, 'latency_typical')
    expect(rows.map(({ segment }) => segment['device'])).toContain('desktop')
    expect(rows.map(({ segment }) => segment['device'])).not.toContain('mobile')
  })
  it('puts the slow device first', () => {
    const pairs = [...pairsOf('mobile', 300, 1.5), ...pairsOf('desktop', 700, 1)]
    const { rows, pairs: counted } = segmentsOf(pairs, 'latency_typical')
    expect(counted).toBe(1000)
    expect(rows[0]).toMatchObject({ segment: { device: 'mobile' }, pairs: 300 })
    expect(rows[0]?.effect.estimate).toBeCloseTo(1.5, 1)
    expect(rows[0]?.effect.low).toBeGreaterThan(1.4)
  })
  it('leaves pairs with a failed answer out of the latency, but not those that timed out', () => {
    const [failed, late] = [failing('mobile', 40, 1), pairsOf('tablet', 40, 1)]
    const timedOut = late.map((pair) => ({ ...pair, canary: 'timeout' as const }))
    expect(segmentsOf([...failed, ...timedOut], 'latency_typical').pairs).toBe(40)
  })
  it('finds a device of which only slow answers became slower, by its tail', () => {
    const calm = pairsOf('desktop', 600, 1)
    const tailed = pairsOf('mobile', 600, 1).map((pair, index) =>
      index % 10 === 0 ? { ...pair, canaryMs: 5 * pair.canaryMs } : pair,
    )
    const { rows } = segmentsOf([...calm, ...tailed], 'latency_tail')
    expect(rows[0]?.segment).toEqual({ device: 'mobile' })
    expect(rows[0]?.effect.estimate).toBeGreaterThan(2)
  })
  it('counts failures as differences of shares', () => {
    const pairs = [...failing('mobile', 200, 0.2), ...failing('desktop', 300, 0)]
    const { rows } = segmentsOf(pairs, 'errors')
    expect(rows[0]).toMatchObject({ segment: { device: 'mobile' }, pairs: 200 })
    expect(rows[0]?.effect).toMatchObject({ kind: 'difference', estimate: 0.2 })
  })
  it('shows at most 20 rows, the strongest', () => {
    const many = Array.from({ length: 40 }, (_, index) => pairsOf(`d${index}`, 30, 1 + index / 40))
    const { rows } = segmentsOf(many.flat(), 'latency_typical')
    expect(rows).toHaveLength(20)
    expect(rows[0]?.segment).toEqual({ device: 'd39' })
  })
  it('turns each effect round when the arms are swapped', () => {
    fc.assert(
      fc.property(
        fc.array(anyPair, { minLength: 30, maxLength: 120 }),
        fc.constantFrom('latency_typical' as const, 'latency_tail' as const, 'errors' as const),
        (pairs, metric) => {
          const there = segmentsOf(pairs, metric)
          const back = segmentsOf(pairs.map(swapped), metric)
          expect(back.pairs).toBe(there.pairs)
          expect(back.rows).toHaveLength(there.rows.length)
          for (const { segment, effect } of there.rows) {
            const other = back.rows.find((row) => row.segment['device'] === segment['device'])
            const [turned, turnedLow] =
              effect.kind === 'ratio'
                ? [1 / effect.estimate, 1 / (effect.high ?? 0)]
                : [-effect.estimate, -(effect.high ?? 0)]
            const [found, foundLow] = [other?.effect.estimate ?? NaN, other?.effect.low ?? NaN]
            const near = (left: number, right: number): boolean =>
              Math.abs(left - right) <= 1e-3 * Math.max(1, Math.abs(left)) || !isPlain(left)
            expect(near(turned, found)).toBe(true)
            expect(near(turnedLow, foundLow)).toBe(true)
          }
        },
      ),
    )
  })
})

/** Ratios are rounded to four places, so the reciprocal of a tiny or huge one says little. */
function isPlain(ratio: number): boolean {
  return Math.abs(ratio) < 20 && (Math.abs(ratio) > 0.05 || ratio === 0)
}
