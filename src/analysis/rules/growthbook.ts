/**
 * GrowthBook's safe rollout: two guardrails, mean latency and failure share, each with a one-sided
 * confidence sequence of the difference (α = 0.05, tuned to N* = 5000; Waudby-Smith et al. 2024).
 * A guardrail fails once its whole interval lies on the bad side of zero. The formula is for users;
 * here requests are the units, so stalls that hold up many at once make it too sure.
 */

import type { Metric } from '../../core/verdict.ts'
import { createNewsLooks } from './figures/looks.ts'
import { addMoment, createMoments, varianceOf, type Moments } from './figures/moments.ts'
import { msWords, shareWords } from './figures/words.ts'
import { nothingToCompare } from './figures/no-data.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const LOOK_SECONDS = 10
const ALPHA = 0.05
const TUNED_FOR = 5000

interface Guardrail {
  readonly name: string
  readonly metric: Metric
  readonly baseline: Moments
  readonly canary: Moments
  readonly words: (value: number) => string
}

export function createGrowthbook(): Rule {
  const latency = createGuardrail('mean latency', 'latency_typical', msWords)
  const failures = createGuardrail('failures', 'errors', shareWords)
  const guardrails = [latency, failures]
  let decided: RuleVerdict | undefined
  const looks = createNewsLooks(LOOK_SECONDS, look)

  function look(seconds: number): void {
    if (decided !== undefined) return
    const failed = guardrails.find((guardrail) => (findLow(guardrail) ?? 0) > 0)
    if (failed === undefined) return
    const { name, metric, words, baseline, canary } = failed
    const difference = `at least ${words(findLow(failed) ?? 0)} more`
    const detail = `${name} ${words(baseline.mean)} → ${words(canary.mean)}, ${difference}: rollback now`
    decided = { verdict: 'regressed', detectedAt: seconds, actions: [], metric, detail }
  }

  return {
    sample({ at, arm, latencyMs, failed }) {
      looks.upTo(at)
      if (decided !== undefined) return
      addMoment(latency[arm], latencyMs)
      addMoment(failures[arm], Number(failed))
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      look(seconds)
      if (decided !== undefined) return decided
      if (findLow(latency) === undefined) return nothingToCompare()
      const detail = 'no guardrail failed until the end: ship now'
      return { verdict: 'healthy', actions: [], detail }
    },
  }
}

function createGuardrail(
  name: string,
  metric: Metric,
  words: (value: number) => string,
): Guardrail {
  return { name, metric, words, baseline: createMoments(), canary: createMoments() }
}

/** The lower end of the difference of means; undefined with less than two values in an arm. */
function findLow({ baseline, canary }: Guardrail): number | undefined {
  if (baseline.count < 2 || canary.count < 2) return undefined
  const squaredError = varianceOf(baseline) / baseline.count + varianceOf(canary) / canary.count
  const half = halfWidth(squaredError, baseline.count + canary.count, 'one-sided')
  return canary.mean - baseline.mean - half
}

/**
 * Half the width of the sequence at `count` units of both arms.
 * @param squaredError of the difference of means
 */
export function halfWidth(
  squaredError: number,
  count: number,
  sides: 'one-sided' | 'two-sided',
): number {
  const alpha = sides === 'one-sided' ? 2 * ALPHA : ALPHA
  const rhoSquared = (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / TUNED_FOR
  const scaled = count * rhoSquared + 1
  const width = (2 * scaled) / (count ** 2 * rhoSquared)
  const level =
    sides === 'one-sided'
      ? Math.log(1 + Math.sqrt(scaled) / alpha)
      : Math.log(Math.sqrt(scaled) / alpha)
  return Math.sqrt(squaredError * count * width * level)
}
