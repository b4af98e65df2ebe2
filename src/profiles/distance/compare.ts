/**
 * How close synthetic sessions are to real ones, each distance beside its noise.
 *
 * A distance alone says nothing: two random halves of the same people are apart too, the more the
 * fewer they are. So the real sessions are split into halves many times. In each split the same
 * distance is taken between the halves (the noise) and between one half and as many synthetic
 * sessions (the distance). Same sizes, so both carry the same error of the estimate, and where the
 * synthetic ones behave like one more half, both have the same distribution. A limit remains: the
 * more sessions, the finer the noise, and any model is told apart at some number; then the
 * distance itself says whether it matters.
 */

import { createRandom, type Random } from '../../core/random.ts'
import { atOnce, type Sliced } from '../slices.ts'
import { jensenShannon, transitionDistance, type Counts } from './divergence.ts'
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts'
import { countSample, numberParts, type PlainSession, type Sample } from './sample.ts'

export const MEASURES = [
  'actions',
  'transitions',
  'thinkTimes',
  'sessionLengths',
  'sessionDurations',
  'bigramsMissing',
  'bigramsNew',
  'trigramsMissing',
  'trigramsNew',
  'rareCopies',
] as const
export type MeasureName = (typeof MEASURES)[number]

export type ClosenessWord = 'within the noise' | 'close' | 'far'

/** All distances are within 0 to 1; 0 is no difference. */
export type Measure =
  | {
      readonly name: MeasureName
      readonly kind: 'measured'
      /** Median over the splits. */
      readonly distance: number
      /** Between two halves of the real sessions: median and 95 % quantile over the splits. */
      readonly noise: number
      readonly noiseHigh: number
      readonly word: ClosenessWord
    }
  | { readonly name: MeasureName; readonly kind: 'not-measured'; readonly reason: string }

export interface Closeness {
  readonly real: number
  readonly synthetic: number
  /** Sessions on each side of each distance. */
  readonly perSide: number
  readonly splits: number
  readonly measures: readonly Measure[]
}

const SPLITS = 40
/** Sessions on each side; more would only take longer. */
const MOST_PER_SIDE = 5000
/** Sessions of each kind that splits are made of. */
const MOST_SESSIONS = 4 * MOST_PER_SIDE
/** Halves of fewer sessions are too coarse to be compared. */
const FEWEST_PER_SIDE = 10
/** Up to so many times the noise of 95 % of the splits is close. */
const CLOSE = 1.5
/** So is any difference of less than a hundredth, however little noise there is. */
const CLOSE_ANYWAY = 0.01

/**
 * The same for the same sessions and seed.
 * @param seed of the splits
 */
export function compareSessions(
  real: readonly PlainSession[],
  synthetic: readonly PlainSession[],
  seed: number,
): Closeness {
  return atOnce(compareSliced(real, synthetic, seed))
}

/** As `compareSessions`, in slices. */
export function* compareSliced(
  real: readonly PlainSession[],
  synthetic: readonly PlainSession[],
  seed: number,
): Sliced<Closeness> {
  const perSide = Math.min(Math.floor(real.length / 2), synthetic.length, MOST_PER_SIDE)
  const sizes = { real: real.length, synthetic: synthetic.length, perSide }
  if (perSide < FEWEST_PER_SIDE) {
    const reason = `fewer than ${FEWEST_PER_SIDE} sessions a side`
    const measures = MEASURES.map((name): Measure => ({ name, kind: 'not-measured', reason }))
    return { ...sizes, splits: 0, measures }
  }
  const random = createRandom(seed, 'closeness')
  const some = [real, synthetic].map((all) =>
    all.length > MOST_SESSIONS ? drawSome(all, MOST_SESSIONS, random) : all,
  )
  const { vocabulary, sides } = numberParts(some)
  const [realParts = [], madeParts = []] = sides
  const pairs: { readonly noise: Distances; readonly distance: Distances }[] = []
  for (let split = 0; split < SPLITS; split += 1) {
    const shuffled = drawSome(realParts, 2 * perSide, random)
    const half = countSample(shuffled.slice(0, perSide), vocabulary)
    const other = countSample(shuffled.slice(perSide), vocabulary)
    const made = countSample(drawSome(madeParts, perSide, random), vocabulary)
    pairs.push({
      noise: distancesOf(half, other, vocabulary.rows),
      distance: distancesOf(half, made, vocabulary.rows),
    })
    yield (split + 1) / SPLITS
  }
  const measures = MEASURES.map((name) => {
    const noise = pairs.map((pair) => pair.noise[name])
    const distance = pairs.map((pair) => pair.distance[name])
    return measureOf(name, distance, noise)
  })
  return { ...sizes, splits: SPLITS, measures }
}

