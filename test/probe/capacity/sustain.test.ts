import { describe, expect, it } from 'vitest'
import type { Level } from '../../../src/probe/capacity/limits.ts'
import { heldBy, type Held, type Round } from '../../../src/probe/capacity/sustain.ts'
import { levelOf } from './levels.ts'

/** Connections, rate, and how far beyond the limit. */
const at = (connections: number, rate: number, strain: number): Level =>
  levelOf(connections, rate, { strain, ...(strain > 0 ? { broke: 'latency' } : {}) })

function held(rounds: readonly (readonly Level[])[]): Held | undefined {
  return heldBy(
    'canary',
    rounds.map((canary): Round => ({ baseline: [], canary })),
  )
}

describe('heldBy()', () => {
  it('knows nothing of an arm that was not measured in every round', () => {
    expect(held([])).toBeUndefined()
    expect(held([[at(8, 800, -1)], []])).toBeUndefined()
  })

  it('takes the highest level that holds, and tells the fewest connections near it', () => {
    const flat = held([
      [at(8, 790, -1), at(16, 800, -0.3)],
      [at(8, 800, -1), at(16, 810, -0.3)],
    ])
    expect(flat).toMatchObject({ connections: 8, roundsHeld: 2, roundsBelow: 0, unknown: 0 })
    expect(flat?.rates).toEqual([800, 810].map((rate) => expect.closeTo(rate, 6)))
    expect(flat?.isOpen).toBe(false)
  })

  it('reads between two levels by how far each is from the limit', () => {
    const [middle] = held([[at(8, 400, -0.2), at(16, 800, 0.2)]])?.rates ?? []
    expect(middle).toBeCloseTo(Math.sqrt(400 * 800), 6)
    const near = held([[at(8, 400, -0.001), at(16, 800, 0.4)]])
    const beyond = held([[at(8, 400, 0.001), at(16, 800, 0.4)]])
    expect(near?.rates[0]).toBeCloseTo(beyond?.rates[0] ?? 0, -1)
    expect(beyond?.roundsBelow).toBe(1)
  })

  it('is worth what it does with fewer where more connections bring less', () => {
    const crowded = held([[at(8, 800, -1), at(16, 600, -0.5), at(32, 500, 0.5)]])
    expect(crowded?.rates[0]).toBeCloseTo(800, 6)
    expect(crowded?.connections).toBe(8)
  })

  it('is open where the highest level held and still brought more', () => {
    expect(held([[at(8, 400, -1), at(16, 790, -0.5)]])?.isOpen).toBe(true)
    expect(held([[at(8, 780, -1), at(16, 790, -0.5)]])?.isOpen).toBe(false)
  })

  it('answers finitely of an arm that answers nothing', () => {
    const [rate] = held([[at(8, 0, 3), at(16, 0, 3)]])?.rates ?? []
    expect(Number.isFinite(rate)).toBe(true)
  })
})
