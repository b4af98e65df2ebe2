/**
 * A judge for the simulation: the evidence of src/analysis on typical latency and errors, for each
 * action and for the service, without the parts that make findings. Fresh for each episode.
 */

import { createEvidence, updateEvidence, type Evidence } from '../../src/analysis/evidence.ts'
import { logAddExp } from '../../src/core/maths/logs.ts'
import { coin, failureScore, throwOf } from '../../src/analysis/failures.ts'
import { clipOf, typicalScore } from '../../src/analysis/latency.ts'
import { ACTIONS, type Pair } from './world.ts'

const PROOF_LN = Math.log(20)
/** Mean |ln(canary ÷ baseline)| of the world's noise. */
const CLIP = clipOf(0.34)

interface Stream {
  readonly of: (pair: Pair) => boolean
  readonly score: (pair: Pair, thrown: number) => number
  readonly lnShare: number
  readonly evidence: Evidence
}

export interface Judge {
  add(pairs: readonly Pair[]): void
  lnRun(): number
  proven(): boolean
}

const scopes = [
  { of: (): boolean => true, typical: 0.05, errors: 0.001, proof: 0.05, proofErrors: 0.005 },
  ...ACTIONS.map((_, index) => ({
    of: (pair: Pair): boolean => pair.action === index,
    typical: 0.1,
    errors: 0.001,
    proof: 0.1,
    proofErrors: 0.02,
  })),
]

/** @param horizon planned length in blocks */
export function createJudge(seed: number, horizon: number): Judge {
  const stream = (of: Stream['of'], score: Stream['score'], share: number): Stream => ({
    of,
    score,
    lnShare: Math.log(share),
    evidence: createEvidence(horizon),
  })
  const alarms = scopes.flatMap(({ of, typical, errors }, index) => {
    // Half for the service, half for the actions; two metrics each.
    const share = index === 0 ? 1 / 4 : 1 / (4 * ACTIONS.length)
    return [stream(of, slower(typical), share), stream(of, fails(errors), share)]
  })
  const proofs = scopes.flatMap(({ of, proof, proofErrors }) => [
    stream(of, slower(proof), 1),
    stream(of, fails(proofErrors), 1),
  ])
  return {
    add(pairs) {
      const thrown = pairs.map((pair) => throwOf(seed, pair.id))
      for (const { of, score, evidence } of [...alarms, ...proofs]) {
        let sum = 0
        for (const [index, pair] of pairs.entries()) {
          if (of(pair)) sum += score(pair, thrown[index] ?? 0)
        }
        updateEvidence(evidence, sum)
      }
    },
    lnRun: () =>
      alarms.reduce(
        (sum, { lnShare, evidence }) => logAddExp(sum, lnShare + evidence.lnUp),
        -Infinity,
      ),
    proven: () => proofs.every(({ evidence }) => evidence.lnDown >= PROOF_LN),
  }
}

function slower(margin: number): Stream['score'] {
  const lnMargin = Math.log1p(margin)
  return ({ baselineMs, canaryMs, baselineFailed, canaryFailed }) =>
    baselineFailed || canaryFailed
      ? 0
      : typicalScore(Math.log(baselineMs), Math.log(canaryMs), lnMargin, CLIP)
}

function fails(margin: number): Stream['score'] {
  return ({ baselineFailed, canaryFailed }, thrown) =>
    failureScore(baselineFailed, canaryFailed, coin(thrown, margin))
}
