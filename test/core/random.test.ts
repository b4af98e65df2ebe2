import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom, hash53 } from '../../src/core/random.ts'

describe('createRandom', () => {
  it('gives the same stream for the same seed and name', () => {
    const draw = (): number[] => {
      const random = createRandom(7, 'sessions')
      return Array.from({ length: 20 }, () => random.next())
    }
    expect(draw()).toEqual(draw())
  })

  it('forks by name alone, whatever was drawn before', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), fc.nat(50), (seed, name, draws) => {
        const fresh = createRandom(seed)
        const used = createRandom(seed)
        for (let drawn = 0; drawn < draws; drawn += 1) used.next()
        expect(used.fork(name).next()).toBe(fresh.fork(name).next())
      }),
    )
  })

  it('is uniform: mean, variance and each tenth are where they belong', () => {
    const random = createRandom(1)
    const values = Array.from({ length: 100_000 }, () => random.next())
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / values.length))
    const tenths = Array.from({ length: 10 }, () => 0)
    for (const value of values) tenths[Math.floor(value * 10)]! += 1
    // Chi-square with 9 degrees of freedom: 27.9 is the 99.9 % point.
    const chiSquare = tenths.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    expect(chiSquare).toBeLessThan(27.9)
  })

  it('draws exponentials of mean 1 and standard normals', () => {
    const random = createRandom(2)
    const count = 50_000
    let exponentials = 0
    let normals = 0
    let squares = 0
    for (let drawn = 0; drawn < count; drawn += 1) {
      exponentials += random.exponential()
      const normal = random.normal()
      normals += normal
      squares += normal * normal
    }
    expect(exponentials / count).toBeCloseTo(1, 1)
    expect(normals / count).toBeCloseTo(0, 1)
    expect(squares / count).toBeCloseTo(1, 1)
  })
})

describe('hash53', () => {
  it('stays within 53 bits and differs by seed and by text', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), (seed, text) => {
        const hash = hash53(seed, text)
        expect(Number.isSafeInteger(hash)).toBe(true)
        expect(hash).toBeGreaterThanOrEqual(0)
        expect(hash).not.toBe(hash53(seed + 1, text))
        expect(hash).not.toBe(hash53(seed, `${text}.`))
      }),
    )
  })

  it('flips a fair coin over consecutive pairs, independent of another salt', () => {
    const count = 40_000
    let heads = 0
    let both = 0
    for (let pair = 0; pair < count; pair += 1) {
      const order = hash53(1, `order:s${pair}.1`) % 2
      const coin = hash53(1, `coin:s${pair}.1`) < 2 ** 52 ? 1 : 0
      heads += order
      both += order * coin
    }
    expect(Math.abs(heads / count - 0.5)).toBeLessThan(0.01)
    expect(Math.abs(both / count - 0.25)).toBeLessThan(0.01)
  })
})
