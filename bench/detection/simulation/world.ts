/**
 * The trace generator of the study: a service of ten actions behind two arms, pair by pair.
 *
 * Latency of a request = what is left of stalls + service time + a slow mode that one request in a
 * hundred meets. Stalls come to each arm on its own and build a queue: with a share ρ of the time
 * used, a stall of S seconds makes the wait jump by S, and the wait falls by 1 − ρ a second (a fluid
 * queue), so a stall is felt long after it has ended. Both arms share the user (a slow query is slow
 * on both), the drift of the day and who is second; noise, slow mode and errors are their own.
 * Seeded. A change of the canary alters no draw, so two worlds of one seed differ by it alone.
 */

import type { PairRecord } from '../../../src/analysis/fold.ts'
import type { Outcome } from '../../../src/core/contract/sample.ts'
import { createRandom, type Random } from '../../../src/core/random.ts'

export interface WorldAction {
  readonly action: string
  /** Share of the pairs, 0 to 1. */
  readonly share: number
  readonly medianMs: number
}

export interface Regime {
  readonly name: string
  /** Mean seconds between stalls of one arm; they come as a Poisson stream. */
  readonly gapSeconds: number
  /** Length of the next stall in ms. */
  readonly stallMs: (random: Random) => number
  /** Share of the requests that fail when a stall holds them up for long; default none. */
  readonly failing?: number
}

/** What is different in the canary; what is left out is as in the baseline. */
export interface Change {
  /** Indices of the actions that it touches; default all. */
  readonly actions?: readonly number[]
  /** Factor on the service time; stalls and slow mode stay. */
  readonly factor?: number
  /** Factor on the whole latency, so that canary ÷ baseline is exactly this. */
  readonly wholeFactor?: number
  /** Share of the requests in the slow mode, and the factor on its length. */
  readonly slowShare?: number
  readonly slowFactor?: number
  /** Share of the requests that fail. */
  readonly errors?: number
  /** Seconds from the start of the trace. */
  readonly fromSeconds?: number
}

export interface WorldOptions {
  readonly seed: number
  /** Pairs per second. */
  readonly rate: number
  readonly actions: readonly WorldAction[]
  readonly regime: Regime
  readonly change?: Change
  /** Which action the next pair has; default by share. */
  readonly choose?: (uniform: number, atSeconds: number) => number
}

export interface World {
  /** The next pair, in order of the send. */
  next(): PairRecord
}

export const REGIMES = {
  none: { name: 'none', gapSeconds: Infinity, stallMs: () => 0 },
  std: { name: 'std', gapSeconds: 20, stallMs: (random) => 150 * random.exponential() },
  gc: { name: 'gc', gapSeconds: 5, stallMs: (random) => 50 + 450 * random.next() },
  hard: { name: 'hard', gapSeconds: 30, stallMs: (random) => 1000 * random.exponential() },
  h5: { name: 'h5', gapSeconds: 60, stallMs: (random) => 5000 * random.exponential() },
  failing: {
    name: 'failing',
    gapSeconds: 20,
    stallMs: (random) => 150 * random.exponential(),
    failing: 0.3,
  },
} as const satisfies Readonly<Record<string, Regime>>

const UTILISATION = 0.3
const ARM_NOISE = 0.45
const USER_EFFECT = 0.3
const SLOW_SHARE = 0.01
const SLOW_MS = { least: 50, most: 150 }
const ERRORS = 0.001
/** A stall that holds a request up for longer may make it fail. */
const LONG_WAIT_MS = 50
const SECOND_IS_SLOWER = 1.02
/** The drift that both arms share: standard deviation of ln latency, and how long it lasts. */
const DRIFT = 0.1
const DRIFT_SECONDS = 60

const ZIPF = 2.2
const MEDIANS_MS = [20, 30, 12, 45, 25, 62, 8, 15, 38, 52]

/** The ten actions: 34.7, 7.6, 3.1 … 0.22 of 50 pairs a second. */
export const TEN_ACTIONS: readonly WorldAction[] = zipfActions()

function zipfActions(): WorldAction[] {
  const weights = MEDIANS_MS.map((_, index) => (index + 1) ** -ZIPF)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return MEDIANS_MS.map((medianMs, index) => ({
    action: `a${index + 1}`,
    share: (weights[index] ?? 0) / total,
    medianMs,
  }))
}