/** `count` different ones in random order (Fisher and Yates). */
function drawSome<Item>(items: readonly Item[], count: number, random: Random): Item[] {
  const left = [...items]
  for (let index = 0; index < count; index += 1) {
    const other = index + random.int(left.length - index)
    const [one, two] = [left[index], left[other]]
    if (one === undefined || two === undefined) break
    left[index] = two
    left[other] = one
  }
  return left.slice(0, count)
}

type Distances = Readonly<Record<MeasureName, number | undefined>>

/** Undefined where a side has nothing to be measured. */
function distancesOf(real: Sample, other: Sample, rows: readonly number[]): Distances {
  return {
    actions: jensenShannon(real.actions, other.actions),
    transitions: transitionDistance(real.transitions, other.transitions, rows),
    thinkTimes: gap(real.thinkSeconds, other.thinkSeconds),
    sessionLengths: gap(real.lengths, other.lengths),
    sessionDurations: gap(real.durations, other.durations),
    bigramsMissing: missingShare(real.bigrams, other.bigrams),
    bigramsNew: missingShare(other.bigrams, real.bigrams),
    trigramsMissing: missingShare(real.trigrams, other.trigrams),
    trigramsNew: missingShare(other.trigrams, real.trigrams),
    rareCopies: rareCopies(real.sequences, other.sequences),
  }
}

function gap(one: Counts, other: Counts): number | undefined {
  return one.length === 0 || other.length === 0 ? undefined : kolmogorovSmirnov(one, other)
}

/** Of all that one side did, the share that the other never did. */
function missingShare(one: Counts, other: Counts): number | undefined {
  return shareWhere(one, (part) => other[part] === 0)
}

/**
 * Of the other side's sessions, the share whose actions are those of exactly one real session. Some
 * are by chance, as between two halves; more would mean that the model has learned people by heart.
 */
function rareCopies(real: Counts, other: Counts): number | undefined {
  return shareWhere(other, (sequence) => real[sequence] === 1)
}

/** Undefined where there is nothing. */
function shareWhere(counts: Counts, isMeant: (part: number) => boolean): number | undefined {
  let all = 0
  let meant = 0
  for (const [part, count] of counts.entries()) {
    all += count
    if (count > 0 && isMeant(part)) meant += count
  }
  return all === 0 ? undefined : meant / all
}

function measureOf(
  name: MeasureName,
  distances: readonly (number | undefined)[],
  noises: readonly (number | undefined)[],
): Measure {
  const known = distances.filter((value) => value !== undefined).toSorted(byValue)
  const noise = noises.filter((value) => value !== undefined).toSorted(byValue)
  if (known.length < distances.length || noise.length < noises.length) {
    return { name, kind: 'not-measured', reason: 'too few steps follow each other' }
  }
  const distance = quantile(known, 0.5)
  const noiseHigh = quantile(noise, 0.95)
  const word = wordOf(distance, noiseHigh)
  return { name, kind: 'measured', distance, noise: quantile(noise, 0.5), noiseHigh, word }
}

function wordOf(distance: number, noiseHigh: number): ClosenessWord {
  if (distance <= noiseHigh) return 'within the noise'
  return distance <= Math.max(CLOSE * noiseHigh, CLOSE_ANYWAY) ? 'close' : 'far'
}

function byValue(left: number, right: number): number {
  return left - right
}

/** Nearest rank. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
