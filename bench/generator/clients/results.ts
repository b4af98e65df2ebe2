/** What clients and servers of the benchmark say of a run, one line of JSON each. */

import * as z from 'zod'

const quantilesSchema = z.object({ p50: z.number(), p99: z.number(), p999: z.number() })
export type Quantiles = z.output<typeof quantilesSchema>

/** What the delay server gave since it was told to begin. */
const truthSchema = z.object({
  count: z.number(),
  meanMs: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  p999Ms: z.number(),
  /** Dispersion of the arrivals per 10 ms. */
  bursts: z.number(),
})
export type Truth = z.output<typeof truthSchema>

/** Of a client that sends as much as it can, or at a rate. */
const loadSchema = z.object({
  requests: z.number(),
  failed: z.number(),
  /** In which they were sent. */
  seconds: z.number(),
  /** Of those since the third second; left out for short runs and by tools that do not say. */
  lateRequests: z.number().optional(),
  /** CPU at that moment, of the process itself; as above. */
  lateMicros: z.number().optional(),
})
export type Load = z.output<typeof loadSchema>

const openSchema = z.object({
  requests: z.number(),
  failed: z.number(),
  /** Due, but not sent, by the client's own count; undefined where it counts none. */
  dropped: z.number().optional(),
  /** As the client reports it, in ms. */
  reported: quantilesSchema.partial(),
  /** Latency minus the true delay, request by request; only of clients that know both. */
  error: quantilesSchema.optional(),
  /** Sent minus intended. */
  lag: quantilesSchema.optional(),
  /** Since the send, minus the true delay. */
  service: quantilesSchema.optional(),
  /** Mean true delay of the requests that were counted. */
  meanDelayMs: z.number().optional(),
})
export type Open = z.output<typeof openSchema>

const memorySchema = z.object({
  rssMb: z.number(),
  heapMb: z.number(),
  requests: z.number(),
  connections: z.number().optional(),
})
export type Memory = z.output<typeof memorySchema>

const longSchema = z.object({
  requests: z.number(),
  failed: z.number(),
  early: memorySchema,
  late: memorySchema,
})
export type Long = z.output<typeof longSchema>

export const RESULTS = {
  truth: truthSchema,
  load: loadSchema,
  open: openSchema,
  memory: memorySchema,
  long: longSchema,
}

/** The quantiles of these numbers; NaN of none. */
export function quantilesOf(numbers: readonly number[]): Quantiles {
  const sorted = Float64Array.from(numbers).toSorted()
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

/** The last line of what a client printed. */
export function lastLine(stdout: string): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}
