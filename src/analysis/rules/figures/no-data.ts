/** What a rule says that was given nothing to compare. */

import type { RuleVerdict } from '../rule.ts'

export function nothingToCompare(): RuleVerdict {
  return { verdict: 'inconclusive', actions: [], detail: 'an arm has no requests' }
}
