import { describe, expect, it } from 'vitest'
import { createWobble, hasMemory, updateWobble } from '../../../src/analysis/judging/wobble.ts'
import { createRandom } from '../../../src/core/random.ts'

function judged(count: number, memory: number, seed: number): boolean {
  const random = createRandom(seed)
  const wobble = createWobble()
  let level = 0
  for (let block = 0; block < count; block += 1) {
    level = memory * level + random.normal()
    updateWobble(wobble, level)
  }
  return hasMemory(wobble)
}

describe('wobble', () => {
  it('hasMemory() says nothing on too few blocks, or without any difference', () => {
    expect(judged(39, 0.99, 1)).toBe(false)
    const still = createWobble()
    for (let block = 0; block < 100; block += 1) updateWobble(still, 0)
    expect(hasMemory(still)).toBe(false)
  })
  it('hasMemory() is rarely deceived by plain noise', () => {
    const alarms = Array.from({ length: 200 }, (_, seed) => judged(200, 0, seed)).filter(Boolean)
    expect(alarms.length).toBeLessThan(11)
  })
  it('hasMemory() sees arms that wander', () => {
    const alarms = Array.from({ length: 50 }, (_, seed) => judged(300, 0.7, seed)).filter(Boolean)
    expect(alarms.length).toBeGreaterThan(45)
  })
})
