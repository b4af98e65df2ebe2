/**
 * Episodes: the parts of a rollout between reductions, each with fresh evidence and its share of α.
 *
 * Problem: after a reduction the old evidence would raise the same alarm again, and fresh evidence is
 * one more chance of a false alarm. Idea: declare before the start how many episodes there can be at
 * most (`maxReversals` + 1) and give each an equal share of α. By the union bound the chance of ever
 * reducing a healthy canary by evidence is at most α for the whole rollout. The first episode has a
 * gate and a climb: the quiet phase of the gate takes half of its share, the load phase of the gate
 * and the climb, whose streams go on, the other half.
 */

import type { Policy } from '../core/contract/policy-rules.ts'
import { invariant } from '../core/invariant.ts'

/** `quiet`: the gate with one user at a time; `load`: all that comes after. */
export type EpisodePart = 'quiet' | 'load'

export function episodeCount(policy: Policy): number {
  return policy.maxReversals + 1
}

/**
 * The share of α that a part of an episode may spend. All shares sum to at most α, also in floating
 * point: each is smaller by the rounding that their sum could gain.
 * @param episode 0 is the gate and the first climb
 */
export function alphaOf(policy: Policy, episode: number, part: EpisodePart): number {
  const count = episodeCount(policy)
  invariant(Number.isInteger(episode) && episode >= 0 && episode < count, 'an episode is declared')
  const share = (policy.alpha / count) * (1 - 2 * count * Number.EPSILON)
  const hasQuietPhase = episode === 0 && policy.gate.need === 'healthy'
  if (part === 'quiet') return hasQuietPhase ? share / 2 : 0
  return hasQuietPhase ? share / 2 : share
}

/** ln of the run evidence that is an alarm; Infinity for a part that does not exist. */
export function lnThresholdOf(policy: Policy, episode: number, part: EpisodePart): number {
  return -Math.log(alphaOf(policy, episode, part))
}
