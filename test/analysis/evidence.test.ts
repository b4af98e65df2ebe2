import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createEvidence,
  startWeight,
  updateEvidence,
  type Evidence,
} from '../../src/analysis/evidence.ts'
import { clipOf, tailScore, typicalScore } from '../../src/analysis/latency.ts'
import { fromJson, toJson } from '../../src/analysis/judging/run-state.ts'
import vectors from '../vectors/evidence.json' with { type: 'json' }

const HORIZON = 1800

function evidenceOf(scores: readonly number[], horizon = HORIZON): Evidence {
  const evidence = createEvidence(horizon)
  for (const score of scores) updateEvidence(evidence, score)
  return evidence
}

type Scores = (typeof vectors.evidence)[number]['scores']

function scoresOf(scores: Scores): number[] {
  if (scores.sineUntil !== undefined) {
    const { sineUntil, offset } = scores
    return Array.from({ length: sineUntil }, (_, index) => Math.sin(index + 1) + offset)
  }
  const { values, times = 1, then = [], thenTimes = 0 } = scores
  return [...repeat(values, times), ...repeat(then, thenTimes)]
}

function repeat(part: readonly number[], count: number): number[] {
  return Array.from({ length: count }, () => part).flat()
}

const score = fc.double({ min: -1e6, max: 1e6, noNaN: true })
const scoreList = fc.array(score, { maxLength: 60 })

describe('evidence', () => {
  it('updateEvidence() counts a score that is not finite and leaves the evidence as it was', () => {
    const evidence = evidenceOf([1, 2])
    const before = { lnUp: evidence.lnUp, lnDown: evidence.lnDown }
    expect(updateEvidence(evidence, Number.NaN)).toBe(0)
    expect(updateEvidence(evidence, Infinity)).toBe(0)
    expect(evidence.odd).toBe(2)
    expect({ lnUp: evidence.lnUp, lnDown: evidence.lnDown }).toEqual(before)
  })

  it.each(vectors.evidence)('updateEvidence() gives vector $name', (vector) => {
    const { lnUp, lnDown } = evidenceOf(scoresOf(vector.scores), vector.horizon ?? HORIZON)
    expect(Number(lnUp.toPrecision(7))).toBe(vector.lnUp)
    expect(Number(lnDown.toPrecision(7))).toBe(vector.lnDown)
    if (typeof vector.up === 'number') {
      expect(Number(Math.exp(lnUp).toPrecision(7))).toBe(vector.up)
    } else {
      expect(Math.exp(lnUp)).toBe(Infinity)
    }
    expect(Number(Math.exp(lnDown).toPrecision(7))).toBe(vector.down)
  })

  it('typicalScore() and tailScore() give vector 12', () => {
    const { pairs, meanDeviation, tauMs, typical, tail } = vectors.scores
    const clip = clipOf(meanDeviation)
    for (const { margin, score } of typical) {
      const sum = pairs.reduce(
        (total, [b = 0, c = 0]) =>
          total + typicalScore(Math.log(b), Math.log(c), Math.log1p(margin), clip),
        0,
      )
      expect(Number(sum.toPrecision(7))).toBe(score)
    }
    for (const { margin, score } of tail) {
      const sum = pairs.reduce(
        (total, [b = 0, c = 0]) => total + tailScore(b, c, 1 + margin, tauMs),
        0,
      )
      expect(Number(sum.toPrecision(7))).toBe(score)
    }
  })

  it('startWeight() has the documented values and sums to less than 1', () => {
    const { horizon, values, sumUntil, sum } = vectors.weights
    for (const [k = 0, weight = 0] of values) {
      expect(Number(startWeight(k, horizon).toPrecision(10))).toBe(weight)
    }
    let total = 0
    for (let k = 1; k <= sumUntil; k += 1) total += startWeight(k, horizon)
    expect(total).toBeLessThanOrEqual(1)
    expect(total).toBeCloseTo(sum, 5)
  })

  it('updateEvidence() is fair: the mean over all sign patterns of twelve scores is 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 12, maxLength: 12 }),
        (sizes) => {
          let up = 0
          let down = 0
          for (let pattern = 0; pattern < 4096; pattern += 1) {
            const signed = sizes.map((size, bit) => ((pattern >> bit) & 1 ? size : -size))
            const evidence = evidenceOf(signed)
            up += Math.exp(evidence.lnUp)
            down += Math.exp(evidence.lnDown)
          }
          expect(Math.abs(up / 4096 - 1)).toBeLessThan(1e-12)
          expect(Math.abs(down / 4096 - 1)).toBeLessThan(1e-12)
        },
      ),
      { numRuns: 4 },
    )
  })

  it('updateEvidence() mirrors: negated scores swap the two sides bit for bit', () => {
    fc.assert(
      fc.property(scoreList, (scores) => {
        const straight = evidenceOf(scores)
        const mirrored = evidenceOf(scores.map((value) => -value))
        expect(mirrored.lnDown).toBe(straight.lnUp)
        expect(mirrored.lnUp).toBe(straight.lnDown)
      }),
    )
  })

  it('updateEvidence() has no unit: scores times a power of two give the same bits', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc
            .double({ min: -1e3, max: 1e3, noNaN: true })
            .filter((x) => Math.abs(x) > 1e-9 || x === 0),
          { maxLength: 40 },
        ),
        fc.integer({ min: -20, max: 20 }),
        (scores, power) => {
          const scaled = evidenceOf(scores.map((value) => value * 2 ** power))
          expect(scaled.lnUp).toBe(evidenceOf(scores).lnUp)
        },
      ),
    )
  })

  it('updateEvidence() at most doubles the evidence in one block', () => {
    fc.assert(
      fc.property(scoreList, (scores) => {
        const evidence = createEvidence(HORIZON)
        for (const value of scores) {
          const { lnUp, lnDown } = evidence
          updateEvidence(evidence, value)
          expect(evidence.lnUp - lnUp).toBeLessThanOrEqual(Math.LN2 + 1e-12)
          expect(evidence.lnDown - lnDown).toBeLessThanOrEqual(Math.LN2 + 1e-12)
        }
      }),
    )
  })

  it('fromJson() restores evidence that goes on bit for bit', () => {
    fc.assert(
      fc.property(scoreList, scoreList, (before, after) => {
        const straight = evidenceOf(before)
        const text = JSON.stringify(toJson(straight))
        const restored = fromJson(JSON.parse(text)) as Evidence
        for (const value of after) {
          updateEvidence(straight, value)
          updateEvidence(restored, value)
        }
        expect(restored).toEqual(straight)
      }),
    )
  })
})
