import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memorySlope, type MemoryFloor } from '../../../src/analysis/resources/slope.ts'
import { createRandom } from '../../../src/core/random.ts'

const MB = 1_000_000

function floors(count: number, rssBytes: (seconds: number) => number): MemoryFloor[] {
  return Array.from({ length: count }, (_, index) => ({
    at: index * 2,
    rssBytes: rssBytes(index * 2),
  }))
}

describe('memorySlope()', () => {
  it('says nothing about fewer than ten moments, or what is no number', () => {
    expect(memorySlope([])).toBeUndefined()
    expect(memorySlope(floors(9, () => MB))).toBeUndefined()
    expect(memorySlope(floors(50, () => Number.NaN))).toBeUndefined()
    expect(memorySlope(floors(50, () => MB).map((one) => ({ ...one, at: 3 })))).toBeUndefined()
  })
  it('is nothing for a memory that does not change', () => {
    expect(memorySlope(floors(20, () => 80 * MB))).toEqual({ mbPerMinute: 0, low: 0, high: 0 })
  })
  it('finds a leak in noise, and a third of outliers does not move it', () => {
    const random = createRandom(4)
    const slope = memorySlope(
      floors(90, (seconds) => {
        const leaked = 80 * MB + (seconds / 60) * 6 * MB + random.normal() * MB
        return random.next() < 0.3 ? leaked + 300 * MB * random.next() : leaked
      }),
    )
    expect(slope?.mbPerMinute).toBeGreaterThan(4)
    expect(slope?.mbPerMinute).toBeLessThan(9)
    expect(slope?.low).toBeGreaterThan(0)
  })
  it('holds the truth in its interval about 95 times in 100 where points are independent', () => {
    let inside = 0
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = createRandom(seed)
      const slope = memorySlope(floors(40, (seconds) => seconds * MB + 30 * MB * random.normal()))
      if (slope !== undefined && slope.low <= 60 && 60 <= slope.high) inside += 1
    }
    expect(inside).toBeGreaterThan(178)
    expect(inside).toBeLessThan(200)
  })
  it('joins an hour of points, and does not mind their order', () => {
    const random = createRandom(2)
    const points = floors(1800, (seconds) => 50 * MB + seconds * 1000 + 1000 * random.next())
    const slope = memorySlope(points)
    expect(slope?.mbPerMinute).toBeCloseTo(0.06, 2)
    expect(memorySlope(points.toReversed())).toEqual(slope)
  })
  it('turns round with the memory, and does not see where it begins', () => {
    const points = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 10, maxLength: 40 })
    fc.assert(
      fc.property(points, fc.integer({ min: 0, max: 1_000_000 }), (values, base) => {
        const slope = memorySlope(floors(values.length, (at) => values[at / 2] ?? 0))
        const turned = memorySlope(floors(values.length, (at) => -(values[at / 2] ?? 0)))
        const lifted = memorySlope(floors(values.length, (at) => base + (values[at / 2] ?? 0)))
        expect(turned?.mbPerMinute).toBeCloseTo(-(slope?.mbPerMinute ?? 0), 12)
        expect(turned?.low).toBeCloseTo(-(slope?.high ?? 0), 12)
        expect(lifted).toEqual(slope)
        expect(slope?.low).toBeLessThanOrEqual(slope?.mbPerMinute ?? 0)
        expect(slope?.high).toBeGreaterThanOrEqual(slope?.mbPerMinute ?? 0)
      }),
    )
  })
})
