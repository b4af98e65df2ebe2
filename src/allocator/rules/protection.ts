/** Rules that protect users: each lowers the weight or stops the rollout from moving it. */

import { afterReduction, justReduced } from '../hysteresis.ts'
import type { Observation } from '../observation.ts'
import { reducedWeight } from '../policy.ts'
import { because, type Cause } from '../reasons.ts'
import {
  decisionOf,
  goToZero,
  staying,
  type Decision,
  type Moment,
  type RolloutState,
} from '../state.ts'
import type { StateName } from '../machine.ts'

const MOST_REFUSALS = 5

const LIVE: readonly StateName[] = ['probing', 'ramping', 'holding', 'paused', 'promoting']

/** `rolling_back`: asks for 0 until 0 is read back, then ends as was decided. */
export function finishRollback(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  if (before.state !== 'rolling_back' || before.ending.kind === 'none') return undefined
  const { reading } = observation
  const { to, cause } = before.ending
  if (reading.kind === 'read' && reading.configuredBp === 0) {
    return decisionOf(moment, { changes: { state: to }, cause })
  }
  return askForZero(moment, cause)
}

/** Asks the router for 0 once more, or fails after its fifth refusal. */
export function askForZero(moment: Moment, cause: Cause): Decision {
  const { reading } = moment.observation
  if (reading.kind === 'refused' && reading.tries >= MOST_REFUSALS) {
    const refused = because.routerRefused(reading.tries, reading.problem)
    return decisionOf(moment, { changes: { state: 'failed' }, cause: refused })
  }
  return decisionOf(moment, { toBp: 0, cause: routerProblem(moment.observation) ?? cause })
}

/** After a restart the canary never has more than what was both asked for and read back. */
export function recover(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  const { reading, restarted } = observation
  if (restarted !== true || reading.kind !== 'read' || before.state === 'pending') return undefined
  if (isForeignPause(before)) return undefined
  const certainBp = Math.min(before.intendedBp, before.appliedBp)
  if (reading.configuredBp <= certainBp) return undefined
  return decisionOf(moment, {
    toBp: certainBp,
    cause: because.loweredAfterRestart(reading.configuredBp, certainBp),
  })
}

/**
 * The router was restarted and forgot its weight: nobody moved it, so what is certain is set again,
 * a lower weight after a fall and a higher one after a start from an old file.
 */
export function restoreAfterRouterRestart(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  const { reading } = observation
  if (!LIVE.includes(before.state) || isForeignPause(before) || reading.kind !== 'read') {
    return undefined
  }
  const { configuredBp, incarnation = before.incarnation } = reading
  if (before.incarnation === '' || incarnation === before.incarnation) return undefined
  const certainBp = Math.min(before.intendedBp, before.appliedBp)
  if (configuredBp === certainBp && before.intendedBp === certainBp) return undefined
  return decisionOf(moment, {
    toBp: certainBp,
    cause: because.routerRestarted(configuredBp, certainBp),
  })
}

/** The fixed rules: to 0 at once, whatever else is going on. */
export function reactToCritical(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  if (!LIVE.includes(before.state) || before.finalizing) return undefined
  const { judgement, liveGuard } = observation
  if (judgement?.critical === true) {
    return goToZero(moment, 'rolled_back', because.critical(judgement.finding))
  }
  return liveGuard?.kind === 'critical'
    ? goToZero(moment, 'rolled_back', because.critical(liveGuard.finding))
    : undefined
}

/** Someone else moved the weight: the rollout pauses rather than fights. */
export function pauseForForeignWeight(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  const { reading, atMs } = observation
  if (before.state === 'pending' || before.state === 'paused') return undefined
  if (reading.kind !== 'read' || reading.readAtMs < before.lastReadAtMs) return undefined
  const { configuredBp } = reading
  if (configuredBp === before.intendedBp || configuredBp === before.appliedBp) return undefined
  return decisionOf(moment, {
    changes: {
      state: 'paused',
      pause: { kind: 'paused', atMs, by: 'foreign', resumesTo: before.state },
    },
    cause: because.weightMoved(before.intendedBp, configuredBp),
  })
}

