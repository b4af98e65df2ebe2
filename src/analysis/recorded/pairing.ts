/**
 * Twins come as two lines of a file, in any order within 30 seconds: here they become pairs again,
 * and a line that is too late to be trusted is named.
 */

import type { AnswerDiff, PairAnswers } from '../../core/answers.ts'
import type { Arm } from '../../core/arm.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Outcome, Sample, Segment } from '../../core/contract/sample.ts'
import { UsageError } from '../../core/errors.ts'
import type { PairRecord } from '../fold.ts'
import type { Tally } from '../tally.ts'
import { sentSeconds } from './survey.ts'

/** Lines may come this much out of order. */
export const DISORDER_SECONDS = 30

interface Half {
  readonly latencyMs: number
  readonly outcome: Outcome
  readonly sent: number
  readonly end: number
  readonly diff?: AnswerDiff
}

/** A step whose arms arrive one by one. */
export interface Twins {
  readonly pair: string
  readonly action: number
  readonly at: number
  readonly arms: Map<Arm, Half>
  /** How second answers differ from the baseline's first one. */
  readonly repeats: Map<Arm, AnswerDiff>
  readonly segment?: Segment
}

/** Both arms were measured. */
export interface WholeTwins {
  readonly record: PairRecord
  readonly baseline: Half
  readonly canary: Half
  /** Seconds of the first of the two sends. */
  readonly start: number
  readonly segment?: Segment
}

export interface Watermark {
  /** Takes note of a scored line. @throws UsageError if it is more than 30 s out of order */
  see(sample: Sample, where: string): void
  /** No later line can have been sent before this second. */
  settledSeconds(longestSeconds: number): number
}

/**
 * A file may be in the order of the intended times or of the ends: a line is late only if it is
 * late by both.
 */
export function createWatermark(): Watermark {
  let lastAt = -Infinity
  let lastEnd = -Infinity
  return {
    see(sample, where) {
      const end = sample.at + sample.latencyMs / 1000
      const late = Math.min(lastAt - sample.at, lastEnd - end)
      if (late > DISORDER_SECONDS) {
        throw new UsageError(
          `Cannot read samples: ${where} is ${late.toFixed(0)} s late, more than ${DISORDER_SECONDS} s`,
          { code: 'samples-out-of-order', where, mend: 'sort the file by "at"' },
        )
      }
      lastAt = Math.max(lastAt, sample.at)
      lastEnd = Math.max(lastEnd, end)
    },
    settledSeconds: (longestSeconds) =>
      Math.min(lastAt, lastEnd - longestSeconds) - DISORDER_SECONDS,
  }
}

/** The index of an action by name. */
export function indexActions(plan: Plan): ReadonlyMap<string, number> {
  return new Map(plan.actions.map(({ action }, index) => [action, index]))
}

/**
 * Puts a sample to its twins.
 * @throws UsageError if the arm of the pair was seen before
 */
export function addToTwins(
  twins: Map<string, Twins>,
  sample: Sample & { readonly pair: string },
  action: number,
  where: string,
): Twins {
  const { pair, at, arm, latencyMs, outcome } = sample
  const segment = sample.segment === undefined ? {} : { segment: sample.segment }
  const empty = { arms: new Map(), repeats: new Map(), ...segment }
  const known: Twins = twins.get(pair) ?? { pair, action, at, ...empty }
  const diff = diffOf(sample)
  if (sample.repeat === true) {
    twins.set(pair, known)
    if (diff !== undefined) known.repeats.set(arm, diff)
    return known
  }
  if (known.arms.has(arm)) {
    throw new UsageError(`Cannot read samples: ${where} repeats the ${arm} of pair "${pair}"`, {
      code: 'duplicate-sample',
      where,
      mend: 'give every step a pair of its own',
    })
  }
  twins.set(pair, known)
  known.arms.set(arm, {
    latencyMs,
    outcome,
    sent: sentSeconds(sample),
    end: at + latencyMs / 1000,
    ...(diff === undefined ? {} : { diff }),
  })
  return known
}

function diffOf({ diff, diffShape = [] }: Sample): AnswerDiff | undefined {
  return diff && { paths: diff, shapes: diffShape }
}

/** Undefined where the answers were not compared. */
function answersOf({ arms, repeats }: Twins): PairAnswers | undefined {
  const canary = arms.get('canary')?.diff
  if (canary === undefined) return undefined
  const beside = arms.get('control')?.diff
  if (beside !== undefined) return { canary, noise: { canary, control: beside } }
  const [again, tried] = [repeats.get('baseline'), repeats.get('canary')]
  if (again === undefined || tried === undefined) return { canary }
  return { canary, noise: { canary: tried, control: again } }
}

/** Undefined while an arm is missing, or where any arm was aborted. */
export function findWhole(twins: Twins): WholeTwins | undefined {
  const { pair, action, at, arms } = twins
  const baseline = arms.get('baseline')
  const canary = arms.get('canary')
  if (baseline === undefined || canary === undefined) return undefined
  if ([...arms.values()].some(({ outcome }) => outcome === 'aborted')) return undefined
  const answers = answersOf(twins)
  return {
    record: {
      pair,
      action,
      at,
      baselineMs: baseline.latencyMs,
      canaryMs: canary.latencyMs,
      baseline: baseline.outcome,
      canary: canary.outcome,
      ...(answers === undefined ? {} : { answers }),
    },
    baseline,
    canary,
    start: Math.min(baseline.sent, canary.sent),
    ...(twins.segment === undefined ? {} : { segment: twins.segment }),
  }
}

/** Sessions remembered for the count; a file with more counts only these. */
const MOST_SESSIONS = 1_000_000

export interface SessionCounter {
  add(sample: Sample): void
  tell(tally: Tally): void
}

/** A session is complete in an arm if none of its steps was blocked or aborted there. */
export function createSessionCounter(): SessionCounter {
  const whole = new Map<string, boolean>()
  return {
    add({ session, arm, outcome, repeat }) {
      if (session === undefined || repeat === true) return
      const key = `${arm} ${session}`
      if (!whole.has(key) && whole.size >= MOST_SESSIONS) return
      const fine = outcome !== 'blocked' && outcome !== 'aborted'
      whole.set(key, (whole.get(key) ?? true) && fine)
    },
    tell(tally) {
      for (const [key, complete] of whole) {
        const arm = (['baseline', 'canary', 'control'] as const).find((name) =>
          key.startsWith(`${name} `),
        )
        if (arm !== undefined) tally.session(arm, complete)
      }
    },
  }
}
