/** The run of the design's transcript, and parts to make others. */

import type { ActionReport, Effect, Finding, Report } from '../../src/core/contract/report.ts'
import type { Metric, Role, Verdict } from '../../src/core/verdict.ts'

export function ratio(estimate: number, low: number, high: number): Effect {
  return { kind: 'ratio', estimate, low, high }
}

export function finding(action: string, effect: Effect, role?: Role): Finding {
  return {
    action,
    metric: 'latency_typical',
    verdict: 'regressed',
    ...(role === undefined ? {} : { role }),
    effect,
    margin: 0.1,
    lnEvidence: 14.2,
    lnThreshold: 6.4,
    detectedAt: 14,
    onset: 0,
    phase: 'quiet',
    episode: 0,
    transient: false,
    rule: 'evidence',
  }
}

export function actionEntry(
  action: string,
  verdict: Verdict,
  pairs: number,
  effect?: Effect,
  metric: Metric = 'latency_typical',
): ActionReport {
  const figures = { metric, verdict, margin: 0.1, lnEvidence: 0.2, lnThreshold: 6.4 }
  return {
    action,
    required: false,
    verdict,
    pairs,
    metrics: [effect === undefined ? figures : { ...figures, effect }],
  }
}

function needing(entry: ActionReport, metric: Metric, pairs: number): ActionReport {
  return { ...entry, need: { metric, pairs, seconds: 205, p10Seconds: 120, p90Seconds: 350 } }
}

export const exampleReport: Report = {
  schema: 'outrider.report/1',
  run: 'p1',
  plan: 'sha256:0',
  verdict: 'regressed',
  summary:
    'checkout is 1.31× slower (1.22–1.41), decided after 14 s; 2 actions proven, 2 need about 4 more minutes',
  alpha: 0.05,
  startedAt: '2026-01-01T00:00:00Z',
  seconds: 61.2,
  phases: [{ name: 'quiet', seconds: 46.2 }],
  warmupSeconds: 15,
  pairs: 12_034,
  requests: 24_068,
  findings: [
    finding('checkout', ratio(1.31, 1.22, 1.41), 'cause'),
    finding('cart_add', ratio(1.13, 1.06, 1.2), 'victim'),
  ],
  notes: [{ action: 'search', metric: 'latency_typical', effect: ratio(1.03, 1.01, 1.05) }],
  actions: [
    { ...actionEntry('search', 'healthy', 6240, ratio(1.03, 1.01, 1.05)), required: true },
    { ...actionEntry('home', 'healthy', 5188, ratio(0.99, 0.97, 1.02)), required: true },
    { ...actionEntry('checkout', 'regressed', 2914, ratio(1.31, 1.22, 1.41)), required: true },
    actionEntry('cart_add', 'regressed', 1806, ratio(1.13, 1.06, 1.2)),
    {
      ...needing(
        actionEntry('login', 'inconclusive', 640, ratio(1.04, 0.95, 1.14)),
        'latency_tail',
        1310,
      ),
      required: true,
    },
    needing(actionEntry('rare', 'inconclusive', 412, ratio(1.05, 0.88, 1.26)), 'errors', 1900),
  ],
  arms: {},
  skipped: [{ action: 'logout', code: 'mutations-not-allowed' }],
  reasons: [],
  generator: { lagP99Ms: 1.2, cpu: 0.4, notSent: 0, cappedBlocks: 0 },
}
