/** The traffic of a shard, as its input asks for it. */

import { compileOntology } from '../../actions/ontology.ts'
import type { Clock } from '../../core/clock.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Arm } from '../../core/arm.ts'
import { createTraffic, type Traffic, type TrafficOptions } from '../../generator/traffic.ts'
import type { WorkerInput } from './messages.ts'

/** @param watching who is told, and which steps shall be remembered */
export function createShardTraffic(
  input: WorkerInput,
  clock: Clock,
  watching: Pick<TrafficOptions, 'watcher' | 'remembers'>,
): Traffic {
  const { ontology, plan, arms, profiles, seed, secrets, maxRps, runId, timeoutMs } = input
  const locate = (): string => ontology.file
  return createTraffic({
    arms,
    ontology: compileOntology(
      ontology.document,
      { value: ontology.document, locate },
      ontology.file,
    ),
    profiles,
    seed,
    skipped: new Set(input.skipped),
    secrets,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    maxRps,
    runId,
    clock,
    compared: comparedActions(plan),
    repeatShare: repeatShareOf(plan, arms),
    ...(input.shard === undefined ? {} : { shard: input.shard }),
    ...watching,
  })
}

export function comparedActions(plan: Plan): ReadonlySet<string> {
  return new Set(
    plan.actions.filter(({ comparesAnswers }) => comparesAnswers).map(({ action }) => action),
  )
}

/** A control answers beside the baseline each time: nobody has to be asked twice. */
function repeatShareOf(plan: Plan, arms: readonly { readonly arm: Arm }[]): number {
  return arms.some(({ arm }) => arm === 'control') ? 0 : plan.repeatShare
}
