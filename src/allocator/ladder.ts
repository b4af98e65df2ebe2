/**
 * The ladder: what would raise, hold or lower the weight now, with each condition and its present
 * value. It is the answer to "why does it not move", computed from what the decision was made from.
 */

import type { Policy } from '../core/contract/policy-rules.ts'
import type { Rung } from '../core/contract/rollout.ts'
import { formatWeight } from '../core/weight.ts'
import { episodeCount } from './episodes.ts'
import type { Judgement, LiveGuard } from './observation.ts'
import { finalWeight, nextWeight, reducedWeight, stageOf } from './policy.ts'
import { spellSeconds, times } from './reasons.ts'
import type { RolloutState } from './state.ts'

export interface LadderFacts {
  readonly judgement: Judgement | undefined
  readonly liveGuard: LiveGuard
  readonly routerReads: number | undefined
  readonly deliveredShare: number | undefined
}

type Condition = Rung['conditions'][number]

const LEAST_DELIVERED = 0.95

/** Undefined where the policy moves nothing: before the first weight and at the end. */
export function ladderOf(
  policy: Policy,
  state: RolloutState,
  facts: LadderFacts,
): Rung[] | undefined {
  if (!['ramping', 'holding', 'paused'].includes(state.state)) return undefined
  const raise = raiseConditions(policy, state, facts)
  const lower = lowerConditions(policy, state, facts)
  const isLowered = lower.some(({ holds }) => holds)
  const isRaised = !isLowered && state.state !== 'paused' && raise.every(({ holds }) => holds)
  const isLast = state.intendedBp >= finalWeight(policy)
  const to = formatWeight(nextWeight(policy, state.intendedBp))
  return [
    {
      kind: 'raise',
      now: isRaised,
      title: isLast ? 'to the promotion, if all of' : `to ${to}, if all of`,
      conditions: raise,
    },
    {
      kind: 'hold',
      now: !isRaised && !isLowered,
      title: `at ${formatWeight(state.intendedBp)}, otherwise`,
      conditions: [{ text: state.reason.message, holds: true }],
    },
    {
      kind: 'lower',
      now: isLowered,
      title: `to ${formatWeight(reducedWeight(policy, state.intendedBp))}, if one of`,
      conditions: lower,
    },
  ]
}

/** What follows from the state, in one sentence; undefined at an end. */
export function consequenceOf(policy: Policy, state: RolloutState): string | undefined {
  const { hysteresis, intendedBp } = state
  switch (state.state) {
    case 'ramping':
    case 'holding':
      return intendedBp >= finalWeight(policy)
        ? 'It is promoted as soon as all conditions are met.'
        : `It rises to ${formatWeight(nextWeight(policy, intendedBp))} ${whenItRises(policy, hysteresis)}.`
    case 'paused':
      return 'It stays until somebody resumes or aborts it; an anomaly still lowers it.'
    case 'promoting':
      return 'When the baseline is redeployed the weight goes back to 0\u202F%.'
    case 'rolling_back':
      return 'It is asked for 0\u202F% until the router reads that.'
    case 'probing':
      return 'No live user is on the canary until the gate is passed.'
    default:
      return undefined
  }
}

function whenItRises(policy: Policy, hysteresis: RolloutState['hysteresis']): string {
  const { reductions, clearTicks } = hysteresis
  if (reductions === 0) return 'at the next tick that meets all conditions'
  return (
    `after ${policy.clearTicks} clear ticks (${clearTicks} so far) or a new proof; ` +
    `${reductions} of ${policy.maxReversals} reductions are used`
  )
}

function raiseConditions(
  policy: Policy,
  state: RolloutState,
  { judgement, routerReads, deliveredShare }: LadderFacts,
): Condition[] {
  const { hysteresis, intendedBp } = state
  const stage = stageOf(policy, intendedBp)
  const leftSeconds = Math.max(0, stage.forSeconds - state.dwell.usableMs / 1000)
  const conditions: Condition[] = [
    {
      text: 'the router reads what it was asked for',
      value: routerReads === undefined ? 'no answer' : formatWeight(routerReads),
      holds: routerReads === intendedBp,
    },
    {
      text: 'at least 95\u202F% of the load delivered',
      value:
        deliveredShare === undefined ? 'not known' : `${Math.floor(deliveredShare * 100)}\u202F%`,
      holds: deliveredShare === undefined || deliveredShare >= LEAST_DELIVERED,
    },
    { text: 'no alarm', value: evidenceOf(judgement), holds: judgement?.alarm === false },
  ]
  if (leftSeconds > 0) {
    const value = `${spellSeconds(leftSeconds)} to go`
    conditions.push({ text: 'the time of this stage', value, holds: false })
  }
  if (stage.gate === 'manual') {
    conditions.push({ text: 'a person opens the next stage', holds: state.stageOpen })
  }
  if (hysteresis.reductions > 0) {
    const ticks = `${hysteresis.clearTicks} of ${policy.clearTicks}`
    conditions.push(
      {
        text: 'ticks without a raise after the reduction',
        value: `${hysteresis.holdTicksLeft} left`,
        holds: hysteresis.holdTicksLeft === 0,
      },
      {
        text: 'clear ticks, or the required actions proven again',
        value: judgement?.requiredHealthy === true ? 'proven' : ticks,
        holds: judgement?.requiredHealthy === true || hysteresis.clearTicks >= policy.clearTicks,
      },
    )
  }
  return conditions
}

function lowerConditions(
  policy: Policy,
  { hysteresis }: RolloutState,
  { judgement, liveGuard }: LadderFacts,
): Condition[] {
  return [
    {
      text: `an alarm (episode ${hysteresis.reductions + 1} of ${episodeCount(policy)})`,
      value: evidenceOf(judgement),
      holds: judgement?.alarm === true,
    },
    {
      text: 'live users meet more errors on the canary',
      value: LIVE_WORDS[liveGuard.kind],
      holds: liveGuard.kind === 'anomalous',
    },
    {
      text: 'critical: the canary fails outright (to 0\u202F%)',
      holds: judgement?.critical === true || liveGuard.kind === 'critical',
    },
  ]
}

const LIVE_WORDS: Readonly<Record<LiveGuard['kind'], string>> = {
  ok: 'no',
  anomalous: 'yes',
  critical: 'yes',
  'too-few': 'too few requests to say',
}

function evidenceOf(judgement: Judgement | undefined): string {
  if (judgement === undefined) return 'not judged yet'
  return `evidence ${times(judgement.lnRun)} of ${times(judgement.lnThreshold)}`
}
