import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextStep } from '../../../src/allocator/alerts/retry.ts'
import type { Answer } from '../../../src/allocator/alerts/post.ts'

const unwell: Answer = { kind: 'unwell', problem: 'HTTP 500' }
const refused: Answer = { kind: 'refused', problem: 'HTTP 404' }
const HOUR_MS = 3_600_000

function delayOf(answer: Answer, tries: number, chance = 0): number {
  const step = nextStep(answer, { tries, ageMs: 0 }, chance)
  if (step.kind !== 'again') throw new TypeError(`It is ${step.kind}`)
  return step.afterMs
}

describe('nextStep()', () => {
  it('waits 1, 2, 4 … 300 s', () => {
    const delays = [1, 2, 3, 4, 8, 9, 10, 39].map((tries) => delayOf(unwell, tries) / 1000)
    expect(delays).toEqual([1, 2, 4, 8, 128, 256, 300, 300])
  })
  it('takes at most a fifth of it away by chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 39 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (tries, chance) => {
          const full = delayOf(unwell, tries)
          expect(delayOf(unwell, tries, chance)).toBeGreaterThanOrEqual(full * 0.8)
          expect(delayOf(unwell, tries, chance)).toBeLessThanOrEqual(full)
        },
      ),
    )
  })
  it('respects what the receiver asks for, up to an hour, and never comes earlier for it', () => {
    expect(delayOf({ ...unwell, retryAfterMs: 90_000 }, 1)).toBe(90_000)
    expect(delayOf({ ...unwell, retryAfterMs: 5 * HOUR_MS }, 1, 0.9)).toBe(HOUR_MS)
    expect(delayOf({ ...unwell, retryAfterMs: 10 }, 5)).toBe(16_000)
    expect(delayOf({ ...refused, retryAfterMs: 90_000 }, 1)).toBe(90_000)
  })
  it('gives up a refusal at the third try', () => {
    const kinds = [1, 2, 3].map((tries) => nextStep(refused, { tries, ageMs: 0 }, 0).kind)
    expect(kinds).toEqual(['again', 'again', 'given-up'])
  })
  it('gives up anything after 40 tries or 24 hours, and keeps the problem', () => {
    const gone = { kind: 'given-up', problem: 'HTTP 500' }
    expect(nextStep(unwell, { tries: 40, ageMs: 0 }, 0)).toEqual(gone)
    expect(nextStep(unwell, { tries: 1, ageMs: 24 * HOUR_MS }, 0)).toEqual(gone)
    expect(nextStep(unwell, { tries: 39, ageMs: 24 * HOUR_MS - 1 }, 0).kind).toBe('again')
  })
  it('is done when it arrived, however late, and comes back at once when we ended', () => {
    const late = { tries: 40, ageMs: 48 * HOUR_MS }
    expect(nextStep({ kind: 'delivered' }, late, 0)).toEqual({ kind: 'delivered' })
    const stopped: Answer = { kind: 'stopped', problem: 'this process ended' }
    expect(nextStep(stopped, { tries: 3, ageMs: 0 }, 0)).toMatchObject({
      kind: 'again',
      afterMs: 0,
    })
  })
})
