/**
 * Ramp: a rate that grows evenly from 0 to its full value. Pure.
 *
 * A stream with a changing rate is one of rate 1 on a clock that runs at that rate. So the n-th
 * tick comes when ∫ rate dt has reached what the n-th tick of the unit stream has (time rescaling;
 * Çinlar 1975, Introduction to Stochastic Processes, 4.7): a Poisson stream stays one exactly, and
 * a constant one loses no tick.
 */

/** Milliseconds after which ∫ rate dt is `ticks`. @param rate the full one, per second */
export function msOfTicks(ticks: number, rate: number, rampSeconds: number): number {
  const periodMs = 1000 / rate
  const inRamp = (rate * rampSeconds) / 2
  if (ticks >= inRamp) return rampSeconds * 1000 + (ticks - inRamp) * periodMs
  return Math.sqrt(2 * ticks * periodMs * rampSeconds * 1000)
}
