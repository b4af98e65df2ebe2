/**
 * Welch's t-test (1947) on the mean latencies so far, one-sided at 0.01, looked at every ten seconds.
 * Not corrected for the looks; means of latencies are at the mercy of a few stalls.
 */

import { studentTail } from './figures/distributions.ts'
import { createNewsLooks } from './figures/looks.ts'
import { addMoment, createMoments, varianceOf, type Moments } from './figures/moments.ts'
import { msWords, pWords } from './figures/words.ts'
import { nothingToCompare } from './figures/no-data.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const LOOK_SECONDS = 10
const ALPHA = 0.01

export function createWelchPeeking(): Rule {
  const arms = { baseline: createMoments(), canary: createMoments() }
  let least: number | undefined
  let decided: RuleVerdict | undefined
  const looks = createNewsLooks(LOOK_SECONDS, look)

  function look(seconds: number): void {
    if (decided !== undefined) return
    const p = findWelchP(arms.canary, arms.baseline)
    if (p === undefined) return
    least = Math.min(least ?? 1, p)
    if (p >= ALPHA) return
    const [before, after] = [arms.baseline.mean, arms.canary.mean].map(msWords)
    const detail = `p ${pWords(p)} < ${ALPHA}: mean ${before} → ${after}`
    const verdict = { verdict: 'regressed', detectedAt: seconds, actions: [] } as const
    decided = { ...verdict, metric: 'latency_typical', detail }
  }

  return {
    sample({ at, arm, latencyMs }) {
      looks.upTo(at)
      if (decided === undefined) addMoment(arms[arm], latencyMs)
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      look(seconds)
      if (decided !== undefined) return decided
      if (least === undefined) return nothingToCompare()
      const detail = `p was never below ${ALPHA}, at the least ${pWords(least)}`
      return { verdict: 'healthy', actions: [], detail }
    },
  }
}

/** P that equal means differ so much upwards; undefined with less than two values in an arm. */
export function findWelchP(canary: Moments, baseline: Moments): number | undefined {
  if (canary.count < 2 || baseline.count < 2) return undefined
  const own = varianceOf(canary) / canary.count
  const other = varianceOf(baseline) / baseline.count
  if (own + other === 0) return undefined
  const t = (canary.mean - baseline.mean) / Math.sqrt(own + other)
  const df =
    (own + other) ** 2 / (own ** 2 / (canary.count - 1) + other ** 2 / (baseline.count - 1))
  return studentTail(t, df)
}
