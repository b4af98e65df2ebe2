/** More rollouts for the pages: one moved by hand, one that climbs, ended ones, one of a whole day. */

import type { Alert } from '../../../src/core/contract/investigation.ts'
import { policySchema } from '../../../src/core/contract/policy.ts'
import type { ActionReport } from '../../../src/core/contract/report.ts'
import type {
  HistoryEntry,
  ReadingPoint,
  RolloutDocument,
} from '../../../src/core/contract/rollout.ts'
import { isoAgo, shopOutline, shopRollout } from './shop-rollout.ts'

const HOUR = 3600

type Told = readonly [
  secondsAgo: number,
  state: HistoryEntry['state'],
  code: string,
  message: string,
  weights?: readonly [number, number] | undefined,
  actor?: string,
]

function historyOf(nowMs: number, told: readonly Told[]): HistoryEntry[] {
  return told.map(([ago, state, code, message, weights, actor = 'policy'], index) => ({
    seq: index + 1,
    at: isoAgo(nowMs, ago),
    kind: weights === undefined ? 'state' : 'weight',
    state,
    actor,
    reason: { code, message },
    ...(weights === undefined ? {} : { fromBp: weights[0], toBp: weights[1], verified: true }),
  }))
}

/** Someone else moved the weight: paused, 35 % where 20 % was intended. */
export function movedRollout(nowMs: number): RolloutDocument {
  const message = 'someone else moved the weight from 20\u202F% to 35\u202F%'
  return {
    ...shopOutline(nowMs),
    id: 'r2',
    name: 'cms 2026.11',
    router: 'varnish',
    state: 'paused',
    weightBp: 2000,
    intendedBp: 2000,
    reading: { kind: 'read', at: isoAgo(nowMs, 1), configuredBp: 3500 },
    actions: [...(climbingRollout(nowMs).actions ?? [])],
    observedBp: 3460,
    observed: { lowBp: 3300, highBp: 3620, requests: 4100 },
    verdict: 'inconclusive',
    sentence: `Paused at 20\u202F%: ${message}`,
    consequence: 'It stays until somebody resumes or aborts it; an anomaly still lowers it.',
    reason: { code: 'weight-moved', message },
    episode: 0,
    acts: ['resume', 'abort'],
    startedAt: isoAgo(nowMs, 1500),
    history: historyOf(nowMs, [
      [1500, 'probing', 'gate-started', 'the gate probes the canary'],
      [1380, 'ramping', 'gate-healthy', 'the gate is passed, the canary is healthy', [0, 500]],
      [1080, 'ramping', 'no-alarm', 'no anomaly', [500, 1000]],
      [780, 'ramping', 'no-alarm', 'no anomaly', [1000, 2000]],
      [400, 'paused', 'weight-moved', message],
    ]),
  }
}

export function movedReadings(nowMs: number): ReadingPoint[] {
  return Array.from({ length: 100 }, (_, index): ReadingPoint => {
    const ago = 1495 - index * 15
    const intendedBp = ago > 1380 ? 0 : ago > 1080 ? 500 : ago > 780 ? 1000 : 2000
    const configuredBp = ago < 405 ? 3500 : intendedBp
    const at = isoAgo(nowMs, ago)
    if (configuredBp === 0) return { at, intendedBp, configuredBp }
    const observedBp = Math.round(configuredBp * (1 + Math.sin(index * 1.3) * 0.02))
    const half = Math.round(configuredBp * 0.05)
    const interval = { lowBp: observedBp - half, highBp: observedBp + half }
    return { at, intendedBp, configuredBp, observedBp, ...interval, requests: 4000 }
  })
}

export function climbingRollout(nowMs: number): RolloutDocument {
  return shopRollout(nowMs, {
    id: 'r3',
    name: 'search-api 88',
    router: 'gateway',
    state: 'ramping',
    weightBp: 3600,
    intendedBp: 3600,
    verdict: 'inconclusive',
    sentence: 'Ramping at 36\u202F%: no anomaly',
    consequence: 'It rises to 37\u202F% at the next tick that meets all conditions.',
    reason: { code: 'no-alarm', message: 'no anomaly' },
    nextDecisionAt: new Date(nowMs + 12_000).toISOString(),
    episode: 0,
    findings: [],
    startedAt: isoAgo(nowMs, 2000),
    history: historyOf(
      nowMs,
      Array.from({ length: 32 }, (_, index): Told => {
        const to = 500 + index * 100
        const from = index === 0 ? 0 : to - 100
        return [1880 - index * 60, 'ramping', 'no-alarm', 'no anomaly', [from, to]]
      }),
    ),
  })
}

