/** Values that an earlier answer gave are captured live: what was recorded of them is dropped. */

import type { Correlation } from '../../actions/propose/correlate.ts'
import type { MappedStep } from './anonymise.ts'
import { withoutData } from './forms.ts'

/**
 * The sessions without values that a correlated earlier action of the same session captures. Where
 * that action is missing, the value stays: nothing else could take its place.
 */
export function withoutCaptured(
  sessions: readonly (readonly MappedStep[])[],
  correlations: readonly Pick<Correlation, 'from' | 'to' | 'dataName'>[],
): { sessions: readonly (readonly MappedStep[])[]; capturedValues: number } {
  if (correlations.length === 0) return { sessions, capturedValues: 0 }
  const byTarget = Map.groupBy(correlations, ({ to }) => to)
  let capturedValues = 0
  const live = sessions.map((session) => {
    const seen = new Set<string>()
    return session.map((step): MappedStep => {
      const names = (byTarget.get(step.action) ?? []).flatMap(({ from, dataName }) =>
        dataName !== undefined && from.some((action) => seen.has(action)) ? [dataName] : [],
      )
      seen.add(step.action)
      const present = names.filter((name) => Object.hasOwn(step.forms[0]?.data ?? {}, name))
      if (present.length === 0) return step
      capturedValues += present.length
      const forms = step.forms.map((form) =>
        present.reduce((less, name) => withoutData(step.action, less, name), form),
      )
      return { ...step, forms }
    })
  })
  return { sessions: live, capturedValues }
}
