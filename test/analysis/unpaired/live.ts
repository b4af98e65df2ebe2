/** Live traffic of pods that stall, for the study of unpaired evidence. */

import { createRandom, type Random } from '../../../src/core/random.ts'
import { countedOf } from '../../../src/analysis/unpaired/mann-whitney.ts'
import type { UnpairedBlock } from '../../../src/analysis/unpaired/unpaired.ts'

export interface LiveOptions {
  readonly baselinePods: number
  readonly canaryPods: number
  /** Requests per second of one pod. */
  readonly perPod: number
  readonly blockSeconds: number
  /** Mean length of a stall and mean time between two, in seconds; each pod has its own. */
  readonly stall?: { readonly seconds: number; readonly every: number }
  /** Ratio of the canary's service time. */
  readonly slower?: number
}

/** Blocks one by one: log-normal service, and whoever comes in a stall waits for its end. */
export function createLive(seed: number, options: LiveOptions): () => UnpairedBlock {
  const { baselinePods, canaryPods, slower = 1, blockSeconds } = options
  const random = createRandom(seed, 'live')
  const pods = Array.from({ length: baselinePods + canaryPods }, (_, index) =>
    createPod(random.fork(`pod ${index}`), options),
  )
  let from = 0
  return () => {
    const values = pods.map((pod, index) => pod(from, index < canaryPods ? slower : 1))
    from += blockSeconds
    return {
      canary: countedOf(values.slice(0, canaryPods).flat()),
      baseline: countedOf(values.slice(canaryPods).flat()),
    }
  }
}

function createPod(
  random: Random,
  { perPod, blockSeconds, stall }: LiveOptions,
): (from: number, ratio: number) => number[] {
  const { seconds, every } = stall ?? { seconds: 0, every: Infinity }
  let begins = every * random.exponential()
  let lasts = seconds * random.exponential()
  let at = random.exponential() / perPod
  return (from, ratio) => {
    const latencies: number[] = []
    for (; at < from + blockSeconds; at += random.exponential() / perPod) {
      // What piled up in a stall at a utilisation of 0.3 is worked off at 0.7.
      while (at > begins + lasts + (0.3 / 0.7) * lasts) {
        begins += lasts + every * random.exponential()
        lasts = seconds * random.exponential()
      }
      const since = at - begins
      const waits =
        since < 0 ? 0 : since < lasts ? lasts - 0.7 * since : 0.3 * lasts - 0.7 * (since - lasts)
      latencies.push(1000 * Math.max(0, waits) + 20 * ratio * Math.exp(0.54 * random.normal()))
    }
    return latencies
  }
}
