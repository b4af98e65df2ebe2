/** Twins before a simulated server of one process: whoever comes waits until the one before is done. */

import type { RememberedPair } from '../../../src/analysis/cause/again.ts'
import { createRandom, type Random } from '../../../src/core/random.ts'
import type { Finding } from '../../../src/core/contract/report.ts'
import type { Metric } from '../../../src/core/verdict.ts'

export interface SimulatedAction {
  readonly action: string
  /** Share of the steps. */
  readonly share: number
  /** Mean service times of both arms in milliseconds. */
  readonly baselineMs: number
  readonly canaryMs: number
}

export interface Simulation {
  readonly actions: readonly SimulatedAction[]
  /** Pairs per second; a user asks again only when both of its answers are there. */
  readonly rate: number
  readonly users: number
  readonly seconds: number
  readonly seed?: number
}

/** The pairs in the order of sending. */
export function simulate({
  actions,
  rate,
  users,
  seconds,
  seed = 1,
}: Simulation): RememberedPair[] {
  const random = createRandom(seed)
  const freeAt = { baseline: 0, canary: 0 }
  const userFreeAt = Array.from({ length: users }, () => 0)
  const pairs: RememberedPair[] = []
  let at = 0
  while (at < seconds) {
    at += random.exponential() / rate
    const user = userFreeAt.findIndex((free) => free <= at)
    if (user === -1) continue
    const drawn = drawAction(actions, random)
    const service = (meanMs: number): number => (meanMs / 1000) * Math.exp(0.15 * random.normal())
    const answer = (arm: 'baseline' | 'canary', meanMs: number): number => {
      freeAt[arm] = Math.max(freeAt[arm], at) + service(meanMs)
      return (freeAt[arm] - at) * 1000
    }
    const baselineMs = answer('baseline', drawn.baselineMs)
    const canaryMs = answer('canary', drawn.canaryMs)
    userFreeAt[user] = at + Math.max(baselineMs, canaryMs) / 1000
    pairs.push({
      pair: `s${pairs.length}.1`,
      at,
      baselineMs,
      canaryMs,
      baseline: 'ok',
      canary: 'ok',
      segment: { action: drawn.action },
    })
  }
  return pairs
}

function drawAction(actions: readonly SimulatedAction[], random: Random): SimulatedAction {
  const [first] = actions
  if (first === undefined) throw new RangeError('There is no action to draw from')
  let left = random.next()
  for (const one of actions) {
    left -= one.share
    if (left < 0) return one
  }
  return first
}

/** What was remembered of an action, of all together for `*`. */
export function remembered(pairs: readonly RememberedPair[]): (action: string) => RememberedPair[] {
  return (action) => pairs.filter(({ segment }) => action === '*' || segment['action'] === action)
}

export function findingUnderLoad(
  action: string,
  more: Partial<Finding> = {},
  metric: Metric = 'latency_typical',
): Finding {
  return {
    action,
    metric,
    verdict: 'regressed',
    margin: metric === 'errors' ? 0.001 : 0.1,
    lnEvidence: 12,
    lnThreshold: 6.5,
    detectedAt: 10,
    onset: 0,
    phase: 'load',
    episode: 0,
    transient: false,
    rule: 'evidence',
    ...more,
  }
}
