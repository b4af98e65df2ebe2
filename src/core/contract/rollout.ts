/**
 * Rollouts as others see them: what one asks for, the document that tells its state, the events of
 * its stream. Written by us, so it is camelCase; weights are basis points, times ISO 8601.
 */

import * as z from 'zod'
import { policyDocumentSchema, policyRequestSchema } from './policy.ts'
import { reportSchema } from './report.ts'

export const ROLLOUT_STATES = [
  'pending',
  'probing',
  'ramping',
  'holding',
  'paused',
  'promoting',
  'rolling_back',
  'promoted',
  'rolled_back',
  'aborted',
  'failed',
] as const
export type RolloutStateName = (typeof ROLLOUT_STATES)[number]

/** How the sentence of each state begins. */
export const ROLLOUT_STATE_WORDS: Readonly<Record<RolloutStateName, string>> = {
  pending: 'Waiting',
  probing: 'Probing',
  ramping: 'Ramping',
  holding: 'Holding',
  paused: 'Paused',
  promoting: 'Promoting',
  rolling_back: 'Rolling back',
  promoted: 'Promoted',
  rolled_back: 'Rolled back',
  aborted: 'Aborted',
  failed: 'Failed',
}

export const ROLLOUT_ACTS = ['promote', 'pause', 'resume', 'abort', 'finalize'] as const
export type RolloutAct = (typeof ROLLOUT_ACTS)[number]

export const ROLLOUT_VERDICTS = ['regressed', 'healthy', 'inconclusive', 'invalid'] as const

const name = z.string().trim().min(1).max(200)
const reference = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,100}$/, { error: 'must be a configured name' })
const weightBp = z.int().min(0).max(10_000)
const { actions, findings } = reportSchema.shape

/** `POST /rollouts`. Target and router are names of the configuration, never addresses. */
export const rolloutBody = z.strictObject({
  name,
  version: name.optional(),
  target: reference,
  router: reference,
  /** Goes before the configured policy, key by key. */
  policy: policyRequestSchema.optional(),
})
export type RolloutBody = z.output<typeof rolloutBody>

/** `POST /rollouts/:id/promote|pause|resume|abort|finalize`. */
export const wordBody = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() })

const reason = z.strictObject({
  code: z.string(),
  message: z.string(),
  /** Since when this code holds without a break. */
  since: z.string().exactOptional(),
})

/** What the router said when it was last asked. */
const reading = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('read'),
    at: z.string(),
    configuredBp: weightBp,
    /** Health-adjusted; left out = cannot be known. */
    effectiveBp: weightBp.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('unreachable'),
    at: z.string(),
    tries: z.int(),
    message: z.string(),
  }),
])

const observed = z.strictObject({
  lowBp: weightBp,
  highBp: weightBp,
  requests: z.int(),
  users: z.int().exactOptional(),
})

const liveArm = z.strictObject({
  requests: z.int(),
  serverErrors: z.int(),
  p50Ms: z.number().exactOptional(),
  p95Ms: z.number().exactOptional(),
})

/** What the router's own counts say of real users, over the window of the live guard. */
const live = z.strictObject({
  kind: z.enum(['ok', 'anomalous', 'critical', 'too-few', 'unknown']),
  windowSeconds: z.number(),
  baseline: liveArm.exactOptional(),
  canary: liveArm.exactOptional(),
  message: z.string().exactOptional(),
})

/** The synthetic load, for the facts that decide whether a tick is usable. */
const load = z.strictObject({
  phase: z.enum(['warm-up', 'quiet', 'load', 'down']),
  plannedRate: z.number(),
  deliveredRate: z.number(),
  deliveredShare: z.number().exactOptional(),
  pairs: z.int(),
  baselineFailureShare: z.number(),
  generatorLagP99Ms: z.number(),
  unequalLoad: z.boolean(),
  message: z.string().exactOptional(),
})

/** Why the weight does not move, and what would move it. */
const rung = z.strictObject({
  kind: z.enum(['raise', 'hold', 'lower']),
  /** The rung that holds now. */
  now: z.boolean(),
  /** `to 6 %`. */
  title: z.string(),
  conditions: z.array(
    z.strictObject({ text: z.string(), value: z.string().exactOptional(), holds: z.boolean() }),
  ),
})
export type Rung = z.output<typeof rung>

const historyEntry = z.strictObject({
  seq: z.int(),
  at: z.string(),
  kind: z.enum(['state', 'weight', 'finding', 'alert', 'note']),
  state: z.enum(ROLLOUT_STATES),
  fromBp: weightBp.exactOptional(),
  toBp: weightBp.exactOptional(),
  actor: z.string(),
  reason,
  /** Of a weight: it was read back. */
  verified: z.boolean().exactOptional(),
})
export type HistoryEntry = z.output<typeof historyEntry>

