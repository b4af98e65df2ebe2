/** The rules by name: what each does in a sentence, and how it is made. */

import { createArgo } from './argo.ts'
import { createBurnRate } from './burn-rate.ts'
import { createCounts } from './counts.ts'
import { createDiffy } from './diffy.ts'
import { createFlagger } from './flagger.ts'
import { createGrowthbook } from './growthbook.ts'
import { createHowardRamdas } from './howard-ramdas.ts'
import { createKayenta } from './kayenta.ts'
import { createKeptn } from './keptn.ts'
import { createMannWhitneyBonferroni, createMannWhitneyPeeking } from './mann-whitney.ts'
import type { Rule } from './rule.ts'
import { createWelchPeeking } from './welch.ts'

export const RULES = [
  { name: 'kayenta', sentence: 'rank sums of minutes, every 5 min, scores 75 and 95' },
  { name: 'kayenta-per-action', sentence: 'the same with three metrics of each action' },
  { name: 'flagger', sentence: 'five failed minutes of success ≥ 99 %, p99 ≤ 500 ms' },
  { name: 'argo', sentence: 'the same limits, five minutes, none may fail' },
  { name: 'mann-whitney-peeking', sentence: 'p < 0.01 of the service, every 10 s' },
  { name: 'mann-whitney-bonferroni', sentence: 'the same per action, with failures' },
  { name: 'welch-peeking', sentence: 'Welch on means, p < 0.01, every 10 s' },
  { name: 'howard-ramdas', sentence: "Netflix's bands around quantiles, α 0.05" },
  { name: 'counts', sentence: "Netflix's test of failure counts, α 0.05" },
  { name: 'growthbook', sentence: 'one-sided confidence sequence of means, α 0.05' },
  { name: 'diffy', sentence: 'fields that differ more than noise, 20 % and 0.03 %' },
  { name: 'burn-rate', sentence: 'pages of an error budget of 0.1 %' },
  { name: 'keptn', sentence: 'a quality gate on p95 and failures, at the end' },
] as const

export type RuleName = (typeof RULES)[number]['name']

export interface RuleOptions {
  /** Actions of the recording, the most frequent first; rules per action watch the first 200. */
  readonly actions: readonly string[]
  /** For the little noise that Kayenta adds to arms that are both constant. */
  readonly seed: number
}

/** So many actions are judged alone; somebody has to write down the metrics of such a rule. */
export const MOST_RULE_ACTIONS = 200

/** A fresh rule that has seen nothing yet. */
export function createRule(name: RuleName, options: RuleOptions): Rule {
  const actions = options.actions.slice(0, MOST_RULE_ACTIONS)
  switch (name) {
    case 'kayenta':
      return createKayenta(options.seed)
    case 'kayenta-per-action':
      return createKayenta(options.seed, actions)
    case 'flagger':
      return createFlagger()
    case 'argo':
      return createArgo()
    case 'mann-whitney-peeking':
      return createMannWhitneyPeeking()
    case 'mann-whitney-bonferroni':
      return createMannWhitneyBonferroni(actions)
    case 'welch-peeking':
      return createWelchPeeking()
    case 'howard-ramdas':
      return createHowardRamdas()
    case 'counts':
      return createCounts()
    case 'growthbook':
      return createGrowthbook()
    case 'diffy':
      return createDiffy()
    case 'burn-rate':
      return createBurnRate()
    case 'keptn':
      return createKeptn()
  }
}
