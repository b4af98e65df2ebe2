/** Requests for rules: evenly spaced, of given latencies and failures, in the order of time. */

import type { Rule, RuleSample, RuleVerdict } from '../../../src/analysis/rules/rule.ts'

export interface Traffic {
  readonly seconds: number
  /** Of each arm. */
  readonly perSecond: number
  /** @param index counts from 0 in each arm */
  readonly baseline: (index: number, at: number) => Request
  readonly canary: (index: number, at: number) => Request
  readonly action?: (index: number) => string
}

export interface Request {
  readonly latencyMs: number
  readonly failed?: boolean
}

export function samplesOf(traffic: Traffic): RuleSample[] {
  const count = Math.round(traffic.seconds * traffic.perSecond)
  return Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    (['baseline', 'canary'] as const).map((arm) => {
      // In the middle of its slot, so that no request falls onto a look.
      const at = (index + 0.5) / traffic.perSecond
      const { latencyMs, failed = false } = traffic[arm](index, at)
      return { at, action: traffic.action?.(index) ?? 'home', arm, latencyMs, failed }
    }),
  )
}

/** The last word of the rule on this traffic. */
export function judge(rule: Rule, traffic: Traffic): RuleVerdict {
  for (const sample of samplesOf(traffic)) rule.sample(sample)
  return rule.finish(traffic.seconds)
}

/** Requests of this latency, none of which fails. */
export function steady(latencyMs: number): (index: number) => Request {
  return () => ({ latencyMs })
}
