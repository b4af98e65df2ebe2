/** From the exchanges of one step to its samples and to the pair that is scored. */

import type { PairRecord } from '../../analysis/fold.ts'
import { isFailure, type Sample, type Segment } from '../../core/contract/sample.ts'
import type { Exchange, Step } from '../../generator/traffic.ts'

/** The arm that the canary's latency is compared with. */
export type Reference = 'baseline' | 'control'

/**
 * Undefined where the pair may not be scored: an arm is missing, was aborted by us, or the control
 * that latency is compared with failed where the baseline did not. Outcomes are always those of
 * canary and baseline.
 */
export function pairOf(
  step: Step,
  exchanges: readonly Exchange[],
  action: number | undefined,
  originMs: number,
  reference: Reference = 'baseline',
): PairRecord | undefined {
  const baseline = exchanges.find((exchange) => exchange.arm === 'baseline')
  const canary = exchanges.find((exchange) => exchange.arm === 'canary')
  if (action === undefined || baseline === undefined || canary === undefined) return undefined
  if (exchanges.some((exchange) => exchange.outcome === 'aborted')) return undefined
  const compared = exchanges.find((exchange) => exchange.arm === reference)
  const isLost = compared === undefined || isFailure(compared.outcome)
  if (isLost && !isFailure(baseline.outcome)) return undefined
  return {
    pair: step.pair,
    action,
    at: (step.intendedMs - originMs) / 1000,
    baselineMs: isLost ? baseline.latencyMs : compared.latencyMs,
    canaryMs: canary.latencyMs,
    baseline: baseline.outcome,
    canary: canary.outcome,
  }
}

export function samplesOf(step: Step, exchanges: readonly Exchange[], originMs: number): Sample[] {
  const segment = segmentOf(step)
  const at = (step.intendedMs - originMs) / 1000
  return exchanges.map((exchange) => ({
    at,
    action: step.action,
    arm: exchange.arm,
    pair: step.pair,
    session: step.session,
    latencyMs: exchange.latencyMs,
    serviceMs: exchange.serviceMs,
    ...(exchange.status === undefined ? {} : { status: exchange.status }),
    outcome: exchange.outcome,
    bytes: exchange.bytes,
    segment,
  }))
}

/** The median baseline latency of the slowest action; 0 where no action has ten pairs. */
export function slowestMedianMs(pairs: readonly PairRecord[]): number {
  const byAction = new Map<number, number[]>()
  for (const { action, baselineMs } of pairs) {
    const known = byAction.get(action)
    if (known === undefined) byAction.set(action, [baselineMs])
    else known.push(baselineMs)
  }
  let slowest = 0
  for (const latencies of byAction.values()) {
    if (latencies.length < 10) continue
    latencies.sort((left, right) => left - right)
    slowest = Math.max(slowest, latencies[Math.floor(latencies.length / 2)] ?? 0)
  }
  return slowest
}

function segmentOf(step: Step): Segment {
  const label = step.profile.labels[0]
  return {
    geo: step.profile.geo_location,
    device: step.profile.device_type,
    ...(label === undefined ? {} : { label }),
    ...(step.previous === undefined ? {} : { prev: step.previous }),
  }
}
