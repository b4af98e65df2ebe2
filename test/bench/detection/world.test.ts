import { describe, expect, it } from 'vitest'
import {
  createStalls,
  createWorld,
  REGIMES,
  TEN_ACTIONS,
  type Change,
} from '../../../bench/detection/simulation/world.ts'
import { createRandom } from '../../../src/core/random.ts'
import type { PairRecord } from '../../../src/analysis/fold.ts'

const RATE = 50

function draw(count: number, change?: Change, seed = 1): PairRecord[] {
  const world = createWorld({
    seed,
    rate: RATE,
    actions: TEN_ACTIONS,
    regime: REGIMES.std,
    ...(change === undefined ? {} : { change }),
  })
  return Array.from({ length: count }, () => world.next())
}

describe('the ten actions', () => {
  it('share 50 pairs a second as the study says: 34.7, 7.6 … 0.22', () => {
    const rates = TEN_ACTIONS.map(({ share }) => share * RATE)
    expect(rates[0]).toBeCloseTo(34.7, 1)
    expect(rates[1]).toBeCloseTo(7.55, 2)
    expect(rates[4]).toBeCloseTo(1, 1)
    expect(rates[9]).toBeCloseTo(0.22, 2)
    expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeCloseTo(RATE, 9)
  })
})

describe('createWorld()', () => {
  const pairs = draw(60_000)

  it('gives the same trace for the same seed, and another for another', () => {
    expect(draw(50)).toEqual(pairs.slice(0, 50))
    expect(draw(50, undefined, 2)).not.toEqual(pairs.slice(0, 50))
  })
  it('sends so many pairs a second, each action in its share', () => {
    const seconds = pairs.at(-1)?.at ?? 0
    expect(pairs.length / seconds).toBeCloseTo(RATE, 0)
    const first = pairs.filter(({ action }) => action === 0).length / pairs.length
    expect(first).toBeCloseTo(TEN_ACTIONS[0]?.share ?? 0, 1)
  })
  it('treats both arms alike: the mean log ratio is 0 within its error', () => {
    const ratios = pairs.map(({ baselineMs, canaryMs }) => Math.log(canaryMs / baselineMs))
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
    // The spread of a log ratio is about 0.7.
    expect(Math.abs(mean)).toBeLessThan((4 * 0.7) / Math.sqrt(ratios.length))
  })
  it('makes arms differ by noise of 0.45 each: the spread of a pair is about 0.64', () => {
    const sizes = pairs
      .map(({ baselineMs, canaryMs }) => Math.abs(Math.log(canaryMs / baselineMs)))
      .toSorted((one, other) => one - other)
    const sigma = 1.4826 * (sizes[sizes.length / 2] ?? 0)
    expect(sigma).toBeGreaterThan(0.62)
    expect(sigma).toBeLessThan(0.68)
  })
  it('lets one request in a thousand fail', () => {
    const failed = pairs.filter(({ baseline }) => baseline !== 'ok').length / pairs.length
    expect(failed).toBeGreaterThan(0.0005)
    expect(failed).toBeLessThan(0.0016)
  })
  it('changes nothing but the canary of the actions that are named, from then on', () => {
    const changed = draw(60_000, { actions: [1], factor: 2, fromSeconds: 100 })
    const wrong = changed.filter(({ action, at, baselineMs, canaryMs }, index) => {
      const plain = pairs[index]
      const isTouched = action === 1 && at >= 100
      return baselineMs !== plain?.baselineMs || (canaryMs !== plain.canaryMs) !== isTouched
    })
    expect(wrong).toEqual([])
  })
  it('multiplies the whole latency where it is asked to', () => {
    const changed = draw(1000, { wholeFactor: 3 })
    for (const [index, pair] of changed.entries()) {
      expect(pair.canaryMs).toBe((pairs[index]?.canaryMs ?? 0) * 3)
    }
  })
})

describe('createStalls()', () => {
  it('lets the wait jump by the stall and fall by the free share of the time', () => {
    let stalls = 0
    const regime = { name: 'one', gapSeconds: 1, stallMs: () => 1000 * Number((stalls += 1) === 1) }
    const wait = createStalls(regime, createRandom(1))
    let at = 0
    while (wait(at) === 0) at += 0.001
    const first = wait(at)
    expect(first).toBeGreaterThan(998)
    // 70 % of the time is free to work off what has waited.
    expect(wait(at + 0.5)).toBeCloseTo(first - 350, 6)
    expect(wait(at + 2)).toBe(0)
  })
  it('never waits where nothing stalls', () => {
    const wait = createStalls(REGIMES.none, createRandom(1))
    expect(wait(1e6)).toBe(0)
  })
})
