/**
 * Think times: log-normal where that law holds, else a table of the measured quantiles.
 *
 * The log-normal's parameters are those of the greatest likelihood: mean and deviation of the
 * logarithms. Whether it holds is asked of the largest gap between its distribution and the measured
 * one; because the parameters come from the same data, the limit is that of Lilliefors (1967, JASA
 * 62, 1.031 / √n at 1 %), not Kolmogorov's. Heavy tails are not assumed: Miller and Huynh (2010)
 * could not confirm them for session workloads.
 *
 * Nobody's own time is shown: a table ends where `k` times lie beyond, and at 99.9 %.
 */

/** As a population file says it. */
export interface ThinkModel {
  readonly think: string | { readonly table: (readonly [number, number])[] }
  readonly spread?: number
  readonly longest?: string
}

/** Fewer times than these say too little about a shape of their own. */
const TABLE_SAMPLES = 200
const LILLIEFORS = 1.031
const TABLE_SHARES = [...Array.from({ length: 20 }, (_, index) => index / 20), 0.98, 0.99, 0.995, 1]
const TAIL = 0.999
/** z of the 99.9 % quantile. */
const TAIL_DEVIATIONS = 3.0902
const MOST_SPREAD = 5

export interface LogNormal {
  /** Of the natural logarithms. */
  readonly mean: number
  readonly deviation: number
}

/** @param seconds at least one, each > 0 */
export function fitLogNormal(seconds: readonly number[]): LogNormal {
  let sum = 0
  for (const value of seconds) sum += Math.log(value)
  const mean = sum / seconds.length
  let squares = 0
  for (const value of seconds) squares += (Math.log(value) - mean) ** 2
  return { mean, deviation: Math.sqrt(squares / seconds.length) }
}

/** Logarithm of the likelihood of times under a log-normal law, but for a term they share. */
export function logLikelihood(seconds: readonly number[], { mean, deviation }: LogNormal): number {
  const width = Math.max(deviation, 0.01)
  let sum = 0
  for (const value of seconds) sum += ((Math.log(value) - mean) / width) ** 2
  return -sum / 2 - seconds.length * Math.log(width)
}

/**
 * @param seconds at least one, each ≥ 0
 * @param resolution the smallest time above 0 that the source tells apart; a 0 is half of it
 * @param k no time shows that fewer than these exceed
 */
export function fitThink(seconds: readonly number[], resolution: number, k: number): ThinkModel {
  const positive = seconds.map((value) => Math.max(value, resolution / 2))
  const law = fitLogNormal(positive)
  const sorted = positive.toSorted((left, right) => left - right)
  const limit = LILLIEFORS / Math.sqrt(sorted.length)
  if (sorted.length >= TABLE_SAMPLES && gapToLaw(sorted, law) > limit) {
    return { think: { table: tableOf(seconds, k) } }
  }
  const most = Math.min(
    Math.exp(law.mean + TAIL_DEVIATIONS * law.deviation),
    sorted.length >= TABLE_SAMPLES ? quantile(sorted, TAIL) : Infinity,
  )
  return {
    think: duration(Math.exp(law.mean)),
    spread: Math.min(MOST_SPREAD, rounded(law.deviation)),
    longest: duration(most),
  }
}

/** The Kolmogorov–Smirnov distance between sorted times and the law. */
function gapToLaw(sorted: readonly number[], { mean, deviation }: LogNormal): number {
  const width = Math.max(deviation, 1e-9)
  let gap = 0
  for (let from = 0; from < sorted.length;) {
    const value = sorted[from] ?? 0
    let to = from
    while (sorted[to] === value) to += 1
    const expected = normalShare((Math.log(value) - mean) / width)
    gap = Math.max(gap, Math.abs(expected - from / sorted.length))
    gap = Math.max(gap, Math.abs(expected - to / sorted.length))
    from = to
  }
  return gap
}

function tableOf(seconds: readonly number[], k: number): (readonly [number, number])[] {
  const sorted = seconds.toSorted((left, right) => left - right)
  const low = sorted[k - 1] ?? 0
  const high = Math.max(low, Math.min(sorted[sorted.length - k] ?? low, quantile(sorted, TAIL)))
  return TABLE_SHARES.map((share) => [
    share,
    rounded(Math.min(high, Math.max(low, quantile(sorted, share)))),
  ])
}

/** Hyndman and Fan's (1996) definition 7. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? 0
  const above = sorted[Math.ceil(at)] ?? below
  return below + (above - below) * (at - Math.floor(at))
}

/** Φ by Abramowitz and Stegun (1964), 7.1.26: to 1.5 × 10⁻⁷, far below any gap that matters. */
function normalShare(deviations: number): number {
  const x = Math.abs(deviations) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  // Once for each time of a recording: no array may be made here.
  const high = ((1.061405429 * t - 1.453152027) * t + 1.421413741) * t
  const sum = ((high - 0.284496736) * t + 0.254829592) * t
  const error = 1 - sum * Math.exp(-x * x)
  return deviations < 0 ? (1 - error) / 2 : (1 + error) / 2
}

function duration(seconds: number): string {
  return seconds < 1 ? `${rounded(seconds * 1000)}ms` : `${rounded(seconds)}s`
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
