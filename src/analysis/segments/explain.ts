/**
 * The smallest segment that explains a finding: "only on mobile". One dimension is tried first, and
 * inside what it names another one; where none explains by itself, two together. A segment explains
 * where
 * - its own pairs are worse than the margin for certain: their evidence passes ln(K ÷ α), K being the
 *   number of segments that were looked at, since the best of them was chosen;
 * - every other value of its dimensions, and all other pairs together, seem to be within the margin.
 * Beyond that the rest is `restHealthy` where its own evidence proves it.
 *
 * Limits: segments that always go together cannot be told apart, then the first in the order of
 * strength stands for all; and the search is done on the data that raised the alarm.
 */

import type { Effect, Finding } from '../../core/contract/report.ts'
import type { Metric } from '../../core/verdict.ts'
import { inTime, judgeAgain, type Measure, type RememberedPair } from '../cause/again.ts'
import { effectsOf, type Effects } from './effects.ts'
import { cellsOf, compareStrength, dimensionsOf, LEAST_PAIRS, type Cell } from './segments.ts'

export interface ExplainOptions {
  /** Of the run, for the alarm. */
  readonly alpha: number
  readonly alphaHealthy: number
  /** What the rest is proven against, for the tail a share above p95; left out = nothing is proven. */
  readonly healthyMargin?: number
  readonly seed: number
}

/** `restHealthy` is there with a segment only. */
export interface Explanation {
  readonly segment?: Record<string, string>
  readonly restHealthy?: boolean
}

/** With fewer pairs since the onset, those before it are taken too. */
const ENOUGH_PAIRS = 200
/** Values of one dimension that are combined with those of another: the most frequent ones. */
const MOST_VALUES = 20
/** Scored as the stream of the metric is, and as the proof of it. */
const MEASURES: Readonly<Partial<Record<Metric, readonly [alarm: Measure, proof: Measure]>>> = {
  latency_typical: ['typical', 'typical'],
  latency_tail: ['tail', 'share'],
  errors: ['errors', 'errors'],
}

/**
 * The pairs to look at: those before a defect began, or after it ended, would only thin it out.
 * @param originSeconds from the start of the run to the end of the warm-up
 */
export function pairsDuring<Pair extends { readonly at: number }>(
  pairs: readonly Pair[],
  { onset, ended }: Pick<Finding, 'onset' | 'ended'>,
  originSeconds: number,
): readonly Pair[] {
  const during = pairs.filter(
    ({ at }) => at >= originSeconds + onset && at <= originSeconds + (ended ?? Infinity),
  )
  return during.length >= ENOUGH_PAIRS ? during : pairs
}

/** Empty where no segment explains it, or for a metric that remembered pairs do not measure. */
export function explainFinding(
  pairs: readonly RememberedPair[],
  { metric, margin }: Pick<Finding, 'metric' | 'margin'>,
  options: ExplainOptions,
): Explanation {
  const effects = effectsOf(pairs, metric)
  const measures = MEASURES[metric]
  if (effects === undefined || measures === undefined) return {}
  const counted = inTime(pairs.filter((pair) => effects.counts(pair)))
  const search = { counted, effects, margin, measure: measures[0], options }
  const singles = singlesOf(counted)
  const single = strongestOf(singles, sizeOf(singles), search)
  const segment = single === undefined ? findDouble(search, singles) : narrowed(single, search)
  if (segment === undefined) return {}
  return { segment, ...proofOfRest(counted, segment, measures[1], options) }
}

function findDouble(search: Search, singles: readonly Grid[]): Segment | undefined {
  const doubles = doublesOf(search.counted)
  return strongestOf(doubles, sizeOf(singles) + sizeOf(doubles), search)
}

/** Where the same is found inside a segment once more, both together are what explains. */
function narrowed(segment: Segment, search: Search): Segment {
  const counted = search.counted.filter(isIn(segment))
  const singles = singlesOf(counted)
  const inside = strongestOf(singles, sizeOf(singles), { ...search, counted })
  return inside === undefined ? segment : { ...segment, ...inside }
}

/** @param looked how many segments the best is chosen of */
function strongestOf(grids: readonly Grid[], looked: number, search: Search): Segment | undefined {
  const { counted, margin, measure, options } = search
  const question = { measure, margin, seed: options.seed }
  return grids
    .flatMap((grid) => candidatesOf(grid, search))
    .toSorted((left, right) => compareStrength(left, right, 0))
    .map(({ segment }) => segment)
    .find(
      (segment) =>
        judgeAgain(counted, isIn(segment), question).lnUp >= Math.log(looked / options.alpha),
    )
}

