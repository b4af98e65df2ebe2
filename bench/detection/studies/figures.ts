/** Figures of many runs: shares with their standard errors, medians with the runs that had none. */

/** A share and its standard error; of no hit the error is that of half a hit, not 0. */
export function shareOf(
  hits: number,
  runs: number,
): { readonly share: number; readonly se: number } {
  const share = runs === 0 ? 0 : hits / runs
  const sound = Math.min(Math.max(hits, 0.5), Math.max(runs - 0.5, 0.5)) / Math.max(1, runs)
  return { share, se: Math.sqrt((sound * (1 - sound)) / Math.max(1, runs)) }
}

/** `.008 ± .003`. */
export function formatShare({
  share,
  se,
}: {
  readonly share: number
  readonly se: number
}): string {
  return `${share.toFixed(3)} ± ${se.toFixed(3)}`
}

/** A quantile of times, where Infinity stands for "never". */
export function quantileOf(times: readonly number[], q: number): number {
  const sorted = times.toSorted((one, other) => one - other)
  const place = q * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(place)] ?? Infinity, sorted[Math.ceil(place)] ?? Infinity]
  return low === high ? low : low + (place - Math.floor(place)) * (high - low)
}

/** Median seconds, and the share that came at all where that is less than 97 %; `–` = too few. */
export function formatTimes(times: readonly number[]): string {
  if (times.length === 0) return ''
  const come = times.filter(Number.isFinite).length / times.length
  const median = quantileOf(times, 0.5)
  const percent = `${Math.round(100 * come)} %`
  if (!Number.isFinite(median)) return `– (${percent})`
  return come < 0.97 ? `${seconds(median)} (${percent})` : seconds(median)
}

export function seconds(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}
