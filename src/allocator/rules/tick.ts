/** Rules of a tick: the only moment at which the policy raises, and only if nothing speaks against it. */

import type { Stage } from '../../core/contract/policy-rules.ts'
import { formatWeight } from '../../core/weight.ts'
import { afterTick, type Permission } from '../hysteresis.ts'
import type { Judgement, TickFacts } from '../observation.ts'
import { finalWeight, nextWeight, stageOf } from '../policy.ts'
import { because, type Cause } from '../reasons.ts'
import { decisionOf, type Decision, type Moment, type RolloutState } from '../state.ts'
import { promote } from './promotion.ts'
import { routerProblem } from './protection.ts'

const LEAST_DELIVERED = 0.95
const MOST_DISAGREEMENTS = 3

/** `ramping`, `holding`: one tick of the policy. */
export function tick(moment: Moment): Decision | undefined {
  const { policy, before, observation, due } = moment
  const facts = observation.tick
  const isClimbing = before.state === 'ramping' || before.state === 'holding'
  if (!due || facts === undefined || !isClimbing) return undefined
  const judgement = currentJudgement(moment)
  const unusable = findUnusable(moment, facts, judgement)
  const { after: hysteresis, permission } = afterTick(policy, before.hysteresis, {
    tells: unusable === undefined && !facts.unequalLoad,
    lnRun: judgement?.lnRun ?? 0,
    requiredHealthy: judgement?.requiredHealthy === true,
  })
  const counted = { hysteresis, dwell: dwellAfter(moment, unusable === undefined) }
  if (unusable !== undefined || judgement === undefined) {
    const cause = unusable ?? because.notJudged()
    return decisionOf(moment, { changes: { ...counted, state: 'holding' }, cause })
  }
  const ticked = { ...moment, before: { ...before, ...counted } }
  if (before.promoteAsked && before.intendedBp >= finalWeight(policy)) {
    return promote(ticked, because.promoteAsked())
  }
  return refuseRaise(ticked, permission, judgement) ?? goOn(ticked, permission, judgement)
}

/** What makes a tick useless; undefined for one that counts. */
function findUnusable(
  { before, observation }: Moment,
  facts: TickFacts,
  judgement: Judgement | undefined,
): Cause | undefined {
  const { reading } = observation
  const problem = routerProblem(observation)
  if (problem !== undefined || reading.kind !== 'read') return problem
  if (reading.configuredBp !== before.intendedBp) {
    return because.notReadBack(reading.configuredBp, before.intendedBp)
  }
  if (judgement === undefined) return because.notJudged()
  if (facts.baselineIll !== undefined) return because.baselineIll(facts.baselineIll)
  // Written so that a figure that is not a number is not enough.
  if (!(facts.deliveredShare >= LEAST_DELIVERED)) {
    return because.loadNotDelivered(facts.deliveredShare)
  }
  const missing = Object.entries(facts.requiredPairs).filter(([, pairs]) => !(pairs >= 1))
  if (missing.length > 0) return because.noPairs(missing.map(([action]) => action))
  if (facts.generatorStrained) return because.generatorStrained()
  return before.disagreements >= MOST_DISAGREEMENTS
    ? because.splitDisagrees(before.intendedBp, before.disagreements)
    : undefined
}

/** The judgement of this episode, if there is one that says something. */
function currentJudgement({ before, observation }: Moment): Judgement | undefined {
  const { judgement } = observation
  const isCurrent = judgement !== undefined && judgement.episode === before.hysteresis.reductions
  return isCurrent && !Number.isNaN(judgement.lnRun) ? judgement : undefined
}

/** Only the time of usable ticks counts for a stage, and no more than an interval for each. */
function dwellAfter(moment: Moment, usable: boolean): RolloutState['dwell'] {
  const { policy, before, observation } = moment
  const { usableMs, countedToMs } = before.dwell
  const passed = Math.min(policy.intervalSeconds * 1000, observation.atMs - countedToMs)
  return { usableMs: usableMs + (usable ? passed : 0), countedToMs: observation.atMs }
}

function refuseRaise(
  moment: Moment,
  permission: Permission,
  judgement: Judgement,
): Decision | undefined {
  const { policy, before, observation } = moment
  const unequalLoad = observation.tick?.unequalLoad === true
  switch (permission.kind) {
    case 'may-raise':
      return undefined
    case 'hold-ticks':
      return hold(moment, because.holdTicks(permission.left))
    case 'not-clear':
      return hold(
        moment,
        because.notClear(before.hysteresis, policy.clearTicks, judgement, unequalLoad),
      )
  }
}

/** Nothing speaks against a raise: the stage has its say, then the weight rises or is promoted. */
function goOn(moment: Moment, permission: Permission, judgement: Judgement): Decision {
  const { policy, before, observation } = moment
  const stage = stageOf(policy, before.intendedBp)
  const isLast = before.intendedBp >= finalWeight(policy)
  const leftSeconds = stage.forSeconds - before.dwell.usableMs / 1000
  // Ticks come some milliseconds late or early.
  if (leftSeconds > 0.5) {
    const changes = { state: 'ramping' } as const
    return decisionOf(moment, { changes, cause: because.stageTime(leftSeconds) })
  }
  const broken = findBrokenLimit(stage, observation.tick?.figures ?? {})
  if (broken !== undefined) return hold(moment, because.stageLimit(broken))
  if (isLast) return finish(moment, stage, judgement)
  if (stage.gate === 'manual' && !before.stageOpen) return hold(moment, because.stageGate())
  return decisionOf(moment, {
    changes: { state: 'ramping' },
    toBp: nextWeight(policy, before.intendedBp),
    cause: causeOfRaise(moment, permission),
  })
}

function finish(moment: Moment, stage: Stage, judgement: Judgement): Decision {
  if (moment.policy.promoteOn === 'manual' || stage.gate === 'manual') {
    return hold(moment, because.awaitingPerson())
  }
  return judgement.requiredHealthy
    ? promote(moment, because.healthy())
    : hold(moment, because.awaitingProof())
}

function causeOfRaise({ before, observation }: Moment, permission: Permission): Cause {
  const why = permission.kind === 'may-raise' ? permission.why : 'no-alarm'
  switch (why) {
    case 'no-alarm':
      return because.noAlarm(observation.tick?.unequalLoad === true)
    case 'proven':
      return because.proven()
    case 'clear':
      return because.clear(before.hysteresis.clearTicks)
  }
}

/**
 * Limits are absolute, so they hold and never reduce: an absolute figure cannot tell a bad canary
 * from a bad hour. A figure that is not known does not keep a limit.
 */
function findBrokenLimit(stage: Stage, figures: TickFacts['figures']): string | undefined {
  const { successRate, p95Ms } = stage.limits
  const at = `at ${formatWeight(stage.weightBp)}`
  if (successRate !== undefined && !((figures.successRate ?? Number.NaN) >= successRate)) {
    return `the success rate ${shown(figures.successRate)} is below the limit ${successRate} ${at}`
  }
  return p95Ms !== undefined && !((figures.p95Ms ?? Number.NaN) <= p95Ms)
    ? `the p95 ${shown(figures.p95Ms)} is above the limit ${p95Ms} ms ${at}`
    : undefined
}

function shown(figure: number | undefined): string {
  return figure === undefined ? '(not known)' : String(Number(figure.toPrecision(4)))
}

function hold(moment: Moment, cause: Cause): Decision {
  return decisionOf(moment, { changes: { state: 'holding' }, cause })
}
