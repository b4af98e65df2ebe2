import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextIntendedMs } from '../../../src/generator/schedule/followers.ts'
import type { Pace } from '../../../src/generator/schedule.ts'
import { simulate } from './simulation.ts'

const ms = fc.integer({ min: 0, max: 10_000 })

describe('nextIntendedMs()', () => {
  it('is the last intended moment and the gap, however quick the answer was', () => {
    fc.assert(
      fc.property(ms, ms, fc.option(ms, { nil: undefined }), (lastMs, gapMs, expectedMs) => {
        const expected = expectedMs === undefined ? {} : { expectedMs }
        for (const endMs of [lastMs, lastMs + gapMs / 2, lastMs + gapMs]) {
          const next = nextIntendedMs(lastMs, { endMs, gapMs, isOver: false, ...expected })
          expect(next).toBe(lastMs + gapMs)
        }
      }),
    )
  })
  it('is the end of the step if the user still waited and nobody says how long that may take', () => {
    expect(nextIntendedMs(100, { endMs: 900, gapMs: 500, isOver: false })).toBe(900)
  })
  it('is the moment at which the answer was expected, if it came later than that', () => {
    const late = { endMs: 900, gapMs: 0, isOver: false }
    expect(nextIntendedMs(100, { ...late, expectedMs: 300 })).toBe(400)
    expect(nextIntendedMs(100, { ...late, gapMs: 500, expectedMs: 300 })).toBe(600)
    expect(nextIntendedMs(100, { ...late, expectedMs: 3_000 })).toBe(900)
  })
})

describe('recorded pace', () => {
  const pace: Pace = { kind: 'recorded', concurrency: 1, rate: 1_000, timeScale: 1 }
  /** The target stands still from 1 s to 2 s, and else answers in 10 ms. */
  const takesMs = (atMs: number): number => (atMs < 1_000 || atMs >= 2_000 ? 10 : 2_010 - atMs)

  it('charges a wait to the step that waited, and to later ones only what was not expected', () => {
    const play = (expectedMs?: number): { intendedMs: number; atMs: number }[] =>
      simulate({
        pace,
        toMs: 4_000,
        gapMs: 100,
        takesMs,
        ...(expectedMs === undefined ? {} : { expectedMs }),
      }).sent
    const delaysOf = (sent: readonly { intendedMs: number; atMs: number }[]): number[] =>
      sent.map(({ intendedMs, atMs }) => Math.round(atMs - intendedMs)).filter((delay) => delay > 1)
    expect(delaysOf(play())).toEqual([])
    // Meant for 1 100 ms, sent at 2 010; the next ones catch up by 90 ms each.
    expect(delaysOf(play(50)).slice(0, 3)).toEqual([910, 820, 730])
    expect(delaysOf(play(5_000))).toEqual([])
  })
  it('moves the intended moment with its own limits, which are the fault of nobody else', () => {
    const { sent } = simulate({ pace, toMs: 2_000, maxRps: 4, gapMs: 10, takesMs: () => 1 })
    for (const { intendedMs, atMs } of sent) expect(atMs - intendedMs).toBeLessThan(1.5)
  })
})

describe('idle pace', () => {
  it('has no user and sends nothing', () => {
    const { sent, counts } = simulate({ pace: { kind: 'idle' }, toMs: 100, takesMs: () => 1 })
    expect([sent, counts]).toEqual([[], { due: 0, sent: 0, busy: 0, notSent: 0 }])
  })
})
