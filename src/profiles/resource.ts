/** What a profile costs the target: measured in earlier runs, else as the ontology says. */

import type { BehaviorEntry, ResourceIntensity } from '../core/contract/profile.ts'
import type { Ontology } from '../actions/ontology.ts'

/** By action, what one of its requests cost in earlier runs; what was not measured is left out. */
export type MeasuredCosts = ReadonlyMap<
  string,
  { readonly cpuMs?: number; readonly networkKb?: number }
>

/**
 * The sum of CPU and network over the steps and the largest memory of any step (memory is given
 * back), over the time from first to last step. A cost that was measured goes before the one in the
 * ontology; an action without either counts as nothing.
 */
export function resourceIntensityOf(
  patterns: readonly BehaviorEntry[],
  ontology: Ontology | undefined,
  measured?: MeasuredCosts,
): ResourceIntensity {
  let cpu = 0
  let memory = 0
  let network = 0
  for (const { action } of patterns) {
    const cost = ontology?.actions.get(action)?.document.cost
    const known = measured?.get(action)
    cpu += known?.cpuMs ?? cost?.cpu_ms ?? 0
    memory = Math.max(memory, cost?.memory_mb ?? 0)
    network += known?.networkKb ?? cost?.network_kb ?? 0
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
