/**
 * Netflix's sequential test of latencies (2024): around the distribution function of each arm a band
 * that holds at all times together (Howard and Ramdas 2022, Bernoulli 28). The canary is worse once
 * the two bands come apart, that is once some quantile is certainly larger. It may be looked at every
 * second; requests are taken to be independent.
 */

import { createNewsLooks } from './figures/looks.ts'
import { addValue, createHistogram, findQuantile, largestLag } from './figures/histogram.ts'
import { msWords, shareWords } from './figures/words.ts'
import { nothingToCompare } from './figures/no-data.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const LOOK_SECONDS = 1
/** Half for each arm. */
const ALPHA = 0.05

export function createHowardRamdas(): Rule {
  const arms = { baseline: createHistogram(), canary: createHistogram() }
  let decided: RuleVerdict | undefined
  const looks = createNewsLooks(LOOK_SECONDS, look)

  function look(seconds: number): void {
    const { baseline, canary } = arms
    if (decided !== undefined || baseline.total === 0 || canary.total === 0) return
    if (largestLag(canary, baseline) <= bothWidths()) return
    const [before, after] = [baseline, canary].map((arm) => msWords(findQuantile(arm, 0.5) ?? NaN))
    const detail = `the bands of the quantiles came apart: ${gap()}, median ${before} → ${after}`
    const verdict = { verdict: 'regressed', detectedAt: seconds, actions: [] } as const
    decided = { ...verdict, metric: 'latency_typical', detail }
  }

  function bothWidths(): number {
    const { baseline, canary } = arms
    return bandHalfWidth(baseline.total, ALPHA / 2) + bandHalfWidth(canary.total, ALPHA / 2)
  }

  function gap(): string {
    const widths = Math.min(1, bothWidths())
    return `distance ${shareWords(largestLag(arms.canary, arms.baseline))}, bands ${shareWords(widths)}`
  }

  return {
    sample({ at, arm, latencyMs }) {
      looks.upTo(at)
      if (decided === undefined) addValue(arms[arm], latencyMs)
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      look(seconds)
      if (decided !== undefined) return decided
      if (arms.baseline.total === 0 || arms.canary.total === 0) return nothingToCompare()
      const detail = `the bands still overlap (${gap()}): it would watch on`
      return { verdict: 'inconclusive', actions: [], detail }
    },
  }
}

/** How far the truth may lie from the distribution function of `count` values, ever; a share. */
export function bandHalfWidth(count: number, alpha: number): number {
  const iterated = Math.log(Math.log(Math.E * count)) + 0.8 * Math.log(1612 / alpha)
  return 0.85 * Math.sqrt(iterated / count)
}
