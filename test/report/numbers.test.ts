import { describe, expect, it } from 'vitest'
import {
  formatCount,
  formatEffect,
  formatMs,
  formatPercent,
  formatSeconds,
} from '../../src/report/numbers.ts'

/** Narrow no-break spaces shown as `_`. */
function shown(text: string): string {
  return text.replaceAll('\u202F', '_')
}

describe('formatCount()', () => {
  it('parts thousands by a narrow no-break space', () => {
    expect([0, 999, 1204, 1_000_000].map((count) => shown(formatCount(count)))).toEqual([
      '0',
      '999',
      '1_204',
      '1_000_000',
    ])
  })
})

describe('formatPercent()', () => {
  it('shows two or three figures and no empty zeros', () => {
    expect(
      [1.03 - 1, 0.091, 0.0005, 0.1, 0.5, 0].map((part) => shown(formatPercent(part))),
    ).toEqual(['3_%', '9.1_%', '0.05_%', '10_%', '50_%', '0_%'])
  })
})

describe('formatSeconds()', () => {
  it('shows the two largest units', () => {
    const amounts = [0, 0.42, 14, 59.6, 60, 110, 3600, 7500, 90_000]
    expect(amounts.map((seconds) => shown(formatSeconds(seconds)))).toEqual([
      '0_s',
      '0.4_s',
      '14_s',
      '1_min',
      '1_min',
      '1_min_50_s',
      '1_h',
      '2_h_5_min',
      '25_h',
    ])
  })
})

describe('formatMs()', () => {
  it('shows fractions of small amounts only', () => {
    expect([0.42, 9.1, 31.04, 1204].map((ms) => shown(formatMs(ms)))).toEqual([
      '0.42_ms',
      '9.1_ms',
      '31_ms',
      '1_204_ms',
    ])
  })
})

describe('formatEffect()', () => {
  it.each([
    [{ kind: 'ratio', estimate: 1.31, low: 1.22, high: 1.41 }, '1.31× (1.22–1.41)'],
    [{ kind: 'ratio', estimate: 12.34, low: 9.99, high: 150.2 }, '12.3× (10.0–150)'],
    [{ kind: 'ratio', estimate: 1e6, low: 1, high: 1e9 }, '>999× (1.00–>999)'],
    [{ kind: 'ratio', estimate: 1.05, low: 1 }, '1.05× (1.00–?)'],
    [{ kind: 'ratio', estimate: 1.05 }, '1.05× (estimate)'],
    [{ kind: 'difference', estimate: 0.018, low: 0.009, high: 0.03 }, '+1.8_pp (0.9–3.0)'],
    [
      { kind: 'difference', estimate: 0.0005, low: -0.0001, high: 0.001 },
      '+0.05_pp (−0.01 to 0.10)',
    ],
    [{ kind: 'difference', estimate: -0.00001, low: -0.2, high: 0 }, '0_pp (−20 to 0)'],
    [{ kind: 'difference', estimate: 0.9 }, '+90_pp (estimate)'],
  ] as const)('%j is %s', (effect, text) => {
    expect(shown(formatEffect(effect))).toBe(text)
  })
})