function proofOfRest(
  counted: readonly RememberedPair[],
  segment: Segment,
  measure: Measure,
  { alphaHealthy, healthyMargin, seed }: ExplainOptions,
): Pick<Explanation, 'restHealthy'> {
  if (healthyMargin === undefined) return {}
  const isInside = isIn(segment)
  const question = { measure, margin: healthyMargin, seed }
  const rest = judgeAgain(counted, (pair) => !isInside(pair), question)
  return { restHealthy: rest.lnDown >= -Math.log(alphaHealthy) }
}

type Segment = Record<string, string>

/** The cells of some dimensions that have enough pairs. */
type Grid = readonly Cell<RememberedPair>[]

function gridOf(pairs: readonly RememberedPair[], dimensions: readonly string[]): Grid {
  return cellsOf(pairs, dimensions).filter(({ members }) => members.length >= LEAST_PAIRS)
}

function sizeOf(grids: readonly Grid[]): number {
  return grids.reduce((sum, grid) => sum + grid.length, 0)
}

function singlesOf(pairs: readonly RememberedPair[]): Grid[] {
  return dimensionsOf(pairs).map((dimension) => gridOf(pairs, [dimension]))
}

function doublesOf(pairs: readonly RememberedPair[]): Grid[] {
  const frequent = new Map(
    dimensionsOf(pairs).map((dimension) => [dimension, frequentValuesOf(pairs, dimension)]),
  )
  const names = [...frequent.keys()]
  return names.flatMap((first, index) =>
    names.slice(index + 1).map((second) => {
      const isFrequent = ({ segment }: RememberedPair): boolean =>
        [first, second].every((name) => frequent.get(name)?.has(segment[name] ?? '') === true)
      return gridOf(pairs.filter(isFrequent), [first, second])
    }),
  )
}

function frequentValuesOf(
  pairs: readonly RememberedPair[],
  dimension: string,
): ReadonlySet<string> {
  const values = gridOf(pairs, [dimension])
    .toSorted((left, right) => right.members.length - left.members.length)
    .slice(0, MOST_VALUES)
  return new Set(values.map(({ segment }) => segment[dimension] ?? ''))
}

function isIn(segment: Segment): (pair: RememberedPair) => boolean {
  const wanted = Object.entries(segment)
  return ({ segment: of }) => wanted.every(([name, value]) => of[name] === value)
}

interface Search {
  /** In time order. */
  readonly counted: readonly RememberedPair[]
  readonly effects: Effects
  readonly measure: Measure
  readonly margin: number
  readonly options: ExplainOptions
}

interface Candidate {
  readonly segment: Segment
  readonly effect: Effect
}

/** The cells that by their intervals are beyond the margin while everybody else is within. */
function candidatesOf(grid: Grid, { counted, effects, margin }: Search): Candidate[] {
  // Of a tail: without an effect where hardly an answer is slow.
  const measured = grid.flatMap(({ segment, members }) => {
    const effect = effects.effect(members)
    return effect === undefined ? [] : [{ segment, effect }]
  })
  return measured.filter((candidate) => {
    const { segment, effect } = candidate
    if ((effect.low ?? -Infinity) <= limitOf(effect, margin)) return false
    const others = measured.filter((other) => other !== candidate)
    if (!others.every((other) => isWithin(other.effect, margin, effect))) return false
    const isInside = isIn(segment)
    const rest = counted.filter((pair) => !isInside(pair))
    if (rest.length < LEAST_PAIRS) return false
    const restEffect = effects.effect(rest)
    return restEffect === undefined || isWithin(restEffect, margin, effect)
  })
}

function limitOf({ kind }: Effect, margin: number): number {
  return kind === 'ratio' ? 1 + margin : margin
}

/**
 * Beyond the margin by its estimate alone, a value still counts as within where it may have no effect
 * at all and is far below the one that it is held against: of many values with few pairs one always
 * is, and a share within 0.1 pp cannot be told from a single failure.
 */
function isWithin(other: Effect, margin: number, worse: Effect): boolean {
  if (other.estimate <= limitOf(other, margin)) return true
  const none = other.kind === 'ratio' ? 1 : 0
  const isFar = other.estimate - none < (worse.estimate - none) / (other.kind === 'ratio' ? 3 : 10)
  return (other.low ?? -Infinity) <= none && isFar
}
