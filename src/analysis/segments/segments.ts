/**
 * Segments: who is affected by a finding. For each value of each dimension (device, geo, label, …)
 * the effect among its pairs alone, with a 95 % interval.
 *
 * A lead, not a proof: the intervals come from the data that raised the alarm, and each holds for
 * itself only (no correction for how many segments are looked at).
 */

import type { SegmentRow } from '../../core/contract/investigation.ts'
import type { Metric } from '../../core/verdict.ts'
import { effectsOf, type SegmentPair } from './effects.ts'

export interface Segmentation {
  /** Strongest first: how far the low end lies above the estimate of all pairs together. */
  readonly rows: SegmentRow[]
  /** Pairs that the metric can be counted on. */
  readonly pairs: number
}

/** A segment with fewer pairs is not shown. */
export const LEAST_PAIRS = 30
const MOST_ROWS = 20

/** The segments of an action's pairs. */
export function segmentsOf(pairs: readonly SegmentPair[], metric: Metric): Segmentation {
  const effects = effectsOf(pairs, metric)
  if (effects === undefined) return { rows: [], pairs: 0 }
  const counted = pairs.filter((pair) => effects.counts(pair))
  const whole = effects.effect(counted)?.estimate ?? 0
  const rows = dimensionsOf(counted)
    .flatMap((dimension) => cellsOf(counted, [dimension]))
    .flatMap(({ segment, members }) => {
      const effect = members.length < LEAST_PAIRS ? undefined : effects.effect(members)
      return effect === undefined ? [] : [{ segment, pairs: members.length, effect }]
    })
    .toSorted((left, right) => compareStrength(left, right, whole))
  return { rows: rows.slice(0, MOST_ROWS), pairs: counted.length }
}

/** How far beyond the whole a segment lies for certain decides, then how far it seems to. */
export function compareStrength(
  left: Pick<SegmentRow, 'effect'>,
  right: Pick<SegmentRow, 'effect'>,
  whole: number,
): number {
  const beyond = ({ effect }: Pick<SegmentRow, 'effect'>): number =>
    (effect.low ?? effect.estimate) - whole
  return beyond(right) - beyond(left) || right.effect.estimate - left.effect.estimate
}

/** The pairs that share a value of each of some dimensions. */
export interface Cell<Pair> {
  readonly segment: Record<string, string>
  readonly members: readonly Pair[]
}

/** Names of all dimensions that some pair has a value of. */
export function dimensionsOf(pairs: readonly Pick<SegmentPair, 'segment'>[]): string[] {
  return [...new Set(pairs.flatMap(({ segment }) => Object.keys(segment)))]
}

/** The cells of a grid of dimensions; a pair that lacks one of them is in none. */
export function cellsOf<Pair extends Pick<SegmentPair, 'segment'>>(
  pairs: readonly Pair[],
  dimensions: readonly string[],
): Cell<Pair>[] {
  const cells = new Map<string, { segment: Record<string, string>; members: Pair[] }>()
  for (const pair of pairs) {
    const values = dimensions.flatMap((dimension) => pair.segment[dimension] ?? [])
    if (values.length < dimensions.length) continue
    const key = JSON.stringify(values)
    const known = cells.get(key)
    if (known !== undefined) known.members.push(pair)
    else {
      const segment = Object.fromEntries(
        dimensions.map((name, index) => [name, values[index] ?? '']),
      )
      cells.set(key, { segment, members: [pair] })
    }
  }
  return [...cells.values()]
}
