/**
 * A scripted rollout of a shop, ten minutes old at `nowMs`: a gate, six raises, a router that did
 * not answer for half a minute, a slower checkout, one reduction, and since then a hold.
 */

import type { Investigation } from '../../../src/core/contract/investigation.ts'
import { policySchema } from '../../../src/core/contract/policy.ts'
import type {
  HistoryEntry,
  ReadingPoint,
  RolloutDocument,
  Rung,
} from '../../../src/core/contract/rollout.ts'
import type { TwinSeries } from '../../../src/core/twins.ts'
import type { Metric } from '../../../src/core/verdict.ts'
import { HOSTILE, loadProgress, shopFindings, shopSeries } from './shop-probe.ts'

const FINDING = 'checkout is 1.31× slower (1.22–1.41)'
const SECOND = 1000

/** Seconds before now, weight before and after, code and words. */
const COURSE: readonly (readonly [number, number, number, string, string])[] = [
  [497, 0, 500, 'gate-healthy', 'the gate is passed, the canary is healthy'],
  [439, 500, 600, 'no-alarm', 'no anomaly'],
  [379, 600, 700, 'no-alarm', 'no anomaly'],
  [319, 700, 800, 'no-alarm', 'no anomaly'],
  [259, 800, 900, 'no-alarm', 'no anomaly'],
  [199, 900, 1000, 'no-alarm', 'no anomaly'],
  [138, 1000, 500, 'alarm', FINDING],
]

export function isoAgo(nowMs: number, secondsAgo: number): string {
  return new Date(nowMs - secondsAgo * SECOND).toISOString()
}

/** What is stored of it; the rest only its controller knows. */
export function shopOutline(nowMs: number): RolloutDocument {
  return {
    id: 'r1',
    name: 'shop 1.4.2',
    target: 'shop',
    router: 'edge',
    state: 'holding',
    weightBp: 500,
    intendedBp: 500,
    verdict: 'regressed',
    sentence: `Holding at 5\u202F%: ${FINDING}`,
    reason: { code: 'alarm', message: FINDING, since: isoAgo(nowMs, 138) },
    episode: 1,
    episodes: 3,
    startedAt: isoAgo(nowMs, 609),
    startedBy: 'ci',
    policy: policySchema.parse({}),
    course: '100\u202F% after 1\u202Fh 37\u202Fmin at the earliest, if nothing is found.',
    acts: ['promote', 'pause', 'abort'],
    run: 'p70',
    controlled: true,
    history: shopHistory(nowMs),
  }
}

export function shopRollout(
  nowMs: number,
  changes: Partial<RolloutDocument> = {},
): RolloutDocument {
  const progress = loadProgress()
  return {
    ...shopOutline(nowMs),
    consequence:
      'It rises to 6\u202F% at the next tick that meets all conditions; 1 of 2 reductions are used.',
    nextDecisionAt: new Date(nowMs + 41 * SECOND).toISOString(),
    reading: { kind: 'read', at: isoAgo(nowMs, 2), configuredBp: 500, effectiveBp: 500 },
    observedBp: 487,
    observed: { lowBp: 440, highBp: 536, requests: 8123 },
    live: {
      kind: 'ok',
      windowSeconds: 30,
      baseline: { requests: 7728, serverErrors: 22 },
      canary: { requests: 395, serverErrors: 1 },
    },
    load: {
      phase: 'load',
      plannedRate: 10,
      deliveredRate: 9.94,
      pairs: 2914,
      baselineFailureShare: 0.002,
      generatorLagP99Ms: 1.1,
      unequalLoad: false,
    },
    ladder: shopLadder(),
    actions: [...progress.actions],
    findings: [...shopFindings],
    evidence: { lnRun: Math.log(2.6), lnThreshold: Math.log(300) },
    ...changes,
  }
}

