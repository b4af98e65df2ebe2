/**
 * The documents of HTTP: what each route takes and gives. They validate requests and describe the
 * API in /openapi.json, so the two cannot differ.
 */

import * as z from 'zod'
import { ARMS } from '../arm.ts'
import { METRICS, PHASES } from '../verdict.ts'
import { CONNECTION_LIMITS } from '../wire/connection-limit.ts'
import { ACCESS_ROLES, ARRIVALS, HEALTHY_METRICS } from './config.ts'
import { criteriaSchema } from './criteria.ts'
import { profileInputSchema } from './profile.ts'
import { reportSchema } from './report.ts'

/** RFC 9457. */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  /** JSON pointer into the request, for a fault in it. */
  pointer: z.string().optional(),
  /** The place where it is no JSON pointer: a line, a header, a parameter. */
  where: z.string().optional(),
  mend: z.string().optional(),
})
export type Problem = Readonly<z.output<typeof problemSchema>>

export const findQuery = z.strictObject({
  /** A JSON object; the same names work as plain parameters. */
  criteria: z.string().max(10_000).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  cursor: z.string().min(1).max(2000).optional(),
  /** So many at random instead of a page. */
  draw: z.coerce.number().int().min(1).max(10_000).optional(),
  seed: z.coerce.number().int().optional(),
})
export const profileSchema = profileInputSchema.required()
export const pageSchema = z.strictObject({
  profiles: z.array(profileSchema),
  nextCursor: z.string().optional(),
})
export const insertedSchema = z.strictObject({ inserted: z.int() })
export const manySchema = z.union([profileInputSchema, z.array(profileInputSchema)])

const seconds = z.number().positive().max(86_400)
const share = z.number().min(0).max(100)

/** Of the recorded gaps. */
const timeScale = z.union([z.literal('auto'), z.number().min(0.001).max(1_000)]).optional()
/** Seconds in which the load grows from 0. */
const ramp = z.number().min(0).max(3_600).optional()

export const probeBody = z.strictObject({
  /** Name of a configured target. */
  target: z.string().min(1).max(100),
  name: z.string().min(1).max(200).optional(),
  criteria: criteriaSchema.optional(),
  profile_id: z.string().min(1).max(200).optional(),
  duration: z.union([z.literal('auto'), seconds]).optional(),
  minDuration: z.number().min(0).max(86_400).optional(),
  maxDuration: seconds.optional(),
  warmup: z.union([z.literal('auto'), z.number().min(0).max(86_400)]).optional(),
  phases: z.array(z.enum(PHASES)).min(1).max(2).optional(),
  rate: z.number().positive().optional(),
  maxRps: z.number().positive().optional(),
  concurrency: z.int().min(1).optional(),
  arrivals: z.enum(ARRIVALS).optional(),
  timeScale,
  ramp,
  seed: z.int().optional(),
  alpha: z.number().gt(0).lt(1).optional(),
  margins: z.partialRecord(z.enum(METRICS), share).optional(),
  healthyMargins: z.partialRecord(z.enum(HEALTHY_METRICS), share).optional(),
  require: z.array(z.string().min(1).max(200)).max(1000).optional(),
  allowMutations: z.boolean().optional(),
  timeoutMs: z.number().positive().max(600_000).optional(),
  /** Sessions tilt towards required actions that are still undecided. */
  focus: z.boolean().optional(),
  /** The baseline against itself. */
  aa: z.boolean().optional(),
})
export type ProbeBody = z.output<typeof probeBody>

export const stopBody = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() })
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(200).optional(),
})
export const seriesQuery = z.strictObject({
  action: z.string().min(1).max(200),
  metric: z.enum(METRICS),
})
/** Investigations of one rollout or of one run. */
export const investigationsQuery = pageQuery.extend({
  rollout: z.string().min(1).max(100).optional(),
  run: z.string().min(1).max(100).optional(),
})
export const startedSchema = z.strictObject({ id: z.string() })
export const statusSchema = z.enum(['running', 'done', 'failed'])
export const probeSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: statusSchema,
  startedAt: z.string().optional(),
  report: reportSchema.optional(),
  problem: z.looseObject({ code: z.string(), message: z.string() }).optional(),
})
/** What a probe says of itself while the process that runs it lives. */
export const runningProbeSchema = z.object({
  id: z.string().regex(/^[\w.-]{1,100}$/),
  name: z.string(),
  seed: z.int(),
  addresses: z.partialRecord(z.enum(ARMS), z.string()),
  plan: z.object({ rate: z.number(), actions: z.array(z.unknown()) }),
})

const { actions, findings, reasons } = reportSchema.shape
const probePhase = z.enum(['warm-up', ...PHASES])
const progressSchema = z.object({
  phase: probePhase,
  seconds: z.number(),
  phaseSeconds: z.number(),
  phaseLimitSeconds: z.number(),
  blocks: z.int(),
  cappedBlocks: z.int(),
  pairs: z.int(),
  warmupPairs: z.int(),
  deliveredRate: z.number(),
  plannedRate: z.number(),
  baselineFailureShare: z.number(),
  generatorLagP99Ms: z.number(),
  remainingSeconds: z.number().exactOptional(),
  lnRun: z.number(),
  lnRunThreshold: z.number(),
  actions,
  findings,
  reasons,
  sentence: z.string(),
})
const eventBase = { seq: z.int().min(1), at: z.string(), probe: z.string() }
/** The data of the events of /probes/:id/events, but for the last. */
export const probeEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state'), ...eventBase, phase: probePhase, message: z.string() }),
  z.object({ kind: z.literal('block'), ...eventBase, progress: progressSchema }),
  z.object({ kind: z.literal('finding'), ...eventBase, finding: findings.element }),
])
/** The data of the event `end`; that of a probe of an earlier process has no `seq`. */
export const probeEndSchema = z.object({
  status: z.enum(['done', 'failed']),
  report: reportSchema.exactOptional(),
  problem: z.object({ code: z.string(), message: z.string() }).exactOptional(),
})
export type ProbeEnd = z.output<typeof probeEndSchema>

