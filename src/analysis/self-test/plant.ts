/**
 * A known regression, planted into a copy of the canary's samples: what a slower or failing canary
 * would have sent back. Only the canary changes, so everything else of the run, its noise and its
 * stalls included, stays as it really was.
 */

import type { Sample } from '../../core/contract/sample.ts'
import { hash53 } from '../../core/random.ts'
import { WHOLE_SERVICE, type ActionMetric } from '../../core/verdict.ts'

export interface Planting {
  /** `*` = every action. */
  readonly action: string
  readonly metric: ActionMetric
  /** 0.2 = 20 % slower, or 20 pp more failures or wrong answers. */
  readonly size: number
}

export interface Planted extends Planting {
  /** Of the tail: the canary's p95 by action; only what lies above becomes slower. */
  readonly tailMs?: ReadonlyMap<string, number>
  /** A slower answer that takes longer than this times out. */
  readonly timeoutMs: number
}

/** A field that no answer has, so it is no field that the noise has taught to ignore. */
const PLANTED_PATH = '$.planted'
const HASH_RANGE = 2 ** 53

/** @param seed decides which requests fail or answer wrongly; the same seed chooses the same */
export function plant(sample: Sample, planted: Planted, seed: number): Sample {
  const { action, metric } = planted
  if (sample.arm !== 'canary' || sample.repeat === true) return sample
  if (action !== WHOLE_SERVICE && sample.action !== action) return sample
  switch (metric) {
    case 'latency_typical':
      return slowDown(sample, planted)
    case 'latency_tail':
      return sample.latencyMs > (planted.tailMs?.get(sample.action) ?? Infinity)
        ? slowDown(sample, planted)
        : sample
    case 'errors':
      return sample.outcome === 'ok' && isDrawn(sample, planted, seed)
        ? { ...sample, outcome: 'http_error', status: 500 }
        : sample
    case 'responses':
      return sample.diff !== undefined && isDrawn(sample, planted, seed)
        ? {
            ...sample,
            diff: [...sample.diff, PLANTED_PATH],
            diffShape: [...(sample.diffShape ?? []), PLANTED_PATH],
          }
        : sample
  }
}

/** The generator's own delay before the send is no part of the answer and stays. */
function slowDown(sample: Sample, { size, timeoutMs }: Planted): Sample {
  const waitedMs = sample.latencyMs - sample.serviceMs
  const serviceMs = sample.serviceMs * (1 + size)
  if (sample.outcome !== 'ok' || serviceMs <= timeoutMs) {
    return { ...sample, serviceMs, latencyMs: waitedMs + serviceMs }
  }
  const { status: _status, ...rest } = sample
  return { ...rest, outcome: 'timeout', serviceMs: timeoutMs, latencyMs: waitedMs + timeoutMs }
}

function isDrawn(sample: Sample, { size }: Planted, seed: number): boolean {
  const name = sample.pair ?? `${sample.at} ${sample.action}`
  return hash53(seed, `plant:${name}`) < size * HASH_RANGE
}
