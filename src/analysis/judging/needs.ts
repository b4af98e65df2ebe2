/** What is still missing for a proof: pairs and seconds by the planner, per action and in all. */

import type { Plan } from '../../core/contract/plan.ts'
import type { Need } from '../../core/contract/report.ts'
import { remainingToProof, type HealthClaim } from '../power.ts'
import { sigmaOf } from '../parameters.ts'
import { addSketch, createSketch } from '../sketch.ts'
import { endSecondsOf, quietLimitSeconds } from '../plan.ts'
import { withFloor } from './estimates.ts'
import { countsOf, type PhaseState } from './phase-state.ts'
import { actionsOf, isResource, isSame, type ProofStream, type Scope } from './streams.ts'
import { isLastPhase, type RunState } from './run-state.ts'

/** The claim of this scope that takes longest; undefined where all are proven or none is made. */
export function findNeed(state: RunState, plan: Plan, scope: Scope): Need | undefined {
  const present = state.phases.at(-1)
  if (present === undefined) return undefined
  let longest: Need | undefined
  for (const proof of present.proofs) {
    if (!isSame(proof.scope, scope)) continue
    const need = findClaimNeed(state, plan, present, proof)
    if (need !== undefined && need.seconds > (longest?.seconds ?? 0)) longest = need
  }
  return longest
}

/** Expected seconds until the run ends by itself; undefined before the first block. */
export function findRemainingSeconds(state: RunState, plan: Plan): number | undefined {
  const present = state.phases.at(-1)
  if (present === undefined) return undefined
  const untilEnd = Math.max(0, endSecondsOf(plan) - present.endSeconds)
  if (plan.duration !== 'auto') return untilEnd
  const last = isLastPhase(state, plan)
  const elapsed = present.endSeconds - present.startSeconds
  const quietLeft = last
    ? 0
    : Math.max(0, quietLimitSeconds(plan, state.originSeconds) / 2 - elapsed)
  const least = plan.minDurationSeconds - (last ? elapsed : 0)
  const needed = present.proofs.map(
    (proof) => findClaimNeed(state, plan, present, proof)?.seconds ?? 0,
  )
  return Math.min(untilEnd, quietLeft + Math.max(0, least, ...needed))
}

function findClaimNeed(
  state: RunState,
  plan: Plan,
  present: PhaseState,
  proof: ProofStream,
): Need | undefined {
  const { scope, metric, evidence } = proof
  const lnThreshold = -Math.log(plan.alphaHealthy)
  // The evidence of a phase that is not the last proves nothing, but its load is the best guess.
  const counts = isLastPhase(state, plan)
  if (counts && evidence.lnDown >= lnThreshold) return undefined
  const { pairs, baselineFailed } = countsOf(present, plan, scope)
  const seconds = present.endSeconds - present.startSeconds
  const share = actionsOf(plan, scope).reduce(
    (sum, index) => sum + (plan.actions[index]?.share ?? 0),
    0,
  )
  const rate = counts && pairs > 0 && seconds > 0 ? pairs / seconds : plan.rate * share
  if (!(rate > 0)) return undefined
  // Processes are scored by their readings, whatever the pairs.
  const scored = isResource(metric)
    ? { rate: 1 / RESOURCE_SECONDS[metric], blockSeconds: RESOURCE_SECONDS[metric] }
    : { rate, blockSeconds: plan.blockSeconds }
  const left = remainingToProof(
    claimOf(state, proof, pairs === 0 ? 0 : baselineFailed / pairs),
    scored,
    { lnThreshold, lnEvidence: counts ? evidence.lnDown : 0, seconds: counts ? seconds : 0 },
  )
  return {
    metric,
    pairs: Math.ceil(left.seconds * rate),
    seconds: tenths(left.seconds),
    p10Seconds: tenths(left.p10Seconds),
    p90Seconds: tenths(left.p90Seconds),
  }
}

/** How often a resource is scored, and how far neighbouring scores lie apart on a quiet machine. */
const RESOURCE_SECONDS = { cpu: 1, memory: 2 } as const
const RESOURCE_SIGMA = 0.1

function claimOf(state: RunState, proof: ProofStream, baselineShare: number): HealthClaim {
  const { scope, metric, margin } = proof
  switch (metric) {
    case 'latency_typical':
      return {
        kind: 'typical',
        margin: withFloor(margin, state.parameters.at(-1), scope, metric),
        sigma: spreadOf(state, scope),
      }
    case 'latency_tail':
      return { kind: 'share', margin }
    case 'errors':
      return { kind: 'errors', margin, baselineShare }
    case 'responses':
      // Only differences on quiet fields count, and two equal arms have next to none.
      return { kind: 'errors', margin, baselineShare: 0 }
    case 'cpu':
    case 'memory':
      return { kind: 'typical', margin, sigma: RESOURCE_SIGMA }
  }
}

function spreadOf(state: RunState, scope: Scope): number {
  if (scope.kind === 'action') {
    const learned = state.learning[scope.index]
    if (learned !== undefined) return sigmaOf(learned.spread)
  }
  const all = createSketch()
  for (const { spread } of state.learning) addSketch(all, spread)
  return sigmaOf(all)
}

function tenths(seconds: number): number {
  return Number(seconds.toFixed(1))
}
