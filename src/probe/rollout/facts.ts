/** What the blocks of a rollout amount to between two ticks, and since the last change of weight. */

import type { ClosedBlock } from '../../analysis/judge.ts'
import { LAG_MS, LAG_SHARE_OF_MEDIAN, NOT_SENT_SHARE } from '../../analysis/judging/verdict.ts'
import { addBins, createSketch, findQuantile, totalOf } from '../../analysis/sketch.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { GeneratorReading } from '../../core/contract/sample.ts'
import type { CanaryFigures, TwinFacts } from '../../core/twins.ts'

/** Readings between two ticks; at one a second this is an hour. */
const MOST_LAGS = 3600
const LATELY_SECONDS = 30

/** What the caller knows at the moment of the question. */
export interface FactsMoment {
  readonly isDown: boolean
  /** Median latency of the baseline; undefined = nothing is known yet. */
  readonly medianMs: number | undefined
  readonly baselineIll: string | undefined
}

export interface Facts {
  add(block: ClosedBlock): void
  read(reading: GeneratorReading): void
  /** From now on blocks of the climb count alone. */
  climb(): void
  /** Facts since the last call. */
  take(moment: FactsMoment): TwinFacts
}

interface Counts {
  planned: number
  pairs: number
  blocks: number
  incomparable: number
  notSent: number
  readonly byAction: number[]
  readonly lagsMs: number[]
}

/** @param rate pairs per second of the climb; the gate has that of the plan */
export function createFacts(plan: Plan, rate: number): Facts {
  let counts = nothing(plan)
  let isClimb = false
  let lastEndSeconds: number | undefined

  /** Pauses between blocks were planned for as well: nothing was delivered in them. */
  function plannedOf({ phase, startSeconds, endSeconds, marks, sums }: ClosedBlock): number {
    // One user at a time is as fast as the answers are.
    if (phase === 'quiet') return sums.pairs
    const seconds = endSeconds - (lastEndSeconds ?? startSeconds)
    return seconds * (marks?.climb === true ? rate : plan.rate)
  }

  return {
    add(block) {
      const planned = plannedOf(block)
      lastEndSeconds = block.endSeconds
      if (isClimb && block.marks?.climb !== true) return
      counts.planned += planned
      counts.pairs += block.sums.pairs
      counts.blocks += 1
      counts.incomparable += Number(block.marks?.comparable === false)
      for (const [index, { pairs }] of block.sums.actions.entries()) {
        counts.byAction[index] = (counts.byAction[index] ?? 0) + pairs
      }
    },
    read({ lagP99Ms, notSent }) {
      counts.notSent += notSent
      counts.lagsMs.push(lagP99Ms)
      if (counts.lagsMs.length > MOST_LAGS) counts.lagsMs.shift()
    },
    climb() {
      isClimb = true
      counts = nothing(plan)
    },
    take({ isDown, medianMs, baselineIll }) {
      const taken = counts
      counts = nothing(plan)
      return {
        deliveredShare: isDown ? 0 : deliveredShareOf(taken),
        requiredPairs: Object.fromEntries(
          plan.actions.flatMap(({ action, required }, index) =>
            required ? [[action, taken.byAction[index] ?? 0]] : [],
          ),
        ),
        generatorStrained: isStrained(taken, medianMs),
        ...(baselineIll === undefined ? {} : { baselineIll }),
        unequalLoad: taken.incomparable > 0 && 2 * taken.incomparable >= taken.blocks,
      }
    },
  }
}

function nothing(plan: Plan): Counts {
  return {
    planned: 0,
    pairs: 0,
    blocks: 0,
    incomparable: 0,
    notSent: 0,
    byAction: plan.actions.map(() => 0),
    lagsMs: [],
  }
}

/** Arrivals are random: three standard deviations of a Poisson count are no lack. */
function deliveredShareOf({ planned, pairs }: Counts): number {
  if (pairs === 0 || planned <= 0) return 0
  return pairs + 3 * Math.sqrt(planned) >= planned ? 1 : pairs / planned
}

function isStrained({ lagsMs, notSent, pairs }: Counts, medianMs: number | undefined): boolean {
  if (notSent > NOT_SENT_SHARE * (notSent + pairs)) return true
  const lagMs = lagsMs.toSorted((left, right) => left - right)[Math.floor(lagsMs.length / 2)] ?? 0
  return lagMs > LAG_MS && medianMs !== undefined && lagMs > LAG_SHARE_OF_MEDIAN * medianMs
}

export interface Figures {
  add(block: ClosedBlock): void
  reset(): void
  /** Of the canary since the last reset. */
  take(): CanaryFigures
  /** Mean latency of the baseline over the last half minute; undefined before any answer. */
  baselineMeanMs(): number | undefined
}

export function createFigures(): Figures {
  let requests = 0
  let failures = 0
  let latencies = createSketch()
  let lately: { readonly endSeconds: number; readonly count: number; readonly sum: number }[] = []

  return {
    add({ sums, endSeconds }) {
      let [count, sum] = [0, 0]
      for (const action of sums.actions) {
        requests += action.pairs
        failures += action.canaryFailed
        addBins(latencies, action.canaryBins)
        addBins(latencies, action.canaryOtherBins)
        for (const bins of [action.baselineBins, action.baselineOtherBins]) {
          const total = totalOf(bins)
          count += total.count
          sum += total.sum
        }
      }
      lately.push({ endSeconds, count, sum })
      lately = lately.filter((block) => block.endSeconds > endSeconds - LATELY_SECONDS)
    },
    reset() {
      requests = 0
      failures = 0
      latencies = createSketch()
    },
    take() {
      const p95Ms = findQuantile(latencies, 0.95)
      return { requests, failures, ...(p95Ms === undefined ? {} : { p95Ms }) }
    },
    baselineMeanMs() {
      const count = lately.reduce((total, block) => total + block.count, 0)
      if (count === 0) return undefined
      return lately.reduce((total, block) => total + block.sum, 0) / count
    },
  }
}
