/**
 * Netflix's sequential test of counts (Lindon and Malek 2022): with twins each next failure falls on
 * either arm with probability one half, whatever the failure rate does. A Dirichlet mixture of
 * concentration 10 bets against that; its inverse is a p-value that may be watched at any time.
 */

import { lnGamma } from '../../core/maths/logs.ts'
import { countWords } from '../judging/words.ts'
import { pWords } from './figures/words.ts'
import { nothingToCompare } from './figures/no-data.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const CONCENTRATION = 10
const ALPHA = 0.05

export function createCounts(): Rule {
  const failures = { baseline: 0, canary: 0 }
  const requests = { baseline: 0, canary: 0 }
  let least = 1
  let decided: RuleVerdict | undefined

  function judge(at: number): void {
    least = Math.min(least, Math.exp(-lnCountFactor(failures.canary, failures.baseline)))
    if (least > ALPHA || failures.canary <= failures.baseline) return
    const detail = `p ${pWords(least)} ≤ ${ALPHA}: ${words()}`
    decided = { verdict: 'regressed', detectedAt: at, actions: [], metric: 'errors', detail }
  }

  function words(): string {
    return `${countWords(failures.canary)} failures on the canary, ${countWords(failures.baseline)} on the baseline`
  }

  return {
    sample({ at, arm, failed }) {
      if (decided !== undefined) return
      requests[arm] += 1
      if (!failed) return
      failures[arm] += 1
      judge(at)
    },
    answers() {},
    decided: () => decided,
    finish() {
      if (decided !== undefined) return decided
      if (requests.baseline === 0 || requests.canary === 0) return nothingToCompare()
      const detail = `p ${pWords(least)}, ${words()}: it would watch on`
      return { verdict: 'inconclusive', actions: [], detail }
    },
  }
}

/** ln of the mixture's likelihood of these counts against equal shares. */
export function lnCountFactor(
  canary: number,
  baseline: number,
  concentration: number = CONCENTRATION,
): number {
  const half = concentration / 2
  const lnMixture = lnBeta(half + canary, half + baseline) - lnBeta(half, half)
  return lnMixture + (canary + baseline) * Math.LN2
}

function lnBeta(a: number, b: number): number {
  return lnGamma(a) + lnGamma(b) - lnGamma(a + b)
}
