/** The warm-up of a shard: its pairs are folded once, for what they say of usual latencies. */

import { foldPairs, type PairRecord } from '../../analysis/fold.ts'
import { formatSample, type Sample } from '../../core/contract/sample.ts'
import type { Phase } from '../../core/verdict.ts'
import type { Slice } from './blocks.ts'
import type { FromWorker, WorkerInput } from './messages.ts'

export class Warm {
  readonly slice: Slice
  /** Length of the warm-up; 0 until it is over. */
  seconds = 0
  #folded = false

  constructor(phase: Phase, originMs: number) {
    this.slice = { index: 0, phase, startMs: originMs, openPairs: 0, pairs: [], samples: [] }
  }

  /** A pair of the warm-up has ended. */
  ended(pair: PairRecord | undefined, samples: readonly Sample[]): void {
    this.slice.openPairs -= 1
    if (pair !== undefined && !this.#folded) this.slice.pairs.push(pair)
    this.slice.samples.push(...samples)
  }

  /** The sums, once: when nothing of the warm-up is in flight any more. */
  fold({ plan, seed, parameters }: WorkerInput): FromWorker | undefined {
    if (this.#folded || this.slice.openPairs > 0) return undefined
    this.#folded = true
    const message: FromWorker = {
      kind: 'warmed-up',
      seconds: this.seconds,
      pairs: this.slice.pairs.length,
      sums: foldPairs(plan, seed, parameters, this.slice.pairs),
      lines: this.takeLines(),
    }
    this.slice.pairs.length = 0
    return message
  }

  /** Takes out what began at this moment or later: it becomes a block. */
  takeFrom(seconds: number): { pairs: PairRecord[]; samples: Sample[] } {
    const { pairs, samples } = this.slice
    const isLate = ({ at }: { readonly at: number }): boolean => at >= seconds
    const late = { pairs: pairs.filter(isLate), samples: samples.filter(isLate) }
    pairs.splice(0, pairs.length, ...pairs.filter((pair) => !isLate(pair)))
    samples.splice(0, samples.length, ...samples.filter((sample) => !isLate(sample)))
    return late
  }

  takeLines(): string {
    const samples = this.slice.samples.splice(0)
    return samples.map((sample) => formatSample({ ...sample, warmup: true })).join('\n')
  }
}
