/** Sums, factorials and binomials of numbers that overflow a double, as natural logarithms. */

/** ln(eˣ + eʸ); −∞ stands for nothing. */
export function logAddExp(x: number, y: number): number {
  if (x === -Infinity) return y
  if (y === -Infinity) return x
  return Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)))
}

/**
 * ln Γ(x) for x > 0 by Stirling's series, shifted to where it is exact to 1e-12 (Abramowitz and
 * Stegun 1964, 6.1.41).
 */
export function lnGamma(value: number): number {
  let x = value
  let shift = 0
  while (x < 12) {
    shift += Math.log(x)
    x += 1
  }
  const inverse = 1 / x
  const square = inverse * inverse
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** ln of the binomial coefficient; −∞ where there is no such choice. */
export function lnChoose(n: number, k: number): number {
  if (k < 0 || k > n) return -Infinity
  return lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1)
}
