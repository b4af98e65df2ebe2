import { describe, expect, it } from 'vitest'
import {
  lnRunEvidence,
  lnThresholdOf,
  nameStreams,
  rankSuspects,
  weightsOf,
} from '../../src/analysis/multiplicity.ts'

function stream(
  weight: number,
  evidence: number,
): {
  weight: number
  lnUp: number
  lnSupremum: number
} {
  return { weight, lnUp: Math.log(evidence), lnSupremum: Math.log(Math.max(1, evidence)) }
}

describe('multiplicity', () => {
  it('nameStreams() names nothing without streams or without evidence', () => {
    expect(nameStreams([], 0.05)).toEqual([])
    expect(nameStreams([stream(0.5, 0.2), stream(0.5, 1)], 0.05)).toEqual([])
  })

  it('nameStreams() does Holm as worked by hand', () => {
    // Weights ¼ each, α = 0.1. Ordered thresholds 1/α·Σ(left)/v: 40, 30, 20, 10.
    const of = (values: number[]): number[] =>
      nameStreams(
        values.map((value) => stream(0.25, value)),
        0.1,
      )
    expect(of([41, 31, 21, 11])).toEqual([0, 1, 2, 3])
    expect(of([11, 21, 31, 41])).toEqual([3, 2, 1, 0])
    expect(of([39, 31, 21, 11])).toEqual([])
    expect(of([41, 29, 21, 11])).toEqual([0])
    expect(of([41, 31, 19, 19])).toEqual([0, 1])
  })

  it('nameStreams() weighs: a service stream needs less than an action stream', () => {
    // v = ½ and ¼, ¼: first threshold 1/(αv) = 20 for the first, 40 for the others.
    expect(nameStreams([stream(0.5, 21), stream(0.25, 1), stream(0.25, 1)], 0.1)).toEqual([0])
    expect(nameStreams([stream(0.5, 1), stream(0.25, 21), stream(0.25, 1)], 0.1)).toEqual([])
  })

  it('nameStreams() counts the weight of declared streams that have no data', () => {
    expect(nameStreams([stream(0.5, 25), stream(0.5, 1)], 0.05)).toEqual([])
  })

  it('lnRunEvidence() is the weighted mean and alarms no later than any single stream', () => {
    const streams = [stream(0.5, 3), stream(0.3, 10), stream(0.2, 0.5)]
    expect(Math.exp(lnRunEvidence(streams))).toBeCloseTo(0.5 * 3 + 0.3 * 10 + 0.2 * 0.5)
    const guilty = [
      stream(0.9, 1e-9),
      { weight: 0.1, lnUp: lnThresholdOf(0.05, 0.1), lnSupremum: 0 },
    ]
    expect(lnRunEvidence(guilty)).toBeGreaterThanOrEqual(Math.log(20) - 1e-9)
  })

  it('lnRunEvidence() survives evidence that overflows a double', () => {
    expect(lnRunEvidence([{ weight: 0.5, lnUp: 1383, lnSupremum: 1383 }])).toBeCloseTo(1382.3, 1)
  })

  it('weightsOf() gives half to the service and half to the actions', () => {
    const { service, action } = weightsOf(3, 30)
    expect(3 * service + 30 * action).toBeCloseTo(1)
    expect(Math.exp(lnThresholdOf(0.01, action))).toBeCloseTo(6000)
    expect(Math.exp(lnThresholdOf(0.01, service))).toBeCloseTo(600)
  })

  it('rankSuspects() does e-BH: the k-th best needs M ÷ (αk)', () => {
    // M = 4, α = 0.1: 40, 20, 13.3, 10.
    const of = (values: number[]): number[] =>
      rankSuspects(
        values.map((value) => Math.log(value)),
        0.1,
      )
    expect(of([1, 41, 1, 1])).toEqual([1])
    expect(of([21, 1, 22, 1])).toEqual([2, 0])
    expect(of([39, 1, 1, 1])).toEqual([])
    expect(of([11, 11, 11, 11])).toEqual([0, 1, 2, 3])
  })
})
