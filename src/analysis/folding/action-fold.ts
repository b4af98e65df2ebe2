/** The pairs of one action in one block on their way to sums. */

import { isFailure } from '../../core/contract/sample.ts'
import type { PairAnswers } from '../../core/answers.ts'
import { coin, spoilsLatency, throwOf } from '../failures.ts'
import type { PairRecord } from '../fold.ts'
import { soundLatency, tailScore, toUnits, typicalScore, UNIT } from '../latency.ts'
import { binOfLn, countBin, countInto } from '../sketch.ts'
import { CoinTable, placeOfThrow } from './coins.ts'
import { RatioGridSums } from './ratio-grid.ts'
import { countedPaths, differsQuietly, type Scorer } from './scorer.ts'
import {
  ALARMS,
  ALL_SLOTS,
  CLAIM_SLOTS,
  CLAIMS,
  SHARE_GRID,
  SLOTS,
  type Claim,
  type Grid,
} from './slots.ts'
import { emptySums, fieldOf, MOST_FIELDS, OTHER_FIELDS, type ActionSums } from './sums.ts'

const LARGEST_DEVIATION = 3
const LARGEST_SEVERITY = 2
/** |d| is sketched in thousandths, which fits the sketch's range. */
export const SPREAD_SCALE = 1000
const LN_SPREAD_SCALE = Math.log(SPREAD_SCALE)

export class ActionFold {
  readonly #scorer: Scorer
  readonly #seed: number
  readonly #hasGrids: boolean
  readonly #sums = emptySums()
  readonly #scores: Float64Array
  readonly #errors: CoinTable
  readonly #share: CoinTable
  readonly #responses: CoinTable
  /** The canary's differences alone, on quiet fields. */
  readonly #quiet: CoinTable
  readonly #typical: RatioGridSums | undefined
  readonly #tail95: RatioGridSums | undefined
  readonly #tail99: RatioGridSums | undefined

  constructor(scorer: Scorer, seed: number, hasGrids: boolean) {
    const { terms, known } = scorer
    this.#scorer = scorer
    this.#seed = seed
    this.#hasGrids = hasGrids
    this.#scores = new Float64Array(hasGrids ? ALL_SLOTS : CLAIM_SLOTS)
    this.#errors = new CoinTable(terms.coins)
    this.#share = new CoinTable(terms.coins)
    this.#responses = new CoinTable(terms.coins)
    this.#quiet = new CoinTable(terms.coins)
    if (!hasGrids) return
    this.#typical = new RatioGridSums(-known.clip, known.clip)
    if (known.tau95Ms === Infinity) return
    this.#tail95 = new RatioGridSums(0, LARGEST_SEVERITY)
    this.#tail99 = new RatioGridSums(0, LARGEST_SEVERITY)
  }

