/** Rules of the beginning: waiting for the target, the gate, and the first weight. */

import { startWeight } from '../policy.ts'
import { because, type Cause } from '../reasons.ts'
import { decisionOf, goToZero, type Decision, type Moment, type RolloutState } from '../state.ts'

const MOST_INVALID_GATES = 2

/** `pending`: a rollout begins when its target is free and the router reads 0. */
export function begin(moment: Moment): Decision | undefined {
  const { policy, before, observation } = moment
  if (before.state !== 'pending') return undefined
  const { waitsFor, reading, atMs } = observation
  if (waitsFor !== undefined) return decisionOf(moment, { cause: because.waiting(waitsFor) })
  if (reading.kind !== 'read') return holdForRouter(moment)
  if (reading.configuredBp !== 0) {
    const cause = because.routerNotAtZero(reading.configuredBp)
    return decisionOf(moment, { changes: { state: 'failed' }, cause })
  }
  if (policy.gate.need === 'none') return start(moment, because.noGate())
  return startGate(moment, { run: 1, invalids: 0, startedAtMs: atMs })
}

/** `probing`: the gate, a probe at weight 0. */
export function judgeGate(moment: Moment): Decision | undefined {
  const { policy, before, observation } = moment
  if (before.state !== 'probing') return undefined
  const { run, invalids, startedAtMs } = before.gate
  const { gate } = observation
  const verdict = gate?.run === run ? gate.verdict : 'running'
  switch (verdict) {
    case 'regressed':
      return goToZero(moment, 'rolled_back', because.gateRegressed(gate?.finding))
    case 'healthy':
      return start(moment, because.gateHealthy())
    case 'invalid':
      return invalids + 1 < MOST_INVALID_GATES
        ? startGate(moment, { run: run + 1, invalids: invalids + 1, startedAtMs }, gate?.finding)
        : goToZero(moment, 'failed', because.gateInvalid(gate?.finding))
    case 'inconclusive':
      return goToZero(moment, 'rolled_back', because.gateInconclusive())
    case 'running': {
      const mostMs = (policy.gate.maxSeconds ?? Infinity) * 1000
      return observation.atMs - startedAtMs >= mostMs
        ? goToZero(moment, 'rolled_back', because.gateInconclusive())
        : undefined
    }
  }
}

/** The first weight; not while the router cannot be read. */
export function start(moment: Moment, cause: Cause, actor = 'policy'): Decision {
  const { policy, observation } = moment
  if (observation.reading.kind !== 'read') return holdForRouter(moment)
  const nextTickAtMs = observation.atMs + policy.intervalSeconds * 1000
  return decisionOf(moment, {
    changes: { state: 'ramping', nextTickAtMs },
    toBp: startWeight(policy),
    cause,
    actor,
  })
}

/**
 * All runs of the gate share one time limit.
 * @param why the run before could not be judged
 */
export function startGate(moment: Moment, gate: RolloutState['gate'], why?: string): Decision {
  return decisionOf(moment, {
    changes: { state: 'probing', gate },
    intent: { kind: 'probe', run: gate.run },
    cause: because.gateStarted(gate.run, why),
  })
}

function holdForRouter(moment: Moment): Decision {
  const { reading } = moment.observation
  const { tries, problem } = reading.kind === 'read' ? { tries: 0, problem: '' } : reading
  return decisionOf(moment, { cause: because.routerUnreachable(tries, problem) })
}
