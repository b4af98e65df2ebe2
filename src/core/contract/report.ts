/** The report: the one document a run ends with. Written by us, so it is camelCase. */

import * as z from 'zod'
import { ARMS } from '../arm.ts'
import { CONNECTION_LIMITS } from '../wire/connection-limit.ts'
import { METRICS, PHASES, ROLES, RUN_VERDICTS, VERDICTS } from '../verdict.ts'

const effectSchema = z.strictObject({
  kind: z.enum(['ratio', 'difference']),
  estimate: z.number(),
  /** Ends of the confidence sequence; left out where only the estimate is known. */
  low: z.number().optional(),
  high: z.number().optional(),
})

/** A field of the answers that differs in more pairs of arms than of baselines. */
const fieldSchema = z.strictObject({
  /** RFC 9535, with `*` for every index; or `status`, `header:NAME`, `text`, `size`. */
  path: z.string(),
  /** Shares of the pairs in which it differs from the baseline's first answer. */
  canaryShare: z.number(),
  controlShare: z.number(),
  /** An example of both values, short and redacted. */
  baseline: z.string().optional(),
  canary: z.string().optional(),
})
export type FieldReport = z.output<typeof fieldSchema>

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
  /** Of a transient finding: when it was worse for the last time. */
  ended: z.number().optional(),
  /** Of `responses`: the fields, the strongest first. */
  fields: z.array(fieldSchema).optional(),
  /** The smallest segment that explains it, where there is one. */
  segment: z.record(z.string(), z.string()).optional(),
  /** Whether the pairs outside the segment are proven to be within the margin. */
  restHealthy: z.boolean().optional(),
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
  /** Of the tail: how many more of the canary's answers lie above the baseline's p95. */
  share: effectSchema.optional(),
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
  /** Second answers that were asked for to learn the noise; not among `requests`. */
  repeats: z.int().optional(),
  cpuMsPerRequest: z.number().optional(),
  rssMb: z.number().optional(),
  /** A hint: the slope of the least memory of each block (Theil and Sen). */
  rssMbPerMinute: z.number().optional(),
})

export const reasonSchema = z.strictObject({ code: z.string(), message: z.string() })
export type Reason = Readonly<z.output<typeof reasonSchema>>

/** What the prober's own environment does to two equal arms: `probe --aa`. */
const aaSchema = z.strictObject({
  /** The smallest margin of each metric that equal arms stayed within for certain. */
  margins: z.partialRecord(z.enum(METRICS), z.number()),
  /** The same of each action. */
  actions: z.array(
    z.strictObject({ action: z.string(), margins: z.partialRecord(z.enum(METRICS), z.number()) }),
  ),
})

/** A regression that was planted into a copy of this very run. */
const selfTestSchema = z.strictObject({
  action: z.string(),
  metric: z.enum(METRICS),
  /** 0.2 = 20 % slower, or 20 pp more failures. */
  size: z.number(),
  found: z.boolean(),
  /** Whether the planted action was named, and when the run alarmed. */
  named: z.boolean(),
  detectedAt: z.number().optional(),
})
export type SelfTest = z.output<typeof selfTestSchema>

/** CPU time of one request of an action by regression: a hint. */
const costSchema = z.strictObject({
  action: z.string(),
  cpuMs: z.number(),
  low: z.number(),
  high: z.number(),
})
export type ActionCost = z.output<typeof costSchema>

/** A baseline figure outside the limits of its own history. */
const driftSchema = z.strictObject({
  action: z.string(),
  metric: z.enum(METRICS),
  value: z.number(),
  /** The moving average of earlier runs and the limits around it. */
  average: z.number(),
  low: z.number(),
  high: z.number(),
  runs: z.int(),
})
export type Drift = z.output<typeof driftSchema>

const sustainedSchema = z.strictObject({
  /** Good answers; 0 where the limit breaks at one connection already. */
  requestsPerSecond: z.number(),
  /** 95 % interval over the rounds; left out where there were none. */
  low: z.number().optional(),
  high: z.number().optional(),
  /** Users who never think: each asks again as soon as it was answered. */
  connections: z.int(),
  p95Ms: z.number(),
  /** Share of failures. */
  errors: z.number(),
  /** `full`: more connections bring no more. `generator`, `cap` and `time`: at least this. */
  limitedBy: z.enum(['latency', 'errors', 'full', 'generator', 'cap', 'time']),
  /** Of the rounds, those within the limit at these connections. */
  roundsHeld: z.int(),
  /** The next level that was tried; `broke` is left out where most of its rounds held. */
  above: z
    .strictObject({
      connections: z.int(),
      requestsPerSecond: z.number(),
      p95Ms: z.number(),
      errors: z.number(),
      broke: z.enum(['latency', 'errors']).optional(),
    })
    .optional(),
})
export type Sustained = z.output<typeof sustainedSchema>

/** The highest rate that each arm sustains: `probe --capacity`. A measurement, no verdict. */
const capacitySchema = z.strictObject({
  /** The limit on the 95th percentile that holds for most requests, and where it is from. */
  sloP95Ms: z.number(),
  sloFrom: z.enum(['slo', 'unloaded']),
  errorShare: z.number(),
  seconds: z.number(),
  rounds: z.int(),
  /** Connections at which both arms were measured in each round. */
  levels: z.array(z.int()).optional(),
  arms: z.partialRecord(z.enum(ARMS), sustainedSchema),
  /** Canary by baseline; left out where one of the rates is only a bound. */
  ratio: effectSchema.optional(),
  actions: z.array(
    z.strictObject({ action: z.string(), share: z.number(), p95LimitMs: z.number() }),
  ),
  leftOut: z.array(z.strictObject({ action: z.string(), code: z.string() })),
})
export type Capacity = z.output<typeof capacitySchema>

const waitsSchema = z.strictObject({
  limit: z.enum(CONNECTION_LIMITS),
  firstBlock: z.int(),
  lastBlock: z.int(),
  blocks: z.int(),
  /** Seconds from the start of the run. */
  from: z.number(),
  to: z.number(),
  arms: z.array(z.strictObject({ arm: z.enum(ARMS), blocks: z.int(), requests: z.int() })),
})

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
  /** Share of the steps that each action has by nature, and that it got. */
  mix: z
    .array(z.strictObject({ action: z.string(), natural: z.number(), delivered: z.number() }))
    .optional(),
  costs: z.array(costSchema).optional(),
  drifts: z.array(driftSchema).optional(),
  aa: aaSchema.optional(),
  selfTest: z.array(selfTestSchema).optional(),
  capacity: capacitySchema.optional(),
  reasons: z.array(reasonSchema),
  generator: z.strictObject({
    lagP99Ms: z.number(),
    cpu: z.number(),
    notSent: z.number(),
    cappedBlocks: z.int(),
    /** Blocks whose latencies do not count, because the generator itself was late. */
    strainedBlocks: z.int().optional(),
    /** When requests waited because no more connections were opened; their blocks are strained. */
    waits: waitsSchema.optional(),
    /** What it costs to be the second of a pair: second ÷ first, with a 95 % interval. */
    second: z
      .strictObject({ ratio: z.number(), low: z.number(), high: z.number(), pairs: z.int() })
      .optional(),
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
