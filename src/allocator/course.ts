/** The expected course: what the weight does if nothing is ever found, told before the start. */

import type { Policy } from '../core/contract/policy-rules.ts'
import { UsageError } from '../core/errors.ts'
import { formatWeight } from '../core/weight.ts'
import { finalWeight, nextWeight, stageOf, startWeight } from './policy.ts'
import { spellSeconds } from './reasons.ts'

export interface CoursePoint {
  /** Seconds after the gate. */
  readonly atSeconds: number
  readonly weightBp: number
}

export interface Course {
  /** Every weight and when it begins at the earliest; ends with the final weight. */
  readonly points: readonly CoursePoint[]
  /** When the promotion can begin at the earliest, in seconds after the gate. */
  readonly promotableSeconds: number
  /** A manual gate stands on the way, so no time can be promised. */
  readonly waitsForPerson: boolean
}

/**
 * The fastest course of a policy; the gate's time is not in it.
 * @throws UsageError with code `bad-policy` if the rollout would be given up before its end
 */
export function expectedCourse(policy: Policy): Course {
  const points: CoursePoint[] = []
  const end = finalWeight(policy)
  let weightBp = startWeight(policy)
  let atSeconds = 0
  let waitsForPerson = policy.promoteOn === 'manual'
  for (;;) {
    const { forSeconds, gate } = stageOf(policy, weightBp)
    waitsForPerson ||= gate === 'manual'
    points.push({ atSeconds, weightBp })
    // A raise or a promotion happens at a tick, and at the first of them at the earliest.
    const ticks = Math.max(1, Math.ceil(forSeconds / policy.intervalSeconds - 1e-9))
    atSeconds += ticks * policy.intervalSeconds
    if (weightBp >= end) break
    weightBp = nextWeight(policy, weightBp)
  }
  if (atSeconds > policy.giveUpAfterSeconds) {
    throw new UsageError(
      `Cannot use policy: at best it ends after ${spellSeconds(atSeconds)}, ` +
        `it gives up after ${spellSeconds(policy.giveUpAfterSeconds)}`,
      {
        code: 'bad-policy',
        where: 'give_up_after',
        mend: 'give it more time, shorter intervals or larger steps',
      },
    )
  }
  return { points, promotableSeconds: atSeconds, waitsForPerson }
}

/** The course in a sentence: `5 % after the gate, 100 % at the earliest 1 h 35 min later`. */
export function courseSentence(policy: Policy): string {
  const { points, waitsForPerson } = expectedCourse(policy)
  const [first, last] = [points[0], points.at(-1)]
  const gate = policy.gate.need === 'none' ? 'at once' : 'after the gate'
  const start = `${formatWeight(first?.weightBp ?? 0)} ${gate}`
  const middle =
    last === undefined || last === first
      ? ''
      : `, ${formatWeight(last.weightBp)} at the earliest ${spellSeconds(last.atSeconds)} later`
  return `${start}${middle}${waitsForPerson ? '; a person has to let it go on' : ''}`
}
