/** The shop once more, with everything that can be measured of it: answers, processes, trust. */

import type { Plan } from '../../../src/core/contract/plan.ts'
import type { ActionReport, Finding, Report } from '../../../src/core/contract/report.ts'
import type { Metric } from '../../../src/core/verdict.ts'
import type { Series } from '../../../src/outrider.ts'
import { HOSTILE, shopPlan, shopReport, shopSeries } from './shop-probe.ts'

const LN_THRESHOLD = Math.log(2880)

export function measuredPlan(): Plan {
  const plan = shopPlan()
  return {
    ...plan,
    repeatShare: 0.3,
    resources: ['cpu', 'memory'],
    actions: plan.actions.map((action) => ({ ...action, comparesAnswers: true })),
  }
}

/** Cart answers wrongly, checkout is a victim of it; the canary needs more CPU and as much memory. */
export function measuredReport(id: string): Report {
  const report = shopReport(id)
  const [arm] = [report.arms.baseline, report.arms.canary]
  if (arm === undefined) return report
  const findings = [answersFinding, victim, processFinding]
  return {
    ...report,
    summary: 'cart_add answers differently in 41 %, decided after 12 s; 2 actions proven',
    findings,
    actions: report.actions.map((entry) => measuredEntry(entry, findings)),
    arms: {
      baseline: { ...arm, repeats: 900, cpuMsPerRequest: 2.4, rssMb: 62, rssMbPerMinute: 0.02 },
      canary: { ...arm, repeats: 900, cpuMsPerRequest: 3.14, rssMb: 81.2, rssMbPerMinute: 1.26 },
    },
    mix: [
      { action: 'search', natural: 0.4, delivered: 0.369 },
      { action: 'home', natural: 0.38, delivered: 0.307 },
      { action: HOSTILE, natural: 0.22, delivered: 0.324 },
    ],
    costs: [
      { action: 'search', cpuMs: 4.1, low: 3.6, high: 4.7 },
      { action: HOSTILE, cpuMs: 0.42, low: 0, high: 0.9 },
    ],
    drifts: [
      {
        action: 'search',
        metric: 'latency_typical',
        value: 31,
        average: 20.4,
        low: 16.1,
        high: 24.9,
        runs: 29,
      },
    ],
    aa: {
      margins: { latency_typical: 0.04, latency_tail: 0.11, errors: 0.002, cpu: 0.03 },
      actions: [
        { action: 'search', margins: { latency_typical: 0.06, latency_tail: 0.2, errors: 0.004 } },
        { action: '*', margins: { latency_typical: 0.04, errors: 0.002, cpu: 0.03 } },
      ],
    },
    selfTest: [
      {
        action: 'search',
        metric: 'latency_typical',
        size: 0.2,
        found: true,
        named: true,
        detectedAt: 14,
      },
      { action: 'home', metric: 'errors', size: 0.02, found: false, named: false },
    ],
  }
}

/** Evidence of every stream of the run; any other series is not there. */
export function measuredSeries(action: string, metric: Metric): Series | undefined {
  const isService = action === '*'
  if ((metric === 'cpu' || metric === 'memory') && !isService) return undefined
  return { ...shopSeries(action, metric), metric }
}

const found = {
  verdict: 'regressed',
  lnEvidence: 21,
  lnThreshold: LN_THRESHOLD,
  detectedAt: 12,
  onset: 3.2,
  phase: 'quiet',
  episode: 0,
  transient: false,
  rule: 'evidence',
} as const

const answersFinding: Finding = {
  ...found,
  action: 'cart_add',
  metric: 'responses',
  role: 'cause',
  effect: { kind: 'difference', estimate: 0.41, low: 0.35, high: 0.47 },
  margin: 0.001,
  segment: { device: 'mobile' },
  restHealthy: true,
  fields: [
    { path: '$.price', canaryShare: 0.41, controlShare: 0, baseline: '9.5', canary: '0' },
    {
      path: `$['${HOSTILE}\u202E']`,
      canaryShare: 0.12,
      controlShare: 0.02,
      baseline: `"${HOSTILE}"`,
      canary: '\u001B[31m',
    },
    { path: '$.total', canaryShare: 0.1, controlShare: 0 },
    { path: '$.tax', canaryShare: 0.1, controlShare: 0 },
  ],
}

const victim: Finding = {
  ...found,
  action: 'checkout',
  metric: 'latency_typical',
  role: 'victim',
  effect: { kind: 'ratio', estimate: 1.31, low: 1.22, high: 1.41 },
  margin: 0.1,
  onset: 12,
  ended: 31,
  transient: true,
}

const processFinding: Finding = {
  ...found,
  action: '*',
  metric: 'cpu',
  effect: { kind: 'ratio', estimate: 1.31, low: 1.24, high: 1.38 },
  margin: 0.1,
}

function measuredEntry(entry: ActionReport, findings: readonly Finding[]): ActionReport {
  if (entry.pairs === 0) return entry
  const own = findings.filter(({ action }) => action === entry.action)
  const open = { lnEvidence: 0.2, lnThreshold: LN_THRESHOLD } as const
  const verdictOf = (metric: Metric): 'regressed' | 'inconclusive' =>
    own.some((finding) => finding.metric === metric) ? 'regressed' : 'inconclusive'
  const latencies = entry.metrics.map((metric) => ({
    ...metric,
    verdict: verdictOf(metric.metric),
    ...(metric.metric === 'latency_tail'
      ? { share: { kind: 'difference', estimate: 0.031, low: 0.01, high: 0.052 } as const }
      : {}),
  }))
  const same = { kind: 'difference', estimate: 0, low: -0.004, high: 0.006 } as const
  const answers = {
    ...open,
    metric: 'responses',
    verdict: verdictOf('responses'),
    effect: own.find(({ metric }) => metric === 'responses')?.effect ?? same,
    margin: 0.001,
  } as const
  return {
    ...entry,
    verdict:
      own.length > 0 ? 'regressed' : entry.verdict === 'healthy' ? 'healthy' : 'inconclusive',
    metrics: [...latencies, answers, ...(entry.action === '*' ? processMetrics() : [])],
  }
}

function processMetrics(): ActionReport['metrics'] {
  const open = { lnEvidence: 0.2, lnThreshold: LN_THRESHOLD }
  const [cpu, memory] = [
    { kind: 'ratio' as const, estimate: 1.31, low: 1.24, high: 1.38 },
    { kind: 'ratio' as const, estimate: 1.05, low: 0.99, high: 1.12 },
  ]
  return [
    { ...open, metric: 'cpu', verdict: 'regressed', margin: 0.1, effect: cpu },
    { ...open, metric: 'memory', verdict: 'healthy', margin: 0.25, effect: memory },
  ]
}
