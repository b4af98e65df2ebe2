import { describe, expect, it } from 'vitest'
import type { Level } from '../../../src/probe/capacity/limits.ts'
import {
  firstLevels,
  laterLevels,
  roundSeconds,
  windowOf,
} from '../../../src/probe/capacity/plan.ts'
import type { Round } from '../../../src/probe/capacity/sustain.ts'
import { levelOf } from './levels.ts'

const ladder = (slots: number, most: number): Level[] =>
  [1, 2, 4, 8, 16, 32, 64].map((at) =>
    levelOf(at, Math.min(at, slots) * 100, at > most ? { broke: 'latency' } : {}),
  )

describe('firstLevels()', () => {
  it('has none where an arm never held', () => {
    expect(firstLevels(ladder(8, 0), ladder(8, 16), 60)).toEqual([])
  })

  it('is where both are near their best, and the level above it', () => {
    expect(firstLevels(ladder(8, 16), ladder(4, 8), 60)).toEqual([8, 16])
  })

  it('is where each is near its best if they have none in common', () => {
    expect(firstLevels(ladder(32, 32), ladder(4, 8), 60)).toEqual([4, 32, 64])
    const split = [levelOf(54, 900), levelOf(128, 1000)]
    expect(firstLevels([levelOf(54, 1000)], split, 60)).toEqual([54, 128, 256])
  })

  it('has one below where the lowest stands right at its limit', () => {
    const edge = [levelOf(8, 800), levelOf(16, 1000, { strain: -0.1 })]
    expect(firstLevels(edge, edge, 60)).toEqual([11, 16, 32])
  })

  it('leaves out the level above where the time is short', () => {
    expect(firstLevels(ladder(8, 16), ladder(8, 16), 6)).toEqual([8])
  })
})

describe('laterLevels()', () => {
  const free = { baseline: Infinity, canary: Infinity }
  const rounds = (rates: readonly number[], strains: readonly number[]): Round[] => {
    const levels = [8, 16].map((at, index) =>
      levelOf(at, rates[index] ?? 0, { strain: strains[index] ?? 0 }),
    )
    return [1, 2].map(() => ({ baseline: levels, canary: levels }))
  }
  const later = (given: readonly Round[], refused = free): readonly number[] =>
    laterLevels([8, 16], [8, 16], given, refused)

  it('keeps the levels around the limit', () => {
    expect(later(rounds([700, 800], [-0.5, 0.5]))).toEqual([8, 16])
    expect(later(rounds([800, 800], [-1, -0.5]))).toEqual([8, 16])
  })

  it('goes up while more connections bring more, but not where half of the answers failed', () => {
    const growing = rounds([800, 1500], [-1, -0.5])
    expect(later(growing)).toEqual([16, 32])
    expect(later(growing, { baseline: 32, canary: 20 })).toEqual([8, 16])
  })

  it('goes down once where not even the lowest holds', () => {
    const broken = rounds([800, 1500], [0.2, 0.5])
    expect(later(broken)).toEqual([6, 8])
    expect(laterLevels([8, 16], [6, 8], broken, free)).toEqual([6, 8])
  })

  it('learns nothing of others from one level', () => {
    const one = rounds([800], [0.5])
    const levels = [8]
    expect(laterLevels(levels, levels, one, free)).toBe(levels)
  })
})

describe('windowOf()', () => {
  it('is a second where there is time, less where there is little, more for a slow target', () => {
    const fast = ladder(8, 16)
    expect(windowOf([8, 16], 90, fast).seconds).toBe(1)
    expect(windowOf([8, 16], 12, fast).seconds).toBe(0.25)
    const slow = [levelOf(8, 10)]
    expect(windowOf([8], 90, slow).seconds).toBe(2)
    expect(windowOf([8], 900, [levelOf(8, 0.1)]).seconds).toBe(3)
  })

  it('fits twelve rounds into the time that is left', () => {
    const window = windowOf([8, 16], 40, ladder(8, 16))
    expect(12 * roundSeconds([8, 16], window)).toBeLessThanOrEqual(40)
  })
})
