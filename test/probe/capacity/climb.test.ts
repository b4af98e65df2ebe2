import { describe, expect, it } from 'vitest'
import { createClimb, operatingPoints, type Climb } from '../../../src/probe/capacity/climb.ts'
import type { Level } from '../../../src/probe/capacity/limits.ts'
import { levelOf } from './levels.ts'

function climb(levelAt: (connections: number) => Level, most?: number): Climb {
  const climbing = createClimb(most)
  for (let next = climbing.next(); next !== undefined; next = climbing.next()) {
    climbing.add(levelAt(next))
    if (climbing.levels().length > 50) throw new Error('it climbs forever')
  }
  return climbing
}

const connectionsOf = (climbed: Climb): number[] =>
  climbed.levels().map(({ connections }) => connections)

describe('createClimb()', () => {
  it('ends where the limit breaks at one connection', () => {
    const climbed = climb((at) => levelOf(at, 10, { broke: 'latency' }))
    expect(connectionsOf(climbed)).toEqual([1])
    expect(climbed.limitedBy()).toBe('latency')
  })

  it('asks once more before it believes that a level takes too long, but not that it fails', () => {
    const asked: number[] = []
    const stall = (at: number): Level => {
      asked.push(at)
      const isStalled = at === 2 && asked.filter((one) => one === 2).length === 1
      return levelOf(
        at,
        at * 100,
        isStalled ? { broke: 'latency' } : at > 4 ? { broke: 'errors' } : {},
      )
    }
    const climbed = climb(stall)
    expect(asked).toEqual([1, 2, 2, 4, 8, 6, 5])
    expect(connectionsOf(climbed)).toEqual([1, 2, 4, 8, 6, 5])
  })

  it('doubles, then narrows the gap between good and bad while the rate still grew', () => {
    const climbed = climb((at) => levelOf(at, at * 100, at > 21 ? { broke: 'errors' } : {}))
    expect(connectionsOf(climbed)).toEqual([1, 2, 4, 8, 16, 32, 23, 19, 21])
    expect(climbed.limitedBy()).toBe('errors')
    const { baseline } = operatingPoints(climbed.levels(), climbed.levels())
    expect(baseline?.connections).toBe(21)
  })

  it('does not narrow where more connections had brought nothing already', () => {
    const rate = (at: number): number => Math.min(at, 8) * 100
    const climbed = climb((at) => levelOf(at, rate(at), at > 16 ? { broke: 'latency' } : {}))
    expect(connectionsOf(climbed)).toEqual([1, 2, 4, 8, 16, 32])
    expect(climbed.limitedBy()).toBe('latency')
  })

  it('is full after two doublings that bring nothing', () => {
    const climbed = climb((at) => levelOf(at, Math.min(at, 4) * 100))
    expect(connectionsOf(climbed)).toEqual([1, 2, 4, 8, 16])
    expect(climbed.limitedBy()).toBe('full')
  })

  it('knows only a bound where the generator, the cap or the time ended it', () => {
    const strained = climb((at) => levelOf(at, at * 100, { isStrained: at >= 8 }))
    expect([connectionsOf(strained).at(-1), strained.limitedBy()]).toEqual([8, 'generator'])
    const capped = climb((at) => levelOf(at, at * 100), 48)
    expect([connectionsOf(capped).at(-1), capped.limitedBy()]).toEqual([48, 'cap'])
    const late = createClimb()
    late.add(levelOf(1, 100))
    late.stop('time')
    expect([late.next(), late.limitedBy()]).toEqual([undefined, 'time'])
  })
})

describe('operatingPoints()', () => {
  const points = (baseline: readonly Level[], canary: readonly Level[]): unknown => {
    const found = operatingPoints(baseline, canary)
    return [found.baseline?.connections, found.canary?.connections]
  }

  it('has none for an arm that never held', () => {
    expect(points([levelOf(1, 9, { broke: 'errors' })], [levelOf(1, 9)])).toEqual([undefined, 1])
  })

  it('takes the same connections for both where each is near its best there', () => {
    const equal = [levelOf(4, 390), levelOf(8, 500), levelOf(16, 505)]
    const noisy = [levelOf(4, 395), levelOf(8, 480), levelOf(16, 510)]
    expect(points(equal, noisy)).toEqual([16, 16])
    expect(points(equal, [levelOf(4, 240), levelOf(8, 250)])).toEqual([8, 8])
  })

  it('takes for each the fewest that are near its best where they have none in common', () => {
    const wide = [levelOf(8, 500), levelOf(16, 990), levelOf(32, 1000)]
    const narrow = [levelOf(2, 100), levelOf(4, 110), levelOf(8, 111, { broke: 'latency' })]
    expect(points(wide, narrow)).toEqual([16, 4])
  })
})
