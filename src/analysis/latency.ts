/**
 * Latency scores of one pair, positive = canary slower. Each is antisymmetric bit for bit: swapping
 * the two values that are compared negates it, which is all that the evidence needs.
 */

/** Shorter or broken latencies count as this, so that a logarithm exists. */
const SHORTEST_MS = 0.01
/** A hang is worth no more than this, or this many medians. */
const CENSOR_MS = 2000
const CENSOR_MEDIANS = 40
/** Huber's clip in units of the mean |d| (Huber 1964; STATISTICS 9.3). */
const CLIP = 1.7
const LARGEST_SEVERITY = 2

/** Scores become integers of this many parts, so that sums are exact in any order. */
export const UNIT = 2 ** 32

/** A latency that can be scored: finite and at least 0.01 ms; `odd` if it had to be made so. */
export function soundLatency(latencyMs: number): { latencyMs: number; odd: boolean } {
  const sound = Number.isFinite(latencyMs) && latencyMs >= SHORTEST_MS
  return sound ? { latencyMs, odd: false } : { latencyMs: SHORTEST_MS, odd: true }
}

/** Latencies above this are cut to it in both arms. */
export function censorOf(medianMs: number): number {
  return Math.max(CENSOR_MS, CENSOR_MEDIANS * medianMs)
}

/** Where the log ratio of a pair is clipped, given the mean |d| so far. */
export function clipOf(meanDeviation: number): number {
  return CLIP * meanDeviation
}

/** The nearest integer of 2⁻³² parts, the same for x and −x but for the sign. */
export function toUnits(score: number): number {
  return Math.sign(score) * Math.round(Math.abs(score) * UNIT)
}

/**
 * ln(canary ÷ baseline) beyond the margin, clipped.
 * @param lnMargin ln(1 + δ)
 */
export function typicalScore(
  lnBaseline: number,
  lnCanary: number,
  lnMargin: number,
  clip: number,
): number {
  const beyond = lnCanary - lnMargin - lnBaseline
  return Math.max(-clip, Math.min(clip, beyond))
}

/**
 * By how much more the canary exceeds the tail threshold τ, in logarithms of at most 2.
 * @param tauMs a quantile of earlier baseline latencies; Infinity while it is not known
 */
export function tailScore(
  baselineMs: number,
  canaryMs: number,
  divisor: number,
  tauMs: number,
): number {
  return severity(canaryMs / divisor, tauMs) - severity(baselineMs, tauMs)
}

/** One more canary answer above τ than baseline answers; the margin's coin falls on the baseline. */
export function shareScore(
  baselineMs: number,
  canaryMs: number,
  tauMs: number,
  coin: boolean,
): number {
  if (tauMs === Infinity) return 0
  return Number(canaryMs > tauMs) - Number(baselineMs > tauMs || coin)
}

function severity(latencyMs: number, tauMs: number): number {
  return latencyMs > tauMs ? Math.min(LARGEST_SEVERITY, Math.log(latencyMs / tauMs)) : 0
}
