import { describe, expect, it } from 'vitest'
import { foldPairs } from '../../../src/analysis/fold.ts'
import { createJudge, type Judge } from '../../../src/analysis/judge.ts'
import { createResourceTrack, takeReading } from '../../../src/analysis/streams/resources.ts'
import type { ResourceReading } from '../../../src/core/contract/sample.ts'
import { createRandom } from '../../../src/core/random.ts'
import { createWorld, planOf } from '../synthetic.ts'

type Twin = 'baseline' | 'canary'

function reading(arm: Twin, at: number, of: Partial<ResourceReading> = {}): ResourceReading {
  return { arm, at, instance: `pid:${arm}`, ...of }
}

describe('readings of processes', () => {
  it('takeReading() scores nothing before both arms were read twice', () => {
    const track = createResourceTrack(2)
    expect(takeReading(track, reading('baseline', 1, { cpuSeconds: 1 }))).toEqual([])
    expect(takeReading(track, reading('canary', 1, { cpuSeconds: 1 }))).toEqual([])
    expect(takeReading(track, reading('baseline', 2, { cpuSeconds: 2 }))).toEqual([])
    const [score] = takeReading(track, reading('canary', 2, { cpuSeconds: 3 }))
    expect(score).toMatchObject({ metric: 'cpu', at: 2 })
    expect(score?.lnRatio).toBeCloseTo(Math.log(2), 12)
  })

  it('takeReading() divides by the requests where both arms tell them', () => {
    const track = createResourceTrack(2)
    for (const arm of ['baseline', 'canary'] as const) {
      takeReading(track, reading(arm, 1, { cpuSeconds: 0, requests: 0 }))
    }
    takeReading(track, reading('baseline', 2, { cpuSeconds: 1, requests: 100 }))
    const [score] = takeReading(track, reading('canary', 2, { cpuSeconds: 1, requests: 50 }))
    expect(score?.lnRatio).toBeCloseTo(Math.log(2), 12)
  })

  it('takeReading() takes a counter that fell as a process that began anew', () => {
    const track = createResourceTrack(2)
    takeReading(track, reading('baseline', 1, { cpuSeconds: 5 }))
    takeReading(track, reading('canary', 1, { cpuSeconds: 5 }))
    takeReading(track, reading('baseline', 2, { cpuSeconds: 6 }))
    expect(takeReading(track, reading('canary', 2, { cpuSeconds: 0.1 }))).toEqual([])
    const [score] = takeReading(track, reading('canary', 3, { cpuSeconds: 1.1 }))
    expect(score?.lnRatio).toBeCloseTo(0, 12)
  })

  it('takeReading() goes on with a process that began anew under a numbered name', () => {
    const track = createResourceTrack(2)
    const at = (arm: Twin, seconds: number, cpuSeconds: number, instance = `pid:${arm}`): number =>
      takeReading(track, reading(arm, seconds, { cpuSeconds, instance })).length
    at('baseline', 1, 1)
    at('canary', 1, 1)
    at('baseline', 2, 2)
    expect(at('canary', 2, 0.1, 'pid:canary#2')).toBe(0)
    expect(at('canary', 3, 1.1, 'pid:canary#2')).toBe(1)
  })

  it('takeReading() forgets a process that is not read any more', () => {
    const track = createResourceTrack(2)
    const at = (arm: Twin, seconds: number, instance: string): number =>
      takeReading(track, reading(arm, seconds, { cpuSeconds: seconds, instance })).length
    at('canary', 1, 'gone')
    at('canary', 1, 'stays')
    at('baseline', 1, 'one')
    const scores = [8, 9, 10].map((seconds) => {
      at('baseline', seconds, 'one')
      return at('canary', seconds, 'stays')
    })
    expect(scores.slice(1)).toEqual([1, 1])
  })

  it('takeReading() waits for every instance of an arm', () => {
    const track = createResourceTrack(2)
    const both = (at: number, cpuSeconds: number): number =>
      [
        reading('baseline', at, { cpuSeconds, instance: 'a' }),
        reading('baseline', at, { cpuSeconds, instance: 'b' }),
      ].flatMap((one) => takeReading(track, one)).length
    both(1, 1)
    takeReading(track, reading('canary', 1, { cpuSeconds: 1 }))
    takeReading(track, reading('canary', 2, { cpuSeconds: 2 }))
    expect(takeReading(track, reading('baseline', 2, { cpuSeconds: 2, instance: 'a' }))).toEqual([])
    const [score] = takeReading(track, reading('baseline', 2, { cpuSeconds: 2, instance: 'b' }))
    expect(score?.lnRatio).toBeCloseTo(0, 12)
  })

  it('takeReading() compares the least memory of a slot', () => {
    const track = createResourceTrack(2)
    for (const [at, bytes] of [
      [0.1, 100],
      [1.1, 50],
    ] as const) {
      takeReading(track, reading('baseline', at, { rssBytes: bytes }))
      takeReading(track, reading('canary', at, { rssBytes: 2 * bytes }))
    }
    const [score] = takeReading(track, reading('baseline', 2.1, { rssBytes: 70 }))
    expect(score).toMatchObject({ metric: 'memory', at: 2.1 })
    expect(score?.lnRatio).toBeCloseTo(Math.log(2), 12)
  })
})

