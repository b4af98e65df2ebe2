/**
 * The live guard: what the router's own counts say of real users. A fixed rule beside α, pure.
 *
 * Problem: the counts are read every second, for hours. A test that asks each time whether the last
 * seconds look bad gets as many chances to be wrong as it asks.
 * Idea: evidence that may be watched all the time. Between two readings the totals are known:
 * requests of each arm, and failures of both. If a request is as likely to fail in either arm, the
 * canary's part of the failures is hypergeometric; the likelihood ratio of Fisher's noncentral one
 * (odds of failing θ times the baseline's) against it is a fair bet, whatever the error rate of
 * that second is. Evidence is the wealth of a mixture: eight θ, each started with a bit of the
 * capital at every reading that tells something, so that failures that begin late are found too. By
 * Ville (1939) it ever reaches 1/α with probability at most α, all looks of an episode together.
 * What it says must matter as well. The canary's share of 5xx lies above the baseline's by more
 * than the tolerated excess both over the window and since the failures began to pile up (CUSUM,
 * Page 1954): a canary that is a little worse for ever would otherwise be lowered at its first bad
 * half minute. These conditions can only take alarms away.
 * Counts are cumulative, so a window is the difference of two of them. Neither window nor evidence
 * reach back before a reduction or a restart of the router; a raise ends nothing, because each
 * interval is judged by its own totals. Too few requests are said, and never are health.
 * Limits: requests are taken to fail each for itself. One user who meets ten errors in a row counts
 * as ten, so where errors come in clusters the bound on false alarms does not hold; the figures of
 * bench/allocation/guard.ts say by how much. A controller that starts again starts with no
 * evidence.
 */

import type { Policy } from '../core/contract/policy-rules.ts'
import { lnOddsLikelihoodRatio } from '../core/maths/hypergeometric.ts'
import { logAddExp } from '../core/maths/logs.ts'
import type { LiveGuard } from './observation.ts'
import type { ArmCounts, RouterCounts } from './routers/counts.ts'

/** The chance that an episode's evidence ever reaches its threshold without a cause. */
const ALPHA = 1e-6
const LN_THRESHOLD = -Math.log(ALPHA)
/** Odds of failing on the canary ÷ on the baseline that are bet on. */
const ODDS = [1.25, 1.5, 2, 4, 8, 16, 64, 256]
const LN_ODDS = Math.log(ODDS.length)
/** Readings with failures over which half of the capital is spread evenly. */
const EVEN_STARTS = 1000
const LEAST_CRITICAL_REQUESTS = 20
const BASELINE_WELL = 0.05
/** Counts that are kept: one a second for the longest window that makes sense. */
const MOST_MOMENTS = 3600

export interface CountedMoment {
  readonly atMs: number
  readonly counts: RouterCounts
}

export interface LiveWindow {
  readonly moments: readonly CountedMoment[]
}

export const emptyWindow: LiveWindow = { moments: [] }

/** What the arms did within the window. */
export interface LiveFigures {
  readonly seconds: number
  readonly baseline: ArmCounts
  readonly canary: ArmCounts
}

type Failures = Pick<ArmCounts, 'requests' | 'serverErrors'>

/** What both arms did over some time. */
interface Both {
  readonly baseline: Failures
  readonly canary: Failures
}

/** Plain data: survives JSON. */
export interface LiveEvidence {
  /** Readings that told something: some requests of both arms failed, and some did not. */
  readonly readings: number
  /** Capital that does not bet yet. */
  readonly cash: number
  /** ln wealth of the bets on each of the odds; empty before the first. */
  readonly lnWealth: readonly number[]
  readonly lnEvidence: number
  /** Everything since the evidence began. */
  readonly seen: Both
  /** How far the canary's failures have piled up, and what happened since they began to. */
  readonly lnRise: number
  readonly sinceRise: Both
}

/** What the guard knows; plain data. */
export interface GuardState {
  readonly window: LiveWindow
  readonly evidence: LiveEvidence
}

const NOTHING: Both = {
  baseline: { requests: 0, serverErrors: 0 },
  canary: { requests: 0, serverErrors: 0 },
}

/** Before the first reading, and again after a reduction. */
export const freshGuard: GuardState = {
  window: emptyWindow,
  evidence: {
    readings: 0,
    cash: 1,
    lnWealth: [],
    lnEvidence: 0,
    seen: NOTHING,
    lnRise: 0,
    sinceRise: NOTHING,
  },
}

/** Takes in counts; those of another incarnation begin the window anew. */
export function addCounts(
  window: LiveWindow,
  moment: CountedMoment,
  windowSeconds: number,
): LiveWindow {
  if (!goesOn(window, moment)) return { moments: [moment] }
  const fromMs = moment.atMs - windowSeconds * 1000
  // The last moment before the window is its beginning.
  const first = window.moments.findLastIndex(({ atMs }) => atMs <= fromMs)
  const kept = window.moments.slice(Math.max(0, first)).slice(-MOST_MOMENTS)
  return { moments: [...kept, moment] }
}

/** Takes in a reading: the window moves on, and what happened since the last one is bet on. */
export function addReading(
  { liveGuard }: Pick<Policy, 'liveGuard'>,
  state: GuardState,
  moment: CountedMoment,
): GuardState {
  const window = addCounts(state.window, moment, liveGuard.windowSeconds)
  const last = state.window.moments.at(-1)
  if (last === undefined || !goesOn(state.window, moment)) return { ...freshGuard, window }
  const between = {
    baseline: difference(last.counts.baseline, moment.counts.baseline),
    canary: difference(last.counts.canary, moment.counts.canary),
  }
  return { window, evidence: withInterval(state.evidence, between, liveGuard.errors) }
}

