import { describe, expect, it } from 'vitest'
import { interleaved, loadFigures, median } from '../../../bench/generator/machine/rounds.ts'
import { createRandom } from '../../../src/core/random.ts'

const RUN = { stdout: '', seconds: 10, cpuMicros: 1e6, lateMicros: 700_000, isNoisy: false }

describe('interleaved', () => {
  it('interleaved() has each candidate once a round, and takes ratios within a round', async () => {
    const told: string[] = []
    const order: string[] = []
    // The machine becomes ten times slower in the second round: ratios must not notice.
    const slowness = [1, 10, 1]
    const candidate = (name: string, cpu: number): Parameters<typeof interleaved>[0][number] => {
      let round = 0
      return {
        name,
        run: () => {
          order.push(name)
          const figures = { cpu: cpu * (slowness[round] ?? 1) }
          round += 1
          return Promise.resolve({ figures, isNoisy: name === 'b' && round === 2 })
        },
      }
    }
    const results = await interleaved([candidate('a', 30), candidate('b', 20)], {
      rounds: 3,
      random: createRandom(3),
      tell: (line) => told.push(line),
    })
    for (let round = 0; round < 3; round += 1) {
      expect(order.slice(2 * round, 2 * round + 2).toSorted()).toEqual(['a', 'b'])
    }
    expect(results.ratio('a', 'cpu', 'b')).toBe(1.5)
    expect(results.show('a', 'cpu', 0)).toBe('30 [30–300]')
    expect(results.label('a')).toBe('a')
    expect(results.label('b')).toBe('b (noisy)')
    expect(results.mark('a', 'b')).toBe(' (noisy)')
    expect(results.median('a', 'rps')).toBeUndefined()
    expect(results.show('c', 'cpu', 1)).toBe('–')
    expect(told).toHaveLength(6)
  })
})

describe('loadFigures', () => {
  it('loadFigures() counts what a client counts itself from the third second on', () => {
    const load = { requests: 100_000, failed: 0, seconds: 10 }
    expect(loadFigures(RUN, { ...load, lateRequests: 50_000, lateMicros: 400_000 })).toEqual({
      rps: 10_000,
      cpu: 10,
      steady: 8,
      failed: 0,
    })
  })
  it('loadFigures() takes an even rate for a tool that does not, and says nothing of short runs', () => {
    const load = { requests: 100_000, failed: 0, seconds: 10 }
    expect(loadFigures(RUN, load).steady).toBeCloseTo(10)
    expect(loadFigures({ ...RUN, seconds: 3.2 }, load).steady).toBeUndefined()
  })
})

describe('median', () => {
  it('median() of none is undefined', () => {
    expect(median([])).toBeUndefined()
    expect(median([3, 1, 2, 10])).toBe(2.5)
  })
})
