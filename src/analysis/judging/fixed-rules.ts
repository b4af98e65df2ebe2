/**
 * Fixed rules beside α, on closed blocks: a canary that fails so badly that nobody should wait for
 * evidence (critical), and a baseline that is itself too ill to compare with.
 */

import type { Plan } from '../../core/contract/plan.ts'
import type { BlockSums } from '../fold.ts'

/** When a canary fails so badly that nobody waits for evidence. */
export interface CriticalRule {
  /** Least share of the pairs that failed on the canary. */
  readonly failures: number
  /** The last seconds that are looked at, and more until they hold this many pairs. */
  readonly windowSeconds: number
  readonly minPairs: number
}

export interface RuleTerms {
  readonly critical: CriticalRule
  /** Once ill is ill for the whole run; else it holds while the last seconds say so. */
  readonly illStays: boolean
}

/** The terms of a probe. */
export const PROBE_TERMS: RuleTerms = {
  critical: { failures: 0.5, windowSeconds: 3, minPairs: 20 },
  illStays: true,
}

const CRITICAL_TIMEOUTS = 3
/** A baseline above this is ill, unless its objective allows more; below it is well. */
const ILL_SHARE = 0.05
const ILL_SECONDS = 10
/** Before that time a baseline is ill that fails like a dead one, as the breaker sees it. */
const DEAD_SHARE = 0.5
const DEAD_SECONDS = 3
const ILL_PAIRS = 100
const LEAST_ILL_PAIRS = 20
/** Windows grow to hold enough pairs, but not beyond this. */
const LONGEST_WINDOW_SECONDS = 30
/** Blocks kept; with empty blocks of any length the window stays bounded. */
const MOST_BLOCKS = 1024

interface Counts {
  readonly pairs: number
  readonly baselineFailed: number
  readonly canaryFailed: number
}

interface RecentBlock extends Counts {
  readonly seconds: number
  readonly actions: readonly Counts[]
}

export type Critical =
  | { readonly kind: 'failures'; readonly failed: number; readonly pairs: number }
  | { readonly kind: 'timeouts'; readonly count: number }

export interface BaselineIll {
  readonly failed: number
  readonly pairs: number
  /** The share of failures that the objectives of these actions allow. */
  readonly allowed: number
  /** Index of the action with the most failures. */
  readonly worst: number
  readonly worstShare: number
  /** The counts are those of this action; the service as a whole is well. */
  readonly isOneAction: boolean
}

export interface FixedRules {
  recent: RecentBlock[]
  /** Canary timeouts in a row, baseline fine, up to the last pair. */
  timeouts: number
  critical?: Critical
  /** Where the deciding block ended, and where the window before it began. */
  criticalSeconds?: number
  criticalOnset?: number
  ill?: BaselineIll
}

export function createFixedRules(): FixedRules {
  return { recent: [], timeouts: 0 }
}

/** Takes in a scored block; what it finds stays, but for a baseline whose illness may pass. */
export function applyFixedRules(
  rules: FixedRules,
  plan: Plan,
  sums: BlockSums,
  block: { readonly seconds: number; readonly endSeconds: number },
  terms: RuleTerms = PROBE_TERMS,
): void {
  rules.recent.push({
    ...countsOf(sums.actions),
    seconds: block.seconds,
    actions: sums.actions.map(pick),
  })
  if (rules.recent.length > MOST_BLOCKS) rules.recent.shift()
  const longestRow = longestTimeoutRow(rules, sums)
  find(rules, plan, { longestRow, endSeconds: block.endSeconds, atEnd: false, terms })
  const kept = Math.max(LONGEST_WINDOW_SECONDS, terms.critical.windowSeconds)
  while (secondsOf(rules.recent.slice(1)) > kept) rules.recent.shift()
}

/**
 * The rules once more, at the end of a run: one that the breaker stopped may be shorter than their
 * windows, and then what there is decides.
 * @param endSeconds where the last block ended
 */
export function applyFixedRulesAtEnd(
  rules: FixedRules,
  plan: Plan,
  endSeconds: number,
  terms: RuleTerms = PROBE_TERMS,
): void {
  find(rules, plan, { longestRow: rules.timeouts, endSeconds, atEnd: true, terms })
}

/** Share of failed baseline requests over the last seconds; 0 where nothing was sent. */
export function recentBaselineShare(rules: FixedRules): number {
  const { pairs, baselineFailed } = countsOf(windowOf(rules.recent, ILL_SECONDS, ILL_PAIRS))
  return pairs === 0 ? 0 : baselineFailed / pairs
}

interface Moment {
  /** The longest row of canary timeouts up to now. */
  readonly longestRow: number
  readonly endSeconds: number
  /** What there is decides, also where it is shorter than a window. */
  readonly atEnd: boolean
  readonly terms: RuleTerms
}

function find(rules: FixedRules, plan: Plan, moment: Moment): void {
  const { endSeconds, terms } = moment
  const critical = findCritical(rules.recent, moment)
  if (critical !== undefined && rules.critical === undefined) {
    rules.critical = critical
    rules.criticalSeconds = endSeconds
    const { windowSeconds, minPairs } = terms.critical
    rules.criticalOnset = endSeconds - secondsOf(windowOf(rules.recent, windowSeconds, minPairs))
  }
  const ill = findBaselineIll(rules.recent, plan, moment) ?? findIllAction(rules.recent, plan)
  if (!terms.illStays) delete rules.ill
  if (ill !== undefined && rules.ill === undefined) rules.ill = ill
}