export const rolloutSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  version: z.string().exactOptional(),
  target: z.string(),
  router: z.string(),
  state: z.enum(ROLLOUT_STATES),
  /** Last read back as it was asked for. */
  weightBp,
  /** Last asked for. */
  intendedBp: weightBp,
  reading: reading.exactOptional(),
  observedBp: weightBp.exactOptional(),
  observed: observed.exactOptional(),
  verdict: z.enum(ROLLOUT_VERDICTS),
  /** The state in one sentence that can be pasted into a chat. */
  sentence: z.string(),
  /** What follows from it, in one more. */
  consequence: z.string().exactOptional(),
  reason,
  /** 0 is the gate and the first climb; each reduction begins the next. */
  episode: z.int(),
  episodes: z.int(),
  nextDecisionAt: z.string().exactOptional(),
  startedAt: z.string(),
  endedAt: z.string().exactOptional(),
  startedBy: z.string(),
  policy: policyDocumentSchema,
  /** The fastest course, told before the start. */
  course: z.string(),
  /** What a person may ask for now. */
  acts: z.array(z.enum(ROLLOUT_ACTS)),
  /** The run of the twins: its report at the end. */
  run: z.string().exactOptional(),
  /** Whether a controller holds it: no = it stands still until one takes it up. */
  controlled: z.boolean(),
  live: live.exactOptional(),
  load: load.exactOptional(),
  ladder: z.array(rung).exactOptional(),
  actions: actions.exactOptional(),
  findings: findings.exactOptional(),
  evidence: z.strictObject({ lnRun: z.number(), lnThreshold: z.number() }).exactOptional(),
  /** Newest last, at most 500. */
  history: z.array(historyEntry),
})
export type RolloutDocument = z.output<typeof rolloutSchema>

/** A row of the list. */
export const rolloutOutlineSchema = rolloutSchema
  .pick({
    id: true,
    name: true,
    version: true,
    target: true,
    router: true,
    state: true,
    weightBp: true,
    intendedBp: true,
    verdict: true,
    sentence: true,
    nextDecisionAt: true,
    startedAt: true,
    endedAt: true,
    run: true,
    controlled: true,
  })
  .extend({
    /** [seconds since the start, weightBp], at most 60 points: a shape only. */
    sparkline: z.array(z.tuple([z.number(), weightBp])),
  })
export type RolloutOutline = z.output<typeof rolloutOutlineSchema>

export const rolloutListSchema = z.strictObject({
  rollouts: z.array(rolloutOutlineSchema),
  nextCursor: z.string().exactOptional(),
})

const readingPoint = z.strictObject({
  at: z.string(),
  configuredBp: weightBp.exactOptional(),
  effectiveBp: weightBp.exactOptional(),
  intendedBp: weightBp,
  observedBp: weightBp.exactOptional(),
  lowBp: weightBp.exactOptional(),
  highBp: weightBp.exactOptional(),
  requests: z.int().exactOptional(),
  /** Why nothing was read. */
  problem: z.string().exactOptional(),
})
export type ReadingPoint = z.output<typeof readingPoint>
/** `GET /rollouts/:id/readings`, at most 720. */
export const readingsSchema = z.strictObject({ readings: z.array(readingPoint) })

const eventBase = { at: z.string(), rollout: z.string() }
const numbered = { seq: z.int().min(1), ...eventBase }

/**
 * The data of the events of /rollouts/:id/events. Those with a `seq` are in the journal and come
 * back with Last-Event-ID; `reading` and `block` are of the moment, and the next one replaces them.
 */
export const rolloutEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('state'),
    ...numbered,
    from: z.enum(ROLLOUT_STATES),
    state: z.enum(ROLLOUT_STATES),
    weightBp,
    actor: z.string(),
    reason,
    sentence: z.string(),
  }),
  z.object({
    kind: z.literal('weight'),
    ...numbered,
    fromBp: weightBp,
    toBp: weightBp,
    state: z.enum(ROLLOUT_STATES),
    actor: z.string(),
    reason,
    /** False = asked for; true = read back. */
    verified: z.boolean(),
  }),
  z.object({ kind: z.literal('finding'), ...numbered, finding: findings.element }),
  z.object({ kind: z.literal('alert'), ...numbered, alert: z.string(), title: z.string() }),
  z.object({ kind: z.literal('note'), ...numbered, reason }),
  z.object({
    kind: z.literal('end'),
    ...numbered,
    state: z.enum(ROLLOUT_STATES),
    sentence: z.string(),
  }),
  z.object({ kind: z.literal('reading'), ...eventBase, reading: readingPoint }),
  z.object({
    kind: z.literal('block'),
    ...eventBase,
    document: rolloutSchema.omit({ history: true }),
  }),
])
export type RolloutEvent = z.output<typeof rolloutEventSchema>
/** An event that is kept. */
export type NumberedRolloutEvent = Extract<RolloutEvent, { seq: number }>
