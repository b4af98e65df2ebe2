/**
 * A histogram of latencies with 32 bins an octave from 0.25 ms to 16 s: quantiles within 2.2 per
 * cent from 512 counts. Increments are sparse, so that a worker can send those of one block.
 */

const BINS_PER_OCTAVE = 32
const BIN_COUNT = 512
/** Bin 0 begins at 2^-2 = 0.25 ms. */
const OCTAVE_OFFSET = 2

/** Counts by bin; a bin that is left out holds nothing. */
export type Bins = Record<number, number>

export interface Sketch {
  readonly counts: Float64Array
  /** Sum of the counts. */
  total: number
}

export function createSketch(bins: Bins = {}): Sketch {
  const sketch = { counts: new Float64Array(BIN_COUNT), total: 0 }
  addBins(sketch, bins)
  return sketch
}

/** The bin of a value in milliseconds; values outside 0.25 ms to 16 s land in the outermost ones. */
export function binOf(value: number): number {
  const bin = Math.floor(BINS_PER_OCTAVE * (Math.log2(value) + OCTAVE_OFFSET))
  return Math.max(0, Math.min(BIN_COUNT - 1, bin))
}

/** The bin of a value in milliseconds, given its natural logarithm. */
export function binOfLn(lnValue: number): number {
  const bin = Math.floor(BINS_PER_OCTAVE * (lnValue * Math.LOG2E + OCTAVE_OFFSET))
  return Math.max(0, Math.min(BIN_COUNT - 1, bin))
}

export function countInto(bins: Bins, value: number): void {
  countBin(bins, binOf(value))
}

export function countBin(bins: Bins, bin: number): void {
  bins[bin] = (bins[bin] ?? 0) + 1
}

export function addBins(sketch: Sketch, bins: Bins): void {
  // Keys are asked for one by one: this runs for every block, and a list of entries is slow.
  for (const key in bins) {
    const bin = Number(key)
    const count = bins[bin] ?? 0
    sketch.counts[bin] = (sketch.counts[bin] ?? 0) + count
    sketch.total += count
  }
}

export function addSketch(sketch: Sketch, from: Sketch): void {
  for (let bin = 0; bin < BIN_COUNT; bin += 1) {
    sketch.counts[bin] = (sketch.counts[bin] ?? 0) + (from.counts[bin] ?? 0)
  }
  sketch.total += from.total
}

/** The sum of two sets of increments, as a new one. */
export function mergeBins(left: Bins, right: Bins): Bins {
  const merged = { ...left }
  for (const [bin, count] of Object.entries(right)) {
    merged[Number(bin)] = (merged[Number(bin)] ?? 0) + count
  }
  return merged
}

/** Halves every count until at most `limit` remain, so that the past fades; says whether it did. */
export function fade(sketch: Sketch, limit: number): boolean {
  let faded = false
  while (sketch.total > limit) {
    sketch.total = 0
    for (let bin = 0; bin < BIN_COUNT; bin += 1) {
      const half = Math.floor((sketch.counts[bin] ?? 0) / 2)
      sketch.counts[bin] = half
      sketch.total += half
    }
    faded = true
  }
  return faded
}

/** Count and sum of the values, each taken as the middle of its bin. */
export function totalOf(bins: Bins): { readonly count: number; readonly sum: number } {
  let [count, sum] = [0, 0]
  for (const [bin, of] of Object.entries(bins)) {
    count += of
    sum += of * upperEdge(Number(bin) - 0.5)
  }
  return { count, sum }
}

/** Upper edge of the first bin up to which a share `q` of the values lies; undefined if empty. */
export function findQuantile(sketch: Sketch, q: number): number | undefined {
  if (sketch.total === 0) return undefined
  const wanted = q * sketch.total
  let seen = 0
  for (let bin = 0; bin < BIN_COUNT; bin += 1) {
    seen += sketch.counts[bin] ?? 0
    if (seen > 0 && seen >= wanted) return upperEdge(bin)
  }
  return upperEdge(BIN_COUNT - 1)
}

function upperEdge(bin: number): number {
  return 2 ** ((bin + 1) / BINS_PER_OCTAVE - OCTAVE_OFFSET)
}
