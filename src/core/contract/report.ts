/** The report: the one document a run ends with. Written by us, so it is camelCase. */

import * as z from 'zod'
import { ARMS } from '../arm.ts'
import { METRICS, PHASES, ROLES, RUN_VERDICTS, VERDICTS } from '../verdict.ts'

const effectSchema = z.strictObject({
  kind: z.enum(['ratio', 'difference']),
  estimate: z.number(),
  /** Ends of the confidence sequence; left out where only the estimate is known. */
  low: z.number().optional(),
  high: z.number().optional(),
})

const findingSchema = z.strictObject({
  action: z.string(),
  metric: z.enum(METRICS),
  verdict: z.literal('regressed'),
  role: z.enum(ROLES).optional(),
  effect: effectSchema.optional(),
  margin: z.number(),
  /** Natural logarithm of the evidence, because evidence overflows a double. */
  lnEvidence: z.number(),
  lnThreshold: z.number(),
  /** Seconds from the end of the warm-up, as is `onset`. */
  detectedAt: z.number(),
  onset: z.number(),
  phase: z.enum(PHASES),
  episode: z.int(),
  transient: z.boolean(),
  segment: z.record(z.string(), z.string()).optional(),
  rule: z.enum(['evidence', 'critical']),
})

const noteSchema = z.strictObject({
  action: z.string(),
  metric: z.enum(METRICS),
  effect: effectSchema,
})

const metricSchema = z.strictObject({
  metric: z.enum(METRICS),
  verdict: z.enum(VERDICTS),
  effect: effectSchema.optional(),
  margin: z.number(),
  healthyMargin: z.number().optional(),
  lnEvidence: z.number(),
  lnHealthyEvidence: z.number().optional(),
  lnThreshold: z.number(),
})

const needSchema = z.strictObject({
  metric: z.enum(METRICS),
  pairs: z.number(),
  seconds: z.number(),
  p10Seconds: z.number(),
  p90Seconds: z.number(),
})

const actionSchema = z.strictObject({
  action: z.string(),
  required: z.boolean(),
  verdict: z.enum(VERDICTS),
  pairs: z.int(),
  need: needSchema.optional(),
  metrics: z.array(metricSchema),
})

const armSchema = z.strictObject({
  requests: z.int(),
  byStatus: z.record(z.string(), z.int()),
  p50Ms: z.number().optional(),
  p95Ms: z.number().optional(),
  p99Ms: z.number().optional(),
  sessions: z.int(),
  sessionsCompleted: z.int(),
})

export const reasonSchema = z.strictObject({ code: z.string(), message: z.string() })
export type Reason = Readonly<z.output<typeof reasonSchema>>

export const reportSchema = z.strictObject({
  schema: z.literal('outrider.report/1'),
  run: z.string(),
  plan: z.string(),
  verdict: z.enum(RUN_VERDICTS),
  /** One sentence that can be pasted into a chat. */
  summary: z.string(),
  alpha: z.number(),
  startedAt: z.string(),
  /** Warm-up and phases. */
  seconds: z.number(),
  phases: z.array(z.strictObject({ name: z.enum(PHASES), seconds: z.number() })),
  warmupSeconds: z.number(),
  pairs: z.int(),
  requests: z.int(),
  /** Regressed ones only: causes first, then the strongest evidence first. */
  findings: z.array(findingSchema),
  /** Real differences within the margin. */
  notes: z.array(noteSchema),
  actions: z.array(actionSchema),
  arms: z.partialRecord(z.enum(ARMS), armSchema),
  skipped: z.array(z.strictObject({ action: z.string(), code: z.string() })),
  reasons: z.array(reasonSchema),
  generator: z.strictObject({
    lagP99Ms: z.number(),
    cpu: z.number(),
    notSent: z.number(),
    cappedBlocks: z.int(),
  }),
})

export type Report = z.output<typeof reportSchema>
export type Finding = z.output<typeof findingSchema>
export type Note = z.output<typeof noteSchema>
export type Effect = z.output<typeof effectSchema>
export type ActionReport = z.output<typeof actionSchema>
export type MetricReport = z.output<typeof metricSchema>
export type Need = z.output<typeof needSchema>
export type ArmReport = z.output<typeof armSchema>
export type Skipped = Report['skipped'][number]
