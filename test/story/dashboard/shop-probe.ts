/** A scripted probe of a shop: nine actions, a quiet and a load phase, a regressed checkout. */

import type { Plan } from '../../../src/core/contract/plan.ts'
import type { ActionReport, Effect, Finding, Report } from '../../../src/core/contract/report.ts'
import type { Metric, Phase, Verdict } from '../../../src/core/verdict.ts'
import type { ProbeProgress, Series, SeriesPoint } from '../../../src/outrider.ts'
import { progressOf } from '../../server/scripted-outrider.ts'
import { examplePlan } from '../../support/example-plan.ts'

/** What a hostile application could be called in an ontology that was imported from it. */
export const HOSTILE = '<img src=x onerror=alert(1)>'

const LN_THRESHOLD = Math.log(2880)
const LN_HEALTHY = Math.log(20)

interface Measured {
  readonly action: string
  readonly required: boolean
  readonly verdict: Verdict
  readonly pairs: number
  readonly typical?: readonly [number, number, number]
  readonly tail?: number
  readonly errors?: number
  readonly need?: readonly [ActionReport['metrics'][number]['metric'], number, number]
}

const MEASURED: readonly Measured[] = [
  {
    action: 'search',
    required: true,
    verdict: 'healthy',
    pairs: 6240,
    typical: [1.03, 1.01, 1.05],
    tail: 1.02,
    errors: 0,
  },
  {
    action: 'home',
    required: true,
    verdict: 'healthy',
    pairs: 5188,
    typical: [0.99, 0.97, 1.02],
    tail: 0.98,
    errors: 0.0001,
  },
  {
    action: 'checkout',
    required: true,
    verdict: 'regressed',
    pairs: 2914,
    typical: [1.31, 1.22, 1.41],
    tail: 1.44,
    errors: 0.0005,
  },
  {
    action: 'cart_add',
    required: true,
    verdict: 'regressed',
    pairs: 1806,
    typical: [1.13, 1.06, 1.2],
    tail: 1.1,
    errors: 0,
  },
  {
    action: 'login',
    required: true,
    verdict: 'inconclusive',
    pairs: 640,
    typical: [1.04, 0.95, 1.14],
    tail: 1.1,
    errors: 0.002,
    need: ['latency_tail', 1310, 110],
  },
  {
    action: HOSTILE,
    required: false,
    verdict: 'inconclusive',
    pairs: 120,
    typical: [0.95, 0.7, 1.9],
  },
  { action: 'export', required: false, verdict: 'inconclusive', pairs: 0 },
  {
    action: '*',
    required: true,
    verdict: 'inconclusive',
    pairs: 16_908,
    typical: [1.05, 1.03, 1.07],
    tail: 1.1,
    errors: 0.0002,
    need: ['latency_typical', 900, 20],
  },
]

export function shopPlan(): Plan {
  const base = examplePlan()
  const [first] = base.actions
  if (first === undefined) return base
  const own = MEASURED.filter(({ action }) => action !== '*')
  const actions = own.map(({ action, required }) => ({ ...first, action, required, share: 1 / 8 }))
  return { ...base, actions }
}

export const shopFindings: readonly Finding[] = [
  findingOf('checkout', 'cause', [1.31, 1.22, 1.41]),
  findingOf('cart_add', 'victim', [1.13, 1.06, 1.2]),
]

/** Twelve seconds into the quiet phase: nothing is known yet. */
export function quietProgress(): ProbeProgress {
  return progressOf({
    phase: 'quiet',
    seconds: 27,
    phaseSeconds: 12,
    phaseLimitSeconds: 45,
    blocks: 24,
    pairs: 600,
    warmupPairs: 742,
    actions: actionsOf(false),
    sentence: 'Nothing found so far: 2 of 5 actions proven, about 1 min 50 s to go',
    remainingSeconds: 110,
  })
}

export function loadProgress(): ProbeProgress {
  return progressOf({
    phase: 'load',
    seconds: 77,
    phaseSeconds: 41,
    phaseLimitSeconds: 520,
    blocks: 124,
    pairs: 3014,
    warmupPairs: 742,
    actions: actionsOf(true),
    findings: shopFindings,
    sentence: 'checkout is 1.31× slower (1.22–1.41), about 1 min 50 s to go',
    remainingSeconds: 110,
  })
}