function shopLadder(): Rung[] {
  return [
    {
      kind: 'raise',
      now: false,
      title: 'to 6\u202F%, if all of',
      conditions: [
        { text: 'the router reads what it was asked for', value: '5\u202F%', holds: true },
        { text: 'at least 95\u202F% of the load delivered', value: '99\u202F%', holds: true },
        { text: 'no alarm', value: 'evidence × 2.6 of × 300', holds: true },
        { text: 'ticks without a raise after the reduction', value: '1 left', holds: false },
        {
          text: 'clear ticks, or the required actions proven again',
          value: '0 of 5',
          holds: false,
        },
      ],
    },
    {
      kind: 'hold',
      now: true,
      title: 'at 5\u202F%, otherwise',
      conditions: [{ text: FINDING, holds: true }],
    },
    {
      kind: 'lower',
      now: false,
      title: 'to 0\u202F%, if one of',
      conditions: [
        { text: 'an alarm (episode 2 of 3)', value: 'evidence × 2.6 of × 300', holds: false },
        { text: 'live users meet more errors on the canary', value: 'no', holds: false },
        { text: 'critical: the canary fails outright (to 0\u202F%)', holds: false },
      ],
    },
  ]
}

function shopHistory(nowMs: number): HistoryEntry[] {
  const weights = COURSE.map(([ago, fromBp, toBp, code, message]): Omit<HistoryEntry, 'seq'> => ({
    at: isoAgo(nowMs, ago),
    kind: 'weight',
    state: code === 'alarm' ? 'holding' : 'ramping',
    fromBp,
    toBp,
    actor: 'policy',
    reason: { code, message },
    verified: true,
  }))
  const told = (
    ago: number,
    kind: HistoryEntry['kind'],
    state: HistoryEntry['state'],
    code: string,
    message: string,
    actor = 'policy',
  ): Omit<HistoryEntry, 'seq'> => ({
    at: isoAgo(nowMs, ago),
    kind,
    state,
    actor,
    reason: { code, message },
  })
  const all = [
    told(
      609,
      'state',
      'pending',
      'created',
      '100\u202F% after 1\u202Fh 37\u202Fmin at the earliest, if nothing is found.',
      'ci',
    ),
    told(609, 'state', 'probing', 'gate-started', 'the gate probes the canary'),
    ...weights,
    told(
      364,
      'state',
      'holding',
      'router-unreachable',
      'the router does not answer, try 2: timeout',
    ),
    told(334, 'state', 'ramping', 'no-alarm', 'no anomaly'),
    told(139, 'finding', 'ramping', 'finding', FINDING),
    told(138, 'state', 'holding', 'alarm', FINDING),
    told(137, 'alert', 'holding', 'regressed', `shop 1.4.2: ${FINDING}`),
    told(78, 'state', 'holding', 'hold-ticks', 'just reduced, 2 more ticks without a raise'),
    told(18, 'state', 'holding', 'hold-ticks', 'just reduced, 1 more tick without a raise'),
  ]
  return all
    .toSorted((one, other) => one.at.localeCompare(other.at))
    .map((entry, index) => ({ ...entry, seq: index * 2 + 1 }))
}

/** One reading each five seconds; around the fifth minute the router did not answer. */
export function shopReadings(nowMs: number): ReadingPoint[] {
  return Array.from({ length: 121 }, (_, index): ReadingPoint => {
    const ago = 605 - index * 5
    const at = isoAgo(nowMs, ago)
    const intendedBp = COURSE.findLast(([since]) => since >= ago)?.[2] ?? 0
    if (ago < 366 && ago > 332) return { at, intendedBp, problem: 'timeout' }
    const read = { at, intendedBp, configuredBp: intendedBp }
    if (intendedBp === 0 || ago > 470) return read
    const observedBp = Math.round(intendedBp * (1 + Math.sin(index * 1.7) * 0.04))
    const half = Math.round(intendedBp * 0.09)
    const interval = { lowBp: observedBp - half, highBp: observedBp + half }
    return { ...read, observedBp, ...interval, requests: 8000 + index }
  })
}

