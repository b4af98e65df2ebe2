import { describe, expect, it } from 'vitest'
import { ontologyOfPaths } from '../../../src/actions/paths.ts'
import type { CrewTask } from '../../../src/generator/capacity/crew.ts'
import {
  measureCapacity,
  type MeasurementOptions,
  type Outcome,
} from '../../../src/probe/capacity/measurement.ts'
import { createMix } from '../../../src/probe/capacity/mix.ts'
import { modelCrew, type Modelled } from './levels.ts'

const { ontology, profile } = ontologyOfPaths(['/', '/a'])
const mix = createMix({
  ontology,
  profiles: [profile],
  arms: [
    { arm: 'baseline', url: 'http://127.0.0.1:1' },
    { arm: 'canary', url: 'http://127.0.0.1:2' },
  ],
  secrets: {},
  seed: 1,
})
const eight: Modelled = { slots: 8, serviceMs: 10 }

interface Measured extends Outcome {
  readonly asked: readonly string[]
}

async function measure(
  baseline: Modelled,
  canary: Modelled,
  changed: Partial<MeasurementOptions> = {},
): Promise<Measured> {
  const crew = modelCrew({ baseline, canary })
  // Each level takes a second of a clock that only the levels move.
  let nowMs = 0
  const timed = {
    ...crew,
    measure: (...args: Parameters<typeof crew.measure>) => {
      nowMs += 1000
      return crew.measure(...args)
    },
  }
  const outcome = await measureCapacity({
    mix,
    limits: () => ({}),
    seconds: 120,
    timeoutMs: 10_000,
    clock: { nowMs: () => nowMs, wallMs: () => 0 },
    signal: new AbortController().signal,
    seed: 1,
    crew: timed,
    ...changed,
  })
  return { ...outcome, asked: crew.asked }
}

const message = ({ reasons }: Outcome): string => reasons.map((reason) => reason.message).join('; ')

