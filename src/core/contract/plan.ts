/**
 * The frozen plan of a run: everything the inference depends on, fixed before the first block is
 * scored and hashed into the report. It travels in the `run` line of a samples file (snake_case),
 * so that a recorded run can be judged again, bit for bit.
 */

import * as z from 'zod'
import { PHASES, RESOURCE_METRICS, type Phase, type ResourceMetric } from '../verdict.ts'

const share = z.number().min(0)
const marginDocument = z.strictObject({
  latency_typical: share,
  latency_tail: share,
  errors: share,
  responses: share.default(0),
  cpu: share.optional(),
  memory: share.optional(),
})
const healthyMarginDocument = z.strictObject({
  latency_typical: share.optional(),
  latency_tail_share: share.optional(),
  errors: share.optional(),
  responses: share.optional(),
  cpu: share.optional(),
  memory: share.optional(),
})
const TIERS = ['frequent', 'occasional', 'rare'] as const

export const planDocumentSchema = z.strictObject({
  rate: z.number().positive(),
  concurrency: z.int().positive(),
  alpha: z.number().gt(0).lt(1),
  alpha_healthy: z.number().gt(0).lt(1),
  block_s: z.number().positive(),
  max_stall_s: z.number().min(0),
  floor_ms: z.number().min(0),
  timeout_ms: z.number().positive(),
  duration_s: z.union([z.literal('auto'), z.number().positive()]),
  min_duration_s: z.number().min(0),
  max_duration_s: z.number().positive(),
  warmup_s: z.union([z.literal('auto'), z.number().min(0)]),
  phases: z.array(z.enum(PHASES)).min(1),
  /** Files of versions that did not compare answers or resources have none of these. */
  repeat_share: z.number().min(0).max(1).default(0),
  resources: z.array(z.enum(RESOURCE_METRICS)).default([]),
  focus: z.boolean().default(false),
  horizon_blocks: z.strictObject({ quiet: z.int().positive(), load: z.int().positive() }),
  actions: z.array(z.string()).min(1),
  per_action: z.array(
    z.strictObject({
      share: z.number().min(0).max(1),
      tier: z.enum(TIERS),
      required: z.boolean(),
      compares_answers: z.boolean().default(false),
      slo_error_rate: z.number().min(0).max(1).optional(),
      margin: marginDocument,
      healthy_margin: healthyMarginDocument,
    }),
  ),
  service: z.strictObject({ margin: marginDocument, healthy_margin: healthyMarginDocument }),
  rare: z.strictObject({ judged: z.boolean(), healthy_margin: healthyMarginDocument }),
})
export type PlanDocument = z.output<typeof planDocumentSchema>

export interface AlarmMargins {
  /** Ratios above 1: 0.1 = ten per cent slower is tolerated. */
  readonly latencyTypical: number
  readonly latencyTail: number
  /** A difference of shares: 0.001 = 0.1 pp. */
  readonly errors: number
  readonly responses: number
  /** Ratios, of the whole service only. */
  readonly cpu?: number
  readonly memory?: number
}

/** What must be proven for health; a metric that is left out needs no proof. */
export interface HealthMargins {
  readonly latencyTypical?: number
  /** Share of canary requests above the baseline's p95, beyond five per cent. */
  readonly latencyTailShare?: number
  readonly errors?: number
  readonly responses?: number
  readonly cpu?: number
  readonly memory?: number
}

export type Tier = (typeof TIERS)[number]

export interface PlannedAction {
  readonly action: string
  /** Natural share of the steps, 0 to 1. */
  readonly share: number
  readonly tier: Tier
  /** Must be proven for `healthy`; the others are watched. */
  readonly required: boolean
  /** Its answers are compared, and a second baseline answer says what is noise. */
  readonly comparesAnswers: boolean
  readonly sloErrorRate?: number
  readonly margin: AlarmMargins
  /** Empty for an action that is not proven alone. */
  readonly healthyMargin: HealthMargins
}

export interface Plan {
  /** Pairs per second. */
  readonly rate: number
  /** Users at once in the load phase. */
  readonly concurrency: number
  readonly alpha: number
  readonly alphaHealthy: number
  readonly blockSeconds: number
  readonly maxStallSeconds: number
  readonly floorMs: number
  readonly timeoutMs: number
  readonly duration: 'auto' | number
  readonly minDurationSeconds: number
  readonly maxDurationSeconds: number
  readonly warmup: 'auto' | number
  readonly phases: readonly Phase[]
  /** Share of the pairs of safe actions that are asked twice to learn the noise; 0 with a control. */
  readonly repeatShare: number
  /** What is measured of the processes of both arms. */
  readonly resources: readonly ResourceMetric[]
  /** Sessions tilt towards required actions that are still undecided. */
  readonly focus: boolean
  readonly horizonBlocks: { readonly quiet: number; readonly load: number }
  /** The index of an action here is its number in pairs and block sums. */
  readonly actions: readonly PlannedAction[]
  readonly service: { readonly margin: AlarmMargins; readonly healthyMargin: HealthMargins }
  /** The pool of the actions of tier `rare`. */
  readonly rare: { readonly judged: boolean; readonly healthyMargin: HealthMargins }
}

