/**
 * The others on the same service. "Source": the pseudocode of the document this tool grew from: every
 * 60 s without anomaly +1 %, with anomaly −5 %, within 0–100 %, an anomaly being a minute whose error
 * share or mean latency lies above moving average + 3 standard deviations of the baseline. It has no
 * hold, no budget and no end but 100 %. "Flagger": its documented loop (weight read each minute,
 * success rate ≥ 99 % and P99 ≤ 500 ms, `threshold` failed checks then rollback one tick later; the
 * count is never reset by a success), with its load tester at the same rate as our pairs.
 */

import { createJudge } from './judge.ts'
import { HORIZON_MINUTES, createLog, type Ride } from './ride.ts'
import { createWorld, type Pair, type Scenario } from './world.ts'

const RATE = 10
const HISTORY_MINUTES = 30
const LEAST_HISTORY = 5

export interface SourceOptions {
  /** Alarms of our evidence instead of the moving average; new evidence after each. */
  readonly lnThreshold?: number
}

export function rideSource(scenario: Scenario, seed: number, options: SourceOptions = {}): Ride {
  const world = createWorld(scenario, seed)
  const log = createLog(scenario.harmFrom ?? 0)
  const watch = options.lnThreshold === undefined ? movingAverage() : evidence(options, seed)
  let weight = 0.05
  // The baseline is established first.
  for (let minute = -LEAST_HISTORY; minute < 0; minute += 1) {
    watch.minute(world.pairs(0, 0, RATE * 60).map(asBaseline))
  }
  for (let minute = 0; minute < HORIZON_MINUTES; minute += 1) {
    const pairs: Pair[] = []
    for (let second = 0; second < 60; second += 1) {
      const at = minute + second / 60
      log.second(at, weight)
      pairs.push(...world.pairs(at, weight, RATE))
    }
    const anomaly = watch.minute(pairs)
    if (!anomaly && weight >= 1) return log.end(minute + 1, 'promoted')
    weight = Math.min(1, Math.max(0, Math.round((weight + (anomaly ? -0.05 : 0.01)) * 100) / 100))
    if (weight >= 1) log.reached(minute + 1)
  }
  return log.end(HORIZON_MINUTES, 'still going')
}

export interface FlaggerOptions {
  readonly step: number
  readonly most: number
  readonly threshold: number
}

export function rideFlagger(scenario: Scenario, seed: number, options: FlaggerOptions): Ride {
  const world = createWorld(scenario, seed)
  const log = createLog(scenario.harmFrom ?? 0)
  // The first tick runs the pre-rollout hooks only, then the first step is made.
  let weight = options.step
  let failures = 0
  for (let minute = 0; minute < HORIZON_MINUTES; minute += 1) {
    const latencies: number[] = []
    let requests = 0
    let failed = 0
    for (let second = 0; second < 60; second += 1) {
      const at = minute + second / 60
      log.second(at, weight)
      const live = world.live(at, weight)
      const pairs = world.pairs(at, weight, RATE)
      requests += live.canary + pairs.length
      failed += live.canaryFailed + pairs.filter(({ canaryFailed }) => canaryFailed).length
      latencies.push(...pairs.map(({ canaryMs }) => canaryMs))
    }
    if (failures >= options.threshold) return log.end(minute + 1, 'rolled back')
    if (1 - failed / requests < 0.99 || quantile(latencies, 0.99) > 500) {
      failures += 1
    } else if (weight < options.most - 1e-9) {
      weight = Math.min(1, Math.round((weight + options.step) * 100) / 100)
      if (weight >= options.most) log.reached(minute + 1)
    } else {
      return log.end(minute + 1, 'promoted')
    }
  }
  return log.end(HORIZON_MINUTES, 'still going')
}

interface Watch {
  /** True if this minute is anomalous. */
  minute(pairs: readonly Pair[]): boolean
}

function movingAverage(): Watch {
  const history: { readonly errors: number; readonly latency: number }[] = []
  return {
    minute(pairs) {
      const canary = {
        errors: mean(pairs.map(({ canaryFailed }) => Number(canaryFailed))),
        latency: mean(pairs.map(({ canaryMs }) => canaryMs)),
      }
      const isWorse = (key: 'errors' | 'latency'): boolean => {
        const past = history.map((figures) => figures[key])
        const centre = mean(past)
        const deviation = Math.sqrt(mean(past.map((value) => (value - centre) ** 2)))
        return past.length >= LEAST_HISTORY && canary[key] > centre + 3 * deviation
      }
      const anomaly = isWorse('errors') || isWorse('latency')
      history.push({
        errors: mean(pairs.map(({ baselineFailed }) => Number(baselineFailed))),
        latency: mean(pairs.map(({ baselineMs }) => baselineMs)),
      })
      if (history.length > HISTORY_MINUTES) history.shift()
      return anomaly
    },
  }
}

function evidence({ lnThreshold = Infinity }: SourceOptions, seed: number): Watch {
  let episode = 0
  let judge = createJudge(seed, HORIZON_MINUTES * 60)
  return {
    minute(pairs) {
      for (let from = 0; from < pairs.length; from += RATE) {
        judge.add(pairs.slice(from, from + RATE))
        if (judge.lnRun() < lnThreshold) continue
        episode += 1
        judge = createJudge(seed + episode, HORIZON_MINUTES * 60)
        return true
      }
      return false
    },
  }
}

/** Before the rollout there is no canary: both arms are the baseline. */
function asBaseline(pair: Pair): Pair {
  return { ...pair, canaryMs: pair.baselineMs, canaryFailed: pair.baselineFailed }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(q * (values.length - 1))] ?? 0
}
