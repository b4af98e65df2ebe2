/** The course of the weight, policy by policy: where it starts, rises to, falls to and ends. Pure. */

import type { Policy, Stage } from '../core/contract/policy-rules.ts'
import { FULL_BP } from '../core/weight.ts'

/** The first weight above 0, in basis points. */
export function startWeight(policy: Policy): number {
  switch (policy.kind) {
    case 'linear':
    case 'multiplicative':
      return policy.startBp
    case 'stages':
      return policy.stages[0]?.weightBp ?? FULL_BP
    case 'blue_green':
      return FULL_BP
    case 'ab':
      return policy.weightBp
  }
}

/** The weight at which the rollout waits for its promotion. */
export function finalWeight(policy: Policy): number {
  switch (policy.kind) {
    case 'linear':
    case 'multiplicative':
      return policy.maxBp
    case 'stages':
      return policy.stages.at(-1)?.weightBp ?? FULL_BP
    case 'blue_green':
      return FULL_BP
    case 'ab':
      return policy.weightBp
  }
}

/** The weight of a raise: above `weightBp` unless that is the final weight already. */
export function nextWeight(policy: Policy, weightBp: number): number {
  if (weightBp === 0) return startWeight(policy)
  switch (policy.kind) {
    case 'linear':
      return Math.min(policy.maxBp, Math.max(weightBp, policy.minBp) + policy.upBp)
    case 'multiplicative': {
      // A small weight times a small factor must not round to itself.
      const grown = Math.max(weightBp + 1, Math.round(weightBp * policy.factor))
      return Math.min(policy.maxBp, Math.max(policy.minBp, grown))
    }
    case 'stages':
      return (
        policy.stages.find((stage) => stage.weightBp > weightBp)?.weightBp ?? finalWeight(policy)
      )
    case 'blue_green':
    case 'ab':
      return finalWeight(policy)
  }
}

/** The weight after a reduction, at most `weightBp`; 0 ends the rollout. */
export function reducedWeight(policy: Policy, weightBp: number): number {
  switch (policy.kind) {
    case 'linear':
      return Math.min(weightBp, Math.max(policy.minBp, weightBp - policy.downBp))
    case 'multiplicative': {
      const divided = Math.floor(weightBp / policy.downFactor)
      // Below its start the rollout has no weights of its own.
      const reduced = divided < policy.startBp ? 0 : divided
      return Math.min(weightBp, Math.max(policy.minBp, reduced))
    }
    case 'stages':
      return policy.stages.findLast((stage) => stage.weightBp < weightBp)?.weightBp ?? 0
    case 'blue_green':
    case 'ab':
      return 0
  }
}

/** What has to be so before the weight may leave `weightBp` upwards. */
export function stageOf(policy: Policy, weightBp: number): Stage {
  const forSeconds = policy.kind === 'ab' ? policy.forSeconds : 0
  const found =
    policy.kind === 'stages'
      ? policy.stages.findLast((stage) => stage.weightBp <= weightBp)
      : undefined
  return found ?? { weightBp, forSeconds, limits: {} }
}