export function planToDocument(plan: Plan): PlanDocument {
  return {
    rate: plan.rate,
    concurrency: plan.concurrency,
    alpha: plan.alpha,
    alpha_healthy: plan.alphaHealthy,
    block_s: plan.blockSeconds,
    max_stall_s: plan.maxStallSeconds,
    floor_ms: plan.floorMs,
    timeout_ms: plan.timeoutMs,
    duration_s: plan.duration,
    min_duration_s: plan.minDurationSeconds,
    max_duration_s: plan.maxDurationSeconds,
    warmup_s: plan.warmup,
    phases: [...plan.phases],
    repeat_share: plan.repeatShare,
    resources: [...plan.resources],
    focus: plan.focus,
    horizon_blocks: { ...plan.horizonBlocks },
    actions: plan.actions.map((planned) => planned.action),
    per_action: plan.actions.map((planned) => ({
      share: planned.share,
      tier: planned.tier,
      required: planned.required,
      compares_answers: planned.comparesAnswers,
      ...(planned.sloErrorRate === undefined ? {} : { slo_error_rate: planned.sloErrorRate }),
      margin: marginToDocument(planned.margin),
      healthy_margin: healthToDocument(planned.healthyMargin),
    })),
    service: {
      margin: marginToDocument(plan.service.margin),
      healthy_margin: healthToDocument(plan.service.healthyMargin),
    },
    rare: {
      judged: plan.rare.judged,
      healthy_margin: healthToDocument(plan.rare.healthyMargin),
    },
  }
}

export function planFromDocument(document: PlanDocument): Plan {
  return {
    rate: document.rate,
    concurrency: document.concurrency,
    alpha: document.alpha,
    alphaHealthy: document.alpha_healthy,
    blockSeconds: document.block_s,
    maxStallSeconds: document.max_stall_s,
    floorMs: document.floor_ms,
    timeoutMs: document.timeout_ms,
    duration: document.duration_s,
    minDurationSeconds: document.min_duration_s,
    maxDurationSeconds: document.max_duration_s,
    warmup: document.warmup_s,
    phases: document.phases,
    repeatShare: document.repeat_share,
    resources: document.resources,
    focus: document.focus,
    horizonBlocks: document.horizon_blocks,
    actions: document.per_action.map((planned, index) => ({
      action: document.actions[index] ?? '',
      share: planned.share,
      tier: planned.tier,
      required: planned.required,
      comparesAnswers: planned.compares_answers,
      ...(planned.slo_error_rate === undefined ? {} : { sloErrorRate: planned.slo_error_rate }),
      margin: marginFromDocument(planned.margin),
      healthyMargin: healthFromDocument(planned.healthy_margin),
    })),
    service: {
      margin: marginFromDocument(document.service.margin),
      healthyMargin: healthFromDocument(document.service.healthy_margin),
    },
    rare: {
      judged: document.rare.judged,
      healthyMargin: healthFromDocument(document.rare.healthy_margin),
    },
  }
}

/** The share of α a phase may spend, and so its threshold 1/α: halves where there are two. */
export function alphaOf(plan: Plan): number {
  return plan.alpha / plan.phases.length
}

function marginToDocument(margin: AlarmMargins): z.output<typeof marginDocument> {
  const { latencyTypical, latencyTail, ...rest } = margin
  return { latency_typical: latencyTypical, latency_tail: latencyTail, ...rest }
}

function marginFromDocument(document: z.output<typeof marginDocument>): AlarmMargins {
  const {
    latency_typical: latencyTypical,
    latency_tail: latencyTail,
    cpu,
    memory,
    ...rest
  } = document
  return {
    latencyTypical,
    latencyTail,
    ...rest,
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  }
}

function healthToDocument(margin: HealthMargins): z.output<typeof healthyMarginDocument> {
  const { latencyTypical, latencyTailShare, ...rest } = margin
  return {
    ...(latencyTypical === undefined ? {} : { latency_typical: latencyTypical }),
    ...(latencyTailShare === undefined ? {} : { latency_tail_share: latencyTailShare }),
    ...rest,
  }
}

function healthFromDocument(document: z.output<typeof healthyMarginDocument>): HealthMargins {
  const { latency_typical: latencyTypical, latency_tail_share: latencyTailShare } = document
  const { errors, responses, cpu, memory } = document
  return {
    ...(latencyTypical === undefined ? {} : { latencyTypical }),
    ...(latencyTailShare === undefined ? {} : { latencyTailShare }),
    ...(errors === undefined ? {} : { errors }),
    ...(responses === undefined ? {} : { responses }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  }
}
