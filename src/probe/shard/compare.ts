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
  const comparer = createAnswerComparer({
    actions: new Map(
      Object.entries(ontology.document.actions).map(([name, document]) => [name, { document }]),
    ),
    secrets,
    addresses: Object.fromEntries(arms.map(({ arm, url }) => [arm, url])),
    storesUnseen: arms.every(({ arm }) => arm !== 'control') && changesData(input),
  })
  return {
    compare({ action }, exchanges, repeats) {
      if (!compared.has(action)) return undefined
      // A second answer that failed says nothing of noise; the first ones are compared all the same.
      const isWhole = repeats.every(({ outcome }) => outcome === 'ok')
      return comparer.compare({ action, exchanges, repeats: isWhole ? repeats : [] })
    },
    takeExamples: () => comparer.takeExamples(),
  }
}

/** Whether the sessions have a step that changes data and is not skipped. */
function changesData({ ontology, profiles, skipped }: WorkerInput): boolean {
  const { document, file } = ontology
  const { actions } = compileOntology(document, { value: document, locate: () => file }, file)
  const left = new Set(skipped)
  const isWrite = (name: string): boolean => actions.get(name)?.mutates === true && !left.has(name)
  return profiles.some((profile) =>
    profile.behavioral_patterns.some(({ action }) => isWrite(action)),
  )
}
