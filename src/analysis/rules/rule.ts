/**
 * Other tools' documented rules on our samples: what they would have said of the same run, so that
 * a team can compare before it switches. One rule is one file; it sees requests in the order of
 * time, keeps bounded memory, and never sees more than its tool would.
 */

import type { Metric, Verdict } from '../../core/verdict.ts'

/** One request, as any tool could have seen it. */
export interface RuleSample {
  /** Seconds from the end of the warm-up at which it ended. */
  readonly at: number
  readonly action: string
  readonly arm: 'baseline' | 'canary'
  readonly latencyMs: number
  readonly failed: boolean
}

/** One comparison of answers, for rules that look at nothing else. */
export interface RuleAnswers {
  readonly at: number
  readonly action: string
  /** Paths in which the canary's answer differs from the baseline's. */
  readonly canary: readonly string[]
  /** The same of a second baseline answer; left out where none was asked for. */
  readonly control?: readonly string[]
}

export interface RuleVerdict {
  readonly verdict: Verdict
  /** Seconds from the end of the warm-up; only of `regressed`. */
  readonly detectedAt?: number
  /** The actions it blames; empty where it blames the service as a whole. */
  readonly actions: readonly string[]
  readonly metric?: Metric
  /** One sentence with the figures behind the verdict. */
  readonly detail: string
}

export interface Rule {
  /** In order of `at`. */
  sample(sample: RuleSample): void
  answers(answers: RuleAnswers): void
  /** What it says by now; undefined while it would go on watching. */
  decided(): RuleVerdict | undefined
  /** The last word. @param seconds where the recording ends */
  finish(seconds: number): RuleVerdict
}
