import { describe, expect, it } from 'vitest'
import { skipReason } from '../../support/parts.ts'
import { killControllers } from './support-kills.ts'
import { verdictOf } from './support-summary.ts'

const reason = skipReason('haproxy')
const KILLS = 25
const SEED = 1

describe.skipIf(reason !== undefined)(
  `a rollout whose controller is killed ${reason ?? ''}`,
  () => {
    it('is never above its journal, ends as it should, and costs no live request', async () => {
      const summary = await killControllers({ kills: KILLS, seed: SEED })
      const { sentence, problems } = verdictOf(summary)
      process.stdout.write(`${sentence}\n`)
      expect(problems, `seed ${SEED}: ${sentence}`).toEqual([])
      expect(summary.kills).toBe(KILLS)
      expect(summary.haproxyKills).toBeGreaterThanOrEqual(4)
      expect(summary.sampled.samples).toBeGreaterThan(1000)
      // Those that last were hit; of the others, which last milliseconds, at least some.
      const { hits } = summary
      const lasting = [hits.start, hits.random, hits.holding, hits.rolling_back, hits.promoting]
      expect(Math.min(...lasting)).toBeGreaterThan(0)
      expect(hits.intent + hits.taking_back + hits.finalising).toBeGreaterThan(3)
      expect(summary.ends).toMatchObject({ promoted: 2, rolled_back: 2 })
    })
  },
)
