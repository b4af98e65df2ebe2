/** Rules for what people say: a person opens gates, stops and resumes; nobody argues with an abort. */

import { actsIn } from '../machine.ts'
import type { PersonsWord } from '../observation.ts'
import { finalWeight, stageOf } from '../policy.ts'
import { because } from '../reasons.ts'
import { decisionOf, goToZero, refusing, type Decision, type Moment, type Pause } from '../state.ts'
import { start, startGate } from './beginning.ts'
import { promote } from './promotion.ts'
import { routerProblem } from './protection.ts'

/** Abort comes before everything but a rollback that is already on its way. */
export function abort(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  const { person } = observation
  if (person?.act !== 'abort' || !actsIn(before.state).includes('abort')) return undefined
  return goToZero(moment, 'aborted', because.person(person), { actor: person.by })
}

/** Everything else a person may say; what the state forbids changes nothing. */
export function listen(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  const { person } = observation
  if (person === undefined) return undefined
  if (!actsIn(before.state).includes(person.act)) {
    return refusing(moment, because.actRefused(person.act, before.state), person.by)
  }
  switch (person.act) {
    case 'pause':
      return pause(moment, person)
    case 'resume':
      return resume(moment, person)
    case 'promote':
      return promoteByWord(moment, person)
    case 'finalize':
      return decisionOf(moment, {
        changes: { finalizing: true },
        toBp: 0,
        cause: because.person(person),
        actor: person.by,
      })
    case 'abort':
      return undefined
  }
}

function pause(moment: Moment, person: PersonsWord): Decision {
  const { before, observation } = moment
  const pause: Pause = {
    kind: 'paused',
    atMs: observation.atMs,
    by: 'person',
    resumesTo: before.state,
  }
  return decisionOf(moment, {
    changes: { state: 'paused', pause },
    cause: because.person(person),
    actor: person.by,
  })
}

/**
 * Back to where the pause began, with a whole interval before the next tick. If someone moved the
 * weight meanwhile, the lower of theirs and ours holds from now on.
 */
function resume(moment: Moment, person: PersonsWord): Decision {
  const { policy, before, observation } = moment
  const { reading, atMs } = observation
  const { pause } = before
  const problem = routerProblem(observation)
  if (problem !== undefined) return refusing(moment, problem, person.by)
  if (pause.kind === 'none')
    return refusing(moment, because.actRefused('resume', 'paused'), person.by)
  const shared = {
    state: pause.resumesTo,
    pausedMs: before.pausedMs + atMs - pause.atMs,
    pause: { kind: 'none' },
    nextTickAtMs: atMs + policy.intervalSeconds * 1000,
    dwell: { usableMs: before.dwell.usableMs, countedToMs: atMs },
  } as const
  const cause = because.person(person)
  if (pause.resumesTo === 'probing') {
    const { run, invalids, startedAtMs } = before.gate
    const resumed = { ...moment, before: { ...before, ...shared } }
    const gate = { run: run + 1, invalids, startedAtMs: startedAtMs + atMs - pause.atMs }
    return { ...startGate(resumed, gate), actor: person.by }
  }
  const readBp = reading.kind === 'read' ? reading.configuredBp : before.intendedBp
  if (readBp === before.intendedBp || before.finalizing) {
    return decisionOf(moment, { changes: shared, cause, actor: person.by })
  }
  const toBp = Math.min(readBp, before.intendedBp)
  return decisionOf(moment, {
    changes: { ...shared, dwell: { usableMs: 0, countedToMs: atMs } },
    toBp,
    cause,
    actor: person.by,
  })
}

/**
 * "Go on without waiting": past the gate, past the gate of a stage, to the promotion at the last
 * weight, and from anywhere else to the last weight at once. It is the one raise that the policy
 * does not check; the router still has to answer.
 */
function promoteByWord(moment: Moment, person: PersonsWord): Decision {
  const { policy, before, observation } = moment
  const cause = because.person(person)
  const actor = person.by
  const problem = routerProblem(observation)
  if (problem !== undefined) return refusing(moment, problem, actor)
  if (before.state === 'probing') return start(moment, cause, actor)
  const end = finalWeight(policy)
  if (before.intendedBp >= end && before.appliedBp >= end) return promote(moment, cause, actor)
  if (stageOf(policy, before.intendedBp).gate === 'manual' && !before.stageOpen) {
    return decisionOf(moment, { changes: { stageOpen: true }, cause, actor })
  }
  return decisionOf(moment, {
    changes: { state: 'ramping', promoteAsked: true },
    toBp: end,
    cause,
    actor,
  })
}
