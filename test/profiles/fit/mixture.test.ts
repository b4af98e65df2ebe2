import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { encode, fitMixture } from '../../../src/profiles/fit/mixture.ts'

/** Lookers go in circles, buyers go straight: by turns, three to one. */
function twoKinds(count: number): string[][] {
  const random = createRandom(9)
  return Array.from({ length: count }, (_, index) => {
    const stay = index % 4 === 0 ? 0.1 : 0.9
    const states = ['home']
    while (states.length < 12 && random.next() < 0.85) {
      const last = states.at(-1)
      states.push(random.next() < stay ? 'home' : last === 'home' ? 'item' : 'pay')
    }
    return states
  })
}

describe('fitMixture', () => {
  it('fitMixture() pays for two kinds where there are two, and not for a third', () => {
    const encoded = encode(twoKinds(1200))
    const costs = [1, 2, 3].map((kinds) => fitMixture(encoded, kinds, 1).cost)
    expect(costs[1]).toBeLessThan(costs[0] ?? 0)
    expect(costs[2]).toBeGreaterThan(costs[1] ?? 0)
  })
  it('fitMixture() does not see kinds where there are none', () => {
    const random = createRandom(4)
    const alike = Array.from({ length: 800 }, () => {
      const states = ['a']
      while (random.next() < 0.6) states.push(random.next() < 0.5 ? 'a' : 'b')
      return states
    })
    const encoded = encode(alike)
    expect(fitMixture(encoded, 2, 1).cost).toBeGreaterThan(fitMixture(encoded, 1, 1).cost)
  })
  it('fitMixture() gives each session to its kind, wholly in sum', () => {
    const sessions = twoKinds(1200)
    const { belongs } = fitMixture(encode(sessions), 2, 1)
    const [one = new Float64Array(), other = new Float64Array()] = belongs
    for (const [index, extent] of one.entries()) {
      expect(extent + (other[index] ?? 0)).toBeCloseTo(1, 9)
    }
    const long = sessions.flatMap((states, index) => (states.length > 7 ? [index] : []))
    const right = long.filter((index) => {
      const isBuyer = index % 4 === 0
      return isBuyer === (one[index] ?? 0) > 0.5
    }).length
    expect(Math.max(right, long.length - right) / long.length).toBeGreaterThan(0.9)
  })
  it('fitMixture() is the same for a seed', () => {
    const encoded = encode(twoKinds(200))
    expect(fitMixture(encoded, 3, 7)).toEqual(fitMixture(encoded, 3, 7))
  })
})
