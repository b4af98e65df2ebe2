/**
 * The rank-sum test on everything so far, looked at again every ten seconds, as many a home-made
 * pipeline does. It is one-sided, counts ties, and takes requests to be independent. A test that is
 * looked at often finds something sooner or later: without a correction its level is that of one look.
 */

import type { Metric } from '../../core/verdict.ts'
import { normalTail } from './figures/distributions.ts'
import {
  addValue,
  createHistogram,
  findQuantile,
  rankSumZ,
  type Histogram,
} from './figures/histogram.ts'
import { createNewsLooks } from './figures/looks.ts'
import { msWords, pWords, shareWords } from './figures/words.ts'
import { nothingToCompare } from './figures/no-data.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const LOOK_SECONDS = 10
const ALPHA = 0.01

interface Arm {
  readonly latencies: Histogram
  failures: number
}

interface Scope {
  /** Undefined for the service. */
  readonly action?: string
  readonly baseline: Arm
  readonly canary: Arm
}

interface Finding {
  readonly p: number
  readonly metric: Metric
  readonly words: string
  readonly action?: string
}

/** One test of the service's latencies at each look, at 0.01. */
export function createMannWhitneyPeeking(): Rule {
  return createRule([createScope()], ALPHA, (scope) => [latencyTest(scope)])
}

/** Latencies and failures of each action, at 0.01 by the number of tests (Bonferroni). */
export function createMannWhitneyBonferroni(actions: readonly string[]): Rule {
  const scopes = actions.map(createScope)
  const level = ALPHA / Math.max(1, 2 * scopes.length)
  return createRule(scopes, level, (scope) => [latencyTest(scope), failureTest(scope)])
}

function createRule(
  scopes: readonly Scope[],
  level: number,
  test: (scope: Scope) => Finding[],
): Rule {
  const byAction = new Map(scopes.map((scope) => [scope.action, scope]))
  const service = byAction.get(undefined)
  let least: Finding | undefined
  let decided: RuleVerdict | undefined
  const looks = createNewsLooks(LOOK_SECONDS, look)

  function look(seconds: number): void {
    if (decided !== undefined) return
    const findings = scopes.filter(hasBoth).flatMap(test)
    const [smallest] = findings.toSorted((left, right) => left.p - right.p)
    if (smallest === undefined) return
    if (least === undefined || smallest.p < least.p) least = smallest
    const significant = findings.filter(({ p }) => p < level)
    if (significant.length === 0) return
    decided = {
      verdict: 'regressed',
      detectedAt: seconds,
      actions: [...new Set(significant.flatMap(({ action }) => action ?? []))],
      metric: smallest.metric,
      detail: `p ${pWords(smallest.p)} < ${pWords(level)}: ${nameOf(smallest)}${smallest.words}`,
    }
  }

  return {
    sample({ at, action, arm, latencyMs, failed }) {
      looks.upTo(at)
      const scope = service ?? byAction.get(action)
      if (decided !== undefined || scope === undefined) return
      addValue(scope[arm].latencies, latencyMs)
      scope[arm].failures += Number(failed)
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      look(seconds)
      if (decided !== undefined) return decided
      if (least === undefined) return nothingToCompare()
      const detail = `p was never below ${pWords(level)}, at the least ${pWords(least.p)}`
      return { verdict: 'healthy', actions: [], detail }
    },
  }
}

function createScope(action?: string): Scope {
  const [baseline, canary] = [createArm(), createArm()]
  return { ...(action === undefined ? {} : { action }), baseline, canary }
}

function createArm(): Arm {
  return { latencies: createHistogram(), failures: 0 }
}

function hasBoth({ baseline, canary }: Scope): boolean {
  return baseline.latencies.total > 0 && canary.latencies.total > 0
}

function latencyTest({ action, baseline, canary }: Scope): Finding {
  const p = normalTail(rankSumZ(canary.latencies, baseline.latencies))
  const medians = [baseline, canary].map((arm) => msWords(findQuantile(arm.latencies, 0.5) ?? NaN))
  const words = `median ${medians[0]} → ${medians[1]}`
  return { p, metric: 'latency_typical', words, ...(action === undefined ? {} : { action }) }
}

/** Two proportions, pooled, one-sided, without a continuity correction. */
function failureTest({ action, baseline, canary }: Scope): Finding {
  const [n, m] = [canary.latencies.total, baseline.latencies.total]
  const [own, other] = [canary.failures / n, baseline.failures / m]
  const pooled = (canary.failures + baseline.failures) / (n + m)
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
  const p = deviation > 0 ? normalTail((own - other) / deviation) : 1
  const words = `failures ${shareWords(other)} → ${shareWords(own)}`
  return { p, metric: 'errors', words, ...(action === undefined ? {} : { action }) }
}

function nameOf({ action }: Finding): string {
  return action === undefined ? '' : `${action} `
}
