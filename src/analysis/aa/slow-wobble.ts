/**
 * How far the arms drift apart over seconds although they are equal: the standard deviation of the
 * slow part of the typical ratio. Windows of ten seconds vary more than their own pairs explain by
 * exactly that part. Pairs of one stall are not independent, so it is rather too large than too
 * small (STATISTICS 9.2 takes 2.5 of these as the least margin).
 */

import type { Sample } from '../../core/contract/sample.ts'
import type { NumberedLine } from '../recorded/replay.ts'

const WINDOW_SECONDS = 10
const LEAST_PAIRS = 10
const LEAST_WINDOWS = 4
/** A single stall is no drift: log ratios count at most ± this. */
const CLIP = 1
/** Twins stand close together; a file in which so many are open is none of ours. */
const MOST_OPEN = 100_000

interface Window {
  pairs: number
  sum: number
  squares: number
}

/** The sd of the log ratio; 0 where there are too few windows to tell. */
export async function slowWobbleOf(lines: AsyncIterable<NumberedLine>): Promise<number> {
  const windows = new Map<number, Window>()
  const open = new Map<string, Sample>()
  for await (const { line } of lines) {
    if (line.kind !== 'request' || line.sample.outcome !== 'ok') continue
    const { sample } = line
    const { pair, arm, warmup, repeat } = sample
    if (pair === undefined || arm === 'control' || warmup === true || repeat === true) continue
    const twin = open.get(pair)
    if (twin === undefined) {
      if (open.size < MOST_OPEN) open.set(pair, sample)
      continue
    }
    open.delete(pair)
    if (twin.arm !== arm) add(windows, arm === 'canary' ? [twin, sample] : [sample, twin])
  }
  return slowDeviationOf([...windows.values()])
}

function add(windows: Map<number, Window>, [baseline, canary]: readonly [Sample, Sample]): void {
  const number = Math.floor(baseline.at / WINDOW_SECONDS)
  const window = windows.get(number) ?? { pairs: 0, sum: 0, squares: 0 }
  windows.set(number, window)
  const ratio = Math.log(atLeast(canary.latencyMs)) - Math.log(atLeast(baseline.latencyMs))
  const clipped = Math.max(-CLIP, Math.min(CLIP, ratio))
  window.pairs += 1
  window.sum += clipped
  window.squares += clipped * clipped
}

function slowDeviationOf(windows: readonly Window[]): number {
  const full = windows.filter(({ pairs }) => pairs >= LEAST_PAIRS)
  if (full.length < LEAST_WINDOWS) return 0
  const means = full.map(({ pairs, sum }) => sum / pairs)
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length
  const between = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (means.length - 1)
  const within = full.reduce((sum, window) => sum + errorOf(window), 0) / full.length
  return Math.sqrt(Math.max(0, between - within))
}

/** The squared standard error of a window's mean. */
function errorOf({ pairs, sum, squares }: Window): number {
  return (squares - sum ** 2 / pairs) / (pairs - 1) / pairs
}

function atLeast(latencyMs: number): number {
  return Math.max(0.01, latencyMs)
}
