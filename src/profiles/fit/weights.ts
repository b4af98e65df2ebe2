/** Shares as a population file writes them: parts of a thousand, the largest first. */

const WHOLE = 1000
/** Three figures are more than a log can tell; the exact counts of a site are its own business. */
const FIGURES = 4

/** Each count as a part of all; counts are > 0. */
export function weightsOf(counts: ReadonlyMap<string, number>): Record<string, number> {
  const sorted = [...counts].toSorted(([, left], [, right]) => right - left)
  const weights = weightList(sorted.map(([, count]) => count))
  return Object.fromEntries(sorted.map(([name], index) => [name, weights[index] ?? 0]))
}

export function weightList(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => Number(((WHOLE * count) / total).toPrecision(FIGURES)))
}