function findCritical(
  recent: readonly RecentBlock[],
  { longestRow: timeouts, atEnd, terms: { critical } }: Moment,
): Critical | undefined {
  const { failures, windowSeconds, minPairs } = critical
  const window = windowOf(recent, windowSeconds, minPairs)
  const { pairs, baselineFailed, canaryFailed } = countsOf(window)
  if (baselineFailed >= ILL_SHARE * pairs) return undefined
  if (timeouts >= CRITICAL_TIMEOUTS) return { kind: 'timeouts', count: timeouts }
  const enough = pairs >= minPairs && (atEnd || secondsOf(window) >= windowSeconds)
  if (!enough || canaryFailed < failures * pairs) return undefined
  return { kind: 'failures', failed: canaryFailed, pairs }
}

/**
 * Ten seconds decide; in the first seconds of a run only a baseline that fails like a dead one
 * (as the breaker sees it) is called ill.
 */
function findBaselineIll(
  recent: readonly RecentBlock[],
  plan: Plan,
  { atEnd }: Moment,
): BaselineIll | undefined {
  const window = windowOf(recent, ILL_SECONDS, ILL_PAIRS)
  const { pairs, baselineFailed: failed } = countsOf(window)
  const seconds = secondsOf(window)
  if (pairs < LEAST_ILL_PAIRS || (!atEnd && seconds < DEAD_SECONDS)) return undefined
  const actions = plan.actions.map((_, index) =>
    countsOf(
      window.map(
        (block) => block.actions[index] ?? { pairs: 0, baselineFailed: 0, canaryFailed: 0 },
      ),
    ),
  )
  const allowed =
    plan.actions.reduce(
      (sum, { sloErrorRate = 0 }, index) => sum + sloErrorRate * (actions[index]?.pairs ?? 0),
      0,
    ) / pairs
  const limit = Math.max(allowed, seconds < ILL_SECONDS ? DEAD_SHARE : ILL_SHARE)
  if (failed / pairs <= limit) return undefined
  const worst = actions.reduce(
    (best, counts, index) =>
      counts.baselineFailed > (actions[best]?.baselineFailed ?? 0) ? index : best,
    0,
  )
  const { pairs: worstPairs = 1, baselineFailed: worstFailed = 0 } = actions[worst] ?? {}
  return { failed, pairs, allowed, worst, worstShare: worstFailed / worstPairs, isOneAction: false }
}

/**
 * A required action whose baseline fails more than it may cannot be proven, however well the rest
 * is. Few requests decide here, so the share must be three standard errors beyond the limit.
 */
function findIllAction(recent: readonly RecentBlock[], plan: Plan): BaselineIll | undefined {
  if (secondsOf(recent) < ILL_SECONDS) return undefined
  for (const [worst, { required, sloErrorRate = 0 }] of plan.actions.entries()) {
    if (!required) continue
    const { pairs, baselineFailed: failed } = countsOf(
      recent.flatMap(({ actions }) => actions[worst] ?? []),
    )
    const limit = Math.max(ILL_SHARE, sloErrorRate)
    const doubt = 3 * Math.sqrt((limit * (1 - limit)) / Math.max(1, pairs))
    if (pairs < ILL_PAIRS || failed / pairs <= limit + doubt) continue
    const worstShare = failed / pairs
    return { failed, pairs, allowed: sloErrorRate, worst, worstShare, isOneAction: true }
  }
  return undefined
}

/** The last blocks that cover the seconds, and more until they hold the pairs. */
function windowOf(
  recent: readonly RecentBlock[],
  seconds: number,
  pairs: number,
): readonly RecentBlock[] {
  let covered = 0
  let held = 0
  let first = recent.length
  while (first > 0 && (covered < seconds || (held < pairs && covered < LONGEST_WINDOW_SECONDS))) {
    first -= 1
    covered += recent[first]?.seconds ?? 0
    held += recent[first]?.pairs ?? 0
  }
  return recent.slice(first)
}

/** Continues the row of canary timeouts through this block; returns its longest stretch. */
function longestTimeoutRow(rules: FixedRules, { pairs, turns }: BlockSums): number {
  // A block with too many pairs has no order; the share of failures judges it.
  if (pairs > turns.length) rules.timeouts = 0
  let longest = rules.timeouts
  for (const { canaryTimedOut } of turns) {
    rules.timeouts = canaryTimedOut ? rules.timeouts + 1 : 0
    longest = Math.max(longest, rules.timeouts)
  }
  return longest
}

function pick({ pairs, baselineFailed, canaryFailed }: Counts): Counts {
  return { pairs, baselineFailed, canaryFailed }
}

function countsOf(parts: readonly Counts[]): Counts {
  const total = { pairs: 0, baselineFailed: 0, canaryFailed: 0 }
  for (const part of parts) {
    total.pairs += part.pairs
    total.baselineFailed += part.baselineFailed
    total.canaryFailed += part.canaryFailed
  }
  return total
}

function secondsOf(blocks: readonly RecentBlock[]): number {
  return blocks.reduce((sum, { seconds }) => sum + seconds, 0)
}
