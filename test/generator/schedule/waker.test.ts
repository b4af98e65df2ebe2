import { describe, expect, it } from 'vitest'
import { createWaker } from '../../../src/generator/schedule/waker.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'

/** Wishes for moments this far apart, one after the other; how late each call came, in ms. */
async function latenessOf(gapMs: number, count: number): Promise<number[]> {
  const late: number[] = []
  await new Promise<void>((resolve) => {
    let wishedMs = systemClock.nowMs() + gapMs
    const waker = createWaker(systemClock, () => {
      late.push(systemClock.nowMs() - wishedMs)
      if (late.length === count) return resolve()
      wishedMs += gapMs
      waker.wakeAt(wishedMs)
    })
    waker.wakeAt(wishedMs)
  })
  return late
}

describe('createWaker()', () => {
  it('never calls before the moment', async () => {
    for (const gapMs of [0.3, 1.7, 7]) {
      for (const late of await latenessOf(gapMs, 30)) expect(late).toBeGreaterThanOrEqual(0)
    }
  })
  it('calls for each wish once, also for a moment that is past', async () => {
    let calls = 0
    await new Promise<void>((resolve) => {
      const waker = createWaker(systemClock, () => {
        calls += 1
        if (calls < 50) waker.wakeAt(systemClock.nowMs() - 5)
        else setTimeout(resolve, 20)
      })
      waker.wakeAt(systemClock.nowMs() - 5)
    })
    expect(calls).toBe(50)
  })
  it('lets what arrives be worked on while it waits turn by turn', async () => {
    let turns = 0
    const count = setInterval(() => {
      turns += 1
    }, 1)
    await latenessOf(6, 10)
    clearInterval(count)
    expect(turns).toBeGreaterThan(20)
  })
  it('forgets a wish', async () => {
    let calls = 0
    const waker = createWaker(systemClock, () => {
      calls += 1
    })
    waker.wakeAt(systemClock.nowMs() + 5)
    waker.rest()
    waker.wakeAt(systemClock.nowMs() + 1)
    waker.rest()
    await new Promise((resolve) => {
      setTimeout(resolve, 15)
    })
    expect(calls).toBe(0)
  })
})
