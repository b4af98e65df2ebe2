/** Time that passes when a test says so: a clock, and timers that go by it. */

import type { Timers } from '../../../src/allocator/alerts/timers.ts'
import type { Clock } from '../../../src/core/clock.ts'

export interface ManualTime {
  readonly clock: Clock
  readonly timers: Timers
  /** Lets `ms` pass, doing what becomes due on the way. */
  pass(ms: number): void
  /** Moves the wall clock alone, as a person or a time server does. */
  shiftWall(ms: number): void
  /** When the next timer is due, in milliseconds from now. */
  nextDueMs(): number | undefined
}

export const START_MS = Date.parse('2026-01-01T00:00:00Z')

export function createManualTime(): ManualTime {
  const waiting = new Set<{ readonly atMs: number; readonly work: () => void }>()
  let nowMs = 0
  let wallShiftMs = START_MS
  const next = (): { readonly atMs: number; readonly work: () => void } | undefined =>
    [...waiting].toSorted((one, other) => one.atMs - other.atMs)[0]
  return {
    clock: { nowMs: () => nowMs, wallMs: () => wallShiftMs + nowMs },
    timers: {
      after(ms, work) {
        const timer = { atMs: nowMs + ms, work }
        waiting.add(timer)
        return () => void waiting.delete(timer)
      },
    },
    pass(ms) {
      const untilMs = nowMs + ms
      for (let due = next(); due !== undefined && due.atMs <= untilMs; due = next()) {
        waiting.delete(due)
        nowMs = Math.max(nowMs, due.atMs)
        due.work()
      }
      nowMs = untilMs
    },
    shiftWall(ms) {
      wallShiftMs += ms
    },
    nextDueMs: () => {
      const due = next()
      return due === undefined ? undefined : due.atMs - nowMs
    },
  }
}
