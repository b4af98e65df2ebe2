/**
 * The fields of compared answers as streams of their own.
 *
 * Which fields differ is known only while the run goes on: the j-th new one gets the share
 * 1/(j(j+1)) of half of the answers' evidence, so all shares sum to 1 however many come. A field is
 * found by differing in either the canary's or the second baseline answer; that says nothing of
 * which one, so its stream may begin with the very block in which it was found.
 */

import { createEvidence, logSumExp, updateEvidence, type Evidence } from '../evidence.ts'
import { OTHER_FIELDS, type ActionSums, type FieldSums } from '../folding/sums.ts'
import { createOnset, updateOnset, type Onset } from '../judging/onset.ts'

export interface FieldStream {
  readonly path: string
  readonly weight: number
  readonly evidence: Evidence
  readonly onset: Onset
  /** Pairs in which the canary's answer, and the baseline's second one, differed. */
  canary: number
  control: number
}

const MOST_STREAMS = 100

/** Takes in a block; new fields begin in the order of their paths. */
export function updateFields(
  fields: FieldStream[],
  sums: ActionSums,
  horizon: number,
  block: { readonly startSeconds: number; readonly endSeconds: number },
): void {
  if (sums.seconds === 0) return
  const found = joined(fields, sums.fields)
  for (const path of [...found.keys()].toSorted()) {
    if (fields.some((field) => field.path === path)) continue
    fields.push(createField(path, fields.length + 1, horizon, block.startSeconds))
  }
  for (const field of fields) {
    const counts = found.get(field.path)
    const { canary = 0, control = 0, controlAndCoin = 0 } = counts ?? {}
    field.canary += canary
    field.control += control
    const score = canary - control - (sums.coins - controlAndCoin)
    updateOnset(field.onset, updateEvidence(field.evidence, score), block.endSeconds)
  }
}

/** ln of the mean evidence of the fields; what no field has yet is kept as it is. */
export function lnUpOfFields(fields: readonly FieldStream[]): number {
  const kept = 1 / (fields.length + 1)
  return logSumExp([
    Math.log(kept),
    ...fields.map(({ weight, evidence }) => Math.log(weight) + evidence.lnUp),
  ])
}

/** The strongest field; undefined before the first one. */
export function strongestField(fields: readonly FieldStream[]): FieldStream | undefined {
  return fields.toSorted((left, right) => shareOf(right) - shareOf(left))[0]
}

function shareOf({ weight, evidence }: FieldStream): number {
  return Math.log(weight) + evidence.lnUp
}

function createField(
  path: string,
  place: number,
  horizon: number,
  startSeconds: number,
): FieldStream {
  return {
    path,
    weight: 1 / (place * (place + 1)),
    evidence: createEvidence(horizon),
    onset: createOnset(startSeconds),
    canary: 0,
    control: 0,
  }
}

/** The fields of a block, those beyond the limit as one. */
function joined(
  fields: readonly FieldStream[],
  sums: ReadonlyMap<string, FieldSums>,
): ReadonlyMap<string, FieldSums> {
  const known = new Set(fields.map(({ path }) => path))
  const found = new Map<string, FieldSums>()
  let room = MOST_STREAMS - known.size
  for (const path of [...sums.keys()].toSorted()) {
    const from = sums.get(path)
    // A field that is noise alone, under its shape, is none to bet on.
    if (from === undefined || (from.canary === 0 && from.control === 0)) continue
    const isKnown = known.has(path)
    if (!isKnown) room -= 1
    const place = isKnown || room >= 0 ? path : OTHER_FIELDS
    const into = found.get(place) ?? { canary: 0, control: 0, controlAndCoin: 0, noise: 0 }
    into.canary += from.canary
    into.control += from.control
    into.controlAndCoin += from.controlAndCoin
    found.set(place, into)
  }
  return found
}
