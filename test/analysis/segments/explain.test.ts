import { describe, expect, it } from 'vitest'
import type { RememberedPair } from '../../../src/analysis/cause/again.ts'
import { explainFinding, pairsDuring } from '../../../src/analysis/segments/explain.ts'
import type { Outcome } from '../../../src/core/contract/sample.ts'
import { createRandom } from '../../../src/core/random.ts'
import type { Metric } from '../../../src/core/verdict.ts'

const options = { alpha: 0.05, alphaHealthy: 0.05, healthyMargin: 0.1, seed: 1 }
const typical = { metric: 'latency_typical' as const, margin: 0.1 }

type Change = (segment: Readonly<Record<string, string>>) => number

/** Pairs of three devices in three countries at 30 a second, with 30 % of noise. */
function pairsOf(count: number, factor: Change, seed = 1): RememberedPair[] {
  const random = createRandom(seed)
  const pick = (names: readonly string[]): string => names[random.int(names.length)] ?? ''
  return Array.from({ length: count }, (_, index) => {
    const segment = {
      device: pick(['mobile', 'desktop', 'tablet']),
      geo: pick(['DE', 'US', 'FR']),
      label: pick(['buyer', 'bouncer']),
    }
    return {
      pair: `s${index}.1`,
      at: index / 30,
      baselineMs: 20 * Math.exp(0.3 * random.normal()),
      canaryMs: 20 * factor(segment) * Math.exp(0.3 * random.normal()),
      baseline: 'ok',
      canary: 'ok',
      segment,
    }
  })
}

function failing(count: number, share: Change, seed = 1): RememberedPair[] {
  const random = createRandom(seed, 'failures')
  return pairsOf(count, () => 1, seed).map((pair): RememberedPair => {
    const canary: Outcome = random.next() < share(pair.segment) ? 'http_error' : 'ok'
    return { ...pair, canary }
  })
}

describe('explainFinding()', () => {
  it('has nothing to say without pairs, and of metrics that remembered pairs do not measure', () => {
    expect(explainFinding([], typical, options)).toEqual({})
    const slow = pairsOf(900, ({ device }) => (device === 'mobile' ? 2 : 1))
    for (const metric of ['responses', 'cpu', 'memory'] satisfies Metric[]) {
      expect(explainFinding(slow, { metric, margin: 0.1 }, options)).toEqual({})
    }
  })
  it('names the one device that is slow and proves that the rest is well', () => {
    const pairs = pairsOf(1500, ({ device }) => (device === 'mobile' ? 1.5 : 1))
    expect(explainFinding(pairs, typical, options)).toEqual({
      segment: { device: 'mobile' },
      restHealthy: true,
    })
  })
  it('does not call the rest healthy on too few pairs', () => {
    const pairs = pairsOf(240, ({ device }) => (device === 'mobile' ? 3 : 1))
    expect(explainFinding(pairs, typical, { ...options, healthyMargin: 0.03 })).toEqual({
      segment: { device: 'mobile' },
      restHealthy: false,
    })
  })
  it('leaves the proof out where nothing has to be proven', () => {
    const { healthyMargin: _, ...without } = options
    const pairs = pairsOf(1500, ({ device }) => (device === 'mobile' ? 1.5 : 1))
    expect(explainFinding(pairs, typical, without)).toEqual({ segment: { device: 'mobile' } })
  })
  it('takes two dimensions only where one does not explain', () => {
    const pairs = pairsOf(2700, ({ device, geo }) => (device === 'mobile' && geo === 'US' ? 2 : 1))
    expect(explainFinding(pairs, typical, options)).toEqual({
      segment: { device: 'mobile', geo: 'US' },
      restHealthy: true,
    })
  })
  it('names no segment where all are slow, or where two values of a dimension are', () => {
    expect(
      explainFinding(
        pairsOf(1500, () => 1.5),
        typical,
        options,
      ),
    ).toEqual({})
    const two = pairsOf(1500, ({ device }) =>
      device === 'mobile' ? 1.5 : device === 'tablet' ? 1.4 : 1,
    )
    expect(explainFinding(two, typical, options)).toEqual({})
  })
  it('names the country in spite of a few pairs that happen to lean elsewhere', () => {
    const named = Array.from({ length: 20 }, (_, seed) => {
      const pairs = pairsOf(1500, ({ geo }) => (geo === 'DE' ? 1.6 : 1), seed).map((pair, index) =>
        index % 30 === 0 && pair.segment['geo'] !== 'DE'
          ? { ...pair, segment: { ...pair.segment, geo: 'JP' } }
          : pair,
      )
      return explainFinding(pairs, typical, options).segment
    })
    expect(named.filter((segment) => segment?.['geo'] === 'DE').length).toBeGreaterThanOrEqual(18)
  })
  it('finds nothing worth naming in equal arms, in 100 draws', () => {
    const found = Array.from({ length: 100 }, (_, seed) =>
      explainFinding(
        pairsOf(600, () => 1, seed),
        typical,
        options,
      ),
    )
    expect(found.filter(({ segment }) => segment !== undefined)).toEqual([])
  })
  it('explains errors by shares of failures', () => {
    const pairs = failing(1500, ({ label }) => (label === 'buyer' ? 0.15 : 0))
    const errors = { metric: 'errors' as const, margin: 0.001 }
    expect(explainFinding(pairs, errors, { ...options, healthyMargin: 0.02 })).toEqual({
      segment: { label: 'buyer' },
      restHealthy: true,
    })
  })
  it('explains a tail by the device that has it', () => {
    const calm = pairsOf(3000, () => 1)
    const pairs = calm.map((pair, index) =>
      pair.segment['device'] === 'tablet' && index % 5 === 0
        ? { ...pair, canaryMs: 6 * pair.canaryMs }
        : pair,
    )
    const tail = { metric: 'latency_tail' as const, margin: 0.2 }
    const explained = explainFinding(pairs, tail, { ...options, healthyMargin: 0.05 })
    expect(explained).toEqual({ segment: { device: 'tablet' }, restHealthy: true })
  })
  it('says the same whatever the order of the pairs', () => {
    const pairs = pairsOf(900, ({ device }) => (device === 'mobile' ? 1.5 : 1))
    const there = explainFinding(pairs, typical, options)
    expect(explainFinding(pairs.toReversed(), typical, options)).toEqual(there)
  })
  it('looks through 3000 pairs with many values in less than two seconds', () => {
    const random = createRandom(7)
    const many = pairsOf(3000, () => 1.5).map((pair) => ({
      ...pair,
      segment: { ...pair.segment, prev: `p${random.int(60)}`, size: `z${random.int(60)}` },
    }))
    const start = process.cpuUsage().user
    explainFinding(many, typical, options)
    expect((process.cpuUsage().user - start) / 1e6).toBeLessThan(2)
  })
})

describe('pairsDuring()', () => {
  const rows = Array.from({ length: 1000 }, (_, index) => ({ at: index / 10 }))
  it('keeps the pairs from the onset to the end, counted from the end of the warm-up', () => {
    const during = pairsDuring(rows, { onset: 20, ended: 60 }, 10)
    expect([during[0]?.at, during.at(-1)?.at]).toEqual([30, 70])
    expect(pairsDuring(rows, { onset: 20 }, 10).at(-1)?.at).toBe(99.9)
  })
  it('keeps all where these are too few', () => {
    expect(pairsDuring(rows, { onset: 85 }, 10)).toBe(rows)
  })
})
