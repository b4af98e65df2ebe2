import { describe, expect, it } from 'vitest'
import { createRolloutJudge } from '../../../src/analysis/rollout/judge.ts'
import {
  readSnapshot,
  writeSnapshot,
  type TwinsSnapshot,
} from '../../../src/probe/rollout/snapshot.ts'
import { planOf } from '../../analysis/synthetic.ts'
import { ALPHAS, CRITICAL, rolling } from '../../analysis/rollout/rolling.ts'

const rest: Omit<TwinsSnapshot, 'judge'> = {
  planHash: 'sha256:0',
  runId: 'p7',
  startedAt: '2026-01-01T00:00:00.000Z',
  seconds: 412.5,
  legs: 2,
  blocks: 60,
  episode: 1,
  told: ['0 load view latency_typical evidence'],
  tally: {},
}

describe('readSnapshot()', () => {
  it('knows nothing of a text that is not one', () => {
    const good = writeSnapshot({ ...rest, judge: {} })
    const other = JSON.stringify({ ...JSON.parse(good), schema: 'outrider.twins/0' })
    const broken = JSON.stringify({ ...JSON.parse(good), judge: 'AAAA' })
    for (const text of ['', '{', 'null', '{}', other, broken, good.slice(0, -10)]) {
      expect(readSnapshot(text), text).toBeUndefined()
    }
  })

  it('gives back what was written, and a judge that goes on bit for bit', () => {
    const run = rolling()
    run.add(60)
    const text = writeSnapshot({ ...rest, judge: run.judge.snapshot() })
    const { judge, ...read } = readSnapshot(text) ?? { judge: undefined }
    expect(read).toEqual({ ...rest })
    const plan = planOf({ block: 1, alpha: 0.0098, maxDurationSeconds: 3600 })
    const again = createRolloutJudge(plan, { alphas: ALPHAS, critical: CRITICAL }, judge)
    const block = run.next()
    run.judge.add(block)
    again.add(block)
    expect(again.snapshot()).toEqual(run.judge.snapshot())
  })
})

describe('writeSnapshot()', () => {
  it('stays below 300 KB for ten actions in a later episode', () => {
    const actions = Array.from({ length: 10 }, (_, index) => ({
      action: `action-${index}`,
      share: 0.1,
    }))
    const plan = planOf({ block: 1, alpha: 0.0098, maxDurationSeconds: 3600 }, actions)
    const run = rolling({ plan })
    run.add(100)
    run.judge.beginEpisode(1)
    run.add(150)
    for (let at = 0; at < 700; at += 1) {
      run.judge.generator({ at, lagP99Ms: at / 7, cpu: at / 999, notSent: 0 })
    }
    const text = writeSnapshot({ ...rest, judge: run.judge.snapshot() })
    expect(text.length).toBeLessThan(300_000)
  })
})
