/**
 * Latencies seen so far in fixed bins, for rules that judge everything since the start: 128 bins an
 * octave from 1/16 ms to 131 s. Values within a bin (0.54 % wide) count as equal: they tie.
 */

const BINS_PER_OCTAVE = 128
/** Bin 0 begins at 2^-4 ms. */
const OCTAVE_OFFSET = 4
const BIN_COUNT = BINS_PER_OCTAVE * 21

export interface Histogram {
  readonly counts: Uint32Array
  total: number
  /** Bins outside of these hold nothing. */
  lowest: number
  highest: number
}

export function createHistogram(): Histogram {
  return { counts: new Uint32Array(BIN_COUNT), total: 0, lowest: BIN_COUNT, highest: -1 }
}

/** Values beyond the outermost bins are put into them. */
export function addValue(histogram: Histogram, ms: number): void {
  const bin = Math.floor(BINS_PER_OCTAVE * (Math.log2(ms) + OCTAVE_OFFSET))
  const index = Math.max(0, Math.min(BIN_COUNT - 1, bin))
  histogram.counts[index] = (histogram.counts[index] ?? 0) + 1
  histogram.total += 1
  histogram.lowest = Math.min(histogram.lowest, index)
  histogram.highest = Math.max(histogram.highest, index)
}

/** Middle of the bin up to which a share `q` of the values lies; undefined if empty. */
export function findQuantile(histogram: Histogram, q: number): number | undefined {
  const wanted = q * histogram.total
  let seen = 0
  for (let bin = histogram.lowest; bin <= histogram.highest; bin += 1) {
    seen += histogram.counts[bin] ?? 0
    if (seen >= wanted) return 2 ** ((bin + 0.5) / BINS_PER_OCTAVE - OCTAVE_OFFSET)
  }
  return undefined
}

/**
 * How far the canary's values rank above the baseline's, in standard deviations: the rank-sum test
 * with average ranks for ties and a continuity correction (Mann and Whitney 1947). 0 where an arm
 * is empty or everything ties.
 */
export function rankSumZ(canary: Histogram, baseline: Histogram): number {
  const n = canary.total
  const m = baseline.total
  const all = n + m
  let before = 0
  let ranks = 0
  let ties = 0
  eachBin(canary, baseline, (x, y) => {
    const here = x + y
    ranks += x * (before + (here + 1) / 2)
    ties += here * (here * here - 1)
    before += here
  })
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)))
  if (n === 0 || m === 0 || !(variance > 0)) return 0
  const above = ranks - (n * (n + 1)) / 2 - (n * m) / 2
  return (above - Math.sign(above) / 2) / Math.sqrt(variance)
}

/** The largest share by which the baseline's distribution function lies above the canary's. */
export function largestLag(canary: Histogram, baseline: Histogram): number {
  let [below, faster, largest] = [0, 0, 0]
  eachBin(canary, baseline, (x, y) => {
    below += x
    faster += y
    largest = Math.max(largest, faster / baseline.total - below / canary.total)
  })
  return largest
}

function eachBin(
  canary: Histogram,
  baseline: Histogram,
  visit: (ofCanary: number, ofBaseline: number) => void,
): void {
  const last = Math.max(canary.highest, baseline.highest)
  for (let bin = Math.min(canary.lowest, baseline.lowest); bin <= last; bin += 1) {
    const x = canary.counts[bin] ?? 0
    const y = baseline.counts[bin] ?? 0
    if (x + y > 0) visit(x, y)
  }
}
