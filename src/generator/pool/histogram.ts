/**
 * Histogram: times in logarithmic buckets, 32 an octave, from 8 µs to 17 min: exact to about 2 %,
 * flat memory, 3 ns a record. Counts are integers, so histograms of several threads merge exactly.
 */

const BINS_PER_OCTAVE = 32
const LOWEST_OCTAVE = -7
const OCTAVES = 27
const BINS = BINS_PER_OCTAVE * OCTAVES

/** Index, count, index, count, …: the buckets that are not empty. */
export type SparseCounts = readonly number[]

export class Histogram {
  readonly #bins = new Float64Array(BINS)
  #count = 0

  record(ms: number): void {
    const bin = Math.floor(BINS_PER_OCTAVE * (Math.log2(ms) - LOWEST_OCTAVE))
    const index = Math.min(Math.max(0, bin), BINS - 1)
    this.#bins[index] = (this.#bins[index] ?? 0) + 1
    this.#count += 1
  }

  merge(counts: SparseCounts): void {
    for (let at = 0; at < counts.length; at += 2) {
      const index = counts[at] ?? 0
      const count = counts[at + 1] ?? 0
      this.#bins[index] = (this.#bins[index] ?? 0) + count
      this.#count += count
    }
  }

  /** What was recorded, which is forgotten here. */
  take(): SparseCounts {
    const counts: number[] = []
    if (this.#count === 0) return counts
    for (let index = 0; index < BINS; index += 1) {
      const count = this.#bins[index] ?? 0
      if (count > 0) counts.push(index, count)
    }
    this.#bins.fill(0)
    this.#count = 0
    return counts
  }

  /** Undefined while nothing was recorded. @param share 0 to 1 */
  quantile(share: number): number | undefined {
    if (this.#count === 0) return undefined
    const wanted = share * this.#count
    let seen = 0
    let index = 0
    for (; index < BINS - 1; index += 1) {
      seen += this.#bins[index] ?? 0
      if (seen >= wanted && seen > 0) break
    }
    return 2 ** ((index + 0.5) / BINS_PER_OCTAVE + LOWEST_OCTAVE)
  }
}