export const listSchema = z.strictObject({
  probes: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      status: statusSchema,
      startedAt: z.string(),
      verdict: z.string().optional(),
      summary: z.string().optional(),
    }),
  ),
  nextCursor: z.string().optional(),
})
const point = z.looseObject({ at: z.number(), lnEvidence: z.number(), pairs: z.number() })
const curve = z.array(z.tuple([z.number(), z.number()]))
export const seriesSchema = z.looseObject({
  blockSeconds: z.number(),
  lnThreshold: z.number(),
  lnHealthyThreshold: z.number(),
  points: z.array(point),
  quantiles: z.strictObject({ baseline: curve, canary: curve }),
})

/** `GET /targets`: those with a history of their baseline. */
export const targetsSchema = z.strictObject({
  targets: z.array(z.strictObject({ name: z.string(), at: z.string() })),
})
export const historyQuery = z.strictObject({
  action: z.string().min(1).max(200).optional(),
  metric: z.enum(METRICS).optional(),
  /** So many of the last runs. */
  runs: z.coerce.number().int().min(1).max(200).default(60),
})
/** One figure of the baseline in each run, its moving average, and where it belongs. */
const baselineChartSchema = z.strictObject({
  action: z.string(),
  metric: z.enum(METRICS),
  points: z.array(
    z.strictObject({
      run: z.string(),
      at: z.string(),
      /** Milliseconds, or a share within 0 and 1. */
      value: z.number(),
      pairs: z.int(),
      average: z.number(),
      /** Left out before the ninth run. */
      low: z.number().optional(),
      high: z.number().optional(),
      /** The figure is unusual, the level crept away, or both. */
      outside: z.enum(['no', 'value', 'average', 'both']),
    }),
  ),
})
export type BaselineChart = z.output<typeof baselineChartSchema>
export const historySchema = z.strictObject({
  target: z.string(),
  charts: z.array(baselineChartSchema),
  /** Charts beyond the first sixty: ask for an action. */
  leftOut: z.int(),
})
export type BaselineHistory = z.output<typeof historySchema>

export const eventsQuery = z.strictObject({
  /** The last `seq` that is known already; the header Last-Event-ID goes before it. */
  after: z.coerce.number().int().min(0).optional(),
})

export const generationBody = z.strictObject({
  profile_id: z.string().min(1).max(200).optional(),
  criteria: criteriaSchema.optional(),
  /** Seconds. */
  duration: z.number().positive().max(3600),
  /** Simulated users. */
  concurrency: z.int().min(1),
  /** An address of a configured target. */
  target_url: z.string().min(1).max(2000),
  seed: z.int().optional(),
  rate: z.number().positive().optional(),
  maxRps: z.number().positive().optional(),
  arrivals: z.enum(ARRIVALS).optional(),
  timeScale,
  ramp,
  allowMutations: z.boolean().optional(),
  timeoutMs: z.number().positive().max(600_000).optional(),
})
export type GenerationBody = z.output<typeof generationBody>

export const generationSchema = z.looseObject({
  id: z.string(),
  status: statusSchema,
  seconds: z.number(),
  requests: z.int(),
  errors: z.int(),
  /** Sessions that were played to their end. */
  sessions: z.int(),
  /** Steps that were due while every user waited for an answer. */
  busy: z.int(),
  /** Steps that were due and that the generator itself did not send. */
  notSent: z.int(),
  /** When, and how many requests waited because no more connections were opened. */
  waits: z
    .object({
      limit: z.enum(CONNECTION_LIMITS),
      requests: z.int(),
      /** Of these, those whose time was over before there was a connection. */
      unsent: z.int(),
      fromSeconds: z.number(),
      toSeconds: z.number(),
    })
    .exactOptional(),
  skipped: z.array(z.object({ action: z.string(), code: z.string() })),
  /** Threads that send. */
  workers: z.int(),
  lagP99Ms: z.number(),
  cpu: z.number(),
  reasons,
  byAction: z.record(
    z.string(),
    z.object({
      requests: z.int(),
      errors: z.int(),
      p50Ms: z.number().exactOptional(),
      p95Ms: z.number().exactOptional(),
      p99Ms: z.number().exactOptional(),
    }),
  ),
  /** Once it is over: whether at least 95 % of the due steps were sent, and it was not stopped. */
  delivered: z.boolean().optional(),
  problem: z.object({ message: z.string() }).optional(),
})

export const actionsSchema = z.strictObject({
  actions: z.array(
    z.strictObject({
      name: z.string(),
      mutates: z.boolean(),
      needs: z.array(z.string()),
      captures: z.array(z.string()),
      /** As the ontology file has it. */
      definition: z.unknown(),
    }),
  ),
})
export const stateSchema = z.strictObject({ status: z.string() })

/** `POST /session`: the token itself, which never stands in an address. */
export const sessionBody = z.strictObject({ token: z.string().min(1).max(500) })
/** Who asks, as the configuration names them. */
export const sessionSchema = z.strictObject({ name: z.string(), role: z.enum(ACCESS_ROLES) })
