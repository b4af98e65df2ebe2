/**
 * Remembered pairs judged again: the scores and the evidence of the engine on a part of an action's
 * pairs, at the end of a run. In time order, in blocks of half a second by the moment of sending; what
 * a block is scored with comes from the blocks before it.
 *
 * Limits: the part is chosen after looking, and the blocks end by the clock instead of at a quiet
 * moment, so a stall that crosses such an end counts a little too much. What is said from it is a
 * lead; the guarantee stays with the streams that were declared before the run.
 */

import type { Outcome, Segment } from '../../core/contract/sample.ts'
import { isFailure } from '../../core/contract/sample.ts'
import { createEvidence, updateEvidence } from '../evidence.ts'
import { logAddExp } from '../../core/maths/logs.ts'
import { coin, failureScore, spoilsLatency, throwOf } from '../failures.ts'
import {
  censorOf,
  clipOf,
  shareScore,
  soundLatency,
  tailScore,
  toUnits,
  typicalScore,
} from '../latency.ts'
import { addBins, countInto, createSketch, findQuantile, type Bins } from '../sketch.ts'

/** One pair as it is remembered beside the sums of a run. */
export interface RememberedPair {
  readonly pair: string
  /** Seconds from the start of the run at which both twins were meant to be sent. */
  readonly at: number
  readonly baselineMs: number
  readonly canaryMs: number
  readonly baseline: Outcome
  readonly canary: Outcome
  readonly segment: Segment
}

/** How pairs are scored: as the streams of the same names are, `share` as the proof of the tail. */
export type Measure = 'typical' | 'tail' | 'share' | 'errors'

export interface Question {
  readonly measure: Measure
  /** 0.1 = 10 % for `typical` and `tail`, 0.05 = 5 pp for the other two. */
  readonly margin: number
  /** Of the coins that carry the margin of a count. */
  readonly seed: number
}

export interface Judged {
  /** Pairs that were scored. */
  readonly pairs: number
  /** ln evidence for "worse than the margin" and for "not worse than the margin". */
  readonly lnUp: number
  readonly lnDown: number
}

const BLOCK_SECONDS = 0.5
/** A longer silence counts as so many empty blocks. */
const MOST_EMPTY_BLOCKS = 120
/** μ begins as if ten pairs had differed by 0.4, and τ is known from 100 pairs on (STATISTICS 3). */
const PRIOR = { pairs: 10, deviation: 4 }
const LARGEST_DEVIATION = 3
const FIRST_TAU = 100

/** In the order in which they were sent, whatever the order in which they ended. */
export function inTime<Pair extends RememberedPair>(pairs: readonly Pair[]): Pair[] {
  return pairs.toSorted((left, right) => left.at - right.at || (left.pair < right.pair ? -1 : 1))
}

/** Whether both latencies can be compared: as for the streams, only a timeout may be a failure. */
export function hasLatency({
  baseline,
  canary,
}: Pick<RememberedPair, 'baseline' | 'canary'>): boolean {
  return !spoilsLatency(baseline) && !spoilsLatency(canary)
}

/**
 * What the asked ones of these pairs say.
 * @param pairs in time order; those that are not asked still teach where the tail begins
 */
export function judgeAgain(
  pairs: readonly RememberedPair[],
  isAsked: (pair: RememberedPair) => boolean,
  question: Question,
): Judged {
  const counted = question.measure === 'errors' ? pairs : pairs.filter(hasLatency)
  const blocks = blocksOf(counted)
  const horizon = blocks.reduce((sum, { empty }) => sum + empty + 1, 0)
  const scorer = createScorer(counted, question)
  const processes = Array.from({ length: question.measure === 'tail' ? 2 : 1 }, () =>
    createEvidence(Math.max(1, horizon)),
  )
  let scored = 0
  for (const { members, empty } of blocks) {
    const asked = members.filter(isAsked)
    scored += asked.length
    for (const [index, evidence] of processes.entries()) {
      for (let passed = 0; passed < empty; passed += 1) updateEvidence(evidence, 0)
      updateEvidence(
        evidence,
        asked.reduce((sum, pair) => sum + scorer.score(pair, index), 0),
      )
    }
    scorer.learn(members, asked)
  }
  return {
    pairs: scored,
    lnUp: lnMean(processes.map(({ lnUp }) => lnUp)),
    lnDown: lnMean(processes.map(({ lnDown }) => lnDown)),
  }
}

interface Block {
  readonly members: RememberedPair[]
  /** Empty blocks before it. */
  readonly empty: number
}

function blocksOf(pairs: readonly RememberedPair[]): Block[] {
  const blocks: Block[] = []
  const start = pairs[0]?.at ?? 0
  let open = -1
  for (const pair of pairs) {
    const number = Math.floor((pair.at - start) / BLOCK_SECONDS)
    if (number !== open) {
      blocks.push({ members: [], empty: Math.min(MOST_EMPTY_BLOCKS, number - open - 1) })
      open = number
    }
    blocks.at(-1)?.members.push(pair)
  }
  return blocks
}

interface Scorer {
  /** @param process 0, or 1 for the farther tail */
  score(pair: RememberedPair, process: number): number
  learn(members: readonly RememberedPair[], asked: readonly RememberedPair[]): void
}

function createScorer(
  counted: readonly RememberedPair[],
  { measure, margin, seed }: Question,
): Scorer {
  const censorMs = censorOf(medianOf(counted.map(({ baselineMs }) => baselineMs)))
  const made = (latencyMs: number): number => Math.min(soundLatency(latencyMs).latencyMs, censorMs)
  const thrown = ({ pair }: RememberedPair): boolean => coin(throwOf(seed, pair), margin)
  const latencies = createSketch()
  let deviation = PRIOR.deviation
  let pairs = PRIOR.pairs
  let tausMs: readonly number[] = [Infinity, Infinity]

  return {
    score(pair, process) {
      const [baselineMs, canaryMs] = [made(pair.baselineMs), made(pair.canaryMs)]
      const tauMs = tausMs[process] ?? Infinity
      switch (measure) {
        case 'typical': {
          const clip = clipOf(deviation / pairs)
          const [lnBaseline, lnCanary] = [Math.log(baselineMs), Math.log(canaryMs)]
          return toUnits(typicalScore(lnBaseline, lnCanary, Math.log1p(margin), clip))
        }
        case 'tail':
          return toUnits(tailScore(baselineMs, canaryMs, 1 + margin, tauMs))
        case 'share':
          return shareScore(baselineMs, canaryMs, tauMs, thrown(pair))
        case 'errors':
          return failureScore(isFailure(pair.baseline), isFailure(pair.canary), thrown(pair))
      }
    },
    learn(members, asked) {
      for (const { baselineMs, canaryMs } of asked) {
        const size = Math.abs(Math.log(made(canaryMs)) - Math.log(made(baselineMs)))
        deviation += Math.min(LARGEST_DEVIATION, size)
        pairs += 1
      }
      const bins: Bins = {}
      for (const { baselineMs } of members) countInto(bins, made(baselineMs))
      addBins(latencies, bins)
      if (latencies.total < FIRST_TAU) return
      tausMs = [0.95, 0.99].map((q) => findQuantile(latencies, q) ?? Infinity)
    },
  }
}

/** 0 for no values. */
export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5)
}

/** The smallest value that this share of the values does not exceed; 0 for no values. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}

function lnMean(values: readonly number[]): number {
  const [first = 0, second] = values
  return second === undefined ? first : logAddExp(first, second) - Math.LN2
}