export function rolloutSeries(action: string, metric: Metric): TwinSeries {
  const series = shopSeries(action, metric)
  const isBad = action === 'checkout' && metric === 'latency_typical'
  const points = series.points.map((point, index) => {
    const wave = Math.sin(index / 3) * 0.5
    const isLate = index >= 80
    const rising = isBad && index > 60 ? (index - 60) * 0.9 : 0
    return {
      ...point,
      phase: 'load' as const,
      episode: isLate ? 1 : 0,
      at: index * 4,
      lnEvidence: isLate ? wave + (index - 80) * 0.02 : wave + rising,
      lnHealthyEvidence: isLate ? -wave : Math.min(4, index * 0.07) - rising / 3,
      ratio: isBad && index > 59 ? 1.31 - 0.1 * Math.exp((59 - index) / 3) : 1 + wave * 0.04,
    }
  })
  return { ...series, points }
}

/** What a regression left behind; the bodies are those of a hostile target. */
export function shopInvestigation(
  nowMs: number,
  changes: Partial<Investigation> = {},
): Investigation {
  const [finding] = shopFindings
  if (finding === undefined) throw new TypeError('The shop has no finding')
  const ratio = (estimate: number, low: number, high: number) =>
    ({ kind: 'ratio', estimate, low, high }) as const
  return {
    id: 'i1',
    rollout: 'r1',
    run: 'p1',
    at: isoAgo(nowMs, 138),
    title: FINDING,
    finding: {
      ...finding,
      onset: 240,
      detectedAt: 260,
      lnEvidence: Math.log(19_300),
      phase: 'load',
      segment: { device: 'mobile' },
    },
    onset: 240,
    segments: [
      { segment: { device: 'mobile' }, pairs: 1204, effect: ratio(1.5, 1.34, 1.68) },
      { segment: { prev: 'cart_add' }, pairs: 2101, effect: ratio(1.33, 1.22, 1.45) },
      { segment: { prev: 'cart_view' }, pairs: 813, effect: ratio(1.27, 1.08, 1.46) },
      { segment: { device: 'tablet' }, pairs: 233, effect: ratio(1.19, 0.98, 1.45) },
      { segment: { device: 'desktop' }, pairs: 1477, effect: ratio(1.03, 0.98, 1.09) },
      { segment: { label: HOSTILE }, pairs: 12, effect: { kind: 'ratio', estimate: 1.1 } },
    ],
    pairs: 2914,
    exchanges: [exchange('s17.4', 262, 9.5, 0), exchange('s21.1', 263.5, 12, 12)],
    reproduce: `curl -X POST -H "authorization: Bearer $OUTRIDER_SECRET_SHOP" -H "x-synthetic: outrider" --json '{"sku":"S1","mail":"canary-s17@example.test"}' http://10.0.0.6:8080/cart/c_17/pay?v=2`,
    ...changes,
  }
}

function exchange(
  pair: string,
  at: number,
  baseline: number,
  canary: number,
): Investigation['exchanges'][number] {
  const body = (id: string, price: number): string =>
    JSON.stringify({ id, state: 'paid', price, note: `${HOSTILE}\u202e\u0007`, trace: id })
  const headers = { 'content-type': 'application/json' }
  return {
    pair,
    at,
    request: { method: 'POST', path: '/cart/c_17/pay?v=2' },
    baseline: {
      outcome: 'ok',
      status: 201,
      latencyMs: 22.8,
      headers,
      body: body('o_81c2', baseline),
    },
    canary: { outcome: 'ok', status: 201, latencyMs: 36.1, headers, body: body('o_81c3', canary) },
    diff: [
      ...(baseline === canary
        ? []
        : [{ path: '$.price', baseline, canary, canaryShare: 0.041, controlShare: 0 }]),
      { path: '$.id', baseline: 'o_81c2', canary: 'o_81c3', canaryShare: 1, controlShare: 1 },
      {
        path: '$.trace',
        baseline: 'o_81c2',
        canary: 'o_81c3',
        canaryShare: 1,
        controlShare: 0.998,
      },
      { path: '$.note', baseline: HOSTILE, canary: `${HOSTILE}\u202e`, canaryShare: 0.002 },
    ],
  }
}
