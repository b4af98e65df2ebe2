/** Values that requests need and that no step has any more, because they were dropped. */

import type { Action, Ontology } from '../../actions/ontology.ts'
import type { RecordedStep } from './anonymise.ts'

export interface Lacking {
  readonly action: string
  /** Names in `data` that path, headers or body of the request cannot do without. */
  readonly names: readonly string[]
}

/** By action, in the order of the ontology; a step of such an action is skipped when it is replayed. */
export function lackingData(
  { actions }: Ontology,
  sessions: readonly (readonly RecordedStep[])[],
): Lacking[] {
  const needed = new Map([...actions.values()].map((action) => [action.name, neededNames(action)]))
  const lacking = new Map<string, Set<string>>()
  for (const session of sessions) {
    for (const { action, data } of session) {
      for (const name of needed.get(action) ?? []) {
        if (Object.hasOwn(data, name)) continue
        lacking.set(action, (lacking.get(action) ?? new Set()).add(name))
      }
    }
  }
  return [...actions.keys()].flatMap((action) => {
    const names = [...(lacking.get(action) ?? [])]
    return names.length === 0 ? [] : [{ action, names }]
  })
}

/** A field of the query that has no value is left out of the request; nothing else is. */
function neededNames({ request }: Action): readonly string[] {
  const inQuery = new Set(
    request.target.fields.flatMap(({ template }) =>
      template.kind === 'reference' ? [template.reference] : [],
    ),
  )
  const names = request.references.flatMap((reference) => {
    const isOnlyData = reference.choices.every(({ root }) => root === 'data')
    const name = reference.choices[0]?.keys[0]
    return isOnlyData && name !== undefined && !inQuery.has(reference) ? [name] : []
  })
  return [...new Set(names)]
}