export function shopReport(id: string): Report {
  const arm = { byStatus: { 200: 16_900, 500: 8 }, sessions: 500, sessionsCompleted: 498 }
  return {
    schema: 'outrider.report/1',
    run: id,
    plan: 'sha256:5d41402abc4b2a76b9719d911017c592',
    verdict: 'regressed',
    summary: 'checkout is 1.31× slower (1.22–1.41), decided after 14 s; 2 actions proven',
    alpha: 0.05,
    startedAt: '2026-01-01T00:00:00Z',
    seconds: 96.2,
    phases: [
      { name: 'quiet', seconds: 21.2 },
      { name: 'load', seconds: 60 },
    ],
    warmupSeconds: 15,
    pairs: 16_908,
    requests: 33_816,
    findings: [...shopFindings],
    notes: [{ action: 'search', metric: 'latency_typical', effect: ratio([1.03, 1.01, 1.05]) }],
    actions: actionsOf(true),
    arms: {
      baseline: { requests: 16_908, p50Ms: 9.12, p95Ms: 31, p99Ms: 55.2, ...arm },
      canary: { requests: 16_908, p50Ms: 9.4, p95Ms: 38.1, p99Ms: 71, ...arm },
    },
    skipped: [{ action: 'pay', code: 'mutations-not-allowed' }],
    reasons: [
      { code: 'capped-blocks', message: `2 blocks were closed by the cap <b>${HOSTILE}</b>` },
    ],
    generator: { lagP99Ms: 1.2, cpu: 0.4, notSent: 0, cappedBlocks: 2 },
  }
}

export function shopSeries(action: string, metric: Metric): Series {
  const isBad = action === 'checkout' && metric === 'latency_typical'
  const points = Array.from({ length: 124 }, (_, index): SeriesPoint => {
    const phase: Phase = index < 42 ? 'quiet' : 'load'
    const since = index < 42 ? index : index - 42
    const wave = Math.sin(index / 3) * 0.6
    return {
      at: index * 0.5,
      phase,
      episode: 0,
      lnEvidence: isBad ? since * 0.32 + wave : wave - since * 0.02,
      ...(isBad ? {} : { lnHealthyEvidence: since * 0.05 + wave / 2 }),
      lnRun: 0.1,
      pairs: index * 25,
    }
  })
  const levels = [0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999]
  return {
    action,
    metric,
    blockSeconds: 0.5,
    lnThreshold: LN_THRESHOLD,
    lnHealthyThreshold: LN_HEALTHY,
    points,
    quantiles: {
      baseline: levels.map((level) => quantile(level, 1)),
      canary: levels.map((level) => quantile(level, isBad ? 1.31 : 1.02)),
    },
  }
}

function actionsOf(isLate: boolean): ActionReport[] {
  return MEASURED.map((measured) => {
    const { action, required, pairs, typical, tail, errors, need } = measured
    const isOpen = !isLate && measured.verdict === 'regressed'
    const verdict = isOpen ? 'inconclusive' : measured.verdict
    const figures = { verdict, lnEvidence: 0.2, lnThreshold: LN_THRESHOLD }
    const entry: ActionReport = {
      action,
      required,
      verdict,
      pairs,
      metrics: [
        {
          ...figures,
          metric: 'latency_typical',
          margin: 0.1,
          healthyMargin: 0.1,
          ...(typical === undefined ? {} : { effect: ratio(typical) }),
        },
        {
          ...figures,
          metric: 'latency_tail',
          margin: 0.2,
          ...(tail === undefined ? {} : { effect: { kind: 'ratio', estimate: tail } }),
        },
        {
          ...figures,
          metric: 'errors',
          margin: 0.001,
          ...(errors === undefined ? {} : { effect: { kind: 'difference', estimate: errors } }),
        },
      ],
    }
    if (need === undefined) return entry
    const [metric, more, seconds] = need
    const range = { p10Seconds: seconds * 0.6, p90Seconds: seconds * 1.7 }
    return { ...entry, need: { metric, pairs: more, seconds, ...range } }
  })
}

function ratio([estimate, low, high]: readonly [number, number, number]): Effect {
  return { kind: 'ratio', estimate, low, high }
}

function findingOf(
  action: string,
  role: 'cause' | 'victim',
  effect: readonly [number, number, number],
): Finding {
  return {
    action,
    metric: 'latency_typical',
    verdict: 'regressed',
    role,
    effect: ratio(effect),
    margin: 0.1,
    lnEvidence: 14.2,
    lnThreshold: LN_THRESHOLD,
    detectedAt: 14,
    onset: 0,
    phase: 'quiet',
    episode: 0,
    transient: false,
    rule: 'evidence',
  }
}

/** A Pareto tail. */
function quantile(q: number, factor: number): [number, number] {
  return [q, 9 * factor * (1 - q) ** -0.4]
}
