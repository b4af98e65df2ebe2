/**
 * Evidence of one stream: an e-process that may be watched after every block.
 *
 * Problem: decide, while looking all the time, whether the canary's scores lean to one side.
 * Idea: under the null each block score X is symmetric about 0 given the past and |X|. So a bet
 * that multiplies by 1 + tanh(λX/s) is fair, whatever s is, as long as s depends on the past and
 * on |X| alone. Evidence is the wealth of a mixture of such bets: six λ, each started with a bit
 * of the capital at every block (half at the first, a quarter spread over the planned run, a
 * quarter open-ended), so that a change in mid-run is found too. Capital that is not yet started
 * is `cash`; with it the mean over all sign patterns is exactly 1, and by Ville (1939) evidence
 * above 1/α happens with probability at most α, ever.
 * Symbols: x = score clipped at twice the winsorised mean of |X| so far (a stall counts as a bad
 * block, not as a hundred), z = x over the root mean square so far, both with this block included.
 * Limits: one block can at most double the evidence; evidence overflows a double, so all is ln.
 * Sources: Fisher (1935); de la Peña (1999); Vovk and Wang (2024), Nonparametric e-tests of
 * symmetry; mixtures of starts after Shin, Ramdas and Rinaldo (2024), E-detectors.
 * Tried and left: a single λ, sub-Gaussian bets, all capital at the start (STATISTICS 9.3).
 */

import { logAddExp } from '../core/maths/logs.ts'

const LAMBDAS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4]
const LN_2 = Math.LN2
const LN_LAMBDAS = Math.log(LAMBDAS.length)

export interface Evidence {
  /** Planned run length in blocks. */
  readonly horizon: number
  blocks: number
  cash: number
  /** Capital that started in blocks without a score: it has not bet yet. */
  waiting: number
  scored: number
  sumOfSizes: number
  sumOfSquares: number
  /** ln wealth of each λ, betting on "worse" and on "better". */
  readonly up: Float64Array
  readonly down: Float64Array
  /** ln evidence against "not worse than the margin". */
  lnUp: number
  /** ln evidence against "worse than the margin". */
  lnDown: number
  /** Scores that were not finite: bugs, counted and taken as 0. */
  odd: number
}

export function createEvidence(horizon: number): Evidence {
  return {
    horizon,
    blocks: 0,
    cash: 1,
    waiting: 0,
    scored: 0,
    sumOfSizes: 0,
    sumOfSquares: 0,
    up: new Float64Array(LAMBDAS.length).fill(-Infinity),
    down: new Float64Array(LAMBDAS.length).fill(-Infinity),
    lnUp: 0,
    lnDown: 0,
    odd: 0,
  }
}

/** Share of the capital that starts to bet at block `k` = 1, 2, …; all shares sum to at most 1. */
export function startWeight(k: number, horizon: number): number {
  const octave = Math.floor(Math.log2(k))
  const openEnded = 1 / (4 * (octave + 1) * (octave + 2) * 2 ** octave)
  return (k === 1 ? 1 / 2 : 0) + (k <= horizon ? 1 / (4 * horizon) : 0) + openEnded
}

/**
 * Takes in the score of one block, positive = canary worse, 0 where there is nothing to score.
 * Returns z, the score in units of its own scale, within ±√blocks; 0 for an empty block.
 */
export function updateEvidence(evidence: Evidence, score: number): number {
  const { up, down } = evidence
  evidence.blocks += 1
  const weight = startWeight(evidence.blocks, evidence.horizon)
  evidence.cash = Math.max(0, evidence.cash - weight)
  if (!Number.isFinite(score)) evidence.odd += 1
  evidence.waiting += weight
  if (score === 0 || !Number.isFinite(score)) return 0
  const lnWeight = Math.log(evidence.waiting)
  evidence.waiting = 0
  const z = standardise(evidence, score)
  for (let i = 0; i < LAMBDAS.length; i += 1) {
    const bet = (LAMBDAS[i] ?? 0) * z
    up[i] = logAddExp(up[i] ?? 0, lnWeight) + lnOnePlusTanh(bet)
    down[i] = logAddExp(down[i] ?? 0, lnWeight) + lnOnePlusTanh(-bet)
  }
  const lnCash = Math.log(evidence.cash)
  evidence.lnUp = logAddExp(lnCash, logSumExp(up) - LN_LAMBDAS)
  evidence.lnDown = logAddExp(lnCash, logSumExp(down) - LN_LAMBDAS)
  return z
}

/** Clips the score at twice the winsorised mean size and divides by the running rms, itself included. */
function standardise(evidence: Evidence, score: number): number {
  const size = Math.abs(score)
  const limit = (2 * (evidence.sumOfSizes + size)) / (evidence.scored + 1)
  const clipped = Math.sign(score) * Math.min(size, limit)
  evidence.sumOfSizes +=
    evidence.scored > 0 ? Math.min(size, (4 * evidence.sumOfSizes) / evidence.scored) : size
  evidence.scored += 1
  evidence.sumOfSquares += clipped * clipped
  return clipped / Math.sqrt(evidence.sumOfSquares / evidence.scored)
}

/** ln(1 + tanh t) without overflow. */
export function lnOnePlusTanh(t: number): number {
  return t >= 0 ? LN_2 - Math.log1p(Math.exp(-2 * t)) : 2 * t + LN_2 - Math.log1p(Math.exp(2 * t))
}

/** ln Σ exp; −∞ for an empty sum. */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = -Infinity
  for (let i = 0; i < values.length; i += 1) largest = Math.max(largest, values[i] ?? -Infinity)
  if (largest === -Infinity) return largest
  let sum = 0
  for (let i = 0; i < values.length; i += 1) sum += Math.exp((values[i] ?? -Infinity) - largest)
  return largest + Math.log(sum)
}
