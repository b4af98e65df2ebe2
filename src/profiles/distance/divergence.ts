/**
 * How far apart two distributions over names are: the Jensen–Shannon distance.
 *
 * The divergence of Lin (1991, IEEE Transactions on Information Theory 37) to base 2, and of that the
 * root, which is a metric (Endres and Schindelin 2003): 0 for equal shares, 1 where nothing is shared.
 * Both sides are counts over the same vocabulary, taken as plain shares without smoothing: the
 * divergence is finite without it. Plain shares overstate the distance of small samples; that is why
 * it is never shown without the distance of two samples of the same size from the same people.
 */

/** How often each name of the vocabulary occurs. */
export type Counts = Readonly<Float64Array>

/** In [0, 1]; an empty side is as far from the other as can be, and equal to an empty one. */
export function jensenShannon(one: Counts, other: Counts): number {
  const [oneTotal, otherTotal] = [totalOf(one), totalOf(other)]
  if (oneTotal === 0 || otherTotal === 0) return oneTotal === otherTotal ? 0 : 1
  let divergence = 0
  for (let index = 0; index < one.length; index += 1) {
    divergence += term((one[index] ?? 0) / oneTotal, (other[index] ?? 0) / otherTotal)
  }
  return Math.sqrt(within(divergence))
}

/**
 * The distance of the transitions: the divergence of each row (the state that is left), weighted by
 * the mean of both sides' shares of its visits, and of the sum the root. A row that one side never
 * visits is as far as can be. How often which row is visited is the mix of actions, not this.
 * @param rows the row of each transition, from 0
 */
export function transitionDistance(one: Counts, other: Counts, rows: readonly number[]): number {
  const [oneTotal, otherTotal] = [totalOf(one), totalOf(other)]
  if (oneTotal === 0 || otherTotal === 0) return oneTotal === otherTotal ? 0 : 1
  const [oneVisits, otherVisits] = [visitsOf(one, rows), visitsOf(other, rows)]
  const weightOf = (row: number): number =>
    ((oneVisits[row] ?? 0) / oneTotal + (otherVisits[row] ?? 0) / otherTotal) / 2
  let divergence = 0
  for (const [transition, row] of rows.entries()) {
    const [left, right] = [oneVisits[row] ?? 0, otherVisits[row] ?? 0]
    if (left === 0 || right === 0) continue
    const own = term((one[transition] ?? 0) / left, (other[transition] ?? 0) / right)
    divergence += weightOf(row) * own
  }
  for (const row of oneVisits.keys()) {
    if ((oneVisits[row] === 0) !== (otherVisits[row] === 0)) divergence += weightOf(row)
  }
  return Math.sqrt(within(divergence))
}

/** What one name adds to the divergence of two shares. */
function term(left: number, right: number): number {
  const middle = (left + right) / 2
  const one = left > 0 ? (left / 2) * Math.log2(left / middle) : 0
  return right > 0 ? one + (right / 2) * Math.log2(right / middle) : one
}

function visitsOf(counts: Counts, rows: readonly number[]): Float64Array {
  const visits = new Float64Array(rows.reduce((most, row) => Math.max(most, row + 1), 0))
  for (const [transition, row] of rows.entries()) {
    visits[row] = (visits[row] ?? 0) + (counts[transition] ?? 0)
  }
  return visits
}

function totalOf(counts: Counts): number {
  let total = 0
  for (const count of counts) total += count
  return total
}

/** The last bits of a sum must not lead out of [0, 1]. */
function within(divergence: number): number {
  return Math.min(1, Math.max(0, divergence))
}
