/** From the exchanges of one step to its samples and to the pair that is scored. */

import type { PairRecord } from '../../analysis/fold.ts'
import type { AnswerDiff } from '../../core/answers.ts'
import type { Arm } from '../../core/arm.ts'
import { isFailure, type Sample, type Segment } from '../../core/contract/sample.ts'
import type { Exchange, Step } from '../../generator/traffic.ts'
import type { ComparedStep, StepDiffs } from './answers.ts'

/** The arm that the canary's latency is compared with. */
export type Reference = 'baseline' | 'control'

/** All that is known of a step that has ended. */
export interface EndedStep {
  readonly step: Step
  readonly exchanges: readonly Exchange[]
  /** Of the twins that were asked once more. */
  readonly repeats: readonly Exchange[]
  /** Left out where they were not compared. */
  readonly compared: ComparedStep | undefined
}

/**
 * Undefined where the pair may not be scored: an arm is missing, was aborted by us, or the control
 * that latency is compared with failed where the baseline did not. Outcomes are always those of
 * canary and baseline.
 */
export function pairOf(
  { step, exchanges, compared }: EndedStep,
  action: number | undefined,
  originMs: number,
  reference: Reference = 'baseline',
): PairRecord | undefined {
  const baseline = exchanges.find((exchange) => exchange.arm === 'baseline')
  const canary = exchanges.find((exchange) => exchange.arm === 'canary')
  if (action === undefined || baseline === undefined || canary === undefined) return undefined
  if (exchanges.some((exchange) => exchange.outcome === 'aborted')) return undefined
  const twin = exchanges.find((exchange) => exchange.arm === reference)
  const isLost = twin === undefined || isFailure(twin.outcome)
  if (isLost && !isFailure(baseline.outcome)) return undefined
  return {
    pair: step.pair,
    action,
    at: (step.intendedMs - originMs) / 1000,
    baselineMs: isLost ? baseline.latencyMs : twin.latencyMs,
    canaryMs: canary.latencyMs,
    baseline: baseline.outcome,
    canary: canary.outcome,
    ...(compared === undefined ? {} : { answers: compared.answers }),
  }
}

/** One sample of each exchange; those of repeats come last and are marked. */
export function samplesOf(ended: EndedStep, originMs: number): Sample[] {
  const { step, exchanges, repeats, compared } = ended
  const segment = segmentOf(step, exchanges)
  const sampleOf = (exchange: Exchange, fromMs: number, diff: AnswerDiff | undefined): Sample => ({
    at: (fromMs - originMs) / 1000,
    action: step.action,
    arm: exchange.arm,
    pair: step.pair,
    session: step.session,
    latencyMs: exchange.latencyMs,
    serviceMs: exchange.serviceMs,
    ...(exchange.status === undefined ? {} : { status: exchange.status }),
    outcome: exchange.outcome,
    bytes: exchange.bytes,
    ...(diff === undefined ? {} : { diff: diff.paths, diffShape: diff.shapes }),
    segment,
  })
  const samples = exchanges.map((exchange) =>
    sampleOf(exchange, step.intendedMs, findDiff(compared?.diffs, exchange.arm)),
  )
  for (const exchange of repeats) {
    const { repeatBaseline, repeatCanary } = compared?.diffs ?? {}
    const diff = exchange.arm === 'canary' ? repeatCanary : repeatBaseline
    samples.push({ ...sampleOf(exchange, exchange.sentMs, diff), repeat: true })
  }
  return samples
}

/** Of a first answer: the baseline's own is what the others are held against. */
function findDiff(diffs: StepDiffs | undefined, arm: Arm): AnswerDiff | undefined {
  return arm === 'baseline' ? undefined : diffs?.[arm]
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

/** Upper ends in bytes; what is longer than the last but one is in the last. */
const SIZES = [
  ['1k', 2 ** 10],
  ['4k', 2 ** 12],
  ['16k', 2 ** 14],
  ['64k', 2 ** 16],
  ['256k', 2 ** 18],
  ['1m', Number.POSITIVE_INFINITY],
] as const

/** The same for all arms of a step, so that a segment never parts twins. */
function segmentOf(step: Step, exchanges: readonly Exchange[]): Segment {
  const label = step.profile.labels[0]
  const size = findSize(exchanges)
  return {
    geo: step.profile.geo_location,
    device: step.profile.device_type,
    ...(label === undefined ? {} : { label }),
    ...(step.previous === undefined ? {} : { prev: step.previous }),
    ...(size === undefined ? {} : { size }),
    load: step.load,
  }
}

/**
 * By the baseline's answer. The page of an error tells no size, so where the baseline failed another
 * arm's answer is taken: else failures of the baseline would leave the segment of large answers,
 * and those of the canary stay.
 */
function findSize(exchanges: readonly Exchange[]): string | undefined {
  const answered = exchanges.filter(({ outcome }) => outcome === 'ok')
  const taken = answered.find(({ arm }) => arm === 'baseline') ?? answered[0]
  if (taken === undefined) return undefined
  return SIZES.find(([, most]) => taken.bytes <= most)?.[0]
}
