/**
 * The rank-sum statistic of Kayenta's judge as a function of a shift, and the three roots that are
 * its confidence interval and estimate (Mann and Whitney 1947; Hollander and Wolfe 1973).
 */

export interface ShiftInterval {
  /** How much the experiment lies above the control, in the unit of the values. */
  readonly lower: number
  readonly upper: number
  readonly estimate: number
}

/**
 * W(μ): the standardised rank sum of `x − μ` among `y`. It falls as μ rises.
 * NaN where everything ties, so that nothing can be said.
 * @param x ascending @param y ascending
 */
export function rankSumAt(shift: number, x: readonly number[], y: readonly number[]): number {
  const n = x.length
  const m = y.length
  const all = n + m
  const { ranks, ties } = ranksOf(shift, x, y)
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)))
  if (!(variance > 0)) return NaN
  const above = ranks - (n * (n + 1)) / 2 - (n * m) / 2
  return (above - Math.sign(above) / 2) / Math.sqrt(variance)
}

/** The sum of the ranks of `x − shift`, ties by their average, and Σ(t³ − t) over the ties. */
function ranksOf(
  shift: number,
  x: readonly number[],
  y: readonly number[],
): { readonly ranks: number; readonly ties: number } {
  let [i, j, ranks, ties] = [0, 0, 0, 0]
  while (i < x.length || j < y.length) {
    const value = Math.min((x[i] ?? Infinity) - shift, y[j] ?? Infinity)
    const before = i + j
    const ownBefore = i
    while (i < x.length && (x[i] ?? 0) - shift === value) i += 1
    while (j < y.length && y[j] === value) j += 1
    const tied = i + j - before
    ranks += (i - ownBefore) * (before + (tied + 1) / 2)
    ties += tied ** 3 - tied
  }
  return { ranks, ties }
}

/**
 * The shift with its interval; undefined where the statistic cannot be had, which Kayenta calls an
 * error. The ends are clamped to the extreme differences of pairs.
 * @param quantile of the normal distribution at (1 − confidence) / 2, < 0
 */
export function findShift(
  x: readonly number[],
  y: readonly number[],
  quantile: number,
): ShiftInterval | undefined {
  const left = (x[0] ?? NaN) - (y.at(-1) ?? NaN)
  const right = (x.at(-1) ?? NaN) - (y[0] ?? NaN)
  // A search needs room: one point in each arm leaves none.
  if (!(left < right)) return undefined
  const endOf = (level: number): number => {
    const distance = (shift: number): number => rankSumAt(shift, x, y) - level
    const [atLeft, atRight] = [distance(left), distance(right)]
    if (Number.isNaN(atLeft) || Number.isNaN(atRight)) return NaN
    if (atLeft <= 0) return left
    if (atRight >= 0) return right
    return rootBetween(distance, left, right)
  }
  const lower = endOf(-quantile)
  const upper = endOf(quantile)
  const estimate = endOf(0)
  return [lower, upper, estimate].some(Number.isNaN) ? undefined : { lower, upper, estimate }
}

const TOLERANCE = 1e-4
const MOST_STEPS = 1000

/** A root of `f`, whose signs differ at `left` and `right`, within 1e-4 (Brent 1973, zeroin). */
export function rootBetween(f: (x: number) => number, left: number, right: number): number {
  let [a, b] = [left, right]
  let [fa, fb] = [f(a), f(b)]
  let [c, fc] = [a, fa]
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const before = b - a
    if (Math.abs(fc) < Math.abs(fb)) {
      ;[a, b, c] = [b, c, b]
      ;[fa, fb, fc] = [fb, fc, fb]
    }
    const tolerance = 2 * Number.EPSILON * Math.abs(b) + TOLERANCE / 2
    const middle = (c - b) / 2
    if (Math.abs(middle) <= tolerance || fb === 0) return b
    let next = middle
    if (Math.abs(before) >= tolerance && Math.abs(fa) > Math.abs(fb)) {
      next = interpolated({ a, b, c, fa, fb, fc }, tolerance, before) ?? middle
    }
    if (Math.abs(next) < tolerance) next = next > 0 ? tolerance : -tolerance
    a = b
    fa = fb
    b += next
    fb = f(b)
    if (fb * fc > 0) [c, fc] = [a, fa]
  }
  return b
}

interface Bracket {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly fa: number
  readonly fb: number
  readonly fc: number
}

/** The step by secant or inverse quadratic interpolation; undefined where halving is safer. */
function interpolated(
  { a, b, c, fa, fb, fc }: Bracket,
  tolerance: number,
  before: number,
): number | undefined {
  const width = c - b
  const s = fb / fa
  let p = width * s
  let q = 1 - s
  if (a !== c) {
    const t = fa / fc
    const r = fb / fc
    p = s * (width * t * (t - r) - (b - a) * (r - 1))
    q = (t - 1) * (r - 1) * (s - 1)
  }
  if (p > 0) q = -q
  else p = -p
  const inside = p < 0.75 * width * q - Math.abs(tolerance * q) / 2
  return inside && p < Math.abs((before * q) / 2) ? p / q : undefined
}
