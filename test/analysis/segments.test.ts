import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explains, pairedDifference, segmentsOf } from '../../src/analysis/segments.ts'
import type { SegmentPair } from '../../src/analysis/segments.ts'
import type { SegmentRow } from '../../src/core/contract/investigation.ts'
import { createRandom } from '../../src/core/random.ts'

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
    expect(segmentsOf([], 'latency_typical', 0.1)).toEqual({ rows: [], pairs: 0 })
    expect(segmentsOf(pairsOf('mobile', 50, 2), 'cpu', 0.1)).toEqual({ rows: [], pairs: 0 })
  })
  it('shows no segment with fewer than 30 pairs', () => {
    const pairs = [...pairsOf('mobile', 29, 2), ...pairsOf('desktop', 30, 1)]
    const { rows } = segmentsOf(pairs, 'latency_typical', 0.1)
    expect(rows.map(({ segment }) => segment['device'])).toContain('desktop')
    expect(rows.map(({ segment }) => segment['device'])).not.toContain('mobile')
  })
  it('puts the slow device first and names it as what explains the finding', () => {
    const pairs = [...pairsOf('mobile', 300, 1.5), ...pairsOf('desktop', 700, 1)]
    const { rows, explaining, pairs: counted } = segmentsOf(pairs, 'latency_typical', 0.1)
    expect(counted).toBe(1000)
    expect(rows[0]).toMatchObject({ segment: { device: 'mobile' }, pairs: 300 })
    expect(rows[0]?.effect.estimate).toBeCloseTo(1.5, 1)
    expect(rows[0]?.effect.low).toBeGreaterThan(1.4)
    expect(explaining).toEqual({ device: 'mobile' })
  })
  it('names no segment where all are slow', () => {
    const pairs = [...pairsOf('mobile', 300, 1.5), ...pairsOf('desktop', 700, 1.4)]
    expect(segmentsOf(pairs, 'latency_typical', 0.1)).not.toHaveProperty('explaining')
  })
  it('leaves pairs with a failed answer out of the latency, but not those that timed out', () => {
    const [failed, late] = [failing('mobile', 40, 1), pairsOf('tablet', 40, 1)]
    const timedOut = late.map((pair) => ({ ...pair, canary: 'timeout' as const }))
    expect(segmentsOf([...failed, ...timedOut], 'latency_typical', 0.1).pairs).toBe(40)
  })
  it('finds a device of which only slow answers became slower, by its tail', () => {
    const calm = pairsOf('desktop', 600, 1)
    const tailed = pairsOf('mobile', 600, 1).map((pair, index) =>
      index % 10 === 0 ? { ...pair, canaryMs: 5 * pair.canaryMs } : pair,
    )
    const { rows, explaining } = segmentsOf([...calm, ...tailed], 'latency_tail', 0.2)
    expect(rows[0]?.segment).toEqual({ device: 'mobile' })
    expect(rows[0]?.effect.estimate).toBeGreaterThan(2)
    expect(explaining).toEqual({ device: 'mobile' })
  })
  it('counts failures as differences of shares and names the device that fails', () => {
    const pairs = [...failing('mobile', 200, 0.2), ...failing('desktop', 300, 0)]
    const { rows, explaining } = segmentsOf(pairs, 'errors', 0.001)
    expect(rows[0]).toMatchObject({ segment: { device: 'mobile' }, pairs: 200 })
    expect(rows[0]?.effect).toMatchObject({ kind: 'difference', estimate: 0.2 })
    expect(explaining).toEqual({ device: 'mobile' })
  })
  it('shows at most 20 rows, the strongest', () => {
    const many = Array.from({ length: 40 }, (_, index) => pairsOf(`d${index}`, 30, 1 + index / 40))
    const { rows } = segmentsOf(many.flat(), 'latency_typical', 0.1)
    expect(rows).toHaveLength(20)
    expect(rows[0]?.segment).toEqual({ device: 'd39' })
  })
  it('finds nothing worth naming in equal arms, in 100 draws', () => {
    const named = Array.from({ length: 100 }, (_, seed) =>
      segmentsOf(
        [...pairsOf('mobile', 200, 1, seed), ...pairsOf('desktop', 200, 1, seed)],
        'latency_typical',
        0.1,
      ),
    ).filter(({ explaining }) => explaining !== undefined)
    expect(named).toEqual([])
  })
  it('turns each effect round when the arms are swapped', () => {
    fc.assert(
      fc.property(
        fc.array(anyPair, { minLength: 30, maxLength: 120 }),
        fc.constantFrom('latency_typical' as const, 'latency_tail' as const, 'errors' as const),
        (pairs, metric) => {
          const there = segmentsOf(pairs, metric, 0.1)
          const back = segmentsOf(pairs.map(swapped), metric, 0.1)
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

describe('explains()', () => {
  const row = (device: string, estimate: number, low: number): SegmentRow => ({
    segment: { device },
    pairs: 100,
    effect: { kind: 'ratio', estimate, low, high: 2 * estimate - low },
  })
  it('needs another value of the dimension to compare with', () => {
    expect(explains([row('mobile', 1.5, 1.3)], 0.1)).toBeUndefined()
  })
  it('names a segment only if its low end is above the margin and all others are within', () => {
    const calm = row('desktop', 1.02, 0.98)
    expect(explains([row('mobile', 1.5, 1.3), calm], 0.1)).toEqual({ device: 'mobile' })
    expect(explains([row('mobile', 1.5, 1.09), calm], 0.1)).toBeUndefined()
    expect(explains([row('mobile', 1.5, 1.3), calm, row('tv', 1.2, 1.0)], 0.1)).toBeUndefined()
  })
})

describe('pairedDifference()', () => {
  it('refuses to compare no pairs', () => {
    const none = { both: 0, canaryOnly: 0, baselineOnly: 0, neither: 0 }
    expect(() => pairedDifference(none)).toThrow(RangeError)
  })
  it('has the intervals that are published for method 10', () => {
    // Newcombe (1998), Statistics in Medicine 17, 2635-2650: 50 pairs.
    const newcombe = pairedDifference({ both: 20, canaryOnly: 12, baselineOnly: 2, neither: 16 })
    expect(newcombe.estimate).toBeCloseTo(0.2, 10)
    expect(newcombe.low).toBeCloseTo(0.0562, 4)
    expect(newcombe.high).toBeCloseTo(0.3292, 4)
    // Airway hyper-responsiveness of 21 children (Bentur and others 2009), as Fagerland, Lydersen
    // and Laake (2017), Statistical Analysis of Contingency Tables, chapter 8, have it.
    const bentur = pairedDifference({ both: 1, canaryOnly: 1, baselineOnly: 7, neither: 12 })
    expect(bentur.estimate).toBeCloseTo(-0.286, 3)
    expect(bentur.low).toBeCloseTo(-0.507, 3)
    expect(bentur.high).toBeCloseTo(-0.026, 3)
  })
  it('is the root of two Wilson half-widths where nothing failed in the baseline', () => {
    // By hand: 5 of 100 fail in the canary only. Wilson: 5 of 100 is 0.021543 to 0.111752, 0 of 100
    // is 0 to 0.036995, and without a failure of the baseline the correlation is 0.
    const { low, high } = pairedDifference({ both: 0, canaryOnly: 5, baselineOnly: 0, neither: 95 })
    expect(low).toBeCloseTo(0.05 - Math.hypot(0.05 - 0.021543, 0.036995), 5)
    expect(high).toBeCloseTo(0.05 + (0.111752 - 0.05), 5)
  })
})