/** Undefined where there are not two moments to be compared. */
export function figuresOf(window: LiveWindow): LiveFigures | undefined {
  const [first, last] = [window.moments[0], window.moments.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  return {
    seconds: (last.atMs - first.atMs) / 1000,
    baseline: difference(first.counts.baseline, last.counts.baseline),
    canary: difference(first.counts.canary, last.counts.canary),
  }
}

/** The rule, on what is known. */
export function guardLive(policy: Policy, { window, evidence }: GuardState): LiveGuard {
  const figures = figuresOf(window)
  const fromMs = window.moments[0]?.atMs ?? 0
  if (figures === undefined) return { kind: 'too-few', fromMs }
  const { critical, liveGuard } = policy
  const { requests: canary, serverErrors: failed } = figures.canary
  const { requests: baseline, serverErrors: baselineFailed } = figures.baseline
  const isCritical =
    canary >= LEAST_CRITICAL_REQUESTS &&
    shareOf(figures.canary) >= critical.failures &&
    shareOf(figures.baseline) < BASELINE_WELL
  const finding =
    `${failed} of ${canary} live requests failed on the canary, ` +
    `${baselineFailed} of ${baseline} on the baseline`
  if (isCritical) return { kind: 'critical', fromMs, finding }
  if (canary < liveGuard.minRequests) return { kind: 'too-few', fromMs }
  const { lnEvidence, sinceRise } = evidence
  const isWorse =
    lnEvidence >= LN_THRESHOLD &&
    excessOf(figures) > liveGuard.errors &&
    excessOf(sinceRise) > liveGuard.errors
  return isWorse
    ? { kind: 'anomalous', fromMs, finding, lnEvidence }
    : { kind: 'ok', fromMs, lnEvidence }
}

/** The evidence after one more interval between two readings. */
function withInterval(before: LiveEvidence, between: Both, tolerated: number): LiveEvidence {
  const seen = sumOf(before.seen, between)
  const table = {
    size: between.canary.requests,
    failed: Math.min(between.canary.requests, between.canary.serverErrors),
    otherSize: between.baseline.requests,
    otherFailed: Math.min(between.baseline.requests, between.baseline.serverErrors),
  }
  const all = table.failed + table.otherFailed
  const tells =
    table.size > 0 && table.otherSize > 0 && all > 0 && all < table.size + table.otherSize
  if (!tells) return { ...before, seen, sinceRise: sumOf(before.sinceRise, between) }
  const readings = before.readings + 1
  const weight = startWeight(readings)
  const cash = Math.max(0, before.cash - weight)
  const lnWealth = ODDS.map(
    (odds, index) =>
      logAddExp(before.lnWealth[index] ?? -Infinity, Math.log(weight)) +
      lnOddsLikelihoodRatio(table, odds),
  )
  const lnEvidence = lnWealth.reduce((sum, ln) => logAddExp(sum, ln - LN_ODDS), Math.log(cash))
  const rise = before.lnRise + lnOddsLikelihoodRatio(table, toleratedOdds(before.seen, tolerated))
  return {
    readings,
    cash,
    lnWealth,
    lnEvidence,
    seen,
    lnRise: Math.max(0, rise),
    sinceRise: rise > 0 ? sumOf(before.sinceRise, between) : NOTHING,
  }
}

/** Share of the capital that starts to bet at reading `k` = 1, 2, …; all sum to at most 1. */
function startWeight(k: number): number {
  const octave = Math.floor(Math.log2(k))
  const openEnded = 1 / ((octave + 1) * (octave + 2) * 2 ** octave)
  return (openEnded + (k <= EVEN_STARTS ? 1 / EVEN_STARTS : 0)) / 2
}

/** The odds ratio where the canary fails more often by exactly the tolerated excess. */
function toleratedOdds({ baseline }: Both, tolerated: number): number {
  // Before anything was seen, one failure in a hundred.
  const share = Math.min(0.9, (baseline.serverErrors + 1) / (baseline.requests + 100))
  const worse = Math.min(0.99, share + tolerated)
  return (worse * (1 - share)) / (share * (1 - worse))
}

function goesOn({ moments }: LiveWindow, { counts }: CountedMoment): boolean {
  const last = moments.at(-1)?.counts
  return (
    last !== undefined &&
    last.incarnation === counts.incarnation &&
    last.baseline.requests <= counts.baseline.requests &&
    last.canary.requests <= counts.canary.requests
  )
}

function excessOf({ baseline, canary }: Both): number {
  return shareOf(canary) - shareOf(baseline)
}

function shareOf({ requests, serverErrors }: Failures): number {
  return requests === 0 ? 0 : serverErrors / requests
}

function sumOf(one: Both, other: Both): Both {
  return {
    baseline: failuresOf(one.baseline, other.baseline),
    canary: failuresOf(one.canary, other.canary),
  }
}

function failuresOf(one: Failures, other: Failures): Failures {
  return {
    requests: one.requests + other.requests,
    serverErrors: one.serverErrors + other.serverErrors,
  }
}

function difference(from: ArmCounts, to: ArmCounts): ArmCounts {
  return {
    requests: to.requests - from.requests,
    serverErrors: Math.max(0, to.serverErrors - from.serverErrors),
    ...(to.latency === undefined ? {} : { latency: to.latency }),
  }
}
