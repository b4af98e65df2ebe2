/**
 * Own changes: what differs between two answers because the run itself stored something.
 *
 * Twins that write do so to two instances, and what each instance stored comes back in later
 * answers: a list in the order of random ids, the second in which something was made. There the
 * canary's answer differs from the baseline's, and the baseline's second answer, which knows the
 * same store, never does: it shows what is noise in an answer, not what is noise in a store. Only a
 * control arm, which stores for itself, shows that.
 *
 * Without one the baseline is compared with itself over time. A field in which two answers of it to
 * one action ever differed is compared by its shape; one whose shape differed, not at all. What kept
 * still counts once each kind of write that the run has sent was sent again a few times since: before
 * that, stores that differ would be taken for a canary that does. Nothing of the canary is looked at,
 * so what is left out is left out whatever the canary says.
 *
 * A write that hardly ever touches what is read, or touches it in one store only, is not seen so.
 */

import { compareAnswers, type AnswerView } from '../../../analysis/answers/compare.ts'
import type { Ignored } from '../../../analysis/answers/ignored.ts'
import type { AnswerDiff } from '../../../core/answers.ts'

/** The last answer of each action is kept; of longer ones nothing is compared. */
const MOST_HELD_BYTES = 262_144
/** Fields of one action; beyond it nothing of the action is compared. */
const MOST_FIELDS = 1000

/** Of each kind since an action was first answered, before what kept still counts. */
const ENOUGH_WRITES = 3

/** What may be counted of a difference from the baseline's newest answer. */
export type Keep = (diff: AnswerDiff) => AnswerDiff

export interface OwnChanges {
  /** To be told each step that changes data, by its action. */
  wrote(action: string): void
  /** To be told each answer of the baseline, in the order in which they are compared. */
  seen(action: string, baseline: AnswerView, ignored?: Ignored): Keep
}

interface Known {
  /** By action, how often data was changed before the first answer. */
  readonly before: ReadonlyMap<string, number>
  last: AnswerView | undefined
  readonly values: Set<string>
  readonly shapes: Set<string>
}

const NOTHING: AnswerDiff = { paths: [], shapes: [] }
const keepNothing: Keep = () => NOTHING

export function createOwnChanges(): OwnChanges {
  const actions = new Map<string, Known>()
  const writes = new Map<string, number>()

  function knownOf(action: string): Known {
    const known = actions.get(action) ?? {
      before: new Map(writes),
      last: undefined,
      values: new Set(),
      shapes: new Set(),
    }
    actions.set(action, known)
    return known
  }

  const isTried = ({ before }: Known): boolean =>
    [...writes].every(([kind, count]) => count - (before.get(kind) ?? 0) >= ENOUGH_WRITES)

  return {
    wrote(action) {
      writes.set(action, (writes.get(action) ?? 0) + 1)
    },
    seen(action, baseline, ignored) {
      const known = knownOf(action)
      const { last, values, shapes } = known
      known.last = baseline.body.bytes > MOST_HELD_BYTES ? undefined : baseline
      if (last === undefined || known.last === undefined) return keepNothing
      const changed = compareAnswers(last, baseline, ignored)
      for (const path of changed.paths) values.add(path)
      for (const path of changed.shapes) shapes.add(path)
      if (values.size > MOST_FIELDS || !isTried(known)) return keepNothing
      return (diff) => ({
        paths: diff.paths.filter((path) =>
          values.has(path) ? diff.shapes.includes(path) && !shapes.has(path) : true,
        ),
        shapes: diff.shapes.filter((path) => !shapes.has(path)),
      })
    },
  }
}
