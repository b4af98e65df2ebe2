/** What a profile costs the target, from what the ontology says of its actions. */

import type { BehaviorEntry, ResourceIntensity } from '../core/contract/profile.ts'
import type { Ontology } from '../actions/ontology.ts'

/**
 * The sum of CPU and network over the steps and the largest memory of any step (memory is given
 * back), over the time from first to last step. An action without a cost counts as nothing.
 */
export function resourceIntensityOf(
  patterns: readonly BehaviorEntry[],
  ontology: Ontology | undefined,
): ResourceIntensity {
  let cpu = 0
  let memory = 0
  let network = 0
  for (const { action } of patterns) {
    const cost = ontology?.actions.get(action)?.document.cost
    cpu += cost?.cpu_ms ?? 0
    memory = Math.max(memory, cost?.memory_mb ?? 0)
    network += cost?.network_kb ?? 0
  }
  const period = (patterns.at(-1)?.timestamp ?? 0) - (patterns[0]?.timestamp ?? 0)
  return {
    cpu_ms: rounded(cpu),
    memory_mb: rounded(memory),
    network_kb: rounded(network),
    period_s: rounded(period),
  }
}

/** Sums of decimals drift in the last bits; three places are more than anyone measures. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
