import { describe, expect, it } from 'vitest'
import { createBlockCloser, type BlockCloser } from '../../src/analysis/quiescence.ts'

const OPTIONS = { startMs: 0, blockMs: 500, maxStallMs: 10_000 }
const lim = (): number => 200

/** Sends one request every 20 ms to both arms; each takes as long as `latencyMs` says. */
function drive(
  closer: BlockCloser,
  toMs: number,
  latencyMs: (arm: 'baseline' | 'canary', startMs: number) => number,
): { at: number; capped: string[] }[] {
  const closed: { at: number; capped: string[] }[] = []
  const open: { arm: 'baseline' | 'canary'; id: string; endMs: number }[] = []
  for (let now = 0; now <= toMs; now += 20) {
    for (const arm of ['baseline', 'canary'] as const) {
      closer.started(arm, `r${now}`, 0, now)
      open.push({ arm, id: `r${now}`, endMs: now + latencyMs(arm, now) })
    }
    for (let index = open.length - 1; index >= 0; index -= 1) {
      const request = open[index]
      if (request === undefined || request.endMs > now) continue
      closer.ended(request.arm, request.id, request.endMs)
      open.splice(index, 1)
    }
    const answer = closer.ask(now, lim)
    if (answer.kind === 'close') closed.push({ at: now, capped: answer.capped })
  }
  return closed
}

describe('block closer', () => {
  it('ended() ignores a request that it never saw', () => {
    const closer = createBlockCloser(OPTIONS)
    closer.ended('baseline', 'nobody', 100)
    expect(closer.ask(500, lim)).toEqual({ kind: 'close', capped: [] })
  })

  it('ask() waits until the block has its length, then closes when nothing is slow', () => {
    const closer = createBlockCloser(OPTIONS)
    expect(closer.ask(499, lim)).toEqual({ kind: 'wait' })
    expect(closer.ask(500, lim)).toEqual({ kind: 'close', capped: [] })
    expect(closer.ask(999, lim)).toEqual({ kind: 'wait' })
  })

  it('ask() keeps a stall of either arm inside one block', () => {
    for (const guilty of ['baseline', 'canary'] as const) {
      // Nothing that is sent in the stall comes back before its end.
      const closed = drive(createBlockCloser(OPTIONS), 6000, (arm, start) =>
        arm === guilty && start >= 1200 && start < 3000 ? 3000 - start : 10,
      )
      const during = closed.filter(({ at }) => at > 1500 && at < 3000)
      expect(during).toEqual([])
      expect(closed.every(({ capped }) => capped.length === 0)).toBe(true)
    }
  })

  it('ask() is not held up by one slow request in three', () => {
    const closed = drive(createBlockCloser(OPTIONS), 5000, (_arm, start) =>
      (start / 20) % 3 === 0 ? 3000 : 10,
    )
    expect(closed).toHaveLength(10)
  })

  it('ask() halves its patience with a stall that lasts, names the arm, and forgives', () => {
    const closed = drive(createBlockCloser(OPTIONS), 60_000, (arm, start) =>
      arm === 'canary' && start >= 1000 && start < 40_000 ? 400 : 10,
    )
    const capped = closed.filter((block) => block.capped.length > 0)
    expect(capped.every((block) => block.capped.join() === 'canary')).toBe(true)
    const [first, second, third] = capped.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBe(500 + 5000)
    expect((third ?? 0) - (second ?? 0)).toBe(500 + 2500)
    // After ten quiet ends a new stall is waited for again.
    const later = closed.filter(({ at }) => at > 40_500)
    expect(later.length).toBeGreaterThan(30)
  })

  it('ask() sees a hang at once and is through its patience after half a minute', () => {
    const closed = drive(createBlockCloser(OPTIONS), 60_000, (arm, start) =>
      arm === 'canary' && start >= 5000 ? 1e9 : 10,
    )
    const capped = closed.filter((block) => block.capped.length > 0).map(({ at }) => at)
    expect(capped[0]).toBeGreaterThan(10_000)
    expect(capped.filter((at) => at < 30_000).length).toBeGreaterThan(6)
    expect(capped.filter((at) => at > 30_000).length).toBeGreaterThan(50)
  })
})
