import { describe, expect, it } from 'vitest'
import { createWarmUp } from '../../src/analysis/warm-up.ts'

const LIMITS = { minSeconds: 10, maxSeconds: 60 }

function lengthOf(
  latencyMs: (arm: 'baseline' | 'canary', seconds: number) => number,
  limits = LIMITS,
): number {
  const warmUp = createWarmUp(limits)
  for (let tick = 0; tick < 4000; tick += 1) {
    const seconds = tick / 50
    if (warmUp.over(seconds)) return seconds
    for (const arm of ['baseline', 'canary'] as const) {
      warmUp.add(arm, tick % 3, latencyMs(arm, seconds) * ((tick % 3) + 1), seconds)
    }
  }
  return Infinity
}

describe('warm-up', () => {
  it('over() is over at once for a length of zero', () => {
    expect(createWarmUp({ minSeconds: 0, maxSeconds: 0 }).over(0)).toBe(true)
  })
  it('over() ends at the most without any answer', () => {
    const warmUp = createWarmUp(LIMITS)
    expect(warmUp.over(59.9)).toBe(false)
    expect(warmUp.over(60)).toBe(true)
  })
  it('over() ends at the least where both arms are steady', () => {
    expect(lengthOf(() => 20)).toBe(10)
  })
  it('over() does not mind a steady difference of the arms', () => {
    expect(lengthOf((arm) => (arm === 'canary' ? 60 : 20))).toBe(10)
  })
  it('over() waits for an arm that still gets faster, whichever it is', () => {
    for (const cold of ['baseline', 'canary'] as const) {
      const length = lengthOf((arm, at) => (arm === cold ? 20 * (1 + 2 * Math.exp(-at / 5)) : 20))
      expect(length).toBeGreaterThan(10)
      expect(length).toBeLessThan(40)
    }
  })
  it('over() gives up at the most', () => {
    expect(lengthOf((_arm, at) => 20 * 1.5 ** (at / 5))).toBe(60)
  })
  it('over() takes a fixed length as it is', () => {
    expect(lengthOf((_arm, at) => 20 * 2 ** at, { minSeconds: 7, maxSeconds: 7 })).toBe(7)
  })
})
