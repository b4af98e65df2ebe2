/**
 * The policy of a rollout, in two spellings of one thing: as people write it in YAML (`start: 5%`,
 * `interval: 60s`) and as a document (`"startBp": 500`, `"intervalSeconds": 60`). Both are parsed to
 * the same complete value. A policy that could not do what it says is refused with the field that is
 * wrong and the mend.
 */

import * as z from 'zod'
import { jsonPointer, parseWith } from '../parse.ts'
import { parseDurationSeconds } from '../units.ts'
import { FULL_BP, parseWeightBp } from '../weight.ts'
import {
  POLICY_KINDS,
  SHAPE_KEYS,
  completePolicy,
  type GivenPolicy,
  type Policy,
} from './policy-rules.ts'

const kind = z.enum(POLICY_KINDS)
const weightBp = z.int().min(0).max(FULL_BP)
const seconds = z
  .number()
  .positive('must be longer than nothing')
  .max(30 * 86_400)
const ticks = z.int().min(0).max(1000)
const share = z.number().gt(0).max(1)
const factor = z.number().gt(1, 'must be above 1').max(100)
const alpha = z.number().gt(0, 'must be above 0').lt(1, 'must be below 1: 0.01 is one per cent')
const count = z.int().min(1).max(1_000_000)
const reversals = z.int().min(0).max(20)
const promoteOn = z.enum(['healthy', 'manual'])
const gateNeed = z.enum(['healthy', 'none'])
const variable = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'must be the name of a variable like X_URL')
const command = z.array(z.string().min(1).max(1000)).min(1).max(50)

const writtenWeight = z
  .string('must be a weight with its unit, like 5%')
  .transform((text, context) => {
    try {
      return parseWeightBp(text, '')
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a weight of 0% to 100%, like 5%' })
      return z.NEVER
    }
  })
const writtenDuration = z
  .string('must be a duration with its unit, like 60s')
  .transform((text, context) => {
    try {
      return parseDurationSeconds(text, '')
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a duration like 10s or 15m' })
      return z.NEVER
    }
  })
  .pipe(seconds)

/** The keys of YAML, and for each what it is called in documents. */
const WRITTEN_NAMES: Readonly<Record<string, string>> = {
  startBp: 'start',
  upBp: 'up',
  downBp: 'down',
  minBp: 'min',
  maxBp: 'max',
  weightBp: 'weight',
  forSeconds: 'for',
  downFactor: 'down_factor',
  intervalSeconds: 'interval',
  holdTicks: 'hold_ticks',
  clearTicks: 'clear_ticks',
  maxReversals: 'max_reversals',
  maxSeconds: 'max',
  promoteOn: 'promote_on',
  giveUpAfterSeconds: 'give_up_after',
  windowSeconds: 'window',
  minPairs: 'min_pairs',
  minRequests: 'min_requests',
  liveGuard: 'live_guard',
  onPromoted: 'on_promoted',
  webhookEnv: 'webhook_env',
  successRate: 'success_rate',
  p95Ms: 'p95_ms',
}

const requestSchema = z.strictObject({
  kind: kind.optional(),
  startBp: weightBp.optional(),
  upBp: weightBp.optional(),
  downBp: weightBp.optional(),
  minBp: weightBp.optional(),
  maxBp: weightBp.optional(),
  factor: factor.optional(),
  downFactor: factor.optional(),
  weightBp: weightBp.optional(),
  forSeconds: seconds.optional(),
  stages: z
    .array(
      z.strictObject({
        weightBp,
        forSeconds: z.union([z.literal(0), seconds]).optional(),
        limits: z
          .strictObject({ successRate: share.optional(), p95Ms: z.number().positive().optional() })
          .optional(),
        gate: z.literal('manual').optional(),
      }),
    )
    .max(100)
    .optional(),
  intervalSeconds: seconds.min(1, 'must be at least 1 s').optional(),
  holdTicks: ticks.optional(),
  clearTicks: ticks.min(1).optional(),
  maxReversals: reversals.optional(),
  alpha: alpha.optional(),
  gate: z.strictObject({ need: gateNeed, maxSeconds: seconds.optional() }).optional(),
  promoteOn: promoteOn.optional(),
  giveUpAfterSeconds: seconds.optional(),
  critical: z
    .strictObject({
      failures: share.optional(),
      windowSeconds: seconds.optional(),
      minPairs: count.optional(),
    })
    .optional(),
  liveGuard: z
    .strictObject({
      errors: share.optional(),
      windowSeconds: seconds.optional(),
      minRequests: count.optional(),
    })
    .optional(),
  rate: z.number().positive().max(100).optional(),
})

const documentSchema = requestSchema.extend({
  onPromoted: z
    .union([z.strictObject({ webhookEnv: variable }), z.strictObject({ exec: command })])
    .optional(),
})

