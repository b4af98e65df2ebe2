/** The configuration (outrider.yaml). A key that this version does not have yet is refused by name. */

import * as z from 'zod'
import { METRICS, PHASES } from '../verdict.ts'
import { parseDurationSeconds, parseShare } from '../units.ts'
import { criteriaSchema } from './criteria.ts'
import { ALERT_KINDS, SEVERITIES } from './investigation.ts'
import { policySchema } from './policy.ts'
import { NOT_BUILT_ROUTER_VALUES, routerSchema } from './routers.ts'
import { httpUrl, targetSchema, variable } from './target.ts'

export type { MetricsSource, Target } from './target.ts'

export const ARRIVALS = ['recorded', 'poisson', 'constant', 'closed', 'partly-open'] as const
export type Arrivals = (typeof ARRIVALS)[number]

const duration = z.string().transform((text, context) => {
  try {
    return parseDurationSeconds(text, '')
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a duration like 10s or 15m' })
    return z.NEVER
  }
})
const share = z.union([z.number().min(0), z.string()]).transform((value, context) => {
  if (typeof value === 'number') return value
  try {
    return parseShare(value, '')
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a share like 10%, 0.5pp or 0.1' })
    return z.NEVER
  }
})
/** Names of targets and routers: they stand in addresses and on the command line. */
const configName = z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/)

const channelSchema = z.strictObject({
  kind: z.enum(['webhook', 'slack']),
  /** The variable that holds the address, which may be a secret itself. */
  url_env: variable,
  on: z
    .array(z.enum(ALERT_KINDS))
    .min(1)
    .default([...ALERT_KINDS]),
  severity: z.enum(SEVERITIES).default('page'),
  runbook: httpUrl.optional(),
})
export type AlertChannel = z.output<typeof channelSchema>

export const ACCESS_ROLES = ['viewer', 'operator', 'admin'] as const
const tokenSchema = z.strictObject({
  name: configName,
  role: z.enum(ACCESS_ROLES),
  /** Of the token itself, which stands in no file. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, { error: 'must be 64 hexadecimal digits' })
    .transform((digits) => digits.toLowerCase()),
})
export type AccessToken = z.output<typeof tokenSchema>
export type AccessRole = AccessToken['role']

/** The audit log names a token by its name, so one name may not stand for two. */
function refuseTwice(
  tokens: readonly AccessToken[],
  context: z.core.$RefinementCtx<AccessToken[]>,
): void {
  for (const key of ['name', 'sha256'] as const) {
    const index = tokens.findIndex(
      (token, place) => tokens.findIndex((other) => other[key] === token[key]) < place,
    )
    if (index < 0) continue
    const message = 'is that of another token'
    context.addIssue({
      code: 'custom',
      path: [index, key],
      message,
      params: { mend: 'change one' },
    })
  }
}

export const MOST_WORKERS = 64

export const HEALTHY_METRICS = [
  'latency_typical',
  'latency_tail_share',
  'errors',
  'responses',
  'cpu',
  'memory',
] as const

export const configSchema = z.strictObject({
  version: z.literal(1),
  db: z.string().min(1).default('.outrider/outrider.db'),
  ontology: z.string().min(1).optional(),
  /** The only addresses the server may send to. */
  targets: z.record(configName, targetSchema).default({}),
  /** Where the weight is set. */
  routers: z.record(configName, routerSchema).default({}),
  probe: z
    .strictObject({
      duration: z.union([z.literal('auto'), duration]).default('auto'),
      min_duration: duration.default(60),
      max_duration: duration.default(600),
      warmup: z.union([z.literal('auto'), duration]).default('auto'),
      phases: z.array(z.enum(PHASES)).min(1).default(['quiet', 'load']),
      rate: z.number().positive().default(50),
      /** Requests per second and arm; left out = 100, and no cap for loopback addresses. */
      max_rps: z.number().positive().optional(),
      concurrency: z.int().min(1).default(50),
      arrivals: z.enum(ARRIVALS).default('poisson'),
      time_scale: z.union([z.literal('auto'), z.number().positive()]).default('auto'),
      /** Rate or users grow from 0 in this time, within the warm-up. */
      ramp: duration.default(0),
      /** Threads that send. */
      workers: z.union([z.literal('auto'), z.int().min(1).max(MOST_WORKERS)]).default('auto'),
      criteria: criteriaSchema.default({}),
      /** Sessions tilt towards required actions that are still undecided. */
      focus: z.boolean().default(true),
      allow_mutations: z.boolean().default(false),
      seed: z.int().default(1),
    })
    .prefault({}),
  analysis: z
    .strictObject({
      alpha: z.number().gt(0).lt(1).default(0.05),
      alpha_healthy: z.number().gt(0).lt(1).default(0.05),
      block: z.union([z.literal('auto'), duration]).default('auto'),
      max_stall: duration.default(10),
      floor_ms: z.number().min(0).default(0.5),
      margins: z.partialRecord(z.enum(METRICS), share).default({}),
      healthy_margins: z.partialRecord(z.enum(HEALTHY_METRICS), share).default({}),
    })
    .prefault({}),
  /** Of every rollout; a request may change parts of it. */
  policy: policySchema.prefault({}),
  alerts: z.array(channelSchema).max(50).default([]),
  server: z
    .strictObject({
      listen: z.string().default('127.0.0.1:7070'),
      /** Needed for any address but loopback. */
      tokens: z.array(tokenSchema).max(1000).superRefine(refuseTwice).default([]),
    })
    .prefault({}),
})

export type Config = z.output<typeof configSchema>

/** Keys of the contract that later versions bring, by path; `=` parts a value that is refused. */
export const NOT_BUILT_KEYS: readonly string[] = [
  'policy.cohorts',
  'alerts.*.kind=email',
  'analysis.segments',
  'targets.*.cost_per_hour',
  'server.retention',
  ...NOT_BUILT_ROUTER_VALUES,
]

export const defaultConfig: Config = configSchema.parse({ version: 1 })
