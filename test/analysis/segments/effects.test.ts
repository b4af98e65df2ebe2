import { describe, expect, it } from 'vitest'
import { pairedDifference } from '../../../src/analysis/segments/effects.ts'

describe('pairedDifference()', () => {
  it('refuses to compare no pairs', () => {
    const none = { both: 0, canaryOnly: 0, baselineOnly: 0, neither: 0 }
    expect(() => pairedDifference(none)).toThrow(RangeError)
  })
  it('has the intervals that are published for method 10', () => {
    // Newcombe (1998), Statistics in Medicine 17, 2635-2650: 50 pairs.
    const newcombe = pairedDifference({ both: 20, canaryOnly: 12, baselineOnly: 2, neither: 16 })
    expect(newcombe.estimate).toBeCloseTo(0.2, 10)
    expect(newcombe.low).toBeCloseTo(0.0562, 4)
    expect(newcombe.high).toBeCloseTo(0.3292, 4)
    // Airway hyper-responsiveness of 21 children (Bentur and others 2009), as Fagerland, Lydersen
    // and Laake (2017), Statistical Analysis of Contingency Tables, chapter 8, have it.
    const bentur = pairedDifference({ both: 1, canaryOnly: 1, baselineOnly: 7, neither: 12 })
    expect(bentur.estimate).toBeCloseTo(-0.286, 3)
    expect(bentur.low).toBeCloseTo(-0.507, 3)
    expect(bentur.high).toBeCloseTo(-0.026, 3)
  })
  it('is the root of two Wilson half-widths where nothing failed in the baseline', () => {
    // By hand: 5 of 100 fail in the canary only. Wilson: 5 of 100 is 0.021543 to 0.111752, 0 of 100
    // is 0 to 0.036995, and without a failure of the baseline the correlation is 0.
    const { low, high } = pairedDifference({ both: 0, canaryOnly: 5, baselineOnly: 0, neither: 95 })
    expect(low).toBeCloseTo(0.05 - Math.hypot(0.05 - 0.021543, 0.036995), 5)
    expect(high).toBeCloseTo(0.05 + (0.111752 - 0.05), 5)
  })
})
