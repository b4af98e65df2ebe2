import { describe, expect, it } from 'vitest'
import type { BlockWaits } from '../../../src/core/contract/sample.ts'
import { addBlockWaits, waitsReason } from '../../../src/analysis/strain/waits.ts'
import { CONNECTION_LIMITS } from '../../../src/core/wire/connection-limit.ts'
import { planOf, runSynthetic, slower } from '../synthetic.ts'

const load = planOf({ phases: ['load'], maxDurationSeconds: 150 })
const waiting: BlockWaits = { limit: 'connections', arms: { canary: 40, baseline: 2 } }
const at = (...blocks: readonly number[]) => {
  return (index: number) => (blocks.includes(index) ? waiting : undefined)
}

describe('a run in which requests waited for a connection', () => {
  it('proves no health, and says when, what it means and what can be done', () => {
    expect(runSynthetic({ plan: load }).report.verdict).toBe('healthy')
    const { report } = runSynthetic({ plan: load, waits: at(20, 22) })
    expect(report.verdict).toBe('inconclusive')
    expect(report.generator).toMatchObject({
      strainedBlocks: 2,
      waits: {
        limit: 'connections',
        firstBlock: 20,
        lastBlock: 22,
        blocks: 2,
        from: 19.5,
        to: 21,
        arms: [
          { arm: 'baseline', blocks: 2, requests: 4 },
          { arm: 'canary', blocks: 2, requests: 80 },
        ],
      },
    })
    expect(report.reasons.filter(({ code }) => code === 'connection-limit')).toHaveLength(1)
    expect(report.summary).toContain(
      'the limit of connections was reached from 19.5 s to 21.0 s: requests waited (4 to the ' +
        'baseline and 80 to the canary), so the latencies of 2 of blocks 20 to 22 do not count, ' +
        'and no health is proven; a thread opens 2000 at most: lower --rate or --concurrency, or ' +
        'let more threads send (--workers)',
    )
  })
  it('may still be regressed by its other blocks', () => {
    const { report } = runSynthetic({ canary: slower(1.6, 'home'), waits: at(3) })
    expect(report.verdict).toBe('regressed')
    expect(report.reasons.map(({ code }) => code)).toContain('connection-limit')
  })
  it('is not judged where most blocks are of that kind', () => {
    const { report } = runSynthetic({ plan: planOf({ duration: 40 }), waits: () => waiting })
    expect(report.verdict).toBe('invalid')
    expect(report.reasons.map(({ code }) => code).slice(0, 2)).toEqual([
      'generator-bottleneck',
      'connection-limit',
    ])
    expect(report.summary).toMatch(/requests waited for a connection in 100 % of \d+ blocks/)
  })
})

describe('waitsReason()', () => {
  it('has nothing to say where nothing waited', () => {
    expect(waitsReason(undefined)).toBeUndefined()
  })
  it('names a mend for every limit', () => {
    for (const limit of CONNECTION_LIMITS) {
      const waits: BlockWaits = { limit, arms: { control: 1 } }
      const block = { index: 7, startSeconds: 3, endSeconds: 3.5, waits }
      const reason = waitsReason(addBlockWaits(undefined, block))
      expect(reason?.message).toContain('requests waited (1 to the control), so the latencies of')
      expect(reason?.message).toMatch(/block 7 do not count.*; .+: .+/)
    }
  })
})
