/** From the sums of a block to the score of a stream. */

import type { Plan } from '../../core/contract/plan.ts'
import type { Metric } from '../../core/verdict.ts'
import type { BlockSums } from '../fold.ts'
import { ALL_SLOTS, SLOTS, type AlarmClaim, type Claim } from '../folding/slots.ts'
import { actionsOf, type ProofStream, type Scope } from '../judging/streams.ts'
import { UNIT } from '../latency.ts'

/** Of a scope without a pair. */
const NO_SCORES = new Float64Array(0)

/** One score for each process of a stream; none for what is no matter of blocks. */
export function alarmScoresOf(metric: Metric, claim: AlarmClaim, scores: Float64Array): number[] {
  const ratio = (slot: number): number => (scores[slot] ?? 0) / UNIT
  switch (metric) {
    case 'latency_typical':
      return [ratio(SLOTS.typical(claim))]
    case 'latency_tail':
      return [ratio(SLOTS.tail95(claim)), ratio(SLOTS.tail99(claim))]
    case 'errors':
      return [scores[SLOTS.errors(claim)] ?? 0]
    case 'responses':
      return [scores[SLOTS.responses(claim)] ?? 0]
    case 'cpu':
    case 'memory':
      return []
  }
}

const PROOF_CLAIMS: Readonly<Record<Scope['kind'], Claim>> = {
  action: 'proof',
  service: 'serviceProof',
  rare: 'poolProof',
}

export function proofScore({ scope, metric }: ProofStream, scores: Float64Array): number {
  const claim = PROOF_CLAIMS[scope.kind]
  switch (metric) {
    case 'latency_typical':
      return (scores[SLOTS.typical(claim)] ?? 0) / UNIT
    case 'latency_tail':
      return scores[SLOTS.share(claim)] ?? 0
    case 'errors':
      return scores[SLOTS.errors(claim)] ?? 0
    case 'responses':
      return scores[SLOTS.responses(claim)] ?? 0
    case 'cpu':
    case 'memory':
      return 0
  }
}

/** The sums of each scope in one block; those of several actions are added up once. */
export function createScores(plan: Plan, sums: BlockSums): (scope: Scope) => Float64Array {
  const joined: { service?: Float64Array; rare?: Float64Array } = {}
  return (scope) => {
    if (scope.kind === 'action') return sums.actions[scope.index]?.scores ?? NO_SCORES
    return (joined[scope.kind] ??= sumOf(actionsOf(plan, scope), sums))
  }
}

/** Sums over actions are still integers in units of 2⁻³², so they are exact. */
function sumOf(actions: readonly number[], sums: BlockSums): Float64Array {
  const total = new Float64Array(ALL_SLOTS)
  for (const index of actions) {
    const scores = sums.actions[index]?.scores ?? NO_SCORES
    for (let slot = 0; slot < scores.length; slot += 1) {
      total[slot] = (total[slot] ?? 0) + (scores[slot] ?? 0)
    }
  }
  return total
}

/** The typical latency of the whole service at the margin of its alarm. */
export function wobbleScore(scores: Float64Array): number {
  return (scores[SLOTS.typical('serviceAlarm')] ?? 0) / UNIT
}
