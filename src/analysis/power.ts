/**
 * The planner: how many pairs and seconds until a claim of health is proven, from its rate, its
 * spread and its margin. A fit of the exact integrals (STATISTICS 8): the median of the need, with
 * one run in ten at 0.6 and one in ten at 1.7 of it.
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

/** Median seconds from the start of a phase to the proof, if the canary is like the baseline. */
export function secondsToProof(claim: HealthClaim, pace: Pace, lnThreshold: number): number {
  if (claim.kind === 'share') return sharePairs(claim.margin) / pace.rate
  const { blockSeconds } = pace
  const [filled, growth] = growthOf(claim, pace)
  return Math.max(
    blockSeconds * (lnThreshold / Math.LN2 + START_BLOCKS),
    (blockSeconds * (lnThreshold + START_NATS)) / (filled * growth),
  )
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
  return {
    seconds: least,
    p10Seconds: least * P10_OF_MEDIAN,
    p90Seconds: least * P90_OF_MEDIAN,
  }
}

/** Share of blocks with data, and growth of ln evidence in one of those. */
function growthOf(
  claim: Exclude<HealthClaim, { kind: 'share' }>,
  { rate, blockSeconds }: Pace,
): readonly [number, number] {
  const perBlock = rate * blockSeconds
  if (claim.kind === 'typical') {
    const filled = -Math.expm1(-perBlock)
    const distance =
      (Math.log1p(claim.margin) / claim.sigma) * Math.sqrt((EFFICIENCY * perBlock) / filled)
    return [filled, normalGrowth(distance)]
  }
  const worse = claim.baselineShare + claim.margin
  const failures = perBlock * (claim.baselineShare + worse)
  if (failures < RARE_FAILURES) {
    const part = worse / (claim.baselineShare + worse)
    return [-Math.expm1(-failures), Math.LN2 + xLnX(part) + xLnX(1 - part)]
  }
  const filled = -Math.expm1(-perBlock)
  const spread = Math.sqrt(claim.baselineShare + worse - claim.margin ** 2)
  return [filled, normalGrowth((claim.margin * Math.sqrt(perBlock / filled)) / spread)]
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
