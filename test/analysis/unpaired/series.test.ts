import { describe, expect, it } from 'vitest'
import {
  judgeSeries,
  type SeriesOptions,
  type SeriesPoint,
} from '../../../src/analysis/unpaired/series.ts'
import { createRandom } from '../../../src/core/random.ts'

const options: SeriesOptions = {
  kind: 'ratio',
  sizes: 'equal',
  margin: 0.05,
  healthyMargin: 0.2,
  alpha: 0.05,
  alphaHealthy: 0.05,
  horizon: 120,
}

/** A value every 15 s, noise of ten per cent in each arm and a common drift. */
function points(minutes: number, ratio: number, seed = 1): SeriesPoint[] {
  const random = createRandom(seed, 'series')
  return Array.from({ length: minutes * 4 }, (_, index) => {
    const common = 20 * (1 + 0.5 * Math.sin(index / 20))
    const noisy = (): number => common * Math.exp(0.1 * random.normal())
    return { at: 100 + index * 15, baseline: noisy(), canary: noisy() * ratio }
  })
}

describe('judgeSeries()', () => {
  it('refuses blocks below a minute', () => {
    expect(() => judgeSeries([], { ...options, blockSeconds: 30 })).toThrow(
      'Cannot judge blocks of 30 s: join at least 60 s',
    )
  })

  it('says nothing of groups of unequal size, and nothing of no values', () => {
    const unequal = judgeSeries(points(60, 2), { ...options, sizes: 'unequal' })
    expect(unequal).toMatchObject({ verdict: 'inconclusive', because: 'unequal-sizes', lnUp: 0 })
    const none = [{ at: 0, baseline: 3 }, { at: 15, canary: 0, baseline: 3 }, { at: 30 }]
    expect(judgeSeries(none, options)).toMatchObject({ because: 'no-values', blocks: 0 })
  })

  it('finds a slower canary and how much slower it is', () => {
    const judged = judgeSeries(points(30, 1.4), options)
    expect(judged).toMatchObject({ verdict: 'regressed', blocks: 30 })
    expect(judged.effect?.low).toBeGreaterThan(1.2)
    expect(judged.effect?.estimate).toBeCloseTo(1.4, 1)
    expect(judged.effect?.high).toBeLessThan(1.7)
  })

  it('proves an equal one within the margin, and keeps its level on equal arms', () => {
    expect(judgeSeries(points(40, 1), options).verdict).toBe('healthy')
    const alarms = Array.from({ length: 100 }, (_, seed) =>
      judgeSeries(points(30, 1, seed), { ...options, margin: 0 }),
    ).filter(({ verdict }) => verdict === 'regressed')
    expect(alarms.length).toBeLessThanOrEqual(8)
  })

  it('alarms on shares and never proves them', () => {
    const share: SeriesOptions = { ...options, kind: 'share' }
    const random = createRandom(2, 'shares')
    const shares = (extra: number): SeriesPoint[] =>
      Array.from({ length: 80 }, (_, index) => ({
        at: index * 15,
        baseline: 0.01 + 0.004 * random.next(),
        canary: 0.01 + extra + 0.004 * random.next(),
      }))
    expect(judgeSeries(shares(0.01), share).verdict).toBe('regressed')
    const equal = judgeSeries(shares(0), share)
    expect(equal).toMatchObject({ verdict: 'inconclusive', lnDown: 0 })
    expect(equal.effect).toBeUndefined()
  })

  it('is mirrored when the arms are swapped', () => {
    const given = points(20, 1.1)
    const swapped = given.map(({ at, baseline, canary }) => ({
      at,
      ...(canary === undefined ? {} : { baseline: canary }),
      ...(baseline === undefined ? {} : { canary: baseline }),
    }))
    const none = { ...options, margin: 0, healthyMargin: 0 }
    expect(judgeSeries(swapped, none).lnDown).toBe(judgeSeries(given, none).lnUp)
  })
})
