/** The requests of one slice of time: exact latencies and failures, dropped after use. */

/** A slice with more keeps every second value, then every fourth, and so on. */
const MOST_VALUES = 400_000

export class Requests {
  #latencies: number[] = []
  #keepEvery = 1
  #count = 0
  #failures = 0

  add(latencyMs: number, failed: boolean): void {
    if (this.#count % this.#keepEvery === 0) this.#latencies.push(latencyMs)
    if (this.#latencies.length >= MOST_VALUES) {
      this.#latencies = this.#latencies.filter((_, index) => index % 2 === 0)
      this.#keepEvery *= 2
    }
    this.#count += 1
    if (failed) this.#failures += 1
  }

  get count(): number {
    return this.#count
  }

  get failures(): number {
    return this.#failures
  }

  get latencies(): readonly number[] {
    return this.#latencies
  }
}

/** Several slices as one. */
export interface Slices {
  readonly count: number
  readonly failures: number
  /** In milliseconds; NaN without requests. */
  quantile(share: number): number
}

export function joinSlices(slices: readonly Requests[]): Slices {
  const sorted = Float64Array.from(slices.flatMap(({ latencies }) => latencies)).toSorted()
  return {
    count: slices.reduce((sum, slice) => sum + slice.count, 0),
    failures: slices.reduce((sum, slice) => sum + slice.failures, 0),
    quantile: (share) => quantileOf(sorted, share),
  }
}

/** Between neighbours by their distance (Hyndman and Fan 1996, type 7); NaN for no values. */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share
  const below = Math.floor(place)
  const low = sorted[below] ?? NaN
  const high = sorted[below + 1] ?? low
  return low + (high - low) * (place - below)
}
