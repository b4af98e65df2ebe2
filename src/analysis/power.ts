/**
 * The planner: how many pairs and seconds until a claim of health is proven, or a regression of a
 * given size is found, from the rate, the spread and the margin. A fit of the exact integrals
 * (STATISTICS 8): the median, with one run in ten at 0.6 and one in ten at 1.7 of it.
 */

/** Growth per non-empty block: ln 2 · (1 − exp(−0.65 D²)). */
const GROWTH = 0.65
/** Share of the information that the Huber score keeps. */
const EFFICIENCY = 0.9
/** Cost of the start, in nats, and the least number of blocks. */
const START_NATS = 2
const START_BLOCKS = 3
/** Below this many failures a block the count is taken as it is, above as normal. */
const RARE_FAILURES = 0.7
/** Median pairs to "share above p95 at most 5 pp" as measured, and how they grow as η shrinks. */
const SHARE_PAIRS = { at: 0.05, pairs: 550, power: 1.585 }
const P10_OF_MEDIAN = 0.6
const P90_OF_MEDIAN = 1.7

export interface Pace {
  /** Pairs per second of the stream, > 0. */
  readonly rate: number
  readonly blockSeconds: number
}

export type HealthClaim =
  | { readonly kind: 'typical'; readonly margin: number; readonly sigma: number }
  | { readonly kind: 'share'; readonly margin: number }
  | { readonly kind: 'errors'; readonly margin: number; readonly baselineShare: number }

/** A true difference of the arms, present from the start, beside the margin of the alarm. */
export type Regression =
  | {
      readonly kind: 'typical'
      /** Canary ÷ baseline: 1.2 = 20 % slower. */
      readonly ratio: number
      readonly margin: number
      readonly sigma: number
    }
  | {
      readonly kind: 'errors'
      /** Failures that the canary has more: 0.01 = 1 pp. */
      readonly added: number
      readonly margin: number
      readonly baselineShare: number
    }

/** Median seconds from the start of a phase to the proof, if the canary is like the baseline. */
export function secondsToProof(claim: HealthClaim, pace: Pace, lnThreshold: number): number {
  if (claim.kind === 'share') return sharePairs(claim.margin) / pace.rate
  return secondsTo(proofContrast(claim), pace, lnThreshold)
}

/** Median seconds from the start of a phase to the alarm; Infinity within the margin. */
export function secondsToAlarm(regression: Regression, pace: Pace, lnThreshold: number): number {
  const contrast = alarmContrast(regression)
  return contrast === undefined ? Infinity : secondsTo(contrast, pace, lnThreshold)
}

const LARGEST_RATIO = 100
const BISECTIONS = 40

/** The smallest slowdown whose alarm is expected within so many seconds; undefined if none is. */
export function findSmallestRatio(
  { margin, sigma }: { readonly margin: number; readonly sigma: number },
  pace: Pace,
  within: { readonly seconds: number; readonly lnThreshold: number },
): number | undefined {
  const isFound = (ratio: number): boolean =>
    secondsToAlarm({ kind: 'typical', ratio, margin, sigma }, pace, within.lnThreshold) <=
    within.seconds
  if (!isFound(LARGEST_RATIO)) return undefined
  let [hidden, found] = [1 + margin, LARGEST_RATIO]
  for (let step = 0; step < BISECTIONS; step += 1) {
    const between = Math.sqrt(hidden * found)
    if (isFound(between)) found = between
    else hidden = between
  }
  return found
}

/** What one run in ten, the median run and nine in ten need. */
export function rangeOf(seconds: number): {
  readonly seconds: number
  readonly p10Seconds: number
  readonly p90Seconds: number
} {
  return { seconds, p10Seconds: seconds * P10_OF_MEDIAN, p90Seconds: seconds * P90_OF_MEDIAN }
}

/**
 * Seconds that are still missing: the planned time at first, and more and more what the evidence
 * itself lacks as the phase goes on.
 */
export function remainingToProof(
  claim: HealthClaim,
  pace: Pace,
  progress: {
    readonly lnThreshold: number
    readonly lnEvidence: number
    readonly seconds: number
  },
): { readonly seconds: number; readonly p10Seconds: number; readonly p90Seconds: number } {
  const { lnThreshold, lnEvidence, seconds } = progress
  const planned = secondsToProof(claim, pace, lnThreshold)
  const missing = Math.max(0, lnThreshold - lnEvidence) / lnThreshold
  const begun = Math.min(1, seconds / planned)
  const left = planned * (missing * begun + Math.max(0, 1 - begun))
  const least = Math.max(pace.blockSeconds, left)
  return rangeOf(least)
}

/** How far what is true lies from what must be refuted. */
type Contrast =
  | { readonly kind: 'ratio'; readonly lnDistance: number; readonly sigma: number }
  | { readonly kind: 'counts'; readonly fewer: number; readonly more: number }

function proofContrast(claim: Exclude<HealthClaim, { kind: 'share' }>): Contrast {
  const { margin } = claim
  return claim.kind === 'typical'
    ? { kind: 'ratio', lnDistance: Math.log1p(margin), sigma: claim.sigma }
    : { kind: 'counts', fewer: claim.baselineShare, more: claim.baselineShare + margin }
}

function alarmContrast(regression: Regression): Contrast | undefined {
  const { margin } = regression
  if (regression.kind === 'typical') {
    const { ratio, sigma } = regression
    if (ratio <= 1 + margin) return undefined
    return { kind: 'ratio', lnDistance: Math.log(ratio) - Math.log1p(margin), sigma }
  }
  const { added, baselineShare } = regression
  // The margin is a coin that fails baseline requests, so it adds to their failures.
  return added > margin
    ? { kind: 'counts', fewer: baselineShare + margin, more: Math.min(1, baselineShare + added) }
    : undefined
}

function secondsTo(contrast: Contrast, pace: Pace, lnThreshold: number): number {
  const { blockSeconds } = pace
  const [filled, growth] = growthOf(contrast, pace)
  return Math.max(
    blockSeconds * (lnThreshold / Math.LN2 + START_BLOCKS),
    (blockSeconds * (lnThreshold + START_NATS)) / (filled * growth),
  )
}

/** Share of blocks with data, and growth of ln evidence in one of those. */
function growthOf(contrast: Contrast, { rate, blockSeconds }: Pace): readonly [number, number] {
  const perBlock = rate * blockSeconds
  const filled = -Math.expm1(-perBlock)
  if (contrast.kind === 'ratio') {
    const { lnDistance, sigma } = contrast
    return [
      filled,
      normalGrowth((lnDistance / sigma) * Math.sqrt((EFFICIENCY * perBlock) / filled)),
    ]
  }
  const { fewer, more } = contrast
  const failures = perBlock * (fewer + more)
  if (failures < RARE_FAILURES) {
    const part = more / (fewer + more)
    return [-Math.expm1(-failures), Math.LN2 + xLnX(part) + xLnX(1 - part)]
  }
  const spread = Math.sqrt(fewer + more - (more - fewer) ** 2)
  return [filled, normalGrowth(((more - fewer) * Math.sqrt(perBlock / filled)) / spread)]
}

function normalGrowth(distance: number): number {
  return -Math.LN2 * Math.expm1(-GROWTH * distance ** 2)
}

function sharePairs(margin: number): number {
  return SHARE_PAIRS.pairs * (SHARE_PAIRS.at / margin) ** SHARE_PAIRS.power
}

function xLnX(x: number): number {
  return x > 0 ? x * Math.log(x) : 0
}