const writtenSchema = z.strictObject({
  kind: kind.optional(),
  start: writtenWeight.optional(),
  up: writtenWeight.optional(),
  down: writtenWeight.optional(),
  min: writtenWeight.optional(),
  max: writtenWeight.optional(),
  factor: factor.optional(),
  down_factor: factor.optional(),
  weight: writtenWeight.optional(),
  for: writtenDuration.optional(),
  stages: z
    .array(
      z.strictObject({
        weight: writtenWeight,
        for: writtenDuration.optional(),
        limits: z
          .strictObject({
            success_rate: share.optional(),
            p95_ms: z.number().positive().optional(),
          })
          .optional(),
        gate: z.literal('manual').optional(),
      }),
    )
    .max(100)
    .optional(),
  interval: writtenDuration.pipe(seconds.min(1, 'must be at least 1 s')).optional(),
  hold_ticks: ticks.optional(),
  clear_ticks: ticks.min(1).optional(),
  max_reversals: reversals.optional(),
  alpha: alpha.optional(),
  gate: z.strictObject({ need: gateNeed, max: writtenDuration.optional() }).optional(),
  promote_on: promoteOn.optional(),
  give_up_after: writtenDuration.optional(),
  critical: z
    .strictObject({
      failures: share.optional(),
      window: writtenDuration.optional(),
      min_pairs: count.optional(),
    })
    .optional(),
  live_guard: z
    .strictObject({
      errors: share.optional(),
      window: writtenDuration.optional(),
      min_requests: count.optional(),
    })
    .optional(),
  rate: z.number().positive().max(100).optional(),
  on_promoted: z
    .union([z.strictObject({ webhook_env: variable }), z.strictObject({ exec: command })])
    .optional(),
})

/** The policy of `outrider.yaml`. */
export const policySchema = writtenSchema.transform((written, context) =>
  complete(documentSchema.parse(toDocumentNames(written)), context, 'written'),
)

/** The complete policy as a document. */
export const policyDocumentSchema = documentSchema.transform((given, context) =>
  complete(given, context, 'document'),
)

/**
 * What a request may change of the configured policy. Commands and addresses are not among it: the
 * API never defines them.
 */
export const policyRequestSchema = requestSchema
export type PolicyRequest = z.output<typeof policyRequestSchema>

/** What a request may change, in the words of `outrider.yaml`: only what is written is given. */
export const policyFileSchema = writtenSchema
  .omit({ on_promoted: true })
  .transform((written): PolicyRequest => requestSchema.parse(toDocumentNames(written)))

/** The keys of YAML for a path of the document: `['gate', 'maxSeconds']` → `['gate', 'max']`. */
export function writtenPolicyPath(path: readonly string[]): string[] {
  return path.map((key) => WRITTEN_NAMES[key] ?? key)
}

/**
 * The policy of one rollout: what the request says goes before what is configured. With another kind
 * the configured course (start, steps, stages) is left behind, and `ab` waits for a person.
 * @throws UsageError with code `bad-policy` that points into the request
 */
export function mergePolicy(base: Policy, request: PolicyRequest): Policy {
  const kind = request.kind ?? base.kind
  const dropped = new Set<string>(kind === base.kind ? [] : Object.keys(SHAPE_KEYS))
  if (kind === 'ab' && base.kind !== 'ab') {
    dropped.add('promoteOn')
    dropped.add('giveUpAfterSeconds')
  }
  const kept = Object.fromEntries(Object.entries(base).filter(([key]) => !dropped.has(key)))
  const merged = {
    ...kept,
    ...request,
    kind,
    critical: { ...base.critical, ...request.critical },
    liveGuard: { ...base.liveGuard, ...request.liveGuard },
  }
  return parseWith(policyDocumentSchema, merged, {
    what: 'policy',
    code: 'bad-policy',
    locate: (path) => jsonPointer(['policy', ...path]),
  })
}

function complete(
  given: GivenPolicy,
  context: z.core.$RefinementCtx,
  spelling: 'written' | 'document',
): Policy {
  const completed = completePolicy(given)
  if ('policy' in completed) return completed.policy
  const { path, problem, mend } = completed.fault
  context.addIssue({
    code: 'custom',
    path: path.map((key) => (spelling === 'written' ? (WRITTEN_NAMES[key] ?? key) : key)),
    message: problem,
    params: { mend },
  })
  return z.NEVER
}

function toDocumentNames(value: unknown, parent = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => toDocumentNames(item, parent))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      documentName(key, parent),
      toDocumentNames(inner, key),
    ]),
  )
}

/** `max` is a weight, but of the gate a duration. */
function documentName(key: string, parent: string): string {
  if (key === 'max') return parent === 'gate' ? 'maxSeconds' : 'maxBp'
  const found = Object.entries(WRITTEN_NAMES).find(([, written]) => written === key)
  return found?.[0] ?? key
}
