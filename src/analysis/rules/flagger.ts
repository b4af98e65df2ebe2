/**
 * Flagger's loop: every 60 s two checks of the canary alone, against absolute limits. Failed checks
 * are counted and never forgotten; at the fifth the next tick rolls back. A passed tick adds 10 % of
 * weight, and the tick that finds 50 % promotes. The tick that only runs the hooks before a rollout
 * is taken to be the start of the recording.
 */

import type { Metric } from '../../core/verdict.ts'
import { findConditions } from './figures/limits.ts'
import { createLooks } from './figures/looks.ts'
import { Requests, joinSlices } from './figures/requests.ts'
import { counted } from './figures/words.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const INTERVAL_SECONDS = 60
const THRESHOLD = 5
const STEP_WEIGHT = 10
const MAX_WEIGHT = 50

export function createFlagger(): Rule {
  let minute = new Requests()
  let failedChecks = 0
  let firstFailure: { readonly words: string; readonly metric?: Metric } | undefined
  let weight = STEP_WEIGHT
  let decided: RuleVerdict | undefined
  const looks = createLooks(INTERVAL_SECONDS, tick, () => decided !== undefined)

  function tick(seconds: number): void {
    if (failedChecks >= THRESHOLD) {
      decided = rolledBack(seconds)
      return
    }
    const conditions = findConditions(joinSlices([minute]))
    minute = new Requests()
    const failure =
      conditions === undefined
        ? { words: 'no values found' }
        : conditions.find(({ holds }) => !holds)
    if (failure !== undefined) {
      failedChecks += 1
      firstFailure ??= failure
    } else if (weight >= MAX_WEIGHT) {
      decided = { verdict: 'healthy', actions: [], detail: `promoted at ${seconds} s, ${checks()}` }
    } else {
      weight = Math.min(100, weight + STEP_WEIGHT)
    }
  }

  function rolledBack(seconds: number): RuleVerdict {
    return {
      verdict: 'regressed',
      detectedAt: seconds,
      actions: [],
      ...(firstFailure?.metric === undefined ? {} : { metric: firstFailure.metric }),
      detail: `rolled back, ${checks()}, the first: ${firstFailure?.words ?? ''}`,
    }
  }

  function checks(): string {
    return `${counted(failedChecks, 'failed check')} of ${THRESHOLD}`
  }

  return {
    sample({ at, arm, latencyMs, failed }) {
      looks.upTo(at)
      if (arm === 'canary') minute.add(latencyMs, failed)
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      looks.upTo(seconds)
      const first = firstFailure === undefined ? '' : `, the first: ${firstFailure.words}`
      const detail = `still at ${weight} % of ${MAX_WEIGHT} %, ${checks()}${first}`
      return decided ?? { verdict: 'inconclusive', actions: [], detail }
    },
  }
}