/** An alarm or the live guard: one reduction, a new episode, and ticks that cannot raise. */
export function reduce(moment: Moment): Decision | undefined {
  const { policy, before, observation } = moment
  if (!['ramping', 'holding', 'paused'].includes(before.state)) return undefined
  if (isForeignPause(before)) return undefined
  const cause = findAnomaly(moment)
  if (cause === undefined) return undefined
  const { atMs } = observation
  if (justReduced(before.hysteresis, atMs)) {
    return before.state === 'paused'
      ? staying(moment)
      : decisionOf(moment, { changes: { state: 'holding' }, cause: because.justReduced() })
  }
  const hysteresis = afterReduction(policy, before.hysteresis, atMs)
  const { reductions } = hysteresis
  if (reductions > policy.maxReversals) {
    const exhausted = because.reversalsExhausted(reductions, cause.message)
    return goToZero(moment, 'rolled_back', exhausted, { hysteresis })
  }
  const toBp = reducedWeight(policy, before.intendedBp)
  if (toBp === 0) return goToZero(moment, 'rolled_back', cause, { hysteresis })
  const state = before.state === 'paused' ? 'paused' : 'holding'
  const changes = { state, hysteresis, anomaly: cause.message, promoteAsked: false } as const
  return decisionOf(moment, { changes, toBp, cause })
}

/** The weight is someone else's until a person resumes. */
function isForeignPause({ pause }: RolloutState): boolean {
  return pause.kind === 'paused' && pause.by === 'foreign'
}

/**
 * Evidence of an earlier episode and counts from before the last reduction are old news. After a
 * reduction the live guard needs its whole window again: on seconds alone, one hiccup of 20 s used up
 * all reductions of a rollout in simulation.
 */
function findAnomaly({ policy, before, observation }: Moment): Cause | undefined {
  const { judgement, liveGuard, atMs } = observation
  const { reductions, lastReductionAtMs: last } = before.hysteresis
  if (judgement !== undefined && judgement.episode === reductions) {
    const { alarm, lnRun, lnThreshold, finding } = judgement
    if (alarm || lnRun >= lnThreshold) return because.alarm(finding)
  }
  if (liveGuard?.kind !== 'anomalous') return undefined
  const { fromMs, finding } = liveGuard
  if (last === 'never') return because.liveGuard(finding)
  const isNews = fromMs >= last && atMs - fromMs >= policy.liveGuard.windowSeconds * 1000
  return isNews ? because.liveGuard(finding) : undefined
}

/**
 * A weight that did not arrive: a reduction is asked for until it is read back, a raise is taken back
 * at the next tick and has to be earned again.
 */
export function settle(moment: Moment): Decision | undefined {
  const { before, observation, due } = moment
  const { reading } = observation
  const { state, intendedBp, appliedBp } = before
  if (!['ramping', 'holding', 'paused'].includes(state) || isForeignPause(before)) return undefined
  const readBp = reading.kind === 'read' ? reading.configuredBp : undefined
  if (readBp === intendedBp) return undefined
  if (appliedBp > intendedBp) {
    const cause = routerProblem(observation) ?? because.notReadBack(readBp ?? 0, intendedBp)
    return decisionOf(moment, { toBp: intendedBp, cause })
  }
  if (!due || readBp !== appliedBp) return undefined
  return decisionOf(moment, {
    changes: { state: state === 'paused' ? 'paused' : 'holding' },
    toBp: appliedBp,
    cause: because.notReadBack(readBp, intendedBp),
  })
}

/** A rollout has an end, also where nothing is ever proven; time in a pause does not count. */
export function giveUp(moment: Moment): Decision | undefined {
  const { policy, before, observation } = moment
  if (!['probing', 'ramping', 'holding'].includes(before.state)) return undefined
  const activeMs = observation.atMs - before.pausedMs
  if (activeMs < policy.giveUpAfterSeconds * 1000) return undefined
  return goToZero(moment, 'rolled_back', because.gaveUp(policy.giveUpAfterSeconds))
}

/** Why the router's answer is none; undefined where it answered. */
export function routerProblem({ reading }: Observation): Cause | undefined {
  switch (reading.kind) {
    case 'read':
      return undefined
    case 'unreachable':
      return because.routerUnreachable(reading.tries, reading.problem)
    case 'refused':
      return because.routerRefused(reading.tries, reading.problem)
  }
}
