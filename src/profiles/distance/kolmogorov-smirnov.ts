/**
 * How far apart two samples of a number are: the largest gap between their distribution functions
 * (Smirnov 1948), 0 to 1. It does not matter in which unit they are.
 */

/** Both ascending; an empty one is as far from the other as can be, and equal to an empty one. */
export function kolmogorovSmirnov(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length === 0 || other.length === 0) return one.length === other.length ? 0 : 1
  let gap = 0
  let [left, right] = [0, 0]
  while (left < one.length && right < other.length) {
    // Ties on both sides are one jump.
    const value = Math.min(one[left] ?? 0, other[right] ?? 0)
    while (one[left] === value) left += 1
    while (other[right] === value) right += 1
    gap = Math.max(gap, Math.abs(left / one.length - right / other.length))
  }
  return gap
}