  add(pair: PairRecord): void {
    const sums = this.#sums
    const baselineFailed = isFailure(pair.baseline)
    const canaryFailed = isFailure(pair.canary)
    const thrown = throwOf(this.#seed, pair.pair)
    const place = placeOfThrow(this.#scorer.terms.coins, thrown)
    sums.pairs += 1
    sums.baselineFailed += Number(baselineFailed)
    sums.canaryFailed += Number(canaryFailed)
    this.#errors.add(baselineFailed, canaryFailed, place)
    if (pair.answers !== undefined) this.#addAnswers(pair.answers, thrown, place)
    if (spoilsLatency(pair.baseline) || spoilsLatency(pair.canary)) {
      if (pair.baseline !== 'blocked') {
        countInto(sums.baselineOtherBins, this.#sound(pair.baselineMs))
      }
      if (pair.canary !== 'blocked') countInto(sums.canaryOtherBins, this.#sound(pair.canaryMs))
      return
    }
    const { censorMs } = this.#scorer.known
    const baselineMs = Math.min(this.#sound(pair.baselineMs), censorMs)
    const canaryMs = Math.min(this.#sound(pair.canaryMs), censorMs)
    this.#addLatency(baselineMs, canaryMs, place)
  }

  finish(): ActionSums {
    const { terms } = this.#scorer
    this.#writeClaims('errors', this.#errors, terms.errors)
    this.#writeClaims('share', this.#share, terms.share)
    this.#writeClaims('responses', this.#responses, terms.responses, ALARMS)
    this.#writeClaims('responses', this.#quiet, terms.responses, CLAIMS.slice(ALARMS.length))
    if (this.#hasGrids) this.#writeGrids()
    this.#sums.scores = this.#scores
    return this.#sums
  }

  #addLatency(baselineMs: number, canaryMs: number, place: number): void {
    const sums = this.#sums
    const { known } = this.#scorer
    const lnBaseline = Math.log(baselineMs)
    const lnCanary = Math.log(canaryMs)
    const deviation = Math.min(LARGEST_DEVIATION, Math.abs(lnCanary - lnBaseline))
    sums.latencyPairs += 1
    sums.deviation += toUnits(deviation)
    countBin(sums.baselineBins, binOfLn(lnBaseline))
    countBin(sums.canaryBins, binOfLn(lnCanary))
    countBin(sums.spreadBins, binOfLn(Math.log(deviation) + LN_SPREAD_SCALE))
    this.#addTypical(lnBaseline, lnCanary)
    if (known.tau95Ms === Infinity) return
    this.#share.add(baselineMs > known.tau95Ms, canaryMs > known.tau95Ms, place)
    this.#addTail(baselineMs, canaryMs)
    const { lnTau95, lnTau99 } = this.#scorer
    this.#tail95?.add(lnCanary, lnTau95, severityUnits(lnBaseline - lnTau95))
    this.#tail99?.add(lnCanary, lnTau99, severityUnits(lnBaseline - lnTau99))
  }

  #addTypical(lnBaseline: number, lnCanary: number): void {
    const { lnMargins, known } = this.#scorer
    const scores = this.#scores
    for (let claim = 0; claim < lnMargins.length; claim += 1) {
      const lnMargin = lnMargins[claim]
      if (lnMargin === undefined) continue
      const score = typicalScore(lnBaseline, lnCanary, lnMargin, known.clip)
      scores[claim] = (scores[claim] ?? 0) + toUnits(score)
    }
    this.#typical?.add(lnCanary, lnBaseline)
  }

  #addTail(baselineMs: number, canaryMs: number): void {
    const { tailDivisors, known } = this.#scorer
    if (baselineMs <= known.tau95Ms && canaryMs <= known.tau95Ms) return
    const scores = this.#scores
    for (let claim = 0; claim < tailDivisors.length; claim += 1) {
      const divisor = tailDivisors[claim] ?? 1
      const above95 = tailScore(baselineMs, canaryMs, divisor, known.tau95Ms)
      const above99 = tailScore(baselineMs, canaryMs, divisor, known.tau99Ms)
      const [at95, at99] = [SLOTS.tail95('alarm') + claim, SLOTS.tail99('alarm') + claim]
      scores[at95] = (scores[at95] ?? 0) + toUnits(above95)
      scores[at99] = (scores[at99] ?? 0) + toUnits(above99)
    }
  }

  #addAnswers({ canary, noise }: PairAnswers, thrown: number, place: number): void {
    const sums = this.#sums
    sums.answers += 1
    this.#quiet.add(false, differsQuietly(this.#scorer, canary), place)
    if (noise === undefined) return
    const hasCoin = coin(thrown, this.#scorer.terms.fields)
    const tried = countedPaths(this.#scorer, noise.canary)
    const trusted = countedPaths(this.#scorer, noise.control)
    sums.seconds += 1
    sums.mismatch += Number(tried.length > 0) - Number(trusted.length > 0)
    sums.coins += Number(hasCoin)
    this.#responses.add(trusted.length > 0, tried.length > 0, place)
    for (const path of tried) fieldOf(sums.fields, this.#pathFor(path)).canary += 1
    for (const path of trusted) {
      const field = fieldOf(sums.fields, this.#pathFor(path))
      field.control += 1
      field.controlAndCoin += Number(hasCoin)
    }
    for (const path of noise.control.paths) fieldOf(sums.fields, this.#pathFor(path)).noise += 1
  }

  /** A block of a hostile service has no more fields than others. */
  #pathFor(path: string): string {
    const { fields } = this.#sums
    return fields.size < MOST_FIELDS || fields.has(path) ? path : OTHER_FIELDS
  }

  #writeClaims(
    slot: 'errors' | 'share' | 'responses',
    table: CoinTable,
    margins: readonly (number | undefined)[],
    claims: readonly Claim[] = CLAIMS,
  ): void {
    if (table.isEmpty()) return
    for (const claim of claims) {
      const margin = margins[CLAIMS.indexOf(claim)]
      if (margin !== undefined) this.#scores[SLOTS[slot](claim)] = table.score(margin)
    }
  }

  #writeGrids(): void {
    this.#typical?.write(this.#scores, SLOTS.grid('typical', 0))
    this.#tail95?.write(this.#scores, SLOTS.grid('tail95', 0))
    this.#tail99?.write(this.#scores, SLOTS.grid('tail99', 0))
    this.#writeTable('errors', this.#errors)
    this.#writeTable('share', this.#share)
    this.#writeTable('responses', this.#responses)
  }

  #writeTable(grid: Grid, table: CoinTable): void {
    if (table.isEmpty()) return
    for (const [index, margin] of SHARE_GRID.entries()) {
      this.#scores[SLOTS.grid(grid, index)] = table.score(margin)
    }
  }

  #sound(latencyMs: number): number {
    const { latencyMs: made, odd } = soundLatency(latencyMs)
    this.#sums.odd += Number(odd)
    return made
  }
}

/** How far a latency lies above the tail's threshold, in units of 2⁻³². */
function severityUnits(above: number): number {
  return above > 0 ? Math.round(Math.min(LARGEST_SEVERITY, above) * UNIT) : 0
}
