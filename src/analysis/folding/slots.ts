/** Where each sum of an action stands in its scores, and the margins of the confidence sequences. */

/** What a score is compared with: the margins of an alarm or of a proof, of an action or a group. */
export const CLAIMS = ['alarm', 'serviceAlarm', 'proof', 'serviceProof', 'poolProof'] as const
export type Claim = (typeof CLAIMS)[number]
/** The first of `CLAIMS`. */
export const ALARMS = ['alarm', 'serviceAlarm'] as const
export type AlarmClaim = (typeof ALARMS)[number]

/** Margins of a ratio, as logarithms below and above 1, ascending. */
export const RATIO_GRID: readonly number[] = ratioGrid(
  [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3],
  0.1,
  4,
)

/** Margins of a difference of shares, ascending. */
export const SHARE_GRID: readonly number[] = mirrored(
  [0.1, 0.25, 0.5, 1, 2, 3.5, 5, 7.5, 10, 15, 20, 30, 50, 75].map((points) => points / 100),
)

/** What has a confidence sequence, and on which grid. */
export const GRIDS = {
  typical: RATIO_GRID,
  tail95: RATIO_GRID,
  tail99: RATIO_GRID,
  errors: SHARE_GRID,
  share: SHARE_GRID,
  responses: SHARE_GRID,
} as const
export type Grid = keyof typeof GRIDS

const C = CLAIMS.length
const A = ALARMS.length
const TAILS = C + 2 * A
/** Sums that alarms and proofs need; the grids come behind them. */
export const CLAIM_SLOTS = TAILS + 3 * C
const FIRST_OF_GRID = firstOfGrids()
export const ALL_SLOTS = FIRST_OF_GRID.end

export const SLOTS = {
  typical: (claim: Claim): number => CLAIMS.indexOf(claim),
  tail95: (claim: AlarmClaim): number => C + ALARMS.indexOf(claim),
  tail99: (claim: AlarmClaim): number => C + A + ALARMS.indexOf(claim),
  errors: (claim: Claim): number => TAILS + CLAIMS.indexOf(claim),
  /** Above the baseline's p95; only for proofs. */
  share: (claim: Claim): number => TAILS + C + CLAIMS.indexOf(claim),
  responses: (claim: Claim): number => TAILS + 2 * C + CLAIMS.indexOf(claim),
  grid: (grid: Grid, index: number): number => FIRST_OF_GRID[grid] + index,
} as const

/** The slots that a block keeps whose latencies may not be compared. */
export function countSlots(): number[] {
  const claims = CLAIMS.flatMap((claim) => [SLOTS.errors(claim), SLOTS.responses(claim)])
  const grids = SHARE_GRID.flatMap((_, index) => [
    SLOTS.grid('errors', index),
    SLOTS.grid('responses', index),
  ])
  return [...claims, ...grids]
}

function firstOfGrids(): Record<Grid | 'end', number> {
  const first = { typical: 0, tail95: 0, tail99: 0, errors: 0, share: 0, responses: 0, end: 0 }
  let next = CLAIM_SLOTS
  for (const grid of ['typical', 'tail95', 'tail99', 'errors', 'share', 'responses'] as const) {
    first[grid] = next
    next += GRIDS[grid].length
  }
  return { ...first, end: next }
}

function ratioGrid(fine: readonly number[], step: number, end: number): number[] {
  const positive = [...fine]
  const steps = Math.round((end - (fine.at(-1) ?? 0)) / step)
  for (let index = 1; index <= steps; index += 1) {
    positive.push(Number(((fine.at(-1) ?? 0) + index * step).toFixed(3)))
  }
  return mirrored(positive)
}

function mirrored(positive: readonly number[]): number[] {
  return [...positive.toReversed().map((margin) => -margin), 0, ...positive]
}
