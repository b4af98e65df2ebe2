import { describe, expect, it } from 'vitest'
import type { PairRecord } from '../../src/analysis/fold.ts'
import type { ClosedBlock } from '../../src/analysis/judge.ts'
import type { Parameters } from '../../src/analysis/parameters.ts'
import type { Sample } from '../../src/core/contract/sample.ts'
import { Blocks } from '../../src/probe/shard/blocks.ts'
import { examplePlan } from '../support/example-plan.ts'

const parameters: Parameters = {
  after: 0,
  actions: [0, 1].map(() => ({
    clip: 0.68,
    tau95Ms: Infinity,
    tau99Ms: Infinity,
    baselineMedianMs: 10,
    censorMs: 2000,
    floorRatio: 0.05,
    noisyFields: [],
    loudFields: [],
  })),
  limMs: [50, 50],
}

function pairOf(pair: string, at: number): PairRecord {
  return { pair, at, action: 0, baselineMs: 10, canaryMs: 11, baseline: 'ok', canary: 'ok' }
}

function sampleOf(pair: string, at: number): Sample {
  return {
    at,
    pair,
    action: 'home',
    arm: 'baseline',
    latencyMs: 10,
    serviceMs: 10,
    outcome: 'ok',
  }
}

function open(): Blocks {
  return new Blocks({ plan: examplePlan(), seed: 1, originMs: 0, blockMs: () => 500 })
}

function settled(blocks: Blocks): { block: ClosedBlock; lines: string }[] {
  const handed: { block: ClosedBlock; lines: string }[] = []
  blocks.settle(({ block, lines }) => handed.push({ block, lines }))
  return handed
}

describe('Blocks', () => {
  it('hands a block over only when its pairs ended and its parameters are here', () => {
    const blocks = open()
    blocks.begin('load', 0)
    const first = blocks.current()
    first.openPairs += 1
    blocks.tick(520)
    expect(blocks.current()).not.toBe(first)
    expect(settled(blocks)).toEqual([])
    blocks.parameters(1, parameters)
    expect(settled(blocks)).toEqual([])
    blocks.ended(first, pairOf('s1.1', 0.1), [sampleOf('s1.1', 0.1)])
    const [handed, ...more] = settled(blocks)
    expect(more).toEqual([])
    expect(handed?.block).toMatchObject({ index: 1, phase: 'load', endSeconds: 0.52, capped: [] })
    expect(handed?.lines.split('\n').map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { pair: 's1.1', block: 1, phase: 'load' },
      { kind: 'block', block: 1, at: 0, end: 0.52 },
    ])
  })

  it('keeps the order of blocks when a later one is ready first', () => {
    const blocks = open()
    blocks.begin('load', 0)
    const first = blocks.current()
    first.openPairs += 1
    blocks.tick(500)
    blocks.tick(1000)
    blocks.parameters(1, parameters)
    blocks.parameters(2, parameters)
    expect(settled(blocks)).toEqual([])
    blocks.ended(first, undefined, [])
    expect(settled(blocks).map(({ block }) => block.index)).toEqual([1, 2])
  })

  it('drops the open block of a phase and gives its number to the next phase', () => {
    const blocks = open()
    blocks.begin('quiet', 0)
    blocks.tick(500)
    const dropped = blocks.current()
    dropped.openPairs += 2
    blocks.ended(dropped, pairOf('s1.1', 0.6), [sampleOf('s1.1', 0.6)])
    blocks.drop()
    blocks.ended(dropped, pairOf('s1.2', 0.7), [sampleOf('s1.2', 0.7)])
    blocks.begin('load', 900)
    blocks.tick(1400)
    blocks.parameters(1, parameters)
    blocks.parameters(2, parameters)
    const handed = settled(blocks)
    expect(handed.map(({ block }) => [block.index, block.phase])).toEqual([
      [1, 'quiet'],
      [2, 'load'],
    ])
    const left = blocks.takeUnscored().split('\n')
    expect(left.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.not.objectContaining({ block: expect.anything() }),
      expect.not.objectContaining({ block: expect.anything() }),
    ])
  })

  it('scores nothing of what is sent between two phases, and records it', () => {
    const blocks = open()
    const between = blocks.current()
    between.openPairs += 1
    blocks.ended(between, pairOf('s1.1', 0.1), [sampleOf('s1.1', 0.1)])
    blocks.begin('load', 500)
    blocks.close(900)
    blocks.parameters(1, parameters)
    expect(settled(blocks)).toHaveLength(1)
    expect(blocks.takeUnscored()).toContain('"pair":"s1.1"')
    expect(blocks.takeUnscored()).toBe('')
  })

  it('starts with the pairs of a warm-up that was cut short', () => {
    const blocks = open()
    blocks.adopt('quiet', 200, [pairOf('s1.1', 0.3)], [sampleOf('s1.1', 0.3)])
    blocks.close(1000)
    blocks.parameters(1, parameters)
    const [handed] = settled(blocks)
    expect(handed?.block).toMatchObject({ phase: 'quiet', startSeconds: 0.2, endSeconds: 1 })
  })

  it('of a rollout go on from a number, and carry what held when they began', () => {
    let marks = { episode: 0, comparable: true, climb: true }
    const blocks = new Blocks({
      plan: examplePlan(),
      seed: 1,
      originMs: 0,
      blockMs: () => 500,
      firstIndex: 41,
      marks: () => marks,
    })
    blocks.begin('load', 0)
    marks = { episode: 1, comparable: false, climb: true }
    blocks.tick(520)
    blocks.close(1000)
    for (const index of [41, 42]) blocks.parameters(index, parameters)
    expect(settled(blocks).map(({ block }) => [block.index, block.marks])).toEqual([
      [41, { episode: 0, comparable: true, climb: true }],
      [42, { episode: 1, comparable: false, climb: true }],
    ])
  })
})
