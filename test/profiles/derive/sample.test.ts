import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleSessions } from '../../../src/profiles/derive/sample.ts'
import { sessionise } from '../../../src/profiles/derive/sessionise.ts'

/** `sessions` of `length` requests each, one client each, one after the other. */
function requestsOf(sessions: number, length: number): { client: string; timeMs: number }[] {
  return Array.from({ length: sessions * length }, (_, index) => ({
    client: `c${Math.floor(index / length)}`,
    timeMs: index * 1000,
  }))
}

describe('sampleSessions', () => {
  it('takes all where they fit, and the beginning of one session that does not', () => {
    const all = requestsOf(10, 3)
    expect(sampleSessions(all, 30, 1)).toBe(all)
    const endless = requestsOf(1, 500)
    expect(sampleSessions(endless, 40, 1)).toEqual(endless.slice(0, 40))
  })
  it('takes whole sessions, evenly from the beginning to the end', () => {
    const all = requestsOf(2000, 5)
    const sample = sampleSessions(all, 2500, 7)
    expect(sample).toHaveLength(2500)
    expect(new Set(sessionise(sample).map((session) => session.length))).toEqual(new Set([5]))
    const quarters = [0, 0, 0, 0]
    for (const { timeMs } of sample) {
      const quarter = Math.floor(timeMs / 2_500_000)
      quarters[quarter] = (quarters[quarter] ?? 0) + 1
    }
    // 500 of 2000 sessions are drawn: 125 a quarter, with a standard deviation of 8.4 (625 and 42).
    for (const count of quarters) expect(Math.abs(count - 625)).toBeLessThan(5 * 42)
  })
  it('is the same for a seed whatever clients are called, and another for another', () => {
    const all = requestsOf(300, 2)
    const renamed = all.map(({ client, timeMs }) => ({ client: `x${client}`, timeMs }))
    const times = (list: readonly { timeMs: number }[]): number[] =>
      list.map(({ timeMs }) => timeMs)
    const sample = times(sampleSessions(all, 100, 3))
    expect(times(sampleSessions(renamed, 100, 3))).toEqual(sample)
    expect(times(sampleSessions(all, 100, 4))).not.toEqual(sample)
  })
  it('keeps the order and the bound, whatever comes', () => {
    const some = fc.array(
      fc.record({ client: fc.constantFrom('a', 'b', 'c', 'd'), timeMs: fc.nat(9_000_000) }),
    )
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 30 }), fc.integer(), (requests, most, seed) => {
        const sample = sampleSessions(requests, most, seed)
        expect(sample.length).toBeLessThanOrEqual(Math.max(most, 0))
        expect(sample).toEqual(requests.filter((request) => sample.includes(request)))
        if (requests.length <= most) expect(sample).toEqual(requests)
        else if (requests.length > 0) expect(sample.length).toBeGreaterThan(0)
      }),
    )
  })
})
