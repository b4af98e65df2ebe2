/**
 * Many streams, one level: the run's alarm as the weighted mean of the evidence, the guilty
 * streams by weighted Holm, a ranking by e-BH. All hold under any dependence.
 * Sources: Vovk and Wang (2021) for the mean and e-Holm; Holm (1979); Wang and Ramdas (2022).
 */

import { logSumExp } from './evidence.ts'

/** A declared stream: its share of the weight, 1 in total, and its evidence. */
export interface WeightedEvidence {
  readonly weight: number
  /** Current value, for the mean and the ranking. */
  readonly lnUp: number
  /** Running maximum since the start, at least 0, for Holm. */
  readonly lnSupremum: number
}

/** Half of the weight for the whole service, half for the actions. */
export function weightsOf(
  serviceStreams: number,
  actionStreams: number,
): { readonly service: number; readonly action: number } {
  return { service: 1 / 2 / serviceStreams, action: 1 / 2 / actionStreams }
}

/** ln of the run's evidence G = Σ vᵢEᵢ; an alarm at ln 1/α is wrong with probability at most α. */
export function lnRunEvidence(streams: readonly WeightedEvidence[]): number {
  return logSumExp(streams.map(({ weight, lnUp }) => Math.log(weight) + lnUp))
}

/** What one stream alone must reach to be named first: ln 1/(αv). */
export function lnThresholdOf(alpha: number, weight: number): number {
  return -Math.log(alpha * weight)
}

/**
 * Indices of the streams that are named, strongest first, family-wise at `alpha`. The weight of all
 * declared streams counts, also of those without data so far: dividing by what is present names
 * too early.
 */
export function nameStreams(streams: readonly WeightedEvidence[], alpha: number): number[] {
  const lnP = (stream: WeightedEvidence): number => -Math.max(0, stream.lnSupremum)
  const order = streams
    .map((stream, index) => ({ index, stream, key: lnP(stream) - Math.log(stream.weight) }))
    .toSorted((left, right) => left.key - right.key || left.index - right.index)
  const named: number[] = []
  for (const [position, { index, stream }] of order.entries()) {
    const remaining = order.slice(position).reduce((sum, next) => sum + next.stream.weight, 0)
    const level = Math.log(alpha) + Math.log(stream.weight) - Math.log(remaining)
    if (lnP(stream) > level) break
    named.push(index)
  }
  return named
}

/** Indices of the suspects, strongest first: at most a share `alpha` of them wrong on average. */
export function rankSuspects(lnEvidence: readonly number[], alpha: number): number[] {
  const order = lnEvidence
    .map((ln, index) => ({ ln, index }))
    .toSorted((left, right) => right.ln - left.ln || left.index - right.index)
  let count = 0
  for (const [position, { ln }] of order.entries()) {
    if (ln >= Math.log(lnEvidence.length / (alpha * (position + 1)))) count = position + 1
  }
  return order.slice(0, count).map(({ index }) => index)
}