interface Use {
  readonly cpu?: number
  readonly memory?: (seconds: number) => number
}

/** A run of equal answers, whose canary uses more than the baseline. */
function run(use: Use, mostSeconds: number, seed = 1): { judge: Judge; seconds: number } {
  const plan = planOf({ phases: ['load'], resources: ['cpu', 'memory'], duration: 300 })
  const world = createWorld(plan, seed)
  const judge = createJudge(plan, seed)
  const random = createRandom(seed, 'use')
  judge.warmedUp(foldPairs(plan, seed, judge.initialParameters(), world.pairs(0, 10, 'load')), 10)
  const total = { baseline: 0, canary: 0 }
  for (let index = 1; index <= 2 * mostSeconds; index += 1) {
    const startSeconds = 10 + (index - 1) / 2
    if (index % 2 === 0) {
      for (const arm of ['baseline', 'canary'] as const) {
        const isCanary = arm === 'canary'
        total[arm] += 0.2 * (isCanary ? (use.cpu ?? 1) : 1) * Math.exp(0.1 * random.normal())
        const memory = isCanary ? (use.memory?.(startSeconds - 10) ?? 1) : 1
        const rssBytes = 8e7 * memory * (1 + 0.02 * random.next())
        judge.resource(reading(arm, startSeconds, { cpuSeconds: total[arm], rssBytes }))
      }
    }
    const pairs = world.pairs(startSeconds, startSeconds + 0.5, 'load')
    const parameters = judge.parametersFor(index) ?? judge.initialParameters()
    const sums = foldPairs(plan, seed, parameters, pairs)
    const endSeconds = startSeconds + 0.5
    const decision = judge.add({
      index,
      phase: 'load',
      startSeconds,
      endSeconds,
      capped: [],
      sums,
    })
    if (decision.kind === 'stop') return { judge, seconds: index / 2 }
  }
  return { judge, seconds: mostSeconds }
}

describe('CPU and memory, judged', () => {
  it('finds a canary that takes a third more CPU, and says so of the whole service', () => {
    const { judge, seconds } = run({ cpu: 1.33 }, 120)
    expect(judge.findings()).toMatchObject([
      { action: '*', metric: 'cpu', effect: { kind: 'ratio' }, rule: 'evidence' },
    ])
    expect(judge.findings()[0]?.effect?.estimate).toBeCloseTo(1.33, 1)
    expect(seconds).toBeLessThan(60)
  })

  it('finds memory that grows away', () => {
    const { judge } = run({ memory: (seconds) => 1 + seconds / 60 }, 120)
    expect(judge.findings()).toMatchObject([{ action: '*', metric: 'memory' }])
  })

  it('finds nothing in equal processes, and proves them', () => {
    for (const seed of [1, 2, 3]) {
      const { judge } = run({}, 100, seed)
      expect(judge.findings()).toEqual([])
      const service = judge.live().actions.find(({ action }) => action === '*')
      const verdictOf = (metric: string): string | undefined =>
        service?.metrics.find((row) => row.metric === metric)?.verdict
      expect([verdictOf('cpu'), verdictOf('memory')]).toEqual(['healthy', 'healthy'])
    }
  })

  it('raises no alarm before ten scores', () => {
    const { judge, seconds } = run({ cpu: 20 }, 60)
    expect(judge.findings()[0]?.metric).toBe('cpu')
    expect(seconds).toBeGreaterThanOrEqual(10)
    expect(seconds).toBeLessThan(20)
  })
})
