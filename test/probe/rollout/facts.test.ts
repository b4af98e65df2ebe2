import { describe, expect, it } from 'vitest'
import { emptySums, type ActionSums } from '../../../src/analysis/folding/sums.ts'
import type { BlockMarks, ClosedBlock } from '../../../src/analysis/judge.ts'
import { createFacts, createFigures } from '../../../src/probe/rollout/facts.ts'
import { examplePlan } from '../../support/example-plan.ts'

const RATE = 10
const well = { isDown: false, medianMs: 20, baselineIll: undefined }

interface Given {
  readonly pairs?: readonly [number, number]
  readonly phase?: 'quiet' | 'load'
  readonly seconds?: readonly [from: number, to: number]
  readonly marks?: Partial<BlockMarks>
  readonly sums?: Partial<ActionSums>
}

function blockOf({
  pairs = [5, 5],
  phase = 'load',
  seconds = [0, 1],
  ...rest
}: Given): ClosedBlock {
  return {
    index: 1,
    phase,
    startSeconds: seconds[0],
    endSeconds: seconds[1],
    capped: [],
    sums: {
      actions: pairs.map((count) => ({ ...emptySums(), pairs: count, ...rest.sums })),
      pairs: pairs[0] + pairs[1],
      turns: [],
    },
    marks: { episode: 0, comparable: true, climb: true, ...rest.marks },
  }
}

function climbing(): ReturnType<typeof createFacts> {
  const facts = createFacts(examplePlan(), RATE)
  facts.climb()
  return facts
}

describe('createFacts()', () => {
  it('knows of nothing delivered before the first block, and of each required action', () => {
    expect(climbing().take(well)).toEqual({
      deliveredShare: 0,
      requiredPairs: { home: 0, search: 0 },
      generatorStrained: false,
      unequalLoad: false,
    })
  })

  it('counts from one call to the next', () => {
    const facts = climbing()
    for (let at = 0; at < 60; at += 1) facts.add(blockOf({ seconds: [at, at + 1] }))
    expect(facts.take(well)).toMatchObject({
      deliveredShare: 1,
      requiredPairs: { home: 300, search: 300 },
    })
    expect(facts.take(well)).toMatchObject({ deliveredShare: 0, requiredPairs: { home: 0 } })
  })

  it('forgives what is chance, tells what is lacking', () => {
    const share = (each: number): number => {
      const facts = climbing()
      for (let at = 0; at < 60; at += 1) {
        facts.add(blockOf({ seconds: [at, at + 1], pairs: [each, 0] }))
      }
      return facts.take(well).deliveredShare
    }
    expect(share(9)).toBe(1)
    expect(share(8)).toBeCloseTo(0.8)
    expect(share(12)).toBe(1)
  })

  it('counts a pause between blocks as planned, and nothing while down', () => {
    const facts = climbing()
    facts.add(blockOf({ seconds: [0, 1] }))
    facts.add(blockOf({ seconds: [60, 61] }))
    expect(facts.take(well).deliveredShare).toBeCloseTo(20 / 610)
    facts.add(blockOf({ seconds: [61, 62] }))
    expect(facts.take({ ...well, isDown: true }).deliveredShare).toBe(0)
  })

  it('leaves blocks of the gate out once the climb has begun', () => {
    const facts = createFacts(examplePlan(), RATE)
    const gate = { climb: false }
    facts.add(blockOf({ seconds: [0, 1], marks: gate, pairs: [50, 0] }))
    expect(facts.take(well).deliveredShare).toBe(1)
    facts.climb()
    facts.add(blockOf({ seconds: [1, 2], marks: gate, pairs: [2, 0] }))
    facts.add(blockOf({ seconds: [2, 3] }))
    expect(facts.take(well)).toMatchObject({ deliveredShare: 1, requiredPairs: { home: 5 } })
  })

  it('one user at a time delivers as much as there is', () => {
    const facts = createFacts(examplePlan(), RATE)
    facts.add(blockOf({ phase: 'quiet', pairs: [1, 0], marks: { climb: false } }))
    expect(facts.take(well).deliveredShare).toBe(1)
  })

  it('calls live load unequal when half of the blocks had no latency', () => {
    const facts = climbing()
    const of = (comparable: boolean): void => facts.add(blockOf({ marks: { comparable } }))
    for (const comparable of [true, true, false]) of(comparable)
    expect(facts.take(well).unequalLoad).toBe(false)
    for (const comparable of [true, false]) of(comparable)
    expect(facts.take(well).unequalLoad).toBe(true)
  })

  it('calls the generator strained beyond 10 ms and a fifth of the median, or a tenth unsent', () => {
    const reading = { at: 1, lagP99Ms: 15, cpu: 0.1, notSent: 0 }
    const strained = (lagP99Ms: number, medianMs: number | undefined): boolean => {
      const facts = climbing()
      facts.read({ ...reading, lagP99Ms })
      return facts.take({ ...well, medianMs }).generatorStrained
    }
    expect(strained(15, 20)).toBe(true)
    expect(strained(15, 100)).toBe(false)
    expect(strained(9, 20)).toBe(false)
    expect(strained(15, undefined)).toBe(false)
    const facts = climbing()
    facts.add(blockOf({ pairs: [89, 0] }))
    facts.read({ ...reading, lagP99Ms: 1, notSent: 10 })
    expect(facts.take(well).generatorStrained).toBe(true)
  })

  it('hands on why the baseline is ill', () => {
    const ill = { ...well, baselineIll: 'the baseline failed' }
    expect(climbing().take(ill).baselineIll).toBe('the baseline failed')
  })
})

describe('createFigures()', () => {
  it('counts the canary since the last reset', () => {
    const figures = createFigures()
    expect(figures.take()).toEqual({ requests: 0, failures: 0 })
    figures.add(blockOf({ sums: { canaryFailed: 1, canaryBins: { 200: 95, 300: 5 } } }))
    expect(figures.take()).toMatchObject({ requests: 10, failures: 2 })
    expect(figures.take().p95Ms).toBeCloseTo(2 ** (201 / 32 - 2))
    figures.reset()
    expect(figures.take()).toEqual({ requests: 0, failures: 0 })
  })

  it('knows the mean baseline latency of the last half minute', () => {
    const figures = createFigures()
    expect(figures.baselineMeanMs()).toBeUndefined()
    const near = (ms: number): Partial<ActionSums> => ({
      baselineBins: { [Math.floor(32 * (Math.log2(ms) + 2))]: 10 },
    })
    figures.add(blockOf({ seconds: [0, 1], sums: near(400) }))
    figures.add(blockOf({ seconds: [20, 21], sums: near(10) }))
    expect(figures.baselineMeanMs()).toBeCloseTo(205, -1)
    figures.add(blockOf({ seconds: [40, 41], sums: near(20) }))
    expect(figures.baselineMeanMs()).toBeCloseTo(15, 0)
  })
})