/** An endless stream of pairs. */
export function createWorld(options: WorldOptions): World {
  const { seed, rate, actions, regime } = options
  const random = createRandom(seed, 'pairs')
  const drift = createDrift(createRandom(seed, 'drift'))
  const baselineWait = createStalls(regime, createRandom(seed, 'stalls:baseline'))
  const canaryWait = createStalls(regime, createRandom(seed, 'stalls:canary'))
  const choose = options.choose ?? chooser(actions)
  const giveUps = createRandom(seed, 'give-ups')
  const givesUp = (waitMs: number): boolean =>
    waitMs > LONG_WAIT_MS && giveUps.next() < (regime.failing ?? 0)
  let at = 0
  let sent = 0

  return {
    next() {
      at += random.exponential() / rate
      sent += 1
      const action = choose(random.next(), at)
      const change = touches(options.change, action, at) ? options.change : undefined
      const user = Math.exp(USER_EFFECT * random.normal() + drift(at))
      const serviceMs = (actions[action]?.medianMs ?? 0) * user
      const canaryIsSecond = random.next() < 0.5
      const [first, second] = [serviceMs, serviceMs * SECOND_IS_SLOWER]
      const baseline = drawAnswer(random, canaryIsSecond ? first : second, undefined)
      const canary = drawAnswer(random, canaryIsSecond ? second : first, change)
      const [baselineWaits, canaryWaits] = [baselineWait(at), canaryWait(at)]
      return {
        pair: `s${sent}`,
        action,
        baselineMs: baseline.latencyMs + baselineWaits,
        canaryMs: (canary.latencyMs + canaryWaits) * (change?.wholeFactor ?? 1),
        baseline: outcomeOf(baseline.failed || givesUp(baselineWaits)),
        canary: outcomeOf(canary.failed || givesUp(canaryWaits)),
        at,
      }
    },
  }
}

function outcomeOf(failed: boolean): Outcome {
  return failed ? 'http_error' : 'ok'
}

/** One request without its stall; the same number of draws whatever the change. */
function drawAnswer(
  random: Random,
  serviceMs: number,
  change: Change = {},
): { readonly latencyMs: number; readonly failed: boolean } {
  const { factor = 1, slowShare = SLOW_SHARE, slowFactor = 1, errors = ERRORS } = change
  const noise = Math.exp(ARM_NOISE * random.normal())
  const isSlow = random.next() < slowShare
  const slowMs = SLOW_MS.least + (SLOW_MS.most - SLOW_MS.least) * random.next()
  return {
    latencyMs: serviceMs * factor * noise + (isSlow ? slowMs * slowFactor : 0),
    failed: random.next() < errors,
  }
}

function touches(change: Change | undefined, action: number, atSeconds: number): boolean {
  if (change === undefined || atSeconds < (change.fromSeconds ?? 0)) return false
  return change.actions === undefined || change.actions.includes(action)
}

/** The wait in ms that stalls cause at a moment; moments must not go back. */
export function createStalls(regime: Regime, random: Random): (atSeconds: number) => number {
  let waitMs = 0
  let since = 0
  let next = regime.gapSeconds * random.exponential()

  function drainTo(atSeconds: number): void {
    waitMs = Math.max(0, waitMs - (1 - UTILISATION) * 1000 * (atSeconds - since))
    since = atSeconds
  }
  return (atSeconds) => {
    while (next <= atSeconds) {
      drainTo(next)
      waitMs += regime.stallMs(random)
      next += regime.gapSeconds * random.exponential()
    }
    drainTo(atSeconds)
    return waitMs
  }
}

/** The drift in ln latency: an autoregression of order one, second by second. */
function createDrift(random: Random): (atSeconds: number) => number {
  const kept = Math.exp(-1 / DRIFT_SECONDS)
  const step = DRIFT * Math.sqrt(1 - kept ** 2)
  let second = 0
  let value = DRIFT * random.normal()
  return (atSeconds) => {
    while (second + 1 <= atSeconds) {
      second += 1
      value = kept * value + step * random.normal()
    }
    return value
  }
}

/** Turns a uniform draw into an action by share. */
export function chooser(actions: readonly WorldAction[]): (uniform: number) => number {
  let sum = 0
  const edges = actions.map(({ share }) => (sum += share))
  return (uniform) => {
    const found = edges.findIndex((edge) => uniform * sum < edge)
    return found === -1 ? actions.length - 1 : found
  }
}
