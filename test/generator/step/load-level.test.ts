import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { createLoadLevel } from '../../../src/generator/step/load-level.ts'

function highShare(values: readonly number[], skipped = 200): number {
  const level = createLoadLevel()
  const levels = values.map((value) => level(value)).slice(skipped)
  return levels.filter((one) => one === 'high').length / levels.length
}

describe('createLoadLevel()', () => {
  it('is low where never anything else is under way', () => {
    expect(highShare(Array.from({ length: 400 }, () => 0))).toBe(0)
  })
  it('parts the steps about in the middle, whatever the level of the load', () => {
    const random = createRandom(3)
    for (const usual of [5, 40, 300]) {
      const values = Array.from({ length: 6_000 }, () => usual + random.int(usual))
      expect(highShare(values, 1_000)).toBeGreaterThan(0.4)
      expect(highShare(values, 1_000)).toBeLessThan(0.6)
    }
  })
  it('follows a change of pace', () => {
    const level = createLoadLevel()
    for (let step = 0; step < 500; step += 1) level(30 + (step % 2))
    expect(level(29)).toBe('low')
    for (let step = 0; step < 500; step += 1) level(4 + (step % 2))
    expect(level(29)).toBe('high')
  })
})
