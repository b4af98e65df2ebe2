import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/core/contract/sample.ts'
import type { Exchange } from '../../../src/generator/exchange.ts'
import { Histogram } from '../../../src/generator/pool/histogram.ts'
import { Tally, type TallyDelta } from '../../../src/generator/pool/tally.ts'

const times = fc.double({ min: 0, max: 2e6, noNaN: true })

describe('Histogram', () => {
  it('knows no quantile of nothing', () => {
    expect(new Histogram().quantile(0.5)).toBeUndefined()
    expect(new Histogram().take()).toEqual([])
  })
  it('is exact to 2 % between 8 µs and 17 min', () => {
    const inRange = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(inRange, fc.constantFrom(0, 0.5, 0.95, 1), (values, share) => {
        const histogram = new Histogram()
        for (const value of values) histogram.record(value)
        const sorted = values.toSorted((left, right) => left - right)
        const truth = sorted[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0
        expect(Math.abs((histogram.quantile(share) ?? 0) / truth - 1)).toBeLessThan(0.02)
      }),
    )
  })
  it('keeps what is below and above its range at its ends', () => {
    const histogram = new Histogram()
    for (const value of [0, 1e-9, 1e12, Number.POSITIVE_INFINITY]) histogram.record(value)
    expect(histogram.quantile(0.5)).toBeLessThan(0.01)
    expect(histogram.quantile(1)).toBeGreaterThan(9e5)
  })
  it('merged from any parts is the histogram of the whole', () => {
    const parts = fc.array(fc.array(times, { maxLength: 30 }), { maxLength: 6 })
    fc.assert(
      fc.property(parts, (given) => {
        const [whole, merged] = [new Histogram(), new Histogram()]
        for (const part of given) {
          const one = new Histogram()
          for (const value of part) {
            one.record(value)
            whole.record(value)
          }
          merged.merge(one.take())
          expect(one.take()).toEqual([])
        }
        expect(merged.take()).toEqual(whole.take())
      }),
    )
  })
})

const outcomes = fc.constantFrom<Outcome>(
  'ok',
  'http_error',
  'timeout',
  'connect_error',
  'assertion_failed',
  'blocked',
  'aborted',
)
const exchanges = fc.record({
  action: fc.constantFrom('a', 'b', '__proto__'),
  outcome: outcomes,
  latencyMs: times,
})

function exchangeOf(outcome: Outcome, latencyMs: number): Exchange {
  const times = { sentMs: 0, endedMs: latencyMs, latencyMs, serviceMs: latencyMs / 2 }
  return { arm: 'baseline', outcome, bytes: 0, ...times }
}

describe('Tally', () => {
  it('merged from the deltas of any threads is the tally of the whole', () => {
    const steps = fc.array(fc.tuple(exchanges, fc.nat(2), fc.boolean()), { maxLength: 60 })
    fc.assert(
      fc.property(steps, (given) => {
        const threads = [new Tally(), new Tally(), new Tally()]
        const [whole, merged] = [new Tally(), new Tally()]
        for (const [{ action, outcome, latencyMs }, index, isTaken] of given) {
          const thread = threads[index] ?? whole
          thread.add(action, exchangeOf(outcome, latencyMs))
          whole.add(action, exchangeOf(outcome, latencyMs))
          if (outcome === 'ok') for (const tally of [thread, whole]) tally.sessionEnded()
          if (isTaken) merged.merge(structuredClone(thread.take()))
        }
        for (const thread of threads) merged.merge(thread.take())
        expect(merged.byAction()).toEqual(whole.byAction())
        expect(merged.total()).toEqual(whole.total())
        expect(merged.sessions()).toBe(whole.sessions())
        expect(merged.medianServiceMs()).toBe(whole.medianServiceMs())
        const [left, right] = [merged.take(), whole.take()]
        const inOrder = ({ actions }: TallyDelta): TallyDelta['actions'] =>
          actions.toSorted((one, other) => (one.action < other.action ? -1 : 1))
        expect({ ...left, actions: inOrder(left) }).toEqual({ ...right, actions: inOrder(right) })
      }),
    )
  })
  it('counts no step that was blocked as a request, and times no refused connection', () => {
    const tally = new Tally()
    for (const outcome of ['blocked', 'connect_error', 'aborted'] as const) {
      tally.add('a', exchangeOf(outcome, 5))
    }
    expect(tally.byAction()).toEqual({ a: { requests: 1, errors: 2 } })
    expect(tally.take()).toMatchObject({ ended: 2, failed: 2 })
  })
})
