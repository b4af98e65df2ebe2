/** Our policies on the simulated service: `decide` with evidence, critical rule and live guard. */

import { decide } from '../../src/allocator/decide.ts'
import { episodeCount, lnThresholdOf } from '../../src/allocator/episodes.ts'
import { isEnd } from '../../src/allocator/machine.ts'
import type { GateResult, Observation } from '../../src/allocator/observation.ts'
import { finalWeight } from '../../src/allocator/policy.ts'
import { createRollout } from '../../src/allocator/state.ts'
import type { Policy } from '../../src/core/contract/policy-rules.ts'
import { createJudge } from './judge.ts'
import { createLiveGuard } from './live-window.ts'
import { HORIZON_MINUTES, createLog, type Outcome, type Ride } from './ride.ts'
import { createWorld, type Pair, type Scenario, type World } from './world.ts'

const GATE_RATE = 50
const LEAST_GATE_SECONDS = 60

export function rideOurs(policy: Policy, scenario: Scenario, seed: number): Ride {
  const world = createWorld(scenario, seed)
  const log = createLog(scenario.harmFrom ?? 0)
  const horizon = policy.giveUpAfterSeconds
  const guard = createLiveGuard(policy)
  let judge = createJudge(seed, horizon)
  let episode = 0
  let recent: readonly Pair[][] = []
  let state = createRollout()
  let routerBp = 0
  let readBp = 0
  // The gate happens before the first weight: minute 0 of users begins after it.
  const gate = policy.gate.need === 'none' ? undefined : probe(world, policy, seed)
  const from = gate === undefined ? 0 : gate.seconds
  for (let second = 0; second <= from + HORIZON_MINUTES * 60; second += 1) {
    const minute = (second - from) / 60
    const isRamping = second >= from
    const { reductions } = state.hysteresis
    if (reductions !== episode && reductions < episodeCount(policy)) {
      episode = reductions
      judge = createJudge(seed + episode, horizon)
    }
    if (isRamping) {
      const weight = routerBp / 10_000
      log.second(minute, weight)
      const pairs = world.pairs(minute, weight, policy.rate)
      judge.add(pairs)
      recent = [...recent, pairs].slice(-policy.critical.windowSeconds)
      guard.add(second, weight, world.live(minute, weight))
    }
    const lnThreshold = lnThresholdOf(policy, episode, 'load')
    const lnRun = judge.lnRun()
    const finished: GateResult | undefined =
      gate === undefined ? undefined : { run: 1, verdict: isRamping ? gate.verdict : 'running' }
    const observation: Observation = {
      atMs: second * 1000,
      reading: { kind: 'read', readAtMs: second * 1000, configuredBp: readBp },
      judgement: {
        episode,
        lnRun,
        lnThreshold,
        alarm: lnRun >= lnThreshold,
        requiredHealthy: judge.proven(),
        critical: isCritical(recent, policy),
      },
      liveGuard: guard.look(),
      ...(finished === undefined ? {} : { gate: finished }),
      ...(second * 1000 >= state.nextTickAtMs ? { tick: facts } : {}),
    }
    const decision = decide(policy, state, observation)
    state = decision.state
    if (decision.intent.kind === 'weight') routerBp = decision.intent.toBp
    readBp = routerBp
    if (routerBp === finalWeight(policy)) log.reached(minute)
    if (isEnd(state.state)) return log.end(minute, 'rolled back')
    if (decision.intent.kind === 'promote') return log.end(minute, 'promoted')
  }
  const outcome: Outcome = 'still going'
  return log.end(HORIZON_MINUTES, outcome)
}

const facts = {
  deliveredShare: 1,
  requiredPairs: {},
  generatorStrained: false,
  unequalLoad: false,
  figures: { successRate: 1, p95Ms: 0 },
}

/** The load phase of the gate, at the weight 0. */
function probe(
  world: World,
  policy: Policy,
  seed: number,
): { readonly seconds: number; readonly verdict: GateResult['verdict'] } {
  const judge = createJudge(seed - 1, 2 * (policy.gate.maxSeconds ?? 0))
  const lnThreshold = lnThresholdOf(policy, 0, 'load')
  const most = policy.gate.maxSeconds ?? 0
  for (let second = 1; second < most; second += 0.5) {
    judge.add(world.pairs(0, 0, GATE_RATE / 2))
    if (judge.lnRun() >= lnThreshold) return { seconds: Math.ceil(second), verdict: 'regressed' }
    if (second >= LEAST_GATE_SECONDS && judge.proven()) {
      return { seconds: Math.ceil(second), verdict: 'healthy' }
    }
  }
  return { seconds: most, verdict: 'inconclusive' }
}

function isCritical(recent: readonly Pair[][], { critical }: Policy): boolean {
  const pairs = recent.flat()
  if (pairs.length < critical.minPairs) return false
  const canary = pairs.filter(({ canaryFailed }) => canaryFailed).length / pairs.length
  const baseline = pairs.filter(({ baselineFailed }) => baselineFailed).length / pairs.length
  return canary >= critical.failures && baseline < 0.05
}
