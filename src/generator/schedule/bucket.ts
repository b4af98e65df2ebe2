/** Bucket: the limit on the requests per second of one arm. Pure. */

/** Requests that the bucket lets through at once after a rest, as seconds of its rate. */
const BURST_SECONDS = 0.25

/**
 * A token bucket in the form of a "theoretical arrival time" (generic cell rate algorithm, ITU-T
 * I.371).
 */
export interface Bucket {
  /** The first moment, `fromMs` or later, at which one more request conforms. */
  earliestMs(fromMs: number): number
  /** One request was sent; a repeat or a redirect that cannot wait is charged the same. */
  charge(atMs: number): void
}

/**
 * Over any span of T seconds at most `maxRps`·(T + ¼) + 1 requests conform; from 4 a second on it
 * is at most `maxRps`·(T + ¼), so that buckets which share a limit between them hold it together.
 */
export function createBucket(maxRps: number): Bucket {
  if (maxRps === Number.POSITIVE_INFINITY) {
    return { earliestMs: (fromMs) => fromMs, charge: () => undefined }
  }
  const periodMs = 1000 / maxRps
  const creditMs = Math.max(0, BURST_SECONDS * 1000 - periodMs)
  let theoreticalMs = Number.NEGATIVE_INFINITY
  return {
    earliestMs: (fromMs) => Math.max(fromMs, theoreticalMs - creditMs),
    charge: (atMs) => {
      theoreticalMs = Math.max(theoreticalMs, atMs) + periodMs
    },
  }
}
