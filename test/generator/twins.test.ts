import { describe, expect, it } from 'vitest'
import { ARMS } from '../../src/core/arm.ts'
import { hash53 } from '../../src/core/random.ts'
import { orderOfArms } from '../../src/generator/twins.ts'

const three = ARMS.map((arm) => ({ arm }))
const two = three.slice(0, 2)
const pairs = Array.from({ length: 6_000 }, (_, index) => `s${index >> 2}.${index % 4}`)

describe('orderOfArms()', () => {
  it('has nothing to order for one arm', () => {
    expect(orderOfArms(1, 's1.1', [{ arm: 'baseline' }])).toEqual([{ arm: 'baseline' }])
  })
  it('puts the canary first exactly where the hash is odd', () => {
    for (const pair of pairs) {
      const isOdd = hash53(5, `order:${pair}`) % 2 === 1
      expect(orderOfArms(5, pair, two)[0]?.arm).toBe(isOdd ? 'canary' : 'baseline')
    }
  })
  it('puts each twin first in about half of the pairs', () => {
    const first = pairs.filter((pair) => orderOfArms(1, pair, two)[0]?.arm === 'canary').length
    expect(Math.abs(first / pairs.length - 0.5)).toBeLessThan(0.03)
  })
  it('uses the six orders of three arms equally', () => {
    const counts = new Map<string, number>()
    for (const pair of pairs) {
      const order = orderOfArms(1, pair, three)
        .map(({ arm }) => arm)
        .join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const count of counts.values()) expect(Math.abs(count / 1_000 - 1)).toBeLessThan(0.15)
  })
  it('orders the twins the same with and without a control', () => {
    for (const pair of pairs.slice(0, 500)) {
      const without = orderOfArms(1, pair, two)
      expect(orderOfArms(1, pair, three).filter(({ arm }) => arm !== 'control')).toEqual(without)
    }
  })
})
