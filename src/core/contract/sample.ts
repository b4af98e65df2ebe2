/**
 * Samples as NDJSON, in and out: what was measured of one execution of a step. The document is
 * snake_case; in the program a sample is camelCase, and only this file converts.
 */

import * as z from 'zod'
import { ARMS, type Arm } from '../arm.ts'
import { PHASES, type Phase } from '../verdict.ts'
import { CONNECTION_LIMITS, type ConnectionLimit } from '../wire/connection-limit.ts'
import { planDocumentSchema, planFromDocument, planToDocument, type Plan } from './plan.ts'

export const OUTCOMES = [
  'ok',
  'http_error',
  'timeout',
  'connect_error',
  'assertion_failed',
  'blocked',
  'aborted',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Failures are all outcomes but `ok` and `aborted`. */
export function isFailure(outcome: Outcome): boolean {
  return outcome !== 'ok' && outcome !== 'aborted'
}

const segmentSchema = z.record(z.string(), z.string())
export type Segment = Readonly<Record<string, string>>

const requestLineSchema = z.object({
  kind: z.literal('request').optional(),
  at: z.number().min(0),
  action: z.string().min(1),
  arm: z.enum(ARMS),
  latency_ms: z.number().min(0),
  service_ms: z.number().min(0).optional(),
  pair: z.string().optional(),
  session: z.string().optional(),
  status: z.int().min(100).max(599).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  bytes: z.number().min(0).optional(),
  diff: z.array(z.string()).optional(),
  diff_shape: z.array(z.string()).optional(),
  repeat: z.boolean().optional(),
  block: z.int().min(0).optional(),
  phase: z.enum(PHASES).optional(),
  segment: segmentSchema.optional(),
  warmup: z.boolean().optional(),
})

const runLineSchema = z.object({
  kind: z.literal('run'),
  schema: z.literal('outrider.samples/1'),
  plan: planDocumentSchema,
  plan_hash: z.string(),
  seed: z.int(),
  started_at: z.iso.datetime(),
})

const generatorLineSchema = z.object({
  kind: z.literal('generator'),
  at: z.number().min(0),
  lag_p99_ms: z.number().min(0),
  cpu: z.number().min(0),
  not_sent: z.number().min(0),
})

const blockLineSchema = z.object({
  kind: z.literal('block'),
  block: z.int().min(1),
  phase: z.enum(PHASES),
  at: z.number().min(0),
  end: z.number().min(0),
  capped: z.array(z.enum(ARMS)),
  strained: z.boolean().optional(),
  waits: z
    .object({
      limit: z.enum(CONNECTION_LIMITS),
      arms: z.partialRecord(z.enum(ARMS), z.int().min(1)),
    })
    .optional(),
})

const resourceLineSchema = z.object({
  kind: z.literal('resource'),
  at: z.number().min(0),
  arm: z.enum(ARMS),
  instance: z.string(),
  cpu_s: z.number().min(0).optional(),
  rss_bytes: z.number().min(0).optional(),
  requests: z.number().min(0).optional(),
  block: z.int().min(1).optional(),
})

export interface Sample {
  /** Seconds from the start of the run at which the user meant to send. */
  readonly at: number
  readonly action: string
  readonly arm: Arm
  /** From the intended moment to the last byte, or to the failure. */
  readonly latencyMs: number
  /** From the send to the last byte: latency without the generator's own delay. */
  readonly serviceMs: number
  readonly outcome: Outcome
  /** The same for the twins of one step; left out where there are no pairs. */
  readonly pair?: string
  readonly session?: string
  readonly status?: number
  readonly bytes?: number
  /** Paths in which this answer differs from the baseline's first one of the pair. */
  readonly diff?: readonly string[]
  /** Of these, the ones that differ in shape too. */
  readonly diffShape?: readonly string[]
  /** A second answer of the same arm to the same request, sent to learn the noise; not measured. */
  readonly repeat?: boolean
  readonly block?: number
  readonly phase?: Phase
  readonly segment?: Segment
  readonly warmup?: boolean
}

export interface RunHeader {
  readonly plan: Plan
  readonly planHash: string
  readonly seed: number
  readonly startedAt: string
}

/** What the generator says of itself, once a second. */
export interface GeneratorReading {
  /** Seconds from the start of the run. */
  readonly at: number
  readonly lagP99Ms: number
  /** Share of one core. */
  readonly cpu: number
  /** Steps that were due since the last reading and that the generator itself failed to send. */
  readonly notSent: number
}

/** What one process of an arm has used up to a moment; counters only ever grow. */
export interface ResourceReading {
  /** Seconds from the start of the run. */
  readonly at: number
  readonly arm: Arm
  /** Which process: its address, or its pid. */
  readonly instance: string
  readonly cpuSeconds?: number
  readonly rssBytes?: number
  /** Requests that it served; left out = those that were sent to the arm are taken. */
  readonly requests?: number
  /** The block with which it was judged; left out = the first that ends after `at`. */
  readonly block?: number
}

/** A closed block: written beside the samples so that a replay knows empty and capped blocks. */
export interface BlockLine {
  /** Counts from 1 over the whole run; the warm-up has none. */
  readonly block: number
  readonly phase: Phase
  /** Seconds from the start of the run. */
  readonly at: number
  readonly end: number
  /** The arms that were still stalled when the cap closed the block; empty for a quiet end. */
  readonly capped: readonly Arm[]
  /** The generator itself was late in it: its latencies do not count. */
  readonly strained?: boolean
  /** Requests of it waited for a connection of ours; then it is strained too. */
  readonly waits?: BlockWaits
}

/** Requests that had to wait because the generator opened no more connections. */
export interface BlockWaits {
  readonly limit: ConnectionLimit
  readonly arms: Readonly<Partial<Record<Arm, number>>>
}

export type SampleLine =
  | { readonly kind: 'block'; readonly block: BlockLine }
  | { readonly kind: 'request'; readonly sample: Sample }
  | { readonly kind: 'run'; readonly run: RunHeader }
  | { readonly kind: 'generator'; readonly reading: GeneratorReading }
  | { readonly kind: 'resource'; readonly reading: ResourceReading }

export const exampleSampleLine =
  '{"at":12.345,"action":"checkout","arm":"canary","pair":"s17.4","session":"s17","latency_ms":31.2,"service_ms":30.8,"status":200,"outcome":"ok","bytes":512,"block":7,"phase":"load","segment":{"geo":"US","device":"mobile"}}'

/** The schema a line is held against; the kind decides (no `kind` = a request). */
export function sampleLineSchemaOf(value: unknown): z.ZodType {
  const kind = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined
  if (kind === 'run') return runLineSchema
  if (kind === 'generator') return generatorLineSchema
  if (kind === 'block') return blockLineSchema
  if (kind === 'resource') return resourceLineSchema
  return requestLineSchema
}

/** A line that has passed its schema. A request without `outcome` gets it from its status. */
export function toSampleLine(value: unknown): SampleLine {
  const kind = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined
  if (kind === 'run') {
    const line = runLineSchema.parse(value)
    const run = {
      plan: planFromDocument(line.plan),
      planHash: line.plan_hash,
      seed: line.seed,
      startedAt: line.started_at,
    }
    return { kind: 'run', run }
  }
  if (kind === 'generator') {
    const line = generatorLineSchema.parse(value)
    const { at, cpu } = line
    return {
      kind: 'generator',
      reading: { at, cpu, lagP99Ms: line.lag_p99_ms, notSent: line.not_sent },
    }
  }
  if (kind === 'block') {
    const { block, phase, at, end, capped, strained, waits } = blockLineSchema.parse(value)
    const marked = {
      ...(strained === true ? { strained } : {}),
      ...(waits === undefined ? {} : { waits: waits as BlockWaits }),
    }
    return { kind: 'block', block: { block, phase, at, end, capped, ...marked } }
  }
  if (kind === 'resource') return { kind: 'resource', reading: toResource(value) }
  return { kind: 'request', sample: toSample(requestLineSchema.parse(value)) }
}

function toResource(value: unknown): ResourceReading {
  const line = resourceLineSchema.parse(value)
  const { at, arm, instance, cpu_s: cpuSeconds, rss_bytes: rssBytes, requests, block } = line
  return {
    at,
    arm,
    instance,
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
    ...(rssBytes === undefined ? {} : { rssBytes }),
    ...(requests === undefined ? {} : { requests }),
    ...(block === undefined ? {} : { block }),
  }
}

function toSample(line: z.output<typeof requestLineSchema>): Sample {
  const { latency_ms: latencyMs, service_ms: serviceMs, diff_shape: diffShape, ...others } = line
  const { outcome, ...rest } = others
  delete rest.kind
  const status = line.status ?? 0
  return {
    ...rest,
    ...(diffShape === undefined ? {} : { diffShape }),
    latencyMs,
    serviceMs: serviceMs ?? latencyMs,
    outcome: outcome ?? (status >= 200 && status < 400 ? 'ok' : 'http_error'),
  } as Sample
}

/** One NDJSON line, without the newline. */
export function formatSample(sample: Sample): string {
  const { at, action, arm, pair, session, latencyMs, serviceMs, diffShape, ...rest } = sample
  return JSON.stringify({
    at,
    action,
    arm,
    pair,
    session,
    latency_ms: latencyMs,
    service_ms: serviceMs,
    ...rest,
    diff_shape: diffShape,
  })
}

export function formatRunHeader(run: RunHeader): string {
  return JSON.stringify({
    kind: 'run',
    schema: 'outrider.samples/1',
    plan: planToDocument(run.plan),
    plan_hash: run.planHash,
    seed: run.seed,
    started_at: run.startedAt,
  })
}

export function formatGeneratorReading(reading: GeneratorReading): string {
  return JSON.stringify({
    kind: 'generator',
    at: round(reading.at, 3),
    lag_p99_ms: round(reading.lagP99Ms, 3),
    cpu: round(reading.cpu, 4),
    not_sent: reading.notSent,
  })
}

export function formatResourceReading(reading: ResourceReading): string {
  const { at, arm, instance, cpuSeconds, rssBytes, requests, block } = reading
  return JSON.stringify({
    kind: 'resource',
    at: round(at, 3),
    arm,
    instance,
    cpu_s: cpuSeconds,
    rss_bytes: rssBytes,
    requests,
    block,
  })
}

export function formatBlockLine(block: BlockLine): string {
  return JSON.stringify({ kind: 'block', ...block })
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
