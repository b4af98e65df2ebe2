/** The other tools' rules of the study, each ready for the service of a trace. */

import { createRule, RULES } from '../../../src/analysis/rules/rules.ts'
import type { NamedRule } from './rules.ts'
import type { WorldAction } from './world.ts'

/** These traces have no answers to compare. */
const WITHOUT_LATENCY = ['diffy']

/** All but those that look at nothing a trace has. */
export function createOtherRules(seed: number, actions: readonly WorldAction[]): NamedRule[] {
  const names = actions.map(({ action }) => action)
  return RULES.filter(({ name }) => !WITHOUT_LATENCY.includes(name)).map(({ name }) => ({
    name,
    rule: createRule(name, { seed, actions: names }),
  }))
}
