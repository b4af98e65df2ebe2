/** Tails of the normal and of Student's distribution, for rules that speak in p-values. */

import { lnGamma } from '../../../core/maths/logs.ts'

/** P(Z > z) of a standard normal, within 1.2e-7 of its value (Press et al. 1992, erfcc). */
export function normalTail(z: number): number {
  return z >= 0 ? erfc(z / Math.SQRT2) / 2 : 1 - erfc(-z / Math.SQRT2) / 2
}

/** Coefficients of the polynomial in 1 / (1 + x/2), the highest power last. */
const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
]

function erfc(x: number): number {
  const t = 1 / (1 + x / 2)
  return t * Math.exp(ERFC.reduceRight((sum, coefficient) => sum * t + coefficient, 0) - x * x)
}

/** P(T > t) of Student's distribution with `df` > 0 degrees of freedom. */
export function studentTail(t: number, df: number): number {
  const half = incompleteBeta(df / (df + t * t), df / 2, 1 / 2) / 2
  return t >= 0 ? half : 1 - half
}

/** The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const lnFront = lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x)
  return Math.exp(lnFront) / (a * continuedFraction(x, a, b))
}

const MOST_TERMS = 500
const PRECISION = 1e-14

/** 1 + d₁/(1 + d₂/(1 + …)) from the left (Lentz 1976). */
function continuedFraction(x: number, a: number, b: number): number {
  let fraction = 1
  let c = 1
  let d = 0
  for (let term = 1; term <= MOST_TERMS; term += 1) {
    const m = Math.floor(term / 2)
    const numerator =
      term % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + numerator * d)
    c = 1 + numerator / c
    fraction *= c * d
    if (Math.abs(c * d - 1) < PRECISION) break
  }
  return fraction
}
