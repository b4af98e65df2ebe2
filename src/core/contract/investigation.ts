/** What a regression leaves behind: the alert that told of it and the record of what was seen. */

import * as z from 'zod'
import { reportSchema } from './report.ts'

export const SEVERITIES = ['page', 'ticket', 'info'] as const

const finding = reportSchema.shape.findings.element
const effect = finding.shape.effect.unwrap()

/** One arm's part of a pair, redacted, the body cut at 4 KiB. */
const side = z.strictObject({
  outcome: z.string(),
  status: z.int().exactOptional(),
  latencyMs: z.number(),
  headers: z.record(z.string(), z.string()).exactOptional(),
  body: z.string().exactOptional(),
  /** Why the exchange failed. */
  reason: z.string().exactOptional(),
})

const difference = z.strictObject({
  path: z.string(),
  baseline: z.json().exactOptional(),
  canary: z.json().exactOptional(),
  /** Of the pairs of this action that were kept. */
  canaryShare: z.number().exactOptional(),
  controlShare: z.number().exactOptional(),
})

const segmentRow = z.strictObject({
  segment: z.record(z.string(), z.string()),
  pairs: z.int(),
  effect,
})
export type SegmentRow = z.output<typeof segmentRow>

const exchangeRow = z.strictObject({
  pair: z.string(),
  /** Seconds from the start of the run. */
  at: z.number(),
  request: z.strictObject({ method: z.string(), path: z.string() }),
  baseline: side,
  canary: side,
  diff: z.array(difference),
})
export type ExchangeRow = z.output<typeof exchangeRow>

export const investigationSchema = z.strictObject({
  id: z.string(),
  /** Left out where a probe found it. */
  rollout: z.string().exactOptional(),
  run: z.string(),
  at: z.string(),
  title: z.string(),
  finding,
  /** Seconds from the end of the warm-up. */
  onset: z.number(),
  /** Found on the same data: a lead, not a proof. Strongest first. */
  segments: z.array(segmentRow),
  /** How many pairs of the action the segments were counted on. */
  pairs: z.int(),
  exchanges: z.array(exchangeRow),
  /** A curl line that sends the same request to the canary; secrets stand as variables. */
  reproduce: z.string().exactOptional(),
})
export type Investigation = z.output<typeof investigationSchema>
/**
 * What the run itself can say; the rest is known to whoever keeps the record. `finding` is there
 * where a segment explains it, and then stands in place of the one that was asked about.
 */
export type Inquiry = Pick<Investigation, 'segments' | 'pairs' | 'exchanges' | 'reproduce'> &
  Partial<Pick<Investigation, 'finding'>>

export const ALERT_KINDS = [
  'started',
  'regressed',
  'promoted',
  'rolled_back',
  'drift',
  'router_unreachable',
] as const
export type AlertKind = (typeof ALERT_KINDS)[number]

export const alertSchema = z.strictObject({
  id: z.string(),
  /** One alert per key: `r1/checkout/latency_typical`. */
  key: z.string(),
  kind: z.enum(ALERT_KINDS),
  state: z.enum(['firing', 'resolved']),
  severity: z.enum(SEVERITIES),
  since: z.string(),
  resolvedAt: z.string().exactOptional(),
  rollout: z.string(),
  title: z.string(),
  runbook: z.string().exactOptional(),
  investigation: z.string().exactOptional(),
})
export type Alert = z.output<typeof alertSchema>

export const ALERT_CHANGES = ['firing', 'resolved', 'told'] as const
/** The body of a webhook: the alert, and what happened to it; a fact is told once. */
export const alertNoticeSchema = alertSchema.extend({
  change: z.enum(ALERT_CHANGES),
  detail: z.string().exactOptional(),
})
export type AlertNotice = z.output<typeof alertNoticeSchema>

export const alertListSchema = z.strictObject({
  alerts: z.array(alertSchema),
  nextCursor: z.string().exactOptional(),
})
export const investigationListSchema = z.strictObject({
  investigations: z.array(
    investigationSchema
      .pick({ id: true, rollout: true, run: true, at: true, title: true })
      .partial({ rollout: true }),
  ),
  nextCursor: z.string().exactOptional(),
})

/** A row of the audit log: who asked for what, and what came of it. */
export const auditListSchema = z.strictObject({
  entries: z.array(
    z.strictObject({
      number: z.int(),
      at: z.string(),
      who: z.string(),
      what: z.string(),
      subject: z.string(),
      status: z.int(),
      detail: z.string().exactOptional(),
    }),
  ),
  nextCursor: z.string().exactOptional(),
})
export type AuditEntry = z.output<typeof auditListSchema>['entries'][number]
