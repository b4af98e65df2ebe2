/**
 * How unevenly values are asked for: Zipf's law where it explains the counts as well as they explain
 * themselves, else the counts.
 *
 * The exponent is the one of the greatest likelihood over the observed ranks (Clauset, Shalizi,
 * Newman 2009 for discrete power laws; here the support is finite, so the normaliser is a sum).
 * Between the law (one parameter) and the counts (one for each value but one) decides Schwarz's
 * criterion (1978): few values that were asked for often keep their counts, long tails become a law.
 */

export type Popularity =
  | { readonly kind: 'zipf'; readonly exponent: number }
  | { readonly kind: 'weights'; readonly weights: readonly number[] }

/** The largest that a population file takes. */
const MOST_EXPONENT = 5

/** @param counts how often each value was asked for, descending, each > 0 */
export function fitPopularity(counts: readonly number[]): Popularity {
  if (counts.length < 2) return { kind: 'zipf', exponent: 0 }
  const total = counts.reduce((sum, count) => sum + count, 0)
  const exponent = fitZipf(counts)
  const byLaw = zipfLikelihood(counts, exponent)
  const byCounts = counts.reduce((sum, count) => sum + count * Math.log(count / total), 0)
  const lawCost = -2 * byLaw + Math.log(total)
  const countsCost = -2 * byCounts + (counts.length - 1) * Math.log(total)
  return lawCost <= countsCost
    ? { kind: 'zipf', exponent: Math.round(exponent * 1000) / 1000 }
    : { kind: 'weights', weights: counts }
}

/** The exponent in [0, 5] under which these counts by rank are likeliest. */
export function fitZipf(counts: readonly number[]): number {
  // The likelihood has one maximum, so a golden section closes in on it.
  const golden = (Math.sqrt(5) - 1) / 2
  let low = 0
  let high = MOST_EXPONENT
  while (high - low > 1e-5) {
    const left = high - golden * (high - low)
    const right = low + golden * (high - low)
    if (zipfLikelihood(counts, left) < zipfLikelihood(counts, right)) low = left
    else high = right
  }
  return (low + high) / 2
}

function zipfLikelihood(counts: readonly number[], exponent: number): number {
  let normaliser = 0
  let total = 0
  let weighted = 0
  for (const [rank, count] of counts.entries()) {
    normaliser += (rank + 1) ** -exponent
    total += count
    weighted += count * Math.log(rank + 1)
  }
  return -exponent * weighted - total * Math.log(normaliser)
}
