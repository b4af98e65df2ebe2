/**
 * A quality gate of Keptn at the end of the recording, with the baseline in the place of the previous
 * result. Two objectives of equal weight: p95 at most 10 % above it (a warning up to 25 %), and less
 * than 1 % of the requests failed (a warning below 5 %). 90 % of the points pass, 75 % are a warning.
 */

import type { Metric } from '../../core/verdict.ts'
import { addValue, createHistogram, findQuantile } from './figures/histogram.ts'
import { msWords, shareWords } from './figures/words.ts'
import { nothingToCompare } from './figures/no-data.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const P95_INCREASE = { pass: 0.1, warning: 0.25 }
const FAILURES = { pass: 0.01, warning: 0.05 }
const TOTAL_PERCENT = { pass: 90, warning: 75 }

export interface Objective {
  readonly result: 'pass' | 'warning' | 'fail'
  readonly weight: number
  /** Its failure fails the gate whatever the others say. */
  readonly isKey?: boolean
}

interface Measured extends Objective {
  readonly metric: Metric
  readonly words: string
}

export function createKeptn(): Rule {
  const arms = { baseline: createHistogram(), canary: createHistogram() }
  let failures = 0

  return {
    sample({ arm, latencyMs, failed }) {
      addValue(arms[arm], latencyMs)
      if (arm === 'canary') failures += Number(failed)
    },
    answers() {},
    // It is evaluated once, after the test.
    decided: () => undefined,
    finish(seconds) {
      const [before, after] = [arms.baseline, arms.canary].map((arm) => findQuantile(arm, 0.95))
      if (before === undefined || after === undefined) return nothingToCompare()
      const tail: Measured = {
        result: resultOf(after / before - 1, P95_INCREASE, 'or-equal'),
        weight: 1,
        metric: 'latency_tail',
        words: `p95 ${msWords(before)} → ${msWords(after)}`,
      }
      const share = failures / arms.canary.total
      const errors: Measured = {
        result: resultOf(share, FAILURES, 'below'),
        weight: 1,
        metric: 'errors',
        words: `failures ${shareWords(share)}`,
      }
      return verdictOf([tail, errors], seconds)
    },
  }
}

function resultOf(
  value: number,
  limits: { readonly pass: number; readonly warning: number },
  compare: 'or-equal' | 'below',
): Objective['result'] {
  const holds = (limit: number): boolean =>
    value < limit || (compare === 'or-equal' && value === limit)
  return holds(limits.pass) ? 'pass' : holds(limits.warning) ? 'warning' : 'fail'
}

const POINTS = { pass: 1, warning: 0.5, fail: 0 } as const

/** Points reached of those that could be, in per cent; 0 where a key objective failed. */
export function totalPercent(objectives: readonly Objective[]): number {
  if (objectives.some(({ isKey, result }) => isKey === true && result === 'fail')) return 0
  const most = objectives.reduce((sum, { weight }) => sum + weight, 0)
  const reached = objectives.reduce((sum, { weight, result }) => sum + weight * POINTS[result], 0)
  return (100 * reached) / most
}

function verdictOf(objectives: readonly Measured[], seconds: number): RuleVerdict {
  const total = totalPercent(objectives)
  const words = objectives.map(({ result, words: figures }) => `${figures} (${result})`).join(', ')
  const detail = `total ${total} %: ${words}`
  if (total >= TOTAL_PERCENT.pass) return { verdict: 'healthy', actions: [], detail }
  if (total >= TOTAL_PERCENT.warning) return { verdict: 'inconclusive', actions: [], detail }
  const worst = objectives.find(({ result }) => result === 'fail') ?? objectives[0]
  const metric = worst === undefined ? {} : { metric: worst.metric }
  return { verdict: 'regressed', detectedAt: seconds, actions: [], ...metric, detail }
}
