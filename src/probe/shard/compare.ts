/** Which steps of a run are compared: those of its compared actions, with repeats that went well. */

import { compileOntology } from '../../actions/ontology.ts'
import type { Exchange, Step } from '../../generator/traffic.ts'
import { createAnswerComparer, type ActionExamples, type ComparedStep } from './answers.ts'
import type { WorkerInput } from './messages.ts'
import { comparedActions } from './traffic.ts'

export interface StepComparer {
  /** Undefined where the answers are not compared. */
  compare(
    step: Step,
    exchanges: readonly Exchange[],
    repeats: readonly Exchange[],
  ): ComparedStep | undefined
  /** Values of fields that differ, those that were not handed over before. */
  takeExamples(): ActionExamples[]
}

export function createStepComparer(input: WorkerInput): StepComparer {
  const { plan, ontology, secrets, arms } = input
  const compared = comparedActions(plan)
  const writes = writesOf(input)
  const hasControl = arms.some(({ arm }) => arm === 'control')
  const comparer = createAnswerComparer({
    actions: new Map(
      Object.entries(ontology.document.actions).map(([name, document]) => [name, { document }]),
    ),
    secrets,
    addresses: Object.fromEntries(arms.map(({ arm, url }) => [arm, url])),
    storesUnseen: !hasControl && writes.size > 0,
  })
  return {
    compare({ action }, exchanges, repeats) {
      if (writes.has(action)) comparer.wrote(action)
      if (!compared.has(action)) return undefined
      // A second answer that failed says nothing of noise; the first ones are compared all the same.
      const isWhole = repeats.every(({ outcome }) => outcome === 'ok')
      return comparer.compare({ action, exchanges, repeats: isWhole ? repeats : [] })
    },
    takeExamples: () => comparer.takeExamples(),
  }
}

/** The actions of the sessions that change data and are not skipped. */
function writesOf({ ontology, profiles, skipped }: WorkerInput): ReadonlySet<string> {
  const { document, file } = ontology
  const { actions } = compileOntology(document, { value: document, locate: () => file }, file)
  const left = new Set(skipped)
  const writes = new Set<string>()
  for (const { behavioral_patterns: entries } of profiles) {
    for (const { action } of entries) {
      if (actions.get(action)?.mutates === true && !left.has(action)) writes.add(action)
    }
  }
  return writes
}