describe('measureCapacity()', () => {
  it('measures nothing where the baseline answers nothing', async () => {
    const silent = await measure(
      { ...eight, change: (counts) => ({ ...counts, actions: counts.actions.map(nothing) }) },
      eight,
    )
    expect(silent.capacity).toBeUndefined()
    expect(message(silent)).toContain('the baseline did not answer')
    expect(silent.asked).toEqual(['baseline 1'])
  })

  it('finds half the rate of half the slots, at the same connections', async () => {
    const { capacity, reasons } = await measure(eight, { slots: 4, serviceMs: 10 })
    expect(reasons).toEqual([])
    expect(capacity?.arms.baseline).toMatchObject({
      requestsPerSecond: expect.closeTo(800, 0),
      connections: 8,
      limitedBy: 'full',
      above: { connections: 16, requestsPerSecond: expect.closeTo(800, 0) },
    })
    expect(capacity?.arms.canary).toMatchObject({
      requestsPerSecond: expect.closeTo(400, 0),
      connections: 8,
      limitedBy: 'latency',
      above: { connections: 16, broke: 'latency' },
    })
    expect(capacity?.ratio).toMatchObject({ kind: 'ratio', estimate: expect.closeTo(0.5, 9) })
    expect(capacity?.levels).toEqual([8, 16])
    expect(capacity?.rounds).toBeGreaterThanOrEqual(12)
  })

  it('turns the order of the arms with every level and every round', async () => {
    const { asked } = await measure(eight, eight)
    const arms = asked.map((line) => line.split(' ')[0])
    expect(arms.slice(0, 6)).toEqual([
      'baseline',
      'canary',
      'baseline',
      'canary',
      'canary',
      'baseline',
    ])
    // Two rounds of two levels are eight windows; each arm is first in half of them.
    const rounds = asked.slice(-80)
    for (let at = 0; at < rounds.length; at += 8) {
      const pairs = [0, 2, 4, 6].map((pair) => rounds.slice(at + pair, at + pair + 2))
      expect(pairs.filter(([first]) => first?.startsWith('baseline'))).toHaveLength(2)
      for (const [first, second] of pairs) expect(numberOf(first)).toBe(numberOf(second))
    }
    const firsts = (seed: number): Promise<Measured> => measure(eight, eight, { seed })
    const [one, same, other] = await Promise.all([firsts(1), firsts(1), firsts(2)])
    expect(one.asked).toEqual(same.asked)
    expect(one.asked).not.toEqual(other.asked)
  })

  it('leaves out what the baseline answers only with a session, and says so', async () => {
    const failing: Modelled = {
      ...eight,
      change: (counts) =>
        counts.actions.length < 2
          ? counts
          : { ...counts, end: 'breaker', actions: counts.actions.map(firstFails) },
    }
    const { capacity } = await measure(failing, eight)
    expect(capacity?.leftOut).toEqual([{ action: 'a', code: 'fails-alone' }])
    expect(capacity?.actions.map(({ action, share }) => [action, share])).toEqual([['home', 1]])
    expect(capacity?.ratio?.estimate).toBeCloseTo(1, 9)
  })

  it('goes on below the level at which half and more fails', async () => {
    const failsAbove8: Modelled = {
      slots: 100,
      serviceMs: 10,
      change: (counts, at) => (at > 8 ? { ...counts, end: 'breaker' } : counts),
    }
    const { capacity, asked } = await measure({ slots: 100, serviceMs: 10 }, failsAbove8)
    expect(capacity?.arms.canary).toMatchObject({ connections: 8, limitedBy: 'errors' })
    expect(asked.filter((line) => line === 'canary 16')).toHaveLength(1)
  })

  it('ends at once where a level fails that had held, and keeps what it knows', async () => {
    const breaks: Modelled = {
      ...eight,
      change: (counts, _, level) => (level > 8 ? { ...counts, end: 'breaker' } : counts),
    }
    const outcome = await measure(eight, breaks)
    expect(message(outcome)).toContain("half of the canary's answers failed at 16 connections")
    expect(outcome.capacity?.rounds).toBeLessThan(8)
    expect(outcome.capacity?.arms.canary?.requestsPerSecond).toBeCloseTo(800, 0)
  })

  it('ends at once where the target asks for a pause', async () => {
    const asks: Modelled = {
      ...eight,
      change: (counts, at) => (at === 4 ? { ...counts, end: 'asked', pause: '7' } : counts),
    }
    const outcome = await measure(eight, asks)
    expect(message(outcome)).toContain('the canary asked for a pause (Retry-After: 7)')
    expect(outcome.asked.at(-1)).toBe('canary 4')
    expect(outcome.capacity?.ratio).toBeUndefined()
  })

  it('has no ratio where our own generator was the limit', async () => {
    const fast: Modelled = {
      slots: 64,
      serviceMs: 1,
      change: (counts, at) => ({ ...counts, busy: at >= 16 ? 0.97 : 0.5 }),
    }
    const outcome = await measure(fast, fast)
    expect(outcome.capacity?.arms.baseline?.limitedBy).toBe('generator')
    expect(outcome.capacity?.ratio).toBeUndefined()
    expect(message(outcome)).toContain('at least its rate: our own generator was the limit')
  })

  it('says that an arm misses an SLO with nobody else there', async () => {
    const outcome = await measure(eight, eight, { limits: () => ({ p95Ms: 5 }) })
    expect(outcome.capacity?.arms.baseline).toMatchObject({
      requestsPerSecond: 0,
      limitedBy: 'latency',
    })
    expect(outcome.capacity?.sloFrom).toBe('slo')
    expect(message(outcome)).toContain('the baseline does not hold the limit at one connection')
  })

  it('stops between levels when a person has had enough, and when its time is over', async () => {
    const stopping = new AbortController()
    const stopped = await measure(eight, eight, {
      signal: stopping.signal,
      progress: ({ connections }) => void (connections === 4 && stopping.abort()),
    })
    expect(message(stopped)).toContain('it was stopped by a person')
    expect(stopped.capacity?.arms.baseline?.requestsPerSecond).toBeGreaterThan(0)
    const late = await measure(eight, eight, { seconds: 6 })
    expect(late.capacity?.arms.canary?.limitedBy).toBe('time')
    expect(message(late)).toContain('no time to try more')
  })

  it('never takes a timeout below the second that autocannon needs', async () => {
    const tasks: CrewTask[] = []
    const crew = modelCrew({ baseline: eight, canary: eight })
    const spied = {
      ...crew,
      measure: (...args: Parameters<typeof crew.measure>) => {
        tasks.push(args[1])
        return crew.measure(...args)
      },
    }
    await measure(eight, eight, { crew: spied, timeoutMs: 5 })
    expect(new Set(tasks.map(({ timeoutMs }) => timeoutMs))).toEqual(new Set([1000]))
  })
})

function numberOf(asked = ''): string | undefined {
  return asked.split(' ')[1]
}

type Counts = Parameters<NonNullable<Modelled['change']>>[0]['actions'][number]

function nothing(counts: Counts): Counts {
  return { ...counts, answers: 0, latencies: [] }
}

function firstFails(counts: Counts, index: number): Counts {
  return index === 0 ? { answers: 0, failures: counts.answers, latencies: [] } : counts
}