export function endedRollouts(nowMs: number): RolloutDocument[] {
  const ended = (
    id: string,
    name: string,
    state: RolloutDocument['state'],
    sentence: string,
    hoursAgo: number,
  ): RolloutDocument => {
    const endMs = nowMs - hoursAgo * HOUR * 1000
    const kept = shopOutline(endMs)
    const verdict = state === 'rolled_back' ? 'regressed' : 'healthy'
    const last = { fromBp: 500, toBp: 0, verified: true, actor: 'policy', kind: 'weight' } as const
    const reason = { code: 'promoted', message: sentence }
    const end: HistoryEntry = { ...last, seq: 999, at: isoAgo(endMs, 0), state, reason }
    const over = {
      state,
      sentence,
      endedAt: isoAgo(endMs, 0),
      weightBp: 0,
      intendedBp: 0,
      acts: [],
    }
    return { ...kept, id, name, verdict, ...over, history: [...kept.history, end] }
  }
  const lacks = 'facets fails +12\u202Fpp more (9.1–15.0)'
  return [
    ended('r4', 'shop 1.4.1', 'promoted', 'Promoted: the baseline is redeployed', 3),
    ended('r5', 'search-api 87', 'rolled_back', `Rolled back: ${lacks}`, 5),
    ended('r6', 'pay 2.9.9', 'aborted', 'Aborted: aborted by ana: "wrong image tag"', 90),
  ]
}

export function firingAlert(nowMs: number): Alert {
  return {
    id: 'a1',
    key: 'r1/checkout/latency_typical',
    kind: 'regressed',
    state: 'firing',
    severity: 'page',
    since: isoAgo(nowMs, 138),
    rollout: 'r1',
    title: 'shop 1.4.2: checkout is 1.31× slower (1.22–1.41)',
    runbook: 'https://wiki.example/checkout',
    investigation: 'i1',
  }
}

/** A day with 50 actions: paused once, blind for hours, one reduction. */
export function dayRollout(nowMs: number): RolloutDocument {
  const finding = 'export fails +1.8\u202Fpp more (0.9–3.0)'
  const early: readonly Told[] = [
    [23 * HOUR, 'probing', 'gate-started', 'the gate probes the canary'],
    [22.7 * HOUR, 'ramping', 'gate-healthy', 'the gate is passed, the canary is healthy', [0, 500]],
    [20.5 * HOUR, 'ramping', 'no-alarm', 'no anomaly', [500, 1000]],
    [13.5 * HOUR, 'ramping', 'no-alarm', 'no anomaly', [1000, 2500]],
    [9.5 * HOUR, 'paused', 'person-pause', 'paused by ana: "deploy freeze"', undefined, 'ana'],
    [8.4 * HOUR, 'ramping', 'person-resume', 'resumed by ana: "freeze over"', undefined, 'ana'],
    [8.3 * HOUR, 'ramping', 'no-alarm', 'no anomaly', [2500, 5000]],
  ]
  const people = Array.from({ length: 14 }, (_, index): Told => {
    const message = 'only 91\u202F% of the load was delivered'
    return [(5 - index * 0.05) * HOUR, 'holding', 'load-not-delivered', message]
  })
  const late: readonly Told[] = [
    [1.8 * HOUR, 'holding', 'alarm', finding, [5000, 2500]],
    [0.3 * HOUR, 'holding', 'not-clear', '0 of 5 clear ticks since the reduction'],
  ]
  return shopRollout(nowMs, {
    id: 'r7',
    name: 'platform 2026.47',
    router: 'mesh',
    weightBp: 2500,
    intendedBp: 2500,
    observedBp: 2510,
    observed: { lowBp: 2440, highBp: 2580, requests: 88_123 },
    reading: { kind: 'read', at: isoAgo(nowMs, 2), configuredBp: 2500 },
    sentence: `Holding at 25\u202F%: ${finding}`,
    policy: policySchema.parse({}),
    startedAt: isoAgo(nowMs, 23 * HOUR),
    actions: manyActions(),
    history: historyOf(nowMs, [...early, ...people, ...late]),
  })
}

export function dayReadings(nowMs: number): ReadingPoint[] {
  return Array.from({ length: 720 }, (_, index): ReadingPoint => {
    const ago = (22.9 - (index * 22.9) / 720) * HOUR
    const at = isoAgo(nowMs, ago)
    const steps = [22.7, 20.5, 13.5, 8.3, 1.8].filter((hours) => ago <= hours * HOUR).length
    const intendedBp = [0, 500, 1000, 2500, 5000, 2500][steps] ?? 0
    const read = { at, intendedBp, configuredBp: intendedBp }
    if (intendedBp === 0 || (ago < 5.2 * HOUR && ago > 2.9 * HOUR)) return read
    const observedBp = Math.round(intendedBp * (1 + Math.sin(index * 1.7) * 0.012))
    const half = Math.round(40 + intendedBp * 0.018)
    const interval = { lowBp: observedBp - half, highBp: observedBp + half }
    return { ...read, observedBp, ...interval, requests: 8000 }
  })
}

function manyActions(): ActionReport[] {
  const [first, ...rest] = shopRollout(0).actions ?? []
  if (first === undefined) return rest
  const healthy = Array.from({ length: 44 }, (_, index): ActionReport => {
    const estimate = 1 + Math.sin(index * 2.3) * 0.03
    const effect = { kind: 'ratio', estimate, low: estimate - 0.02, high: estimate + 0.02 } as const
    const metrics = first.metrics.map((metric) =>
      metric.metric === 'latency_typical' ? { ...metric, effect } : metric,
    )
    return { ...first, action: `action_${index + 1}`, metrics }
  })
  return [...rest, ...healthy]
}
