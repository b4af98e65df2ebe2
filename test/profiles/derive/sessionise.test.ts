import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SESSION_GAP_MS, sessionise } from '../../../src/profiles/derive/sessionise.ts'

function at(client: string, timeMs: number): { client: string; timeMs: number } {
  return { client, timeMs }
}

describe('sessionise', () => {
  it('sessionise() of nothing is nothing', () => {
    expect(sessionise([])).toEqual([])
  })
  it('sessionise() sorts by time and cuts after more than the gap', () => {
    const late = 5 + SESSION_GAP_MS
    expect(
      sessionise([at('a', late), at('b', 0), at('a', 5), at('a', 0), at('a', 2 * late)]),
    ).toEqual([[at('a', 0), at('a', 5), at('a', late)], [at('a', 2 * late)], [at('b', 0)]])
  })
  it('sessionise() keeps every request once, in sessions of one client without a gap', () => {
    const request = fc.record({
      client: fc.constantFrom('a', 'b', 'c'),
      timeMs: fc.integer({ min: 0, max: 300 }),
    })
    fc.assert(
      fc.property(fc.array(request), (requests) => {
        const sessions = sessionise(requests, 20)
        expect(sessions.flat()).toHaveLength(requests.length)
        expect(new Set(sessions.flat())).toEqual(new Set(requests))
        for (const session of sessions) {
          for (const [index, { client, timeMs }] of session.entries()) {
            const before = session[index - 1]
            if (before === undefined) continue
            expect(client).toBe(before.client)
            expect(timeMs - before.timeMs).toBeGreaterThanOrEqual(0)
            expect(timeMs - before.timeMs).toBeLessThanOrEqual(20)
          }
        }
      }),
    )
  })
})
