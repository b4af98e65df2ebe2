import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import {
  compareSessions,
  MEASURES,
  type Measure,
  type MeasureName,
} from '../../../src/profiles/distance/compare.ts'
import {
  countSample,
  numberParts,
  type PlainSession,
} from '../../../src/profiles/distance/sample.ts'

/** Sessions of a chain over a, b, c: how likely each goes on, and how long people think. */
function sessionsOf(
  count: number,
  seed: number,
  stay: number,
  thinkSeconds: number,
): PlainSession[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => {
    const steps = [{ action: 'a', seconds: 0 }]
    while (random.next() < 0.7 && steps.length < 50) {
      const { action = 'a', seconds = 0 } = steps.at(-1) ?? {}
      const next = random.next() < stay ? action : action === 'a' ? 'b' : action === 'b' ? 'c' : 'a'
      steps.push({ action: next, seconds: seconds + thinkSeconds * random.exponential() })
    }
    return steps
  })
}

function named(
  measures: readonly Measure[],
  name: MeasureName,
): Extract<Measure, { kind: 'measured' }> {
  const found = measures.find((measure) => measure.name === name)
  if (found?.kind !== 'measured') throw new Error(`${name} is not measured`)
  return found
}

describe('compareSessions', () => {
  it('compareSessions() says that too few sessions cannot be compared', () => {
    for (const [real, made] of [
      [19, 100],
      [100, 9],
      [0, 0],
    ] as const) {
      const { measures, perSide } = compareSessions(
        sessionsOf(real, 1, 0.5, 5),
        sessionsOf(made, 2, 0.5, 5),
        1,
      )
      expect(perSide).toBeLessThan(10)
      expect(measures.map(({ name }) => name)).toEqual(MEASURES)
      expect(measures.every(({ kind }) => kind === 'not-measured')).toBe(true)
    }
  })
  it('compareSessions() does not measure what no session has', () => {
    const single: PlainSession[] = Array.from({ length: 40 }, () => [{ action: 'a', seconds: 0 }])
    const { measures } = compareSessions(single, single, 1)
    expect(measures.filter(({ kind }) => kind === 'not-measured').map(({ name }) => name)).toEqual([
      'thinkTimes',
      'bigramsMissing',
      'bigramsNew',
      'trigramsMissing',
      'trigramsNew',
    ])
    expect(named(measures, 'actions')).toMatchObject({ distance: 0, word: 'within the noise' })
  })
  it('compareSessions() finds sessions of the same people within their noise', () => {
    const { measures, perSide } = compareSessions(
      sessionsOf(600, 1, 0.5, 5),
      sessionsOf(600, 2, 0.5, 5),
      1,
    )
    expect(perSide).toBe(300)
    for (const measure of measures) {
      expect(measure).toMatchObject({ kind: 'measured', word: 'within the noise' })
    }
  })
  it('compareSessions() tells what differs from what does not', () => {
    const real = sessionsOf(600, 1, 0.5, 5)
    const slower = compareSessions(real, sessionsOf(600, 2, 0.5, 15), 1).measures
    expect(named(slower, 'thinkTimes').word).toBe('far')
    expect(named(slower, 'sessionDurations').word).toBe('far')
    expect(named(slower, 'transitions').word).toBe('within the noise')
    const staying = compareSessions(real, sessionsOf(600, 2, 0.8, 5), 1).measures
    expect(named(staying, 'transitions').word).toBe('far')
    expect(named(staying, 'sessionLengths').word).toBe('within the noise')
  })
  it('compareSessions() names what was never made and what was never seen', () => {
    const real = sessionsOf(200, 1, 0.5, 5)
    const other = real.map((session) =>
      session.map(({ action, seconds }) => ({ action: action === 'c' ? 'd' : action, seconds })),
    )
    const { measures } = compareSessions(real, other, 1)
    const [missing, seen] = [named(measures, 'bigramsMissing'), named(measures, 'bigramsNew')]
    expect(missing.word).toBe('far')
    expect(seen.word).toBe('far')
    expect(seen.distance).toBeGreaterThan(0.2)
    expect(seen.noise).toBe(0)
  })
  it('compareSessions() finds people that were learned by heart', () => {
    const real = sessionsOf(400, 1, 0.5, 5)
    const honest = compareSessions(real, sessionsOf(400, 2, 0.5, 5), 1)
    expect(named(honest.measures, 'rareCopies').word).toBe('within the noise')
    const rare = real.filter((session) => session.length > 6)
    const copies = Array.from({ length: 400 }, (_, index) => rare[index % rare.length] ?? [])
    expect(named(compareSessions(real, copies, 1).measures, 'rareCopies').word).toBe('far')
  })
  it('compareSessions() is the same for a seed, and every figure is within 0 to 1', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 10, max: 60 }), (seed, count) => {
        const [real, made] = [sessionsOf(60, 3, 0.5, 5), sessionsOf(count, 4, 0.2, 1)]
        const closeness = compareSessions(real, made, seed)
        expect(compareSessions(real, made, seed)).toEqual(closeness)
        for (const measure of closeness.measures) {
          if (measure.kind !== 'measured') continue
          for (const value of [measure.distance, measure.noise, measure.noiseHigh]) {
            expect(value).toBeGreaterThanOrEqual(0)
            expect(value).toBeLessThanOrEqual(1)
          }
          expect(measure.noiseHigh).toBeGreaterThanOrEqual(measure.noise)
        }
      }),
      { numRuns: 8 },
    )
  })
})

describe('countSample', () => {
  it('countSample() counts each part of sessions once', () => {
    const session: PlainSession = ['a', 'b', 'a', 'b'].map((action, index) => ({
      action,
      seconds: 2 * index,
    }))
    const { vocabulary, sides } = numberParts([[session, session.slice(0, 1)], [session]])
    const [both = [], one = []] = sides
    const sample = countSample(both, vocabulary)
    expect([...sample.actions]).toEqual([3, 2])
    // start→a, a→b, b→a, b→end, a→end; rows are numbered as the actions, then the start.
    expect([...sample.transitions]).toEqual([2, 2, 1, 1, 1])
    expect(vocabulary.rows).toEqual([2, 0, 1, 1, 0])
    expect([...sample.bigrams]).toEqual([2, 1])
    expect([...sample.trigrams]).toEqual([1, 1])
    expect([...sample.thinkSeconds]).toEqual([2, 2, 2])
    expect([...sample.lengths]).toEqual([1, 4])
    expect([...sample.durations]).toEqual([0, 6])
    const shared = countSample(one, vocabulary).sequences
    expect(
      [...sample.sequences].filter((count, index) => count > 0 && shared[index] === 1),
    ).toEqual([1])
  })
})
