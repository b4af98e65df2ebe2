/**
 * Whether memory grows: the slope of its floor by Theil and Sen, the median of the slopes between
 * all pairs of points, which a third of outliers cannot move.
 *
 * The floor is the least memory of a stretch of time, about what is left after a garbage collection.
 * Memory has a memory itself: neighbouring points are alike, so the interval is narrower than it
 * should be. A hint, never a verdict.
 *
 * @see Theil (1950), Indagationes Mathematicae 12; Sen (1968), Journal of the American Statistical
 *   Association 63, for the interval from Kendall's tau
 */

/** The least memory of a block. */
export interface MemoryFloor {
  /** Seconds. */
  readonly at: number
  readonly rssBytes: number
}

/** Megabytes (10⁶ bytes) a minute, with 95 % limits. */
export interface MemorySlope {
  readonly mbPerMinute: number
  readonly low: number
  readonly high: number
}

const LEAST_POINTS = 10
/** More points are joined by their least, so that pairs stay below 50 000. */
const MOST_POINTS = 300
const NORMAL_95 = 1.959963984540054
const MB_PER_MINUTE = 60 / 1e6

/** Undefined for fewer than ten different moments: that says nothing about growth. */
export function memorySlope(floors: readonly MemoryFloor[]): MemorySlope | undefined {
  const points = joined(
    floors
      .filter(({ at, rssBytes }) => Number.isFinite(at) && Number.isFinite(rssBytes))
      .toSorted((one, other) => one.at - other.at),
  )
  if (new Set(points.map(({ at }) => at)).size < LEAST_POINTS) return undefined
  const slopes = slopesOf(points)
  const [low, high] = limitsOf(slopes.length, points.length)
  return {
    mbPerMinute: valueAt(slopes, (slopes.length - 1) / 2) * MB_PER_MINUTE,
    low: valueAt(slopes, low) * MB_PER_MINUTE,
    high: valueAt(slopes, high) * MB_PER_MINUTE,
  }
}

function joined(points: readonly MemoryFloor[]): MemoryFloor[] {
  const size = Math.ceil(points.length / MOST_POINTS)
  if (size <= 1) return [...points]
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const group = points.slice(index * size, (index + 1) * size)
    return group.reduce((least, point) => (point.rssBytes < least.rssBytes ? point : least))
  })
}

function slopesOf(points: readonly MemoryFloor[]): Float64Array {
  const slopes: number[] = []
  for (const [index, from] of points.entries()) {
    for (const to of points.slice(index + 1)) {
      if (to.at > from.at) slopes.push((to.rssBytes - from.rssBytes) / (to.at - from.at))
    }
  }
  return Float64Array.from(slopes).toSorted()
}

/** Places of the limits among the sorted slopes, counted from 0. */
function limitsOf(slopes: number, points: number): [number, number] {
  const spread = NORMAL_95 * Math.sqrt((points * (points - 1) * (2 * points + 5)) / 18)
  return [Math.max(0, (slopes - spread) / 2 - 1), Math.min(slopes - 1, (slopes + spread) / 2)]
}

/** Linear between two places. */
function valueAt(sorted: Float64Array, place: number): number {
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
