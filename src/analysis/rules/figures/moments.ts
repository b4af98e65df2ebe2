/** Count, mean and variance of a stream in three numbers (Welford 1962). */

export interface Moments {
  count: number
  mean: number
  /** Sum of squared deviations from the mean. */
  squares: number
}

export function createMoments(): Moments {
  return { count: 0, mean: 0, squares: 0 }
}

export function addMoment(moments: Moments, value: number): void {
  moments.count += 1
  const before = value - moments.mean
  moments.mean += before / moments.count
  moments.squares += before * (value - moments.mean)
}

/** Of the population that the values are a sample of; needs two of them. */
export function varianceOf({ count, squares }: Moments): number {
  return squares / (count - 1)
}
